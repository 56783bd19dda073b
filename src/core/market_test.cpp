// The spot market: the rule of docs/rules/spot-market.md, step by step.
#include "core/market.hpp"

#include "base/limits.hpp"
#include "core/defrag.hpp"
#include "core/help.hpp"
#include "core/testing.hpp"

#include <gmock/gmock.h>

namespace suan::core {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t yuan = 1'000'000;

struct Market : ::testing::Test {
    TestCentre centre;  // pool p: 4 nodes x 4 devices; the floor is 0.36 yuan a device hour
    void SetUp() override {
        centre.clock = Time{3'600'000'000'000};  // a whole hour
        centre.pool("p", {.nodes = 4, .devices = 4, .price = 360'000});
        for (const char* org : {"a", "b", "c"})
            centre.org(org, 1'000 * yuan);
        period(300);
    }
    void period(std::int64_t seconds) {
        Command command;
        command.mutable_set_pool_rules()->set_pool_id(1);
        command.mutable_set_pool_rules()->mutable_rules()->set_spot_period_ms(seconds * 1'000);
        centre.ok(std::move(command));
    }
    Command job(const std::string& org, std::uint32_t devices, Tier tier) {
        Command command = centre.submission(org, "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(devices);
        spec.set_tier(tier);
        spec.set_walltime_ms(24 * 3'600'000);
        return command;
    }
    Command bid(const std::string& org, std::uint32_t devices, std::int64_t micro_yuan) {
        Command command = job(org, devices, TIER_SPOT);
        command.mutable_submit_job()->mutable_spec()->set_bid_micro_yuan(micro_yuan);
        return command;
    }
    JobId bids(const std::string& org, std::uint32_t devices, std::int64_t micro_yuan) {
        return centre.submit(bid(org, devices, micro_yuan));
    }
    void clear() { centre.tick(Duration::minutes(5)); }
    const SpotMarket& market() const { return centre.state.pools.at(1).spot; }
    const SpotCleared& newest() const { return market().history.back().cleared; }
    bool runs(JobId id) const { return centre.at(id).state == JOB_STATE_RUNNING; }
    WaitReason reason(JobId id) const {
        const std::vector<WaitReason> all = why(centre.state, centre.at(id));
        return all.empty() ? WaitReason{} : all.front();
    }
    std::int64_t held(JobId id) const {
        std::int64_t sum = 0;
        for (const Hold& hold : centre.at(id).holds)
            sum += hold.micro_yuan;
        return sum;
    }
    Command change_bid(JobId id, std::int64_t micro_yuan) {
        Command command;
        command.mutable_change_bid()->set_job_id(id.value);
        command.mutable_change_bid()->set_micro_yuan(micro_yuan);
        return command;
    }
};

// The example of docs/rules/spot-market.md: 16 devices, of which a standard job takes 4.
TEST_F(Market, sells_what_is_left_at_one_price_and_charges_that) {
    centre.submit(job("c", 4, TIER_STANDARD));
    const JobId eight = bids("a", 8, 900'000);
    const JobId four = bids("a", 4, 1'500'000);
    const JobId six = bids("b", 6, 1'200'000);
    EXPECT_EQ(held(four), 4 * 24 * 1'500'000);
    centre.tick(Duration::minutes(4));
    EXPECT_FALSE(runs(four)) << "before the first clearing";
    centre.tick(Duration::minutes(1));
    EXPECT_EQ(newest().offered_milli(), 12'000);
    EXPECT_EQ(newest().sold_milli(), 10'000);
    EXPECT_EQ(newest().bids(), 3U);
    EXPECT_EQ(newest().won(), 2U);
    EXPECT_EQ(newest().micro_yuan_per_device_hour(), 900'000);
    EXPECT_TRUE(runs(four) && runs(six));
    EXPECT_FALSE(runs(eight));
    centre.tick(Duration::minutes(10));
    centre.end(four);
    EXPECT_EQ(centre.at(four).charged.micro_yuan, 4 * 900'000 / 6);
    EXPECT_EQ(held(four), 0) << "the rest of the hold is released";
    clear();
    EXPECT_FALSE(runs(eight)) << "6 devices are left";
    EXPECT_THAT(reason(eight).message, HasSubstr("smallest bid that would win now"));
    EXPECT_EQ(reason(eight).needed, 1'210'000) << "above who runs: among equals they go first";
}

TEST_F(Market, a_proposed_move_is_priced_at_what_is_charged_and_not_at_the_bid) {
    Command saves = bid("a", 4, 1'500'000);
    saves.mutable_submit_job()->mutable_spec()->set_checkpoint_interval_ms(600'000);
    const JobId job = centre.submit(std::move(saves));
    clear();
    ASSERT_TRUE(runs(job));
    const DefragInput input = defrag_input(centre.state, centre.state.pools.at(1));
    EXPECT_EQ(input.movable.at(centre.at(job).lease).price.micro_yuan, 360'000);
}

TEST_F(Market, with_room_for_all_the_price_is_the_floor) {
    const JobId one = bids("a", 4, 2 * yuan);
    const JobId other = bids("b", 4, 0);
    clear();
    EXPECT_EQ(newest().micro_yuan_per_device_hour(), 360'000);
    EXPECT_TRUE(runs(one) && runs(other));
    centre.tick(Duration::minutes(60));
    centre.end(one);
    EXPECT_EQ(centre.at(one).charged.micro_yuan, 4 * 360'000);
}

TEST_F(Market, who_is_outbid_is_stopped_pays_for_its_time_and_waits_with_its_place) {
    const JobId low = bids("a", 16, 500'000);
    clear();
    ASSERT_TRUE(runs(low));
    const LeaseId lease = centre.at(low).lease;
    const JobId high = bids("b", 16, 800'000);
    clear();
    EXPECT_EQ(newest().micro_yuan_per_device_hour(), 500'000) << "the best that lost";
    EXPECT_EQ(centre.state.leases.at(lease.value).stopping, STOP_REASON_OUTBID);
    EXPECT_FALSE(runs(high)) << "until the devices are back";
    centre.tick(Duration::seconds(36));
    centre.report(lease, LEASE_OUTCOME_CANCELLED);
    centre.tick();
    EXPECT_TRUE(runs(high));
    EXPECT_EQ(centre.at(low).state, JOB_STATE_WAITING);
    EXPECT_FALSE(centre.at(low).queued);
    // 5 min and 36 s at the floor, the grace included, nothing given back.
    EXPECT_EQ(centre.at(low).charged.micro_yuan, 16 * 360'000 * 336 / 3'600);
    EXPECT_EQ(reason(low).code, "SpotBid");
    EXPECT_EQ(reason(low).needed, 810'000);
    const auto helps = help(centre.state, centre.at(low));
    ASSERT_EQ(helps.size(), 1U);
    EXPECT_EQ(helps[0].kind, "bid");
    EXPECT_THAT(helps[0].change, HasSubstr("raise the bid to 0.81 yuan"));
    EXPECT_THAT(helps[0].outcome, HasSubstr("in 5 min"));
}

TEST_F(Market, the_advised_bid_wins_and_one_below_it_does_not) {
    const JobId high = bids("b", 16, 800'000);
    const JobId low = bids("a", 16, 500'000);
    clear();
    const std::int64_t advised = reason(low).needed;
    ASSERT_TRUE(runs(high));
    centre.ok(change_bid(low, advised - 10'000));
    clear();
    EXPECT_TRUE(runs(high));
    centre.ok(change_bid(low, advised));
    EXPECT_EQ(held(low), 16 * 24 * advised);
    clear();
    EXPECT_FALSE(runs(high));
    EXPECT_FALSE(centre.at(low).bidding);
}

TEST_F(Market, each_price_counts_for_its_own_time) {
    const JobId runner = bids("a", 8, 2 * yuan);
    clear();  // at 0.36
    const JobId rival = bids("b", 16, 1'000'000);
    centre.tick(Duration::seconds(150));
    Command checkpoint;
    checkpoint.mutable_lease_report()->set_lease_id(centre.at(runner).lease.value);
    checkpoint.mutable_lease_report()->set_kind(LeaseReport::KIND_CHECKPOINTED);
    centre.ok(std::move(checkpoint));
    centre.tick(Duration::seconds(150));  // at 1.00
    EXPECT_EQ(newest().micro_yuan_per_device_hour(), 1'000'000);
    EXPECT_FALSE(runs(rival));
    centre.tick(Duration::seconds(72));
    Command down;
    down.mutable_set_node_state()->add_node_ids(
        centre.lease_of(runner).placement.front().node.value);
    down.mutable_set_node_state()->set_state(NODE_STATE_DOWN);
    centre.ok(std::move(down));
    const LeaseId lease = centre.at(runner).lease;
    Command charge;  // an invoice charges up to now: 300 s at 0.36, 72 s at 1.00
    charge.mutable_close_invoice()->set_org_id(centre.state.org_by_name("a")->id.value);
    centre.ok(std::move(charge));
    EXPECT_EQ(centre.at(runner).charged.micro_yuan, 8 * (30'000 + 20'000));
    centre.report(lease, LEASE_OUTCOME_CANCELLED);
    EXPECT_EQ(centre.at(runner).charged.micro_yuan, 8 * 15'000) << "to the checkpoint, at 0.36";
}

TEST_F(Market, deserved_devices_that_are_asked_for_are_not_sold) {
    centre.share("c", "p", 12);
    const JobId filler = centre.submit(job("a", 8, TIER_STANDARD));
    centre.tick();
    ASSERT_TRUE(runs(filler));
    const JobId spot = bids("b", 8, 5 * yuan);
    clear();
    ASSERT_TRUE(runs(spot)) << "idle deserved devices are lent";
    const JobId owner = centre.submit(job("c", 12, TIER_STANDARD));
    clear();
    EXPECT_EQ(newest().offered_milli(), 0);
    EXPECT_EQ(centre.lease_of(spot).stopping, STOP_REASON_OUTBID);
    EXPECT_THAT(reason(owner).code, ::testing::AnyOf("Preempting", "Resources"));
}

TEST_F(Market, a_gang_that_finds_no_place_leaves_no_device_idle) {
    Command apart = job("c", 1, TIER_STANDARD);
    apart.mutable_submit_job()->mutable_spec()->set_devices_per_task(3);
    for (int node = 0; node < 4; ++node)
        centre.submit(apart);
    centre.tick();
    Command gang = bid("a", 1, 3 * yuan);
    gang.mutable_submit_job()->mutable_spec()->set_devices_per_task(4);
    const JobId whole_node = centre.submit(std::move(gang));
    const JobId small = bids("b", 1, 500'000);
    clear();
    EXPECT_FALSE(runs(small)) << "all 4 devices were sold to the gang";
    clear();
    EXPECT_TRUE(runs(small));
    EXPECT_TRUE(centre.at(whole_node).queued) << "it goes on looking";
    EXPECT_EQ(newest().won(), 2U);
}

TEST_F(Market, an_orgs_limit_bounds_what_it_can_win) {
    Command limit;
    limit.mutable_set_share()->set_org_id(centre.state.org_by_name("a")->id.value);
    limit.mutable_set_share()->set_pool_id(1);
    limit.mutable_set_share()->set_limit_milli(4'000);
    centre.ok(std::move(limit));
    for (int i = 0; i < 4; ++i)
        bids("a", 4, 2 * yuan);
    const JobId other = bids("b", 12, 400'000);
    clear();
    EXPECT_TRUE(runs(other)) << "bids that the limit keeps from running hold no devices";
    EXPECT_EQ(newest().won(), 2U);
    EXPECT_EQ(newest().bids(), 5U);
}

TEST_F(Market, a_bid_below_the_floor_is_refused_and_so_is_one_that_no_money_covers) {
    Rejection low = centre.refused(bid("a", 1, 359'999));
    EXPECT_EQ(low.code, RejectionCode::invalid_field);
    EXPECT_EQ(low.field, "bid_micro_yuan");
    EXPECT_THAT(low.message, HasSubstr("not sold below 0.36 yuan"));
    EXPECT_EQ(centre.refused(bid("a", 16, 100 * yuan)).code, RejectionCode::insufficient_funds);
    const JobId waits = bids("a", 16, 500'000);
    EXPECT_EQ(centre.refused(change_bid(waits, 1)).field, "micro_yuan");
    EXPECT_EQ(centre.refused(change_bid(waits, 100 * yuan)).code,
              RejectionCode::insufficient_funds);
    EXPECT_EQ(held(waits), 16 * 24 * 500'000) << "a refusal leaves the hold alone";
    clear();
    EXPECT_EQ(centre.refused(change_bid(waits, 600'000)).code, RejectionCode::wrong_state);
    const JobId firm = centre.submit(job("b", 1, TIER_STANDARD));
    EXPECT_EQ(centre.refused(change_bid(firm, 600'000)).code, RejectionCode::wrong_state);
}

TEST_F(Market, holding_a_job_over_a_clearing_loses_the_price_that_it_won_at) {
    centre.submit(job("c", 16, TIER_STANDARD));
    centre.tick();
    Command gone;
    const JobId cheap = bids("a", 4, 400'000);
    clear();
    EXPECT_TRUE(centre.at(cheap).bidding) << "nothing is offered";
    centre.end(JobId{1});
    clear();
    EXPECT_TRUE(runs(cheap));
    centre.end(cheap, LEASE_OUTCOME_NODE_FAILED);
    EXPECT_TRUE(centre.at(cheap).queued) << "it won the period";
    gone.mutable_hold_job()->set_job_id(cheap.value);
    centre.ok(std::move(gone));
    const JobId rich = bids("b", 16, 2 * yuan);
    clear();
    EXPECT_TRUE(runs(rich));
    Command release;
    release.mutable_release_job()->set_job_id(cheap.value);
    centre.ok(std::move(release));
    EXPECT_FALSE(centre.at(cheap).queued);
}

TEST_F(Market, sleeps_without_spot_jobs_and_clears_at_whole_periods) {
    const std::size_t before = centre.log.size();
    for (int i = 0; i < 5; ++i)
        clear();
    EXPECT_EQ(centre.log.size(), before) << "an idle market leaves nothing in the log";
    centre.tick(Duration::seconds(100));
    const JobId id = bids("a", 1, 0);
    EXPECT_EQ(market().due.us % 300'000'000, 0);
    EXPECT_LE(market().due - centre.clock, Duration::seconds(300));
    clear();
    ASSERT_TRUE(runs(id));
    centre.end(id);
    clear();
    EXPECT_EQ(market().due, Time{}) << "asleep again";
    EXPECT_EQ(market().clearings, 2U);
}

TEST_F(Market, closing_it_lets_all_wait_as_before_at_the_sheets_price) {
    const JobId low = bids("a", 16, 500'000);
    const JobId high = bids("b", 16, 800'000);
    clear();
    ASSERT_TRUE(runs(high));
    period(0);
    centre.tick();
    EXPECT_FALSE(market().open);
    EXPECT_TRUE(centre.at(low).queued);
    centre.end(high);
    centre.tick();
    ASSERT_TRUE(runs(low));
    EXPECT_EQ(centre.lease_of(low).price.per_device_hour.micro_yuan, 360'000);
    const JobId later = bids("a", 1, 0);
    EXPECT_TRUE(centre.at(later).queued);
}

TEST_F(Market, opening_it_lets_who_runs_bid_what_it_was_admitted_with) {
    period(0);
    centre.tick();
    const JobId runner = centre.submit(job("a", 16, TIER_SPOT));
    centre.tick();
    ASSERT_TRUE(runs(runner));
    period(300);
    centre.tick();
    EXPECT_EQ(market().clearings, 1U) << "at once";
    EXPECT_EQ(centre.lease_of(runner).stopping, STOP_REASON_UNSPECIFIED);
    bids("b", 16, 900'000);
    clear();
    EXPECT_EQ(centre.lease_of(runner).stopping, STOP_REASON_OUTBID);
}

TEST_F(Market, a_snapshot_keeps_the_market) {
    bids("a", 16, 500'000);
    bids("b", 16, 800'000);
    clear();
    const JobId third = bids("c", 16, 400'000);
    clear();
    std::string error;
    std::optional<State> again = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(again) << error;
    again->check_invariants();
    EXPECT_EQ(to_hex(again->digest()), to_hex(centre.state.digest()));
    EXPECT_EQ(again->pools.at(1).spot.due, market().due);
    EXPECT_EQ(again->pools.at(1).spot.history.size(), 2U);
    EXPECT_TRUE(again->jobs.at(third.value).bidding);
}

TEST_F(Market, history_is_bounded) {
    Command waits = bid("a", 1, 0);
    waits.mutable_submit_job()->mutable_spec()->set_held(true);
    centre.submit(std::move(waits));
    for (std::uint32_t i = 0; i < limits::spot_history_kept + 3; ++i) {
        Command command;
        command.mutable_tick();
        Entry entry;
        centre.clock = centre.clock + Duration::minutes(5);
        entry.set_time_us(centre.clock.us);
        *entry.mutable_command() = std::move(command);
        step(centre.state, entry);
    }
    EXPECT_EQ(market().history.size(), limits::spot_history_kept);
    EXPECT_EQ(market().clearings, limits::spot_history_kept + 3);
}

}  // namespace
}  // namespace suan::core
