#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/testing.hpp"

namespace suan::core {
namespace {

struct MoneyRules : ::testing::Test {
    TestCentre centre;
    void SetUp() override {
        centre.pool("p", {});
        centre.org("a", 100'000);
    }
    Command budget(std::int64_t micro_yuan, std::uint32_t project = 0) const {
        Command command;
        command.mutable_set_budget()->set_org_id(1);
        command.mutable_set_budget()->set_project_id(project);
        command.mutable_set_budget()->set_micro_yuan(micro_yuan);
        return command;
    }
    Command voucher(std::int64_t micro_yuan, Duration lasts) const {
        Command command;
        IssueVoucher& issue = *command.mutable_issue_voucher();
        issue.set_org_id(1);
        issue.set_funder("district bureau");
        issue.set_micro_yuan(micro_yuan);
        issue.set_expires_us((centre.clock + lasts).us);
        return command;
    }
    Command seconds(std::int64_t n) const {
        Command command = centre.submission("a", "p");
        command.mutable_submit_job()->mutable_spec()->set_walltime_ms(n * 1'000);
        return command;
    }
    std::int64_t left(VoucherId id) const {
        return centre.state.available(voucher_account(id)).micro_yuan;
    }
};

TEST_F(MoneyRules, what_is_not_there_cannot_be_held) {
    const Rejection refused = centre.refused(seconds(101));
    EXPECT_EQ(refused.code, RejectionCode::insufficient_funds);
    EXPECT_NE(refused.message.find("0.101 yuan"), std::string::npos) << refused.message;
    EXPECT_TRUE(refused.try_again());
    centre.submit(seconds(100));
    EXPECT_EQ(centre.money("a"), 0);
}

TEST_F(MoneyRules, an_array_is_admitted_whole_or_not_at_all) {
    Command command = seconds(30);
    for (std::uint32_t i = 0; i < 4; ++i)
        command.mutable_submit_job()->mutable_array()->add_indices(i);
    EXPECT_EQ(centre.refused(command).code, RejectionCode::insufficient_funds);
    EXPECT_EQ(centre.money("a"), 100'000);
}

TEST_F(MoneyRules, a_budget_caps_holds_and_charges_together) {
    centre.ok(budget(50'000, 1));
    const JobId id = centre.submit(seconds(40));
    EXPECT_EQ(centre.refused(seconds(20)).code, RejectionCode::budget_exceeded);
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(10);
    centre.end(id);  // 10 s used: 40 s of budget are left
    EXPECT_EQ(centre.refused(seconds(41)).code, RejectionCode::budget_exceeded);
    centre.submit(seconds(40));
}

TEST_F(MoneyRules, a_removed_budget_caps_no_more) {
    centre.ok(budget(1'000));
    EXPECT_EQ(centre.refused(seconds(20)).code, RejectionCode::budget_exceeded);
    Command remove = budget(0);
    remove.mutable_set_budget()->set_remove(true);
    centre.ok(remove);
    centre.submit(seconds(20));
}

TEST_F(MoneyRules, vouchers_pay_first_and_the_one_that_expires_first_pays_before_others) {
    centre.ok(voucher(20'000, Duration::hours(48)));
    centre.ok(voucher(10'000, Duration::hours(24)));
    const JobId id = centre.submit(seconds(40));
    EXPECT_EQ(left(VoucherId{1}), 0);
    EXPECT_EQ(left(VoucherId{2}), 0);
    EXPECT_EQ(centre.money("a"), 90'000);
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(15);
    centre.end(id);
    EXPECT_EQ(left(VoucherId{2}), 0);       // 10 s, oldest expiry first
    EXPECT_EQ(left(VoucherId{1}), 15'000);  // 5 s
    EXPECT_EQ(centre.money("a"), 100'000);
}

TEST_F(MoneyRules, a_voucher_pays_only_its_pools_and_its_cap_a_job) {
    centre.pool("q", {});
    Command bound = voucher(50'000, Duration::hours(1));
    bound.mutable_issue_voucher()->add_pool_ids(2);
    bound.mutable_issue_voucher()->set_job_cap_micro_yuan(8'000);
    centre.ok(bound);
    centre.submit(seconds(10));
    EXPECT_EQ(left(VoucherId{1}), 50'000);
    Command other = seconds(10);
    other.mutable_submit_job()->mutable_spec()->set_pool_id(2);
    centre.submit(other);
    EXPECT_EQ(left(VoucherId{1}), 42'000);
    EXPECT_EQ(centre.money("a"), 100'000 - 10'000 - 2'000);
}

TEST_F(MoneyRules, a_job_draws_on_so_many_vouchers_and_then_on_own_money) {
    constexpr std::int64_t most = limits::vouchers_per_job_max;
    for (std::int64_t i = 0; i < most + 6; ++i)
        centre.ok(voucher(1'000, Duration::seconds(10'000)));
    EXPECT_EQ(centre.refused(seconds(most + 101)).code, RejectionCode::insufficient_funds);
    centre.submit(seconds(most + 100));
    EXPECT_EQ(centre.money("a"), 0);
    EXPECT_EQ(left(VoucherId{limits::vouchers_per_job_max}), 0);
    EXPECT_EQ(left(VoucherId{limits::vouchers_per_job_max + 1}), 1'000);
}

TEST_F(MoneyRules, an_expired_voucher_goes_back_and_its_jobs_rest_on_other_money) {
    centre.ok(voucher(60'000, Duration::seconds(20)));
    const JobId id = centre.submit(seconds(60));
    centre.tick();
    EXPECT_EQ(centre.money("a"), 100'000);
    centre.tick(Duration::seconds(20));
    EXPECT_TRUE(centre.state.vouchers.at(1).expired);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_RUNNING);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 20'000);  // by the voucher, up to its expiry
    EXPECT_EQ(centre.money("a"), 60'000);                 // the other 40 s
    centre.clock = centre.clock + Duration::seconds(10);
    centre.end(id);
    EXPECT_EQ(centre.money("a"), 90'000);
    EXPECT_EQ(centre.revenue(), 30'000);
}

TEST_F(MoneyRules, a_voucher_pays_no_work_after_its_end_however_late_that_is_seen) {
    centre.ok(voucher(60'000, Duration::seconds(20)));
    const JobId id = centre.submit(seconds(60));
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(50);
    centre.end(id);
    EXPECT_EQ(centre.revenue(), 50'000);
    EXPECT_EQ(centre.money("a"), 70'000);  // 20 s were the voucher's
}

TEST_F(MoneyRules, a_vouchers_cap_for_a_job_counts_its_earlier_runs) {
    Command capped = voucher(50'000, Duration::hours(1));
    capped.mutable_issue_voucher()->set_job_cap_micro_yuan(8'000);
    centre.ok(capped);
    Command twice = seconds(10);
    twice.mutable_submit_job()->mutable_spec()->set_retries(1);
    const JobId id = centre.submit(twice);
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(5);
    centre.end(id, LEASE_OUTCOME_FAILED, 1);
    EXPECT_EQ(left(VoucherId{1}), 50'000 - 5'000 - 3'000);  // paid, and held for the second run
}

TEST_F(MoneyRules, a_budget_set_anew_does_not_count_what_came_back_meanwhile) {
    centre.ok(budget(30'000));
    const JobId id = centre.submit(seconds(10));
    Command lift = budget(0);
    lift.mutable_set_budget()->set_remove(true);
    centre.ok(lift);
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(id.value);
    centre.ok(cancel);
    centre.ok(budget(10'000));
    EXPECT_EQ(centre.refused(seconds(11)).code, RejectionCode::budget_exceeded);
}

TEST_F(MoneyRules,
       a_job_whose_voucher_expired_and_that_has_no_other_money_stops_and_waits_for_some) {
    centre.org("poor", 0);
    Command command = voucher(60'000, Duration::seconds(20));
    command.mutable_issue_voucher()->set_org_id(2);
    centre.ok(command);
    const JobId id = centre.submit(centre.submission("poor", "p"));
    centre.tick();
    centre.tick(Duration::seconds(20));
    EXPECT_EQ(centre.lease_of(id).stopping, STOP_REASON_UNFUNDED);
    centre.clock = centre.clock + Duration::seconds(3);
    centre.end(id, LEASE_OUTCOME_FAILED);
    EXPECT_EQ(centre.at(id).state, JOB_STATE_WAITING);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 20'000);
    EXPECT_EQ(why(centre.state, centre.at(id)).at(0).code, "AssocGrpBillingMinutes");
    centre.fund("poor", 60'000);
    EXPECT_TRUE(centre.at(id).queued);
}

TEST_F(MoneyRules, a_charge_keeps_the_price_of_the_sheet_that_admitted_the_job) {
    const JobId id = centre.submit(seconds(60));
    Command dearer;
    dearer.mutable_publish_price_sheet()->set_name("dear");
    PriceLine& line = *dearer.mutable_publish_price_sheet()->add_lines();
    line.set_line(1);
    line.set_pool_id(1);
    line.set_tier(TIER_STANDARD);
    line.set_micro_yuan_per_device_hour(7'200'000);
    centre.ok(dearer);
    const JobId later = centre.submit(seconds(10));
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(10);
    centre.end(id);
    centre.end(later);
    EXPECT_EQ(centre.at(id).charged.micro_yuan, 10'000);
    EXPECT_EQ(centre.at(later).charged.micro_yuan, 20'000);
}

TEST_F(MoneyRules, corrections_are_entries_of_their_own) {
    Command correct;
    correct.mutable_correct()->set_org_id(1);
    correct.mutable_correct()->set_micro_yuan(5'000);
    correct.mutable_correct()->set_reason("meter was wrong on Friday");
    centre.ok(correct);
    EXPECT_EQ(centre.money("a"), 105'000);
    correct.mutable_correct()->set_micro_yuan(-105'001);
    EXPECT_EQ(centre.refused(correct).code, RejectionCode::insufficient_funds);
    correct.mutable_correct()->set_reason("");
    EXPECT_EQ(centre.refused(correct).field, "reason");
}

TEST_F(MoneyRules, an_invoice_is_the_sum_of_its_charges_and_ends_now) {
    const JobId done = centre.submit(seconds(20));
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(10);
    centre.end(done);
    const JobId running = centre.submit(seconds(60));
    centre.tick();
    centre.clock = centre.clock + Duration::seconds(5);
    Command close;
    close.mutable_close_invoice()->set_org_id(1);
    centre.ok(close);
    const InvoiceIssued& invoice =
        centre.log.back().events(centre.log.back().events_size() - 1).invoice_issued();
    ASSERT_EQ(invoice.lines_size(), 1);
    EXPECT_EQ(invoice.lines(0).micro_yuan(), 15'000);
    EXPECT_EQ(invoice.lines(0).milli_device_ms(), 15'000'000);
    EXPECT_EQ(invoice.payments(0).micro_yuan(), 15'000);
    EXPECT_EQ(centre.revenue(), 15'000);
    centre.clock = centre.clock + Duration::seconds(1);
    centre.end(running);
    centre.ok(close);
    const InvoiceIssued& next = centre.log.back().events(0).invoice_issued();
    EXPECT_EQ(next.from_us(), invoice.to_us());
    EXPECT_EQ(next.lines(0).micro_yuan(), 1'000);
}

TEST_F(MoneyRules, a_hold_is_rounded_up_and_a_charge_down) {
    EXPECT_EQ(hold_amount({}, Duration::milliseconds(1), Money{1}).micro_yuan, 1);
    EXPECT_EQ(hold_amount({}, Duration::hours(1), Money{7}).micro_yuan, 7);
}

}  // namespace
}  // namespace suan::core
