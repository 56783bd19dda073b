// Random markets: what docs/rules/spot-market.md promises to everybody, after every clearing.
#include "core/market.hpp"
#include "core/testing.hpp"

#include <random>

namespace suan::core {
namespace {

class Markets : public ::testing::Test {
protected:
    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    TestCentre centre_;
    std::minstd_rand random_;

    void found() {
        centre_.clock = Time{3'600'000'000'000};
        centre_.pool("p", {.nodes = 4, .devices = 4, .price = 100'000});
        for (const char* org : {"a", "b", "c"})
            centre_.org(org, static_cast<std::int64_t>(1 + below(40)) * 1'000'000);
        centre_.share("a", "p", static_cast<std::int64_t>(below(9)));
        centre_.share("b", "p", static_cast<std::int64_t>(below(8)));
        Command budget;
        budget.mutable_set_budget()->set_org_id(centre_.state.org_by_name("c")->id.value);
        budget.mutable_set_budget()->set_micro_yuan(5'000'000);
        centre_.ok(std::move(budget));
        Command rules;
        rules.mutable_set_pool_rules()->set_pool_id(1);
        rules.mutable_set_pool_rules()->mutable_rules()->set_spot_period_ms(60'000);
        rules.mutable_set_pool_rules()->mutable_rules()->set_min_runtime_ms(1'000);
        centre_.ok(std::move(rules));
    }
    void submit(std::int64_t walltimes = 1) {
        const char* orgs[] = {"a", "b", "c"};
        Command command = centre_.submission(orgs[below(3)], "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(static_cast<std::uint32_t>(1 + below(9)));
        if (below(3) == 0) spec.set_tasks_min(1);
        spec.set_walltime_ms(static_cast<std::int64_t>(1 + below(20)) * 60'000 * walltimes);
        const bool spot = below(4) != 0;
        spec.set_tier(spot ? TIER_SPOT : TIER_STANDARD);
        if (spot) spec.set_bid_micro_yuan(static_cast<std::int64_t>(100'000 + below(20) * 50'000));
        centre_.run(std::move(command));  // some have no money for it
    }
    void end_one() {
        std::vector<LeaseId> leases;
        centre_.state.leases.for_each(
            [&](std::uint64_t, const Lease& lease) { leases.push_back(lease.id); });
        if (leases.empty()) return;
        const LeaseId lease = leases[below(leases.size())];
        centre_.report(lease, below(2) == 0 ? LEASE_OUTCOME_COMPLETED : LEASE_OUTCOME_LOST);
    }
    const SpotMarket& market() const { return centre_.state.pools.at(1).spot; }
    bool won(const Job& job) const { return !job.bidding; }

    // Who may run pays one price, which nobody's bid is below; who may not was not sold anything.
    void check_clearing() {
        const std::int64_t price = market().price().micro_yuan;
        ASSERT_GE(price, spot_floor(centre_.state, PoolId{1}).micro_yuan);
        for (const JobId id : market().jobs) {
            const Job& job = centre_.at(id);
            if (!won(job)) continue;
            ASSERT_LE(price, job.price.micro_yuan) << "individual rationality";
            if (!job.lease) continue;
            const Lease& lease = centre_.lease_of(id);
            if (lease.stopping != STOP_REASON_UNSPECIFIED) continue;
            ASSERT_EQ(lease.price.per_device_hour.micro_yuan, price) << "one price";
            ++paid_;
        }
    }
    // No purse and no budget is ever below nothing, whatever the price did.
    void check_money() {
        centre_.state.orgs.for_each([&](std::uint64_t, const Org& org) {
            ASSERT_GE(centre_.state.available(org_account(org.id)).micro_yuan, 0);
            if (!org.budget.active) return;
            ASSERT_GE(centre_.state.available(org.budget.account).micro_yuan, 0);
        });
    }
    // On the bids as they are: raising one never loses, and what is advised wins.
    void check_bids() {
        const SpotBook book = spot_book(centre_.state, centre_.state.pools.at(1), centre_.clock);
        const SpotSale sale = spot_sale(book);
        std::int64_t sold = 0;
        for (std::size_t i = 0; i < book.bids.size(); ++i) {
            const SpotBid& bid = book.bids[i];
            if (sale.won.count(bid.job) != 0) {
                ASSERT_GE(bid.offer, sale.price);
                if (!bid.seeks) sold += bid.milli;
                SpotBook raised = book;
                raised.bids[i].offer += Money{static_cast<std::int64_t>(1 + below(600'000))};
                ASSERT_EQ(spot_sale(raised).won.count(bid.job), 1U) << "raising a bid lost";
                ++raised_;
            } else if (const auto least = smallest_winning_bid(book, bid.job)) {
                SpotBook raised = book;
                raised.bids[i].offer = *least;
                ASSERT_EQ(spot_sale(raised).won.count(bid.job), 1U);
                raised.bids[i].offer = *least - Money{1};
                ASSERT_EQ(spot_sale(raised).won.count(bid.job), 0U) << "a smaller bid wins too";
                ++advised_;
            }
        }
        ASSERT_EQ(sold, sale.sold_milli);
        ASSERT_LE(sold, book.offered_milli);
        check_shares(book);
    }
    // What is sold leaves every org the deserved devices that it asks for.
    void check_shares(const SpotBook& book) {
        const State& state = centre_.state;
        std::map<OrgId, std::int64_t> firm, asked;
        std::int64_t firm_held = 0;
        state.jobs.for_each([&](std::uint64_t, const Job& job) {
            if (job.tier == sched::Tier::spot || job.has_ended()) return;
            if (job.lease) {
                const std::int64_t milli =
                    job.shape.milli_devices(state.leases.at(job.lease.value).tasks);
                firm[job.org] += milli;
                firm_held += milli;
            } else if (job.queued) {
                asked[job.org] += job.shape.milli_devices(job.shape.tasks_min);
            }
        });
        std::int64_t owed = 0;
        state.orgs.for_each([&](std::uint64_t, const Org& org) {
            const auto share = org.shares.find(PoolId{1});
            const std::int64_t deserved =
                share == org.shares.end() ? 0 : share->second.deserved_milli;
            owed += std::max<std::int64_t>(0, std::min(deserved - firm[org.id], asked[org.id]));
        });
        ASSERT_LE(book.offered_milli, std::max<std::int64_t>(0, 16'000 - firm_held - owed));
    }
    // Executed once more from the log, every entry gives the same events.
    void check_again() {
        State state;
        for (const Entry& logged : centre_.log) {
            Entry again = logged;
            again.clear_events();
            again.clear_seq();
            static_cast<void>(step(state, again));
            ASSERT_EQ(again.SerializeAsString(), logged.SerializeAsString());
        }
        ASSERT_EQ(to_hex(state.digest()), to_hex(centre_.state.digest()));
    }

    // What was told to stop stops, and some of the others save their work. Returns how many were
    // told to stop in the last entries.
    int let_stop() {
        std::vector<LeaseId> stopping, saving;
        centre_.state.leases.for_each([&](std::uint64_t, const Lease& lease) {
            (lease.stopping != STOP_REASON_UNSPECIFIED ? stopping : saving).push_back(lease.id);
        });
        for (const LeaseId id : stopping) {
            const StopReason reason = centre_.state.leases.at(id.value).stopping;
            const bool resizes = reason == STOP_REASON_RESIZED;
            ++stops_[reason];
            centre_.report(id, resizes ? LEASE_OUTCOME_RESIZED : LEASE_OUTCOME_PREEMPTED);
        }
        for (const LeaseId id : saving) {
            if (below(3) != 0) continue;
            Command saved;
            saved.mutable_lease_report()->set_lease_id(id.value);
            saved.mutable_lease_report()->set_kind(LeaseReport::KIND_CHECKPOINTED);
            centre_.ok(std::move(saved));
        }
        return static_cast<int>(stopping.size());
    }

    std::map<StopReason, int> stops_;
    int paid_ = 0, raised_ = 0, advised_ = 0, clearings_ = 0;
};

// Nothing new is asked for and nothing ends: then clearings, shares, gangs and elastic jobs come to
// rest, without immunity. Nobody is stopped for a job that would be stopped for it.
TEST_F(Markets, stops_end_when_nothing_new_is_asked_for) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        centre_ = TestCentre{};
        random_.seed(seed);
        found();
        for (const char* org : {"a", "b", "c"})
            centre_.fund(org, 100'000'000'000);
        Command rules;
        rules.mutable_set_pool_rules()->set_pool_id(1);
        PoolRules& of = *rules.mutable_set_pool_rules()->mutable_rules();
        of.set_spot_period_ms(60'000);
        of.set_min_runtime_ms(static_cast<std::int64_t>(1 + below(90'000)));
        of.set_resize_within_ms(static_cast<std::int64_t>(below(2) * 60'000));
        centre_.ok(std::move(rules));
        int late = 0;
        for (int i = 0; i < 160; ++i) {
            if (i < 60 && below(3) == 0) submit(1'000);
            if (i < 60 && below(6) == 0) end_one();
            centre_.tick(Duration::seconds(static_cast<std::int64_t>(20 + below(40))));
            const int now = let_stop();
            late += i >= 110 ? now : 0;
        }
        EXPECT_EQ(late, 0) << "seed " << seed;
    }
    for (const StopReason reason : {STOP_REASON_PREEMPTED, STOP_REASON_OUTBID, STOP_REASON_RESIZED})
        EXPECT_GT(stops_[reason], 10) << StopReason_Name(reason);
}

TEST_F(Markets, keep_what_the_rule_promises) {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        centre_ = TestCentre{};
        random_.seed(seed);
        found();
        for (int i = 0; i < 120; ++i) {
            const std::uint64_t what = below(10);
            if (what < 5) submit();
            if (what == 5) end_one();
            const std::uint64_t before = market().clearings;
            centre_.tick(Duration::seconds(static_cast<std::int64_t>(below(50))));
            check_bids();
            check_money();
            if (market().clearings != before) {
                ++clearings_;
                check_clearing();
            }
            if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << i;
        }
        check_again();
    }
    EXPECT_GT(clearings_, 300);
    EXPECT_GT(paid_, 300);
    EXPECT_GT(raised_, 1'000);
    EXPECT_GT(advised_, 300);
}

}  // namespace
}  // namespace suan::core
