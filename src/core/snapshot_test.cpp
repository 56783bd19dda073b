#include "core/testing.hpp"

namespace suan::core {
namespace {

// A centre with something of everything in it: running, waiting, held, arrays, dependencies,
// vouchers.
struct Snapshots : ::testing::Test {
    TestCentre centre;
    void SetUp() override {
        centre.pool("p", {.meter_interval_ms = 10'000, .sharing = true});
        centre.org("a", 10'000'000);
        centre.org("b", 10'000'000);
        centre.share("b", "p", 4);
        Command voucher;
        voucher.mutable_issue_voucher()->set_org_id(1);
        voucher.mutable_issue_voucher()->set_funder("bureau");
        voucher.mutable_issue_voucher()->set_micro_yuan(70'000);
        voucher.mutable_issue_voucher()->set_expires_us((centre.clock + Duration::seconds(30)).us);
        centre.ok(voucher);
        Command budget;
        budget.mutable_set_budget()->set_org_id(1);
        budget.mutable_set_budget()->set_micro_yuan(5'000'000);
        centre.ok(budget);
        for (std::uint32_t i = 0; i < 12; ++i) {
            Command command = centre.submission(i % 3 == 0 ? "b" : "a", "p");
            SubmitJob& submit = *command.mutable_submit_job();
            submit.mutable_spec()->set_tasks(1 + i % 4);
            submit.mutable_spec()->set_held(i == 5);
            if (i == 7) submit.mutable_spec()->add_dependencies()->set_job_id(2);
            if (i == 9) {
                submit.mutable_array()->add_indices(3);
                submit.mutable_array()->add_indices(8);
                submit.mutable_array()->set_running_max(1);
            }
            submit.set_idempotency_key("k" + std::to_string(i));
            submit.set_request_sm3(std::string(32, static_cast<char>(i)));
            centre.submit(std::move(command));
        }
        centre.tick();
        centre.tick(Duration::seconds(12));
    }
};

TEST_F(Snapshots, a_restored_state_is_the_same_and_decides_the_same) {
    std::string error;
    std::optional<State> restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    restored->check_invariants();
    EXPECT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest()));
    for (int i = 0; i < 40; ++i) {
        centre.clock = centre.clock + Duration::seconds(3);
        Entry mine;
        mine.set_time_us(centre.clock.us);
        if (i % 2 == 0) {
            mine.mutable_command()->mutable_tick();
        } else {
            std::uint64_t oldest = 0;
            centre.state.leases.for_each(
                [&](std::uint64_t id, const Lease&) { oldest = oldest == 0 ? id : oldest; });
            mine.mutable_command()->mutable_lease_report()->set_lease_id(oldest);
            mine.mutable_command()->mutable_lease_report()->set_kind(LeaseReport::KIND_ENDED);
            mine.mutable_command()->mutable_lease_report()->set_outcome(LEASE_OUTCOME_COMPLETED);
        }
        Entry theirs = mine;
        step(centre.state, mine);
        step(*restored, theirs);
        ASSERT_EQ(mine.DebugString(), theirs.DebugString());
        ASSERT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest())) << mine.DebugString();
    }
}

TEST_F(Snapshots, rules_that_became_stricter_do_not_refuse_older_jobs) {
    Command stricter;
    stricter.mutable_set_pool_rules()->set_pool_id(1);
    stricter.mutable_set_pool_rules()->mutable_rules()->set_walltime_max_ms(1'000);
    centre.ok(stricter);
    std::string error;
    EXPECT_TRUE(from_snapshot(to_snapshot(centre.state), error)) << error;
}

TEST_F(Snapshots, a_copy_is_independent) {
    State copy = centre.state;
    const Hash256 before = centre.state.digest();
    Entry entry;
    entry.set_time_us((centre.clock + Duration::hours(1)).us);
    entry.mutable_command()->mutable_tick();
    step(copy, entry);
    EXPECT_GT(entry.events_size(), 0);
    EXPECT_EQ(to_hex(centre.state.digest()), to_hex(before));
    copy.check_invariants();
    centre.state.check_invariants();
}

TEST_F(Snapshots, damage_is_refused_with_its_place) {
    const auto refused = [&](auto change) {
        StateSnapshot snapshot = to_snapshot(centre.state);
        change(snapshot);
        std::string error;
        EXPECT_FALSE(from_snapshot(snapshot, error));
        return error;
    };
    EXPECT_EQ(refused([](StateSnapshot& s) { s.set_rules_version(99); }),
              "snapshot: rules version 99, expected " + std::to_string(rules_version));
    EXPECT_EQ(refused([](StateSnapshot& s) { s.clear_counters(); }), "snapshot: counters");
    EXPECT_EQ(refused([](StateSnapshot& s) { s.mutable_jobs(0)->set_org_id(77); }),
              "snapshot: job 1 does not fit");
    EXPECT_NE(refused([](StateSnapshot& s) { s.mutable_leases(0)->set_job_id(999); }), "");
    EXPECT_EQ(refused([](StateSnapshot& s) {
                  s.mutable_leases(0)->mutable_slots(0)->set_device_mask(1ULL << 63);
              }),
              "snapshot: lease 1 does not fit");
    EXPECT_EQ(refused([](StateSnapshot& s) {
                  *s.mutable_leases(1)->mutable_slots() = s.leases(0).slots();
              }),
              "snapshot: lease 2 does not fit");
    EXPECT_EQ(refused([](StateSnapshot& s) { s.mutable_jobs(0)->set_queued(true); }),
              "snapshot: job 1 does not fit");
    EXPECT_EQ(
        refused([](StateSnapshot& s) { s.mutable_pools(0)->mutable_uses(0)->clear_org_id(); }),
        "snapshot: use of org 0 does not fit");
    EXPECT_EQ(refused([](StateSnapshot& s) { s.mutable_vouchers(0)->set_job_cap(-1); }),
              "snapshot: voucher 1 does not fit");
    // Job 2 rests on the voucher.
    const std::string not_paid_so = "snapshot: job 2 does not fit";
    EXPECT_EQ(refused([](StateSnapshot& s) { s.mutable_vouchers(0)->add_pool_ids(2); }),
              not_paid_so);
    EXPECT_EQ(refused([](StateSnapshot& s) { s.mutable_vouchers(0)->set_expired(true); }),
              not_paid_so);
    EXPECT_EQ(refused([](StateSnapshot& s) { s.mutable_vouchers(0)->set_org_id(2); }), not_paid_so);
    EXPECT_EQ(
        refused([](StateSnapshot& s) { s.mutable_jobs(1)->mutable_holds(0)->set_voucher_id(77); }),
        not_paid_so);
    EXPECT_EQ(refused([](StateSnapshot& s) {
                  s.mutable_jobs(1)->mutable_paid()->Add()->set_micro_yuan(-1);
              }),
              not_paid_so);
    EXPECT_NE(refused([](StateSnapshot& s) { s.mutable_ledger_accounts()->pop_back(); }), "");
    EXPECT_NE(refused([](StateSnapshot& s) { s.mutable_nodes(0)->mutable_spec()->set_devices(0); }),
              "");
}

}  // namespace
}  // namespace suan::core
