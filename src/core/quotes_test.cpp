// Binding quotes: the rule of docs/rules/quotes.md, step by step.
#include "core/quotes.hpp"

#include "core/testing.hpp"

namespace suan::core {
namespace {

struct Quotes : ::testing::Test {
    TestCentre centre;  // 2 nodes x 4 devices
    MemberId user;
    void SetUp() override {
        centre.pool("p", {});
        user = centre.org("a", 1'000'000'000);
        centre.org("b", 1'000'000'000);
        set_compensation(100);
    }
    void set_compensation(std::uint32_t permille) {
        Command command;
        command.mutable_set_pool_rules()->set_pool_id(1);
        command.mutable_set_pool_rules()->mutable_rules()->set_quote_compensation_permille(
            permille);
        centre.ok(std::move(command));
    }
    Command submission(const std::string& org, std::uint32_t tasks, std::int64_t minutes) {
        Command command = centre.submission(org, "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tasks(tasks);
        spec.set_walltime_ms(minutes * 60'000);
        return command;
    }
    Command offer_for(const Command& submission, Duration start_within) {
        const SubmitJob& submit = submission.submit_job();
        Command command;
        OfferQuote& offer = *command.mutable_offer_quote();
        offer.set_org_id(submit.org_id());
        offer.set_project_id(submit.project_id());
        offer.set_member_id(submit.member_id());
        *offer.mutable_spec() = submit.spec();
        offer.set_start_by_us((centre.clock + start_within).us);
        return command;
    }
    QuoteId offer(const Command& submission, Duration start_within) {
        const QuoteId id{centre.state.next_quote};
        centre.ok(offer_for(submission, start_within));
        return id;
    }
    JobId take_up(Command submission, QuoteId quote) {
        submission.mutable_submit_job()->set_quote_id(quote.value);
        return centre.submit(std::move(submission));
    }
    QuoteOutcome last_outcome() {
        QuoteOutcome out = QUOTE_OUTCOME_UNSPECIFIED;
        for (const Event& event : centre.log.back().events()) {
            if (event.has_quote_ended()) out = event.quote_ended().outcome();
        }
        return out;
    }
    void fill(const std::string& org) {
        for (int node = 0; node < 2; ++node)
            centre.submit(submission(org, 4, 600));
        centre.tick();
    }
};

// The example of docs/rules/quotes.md: 4 devices for an hour at 3.60 yuan, a tenth is owed.
TEST_F(Quotes, a_missed_quote_pays_its_part_of_the_price_once) {
    fill("b");
    const Command work = submission("a", 4, 60);
    const QuoteId quote = offer(work, Duration::minutes(30));
    EXPECT_EQ(centre.log.back().events(0).quote_offered().total_micro_yuan(), 14'400'000);
    EXPECT_EQ(centre.log.back().events(0).quote_offered().compensation_micro_yuan(), 1'440'000);
    const JobId job = take_up(work, quote);
    const std::int64_t before = centre.money("a");
    centre.tick(Duration::minutes(29));
    EXPECT_EQ(centre.money("a"), before);
    centre.tick(Duration::minutes(1));
    EXPECT_EQ(last_outcome(), QUOTE_OUTCOME_MISSED);
    EXPECT_EQ(centre.money("a"), before + 1'440'000);
    EXPECT_TRUE(centre.state.quotes.empty());
    EXPECT_EQ(centre.state.orgs.at(1).unbilled_corrections.micro_yuan, 1'440'000);
    EXPECT_EQ(centre.at(job).state, JOB_STATE_WAITING);
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.money("a"), before + 1'440'000);
}

TEST_F(Quotes, a_job_that_starts_in_time_keeps_the_price_and_owes_nothing) {
    const Command work = submission("a", 4, 60);
    const QuoteId quote = offer(work, Duration::minutes(5));
    Command dearer;
    dearer.mutable_publish_price_sheet()->set_name("dear");
    PriceLine& line = *dearer.mutable_publish_price_sheet()->add_lines();
    line.set_line(1);
    line.set_pool_id(1);
    line.set_tier(TIER_STANDARD);
    line.set_micro_yuan_per_device_hour(9'000'000);
    centre.ok(std::move(dearer));
    const JobId job = take_up(work, quote);
    EXPECT_EQ(centre.at(job).price.micro_yuan, 3'600'000);
    EXPECT_EQ(centre.at(job).sheet.value, 1U);
    centre.tick();
    EXPECT_EQ(centre.at(job).state, JOB_STATE_RUNNING);
    EXPECT_TRUE(centre.state.quotes.empty());
    const std::int64_t before = centre.money("a");
    centre.tick(Duration::minutes(10));
    EXPECT_EQ(centre.money("a"), before);
}

TEST_F(Quotes, the_promise_counts_from_the_submission) {
    fill("b");
    const Command work = submission("a", 4, 60);
    const QuoteId quote = offer(work, Duration::minutes(5));
    centre.tick(Duration::minutes(9));
    take_up(work, quote);
    centre.tick(Duration::minutes(4));
    EXPECT_EQ(centre.state.quotes.size(), 1U);
    centre.tick(Duration::minutes(1));
    EXPECT_EQ(last_outcome(), QUOTE_OUTCOME_MISSED);
}

TEST_F(Quotes, what_its_own_org_does_is_not_the_centres_fault) {
    const Command work = submission("a", 4, 60);
    enum class By { hold, later_job, limit };
    for (const By by : {By::hold, By::later_job, By::limit}) {
        TestCentre fresh;
        centre = fresh;
        SetUp();
        if (by == By::limit) {
            Command limit;
            limit.mutable_set_share()->set_org_id(1);
            limit.mutable_set_share()->set_pool_id(1);
            limit.mutable_set_share()->set_limit_milli(4'000);
            centre.ok(std::move(limit));
            centre.submit(submission("a", 4, 600));
            centre.tick();
        }
        if (by != By::limit) centre.submit(submission("b", 4, 600));
        const QuoteId quote = offer(work, Duration::minutes(5));
        if (by == By::later_job) {
            centre.submit(submission("a", 4, 600));
            centre.tick();
        }
        const JobId job = take_up(work, quote);
        if (by == By::hold) {
            Command hold;
            hold.mutable_hold_job()->set_job_id(job.value);
            centre.ok(std::move(hold), centre.actor(user));
        }
        const std::int64_t before = centre.money("a");
        centre.tick(Duration::minutes(5));
        EXPECT_EQ(last_outcome(), QUOTE_OUTCOME_VOID) << static_cast<int>(by);
        EXPECT_EQ(centre.money("a"), before);
    }
}

TEST_F(Quotes, an_unused_quote_expires_and_a_cancelled_job_ends_its_own) {
    const Command work = submission("a", 1, 60);
    const QuoteId unused = offer(work, Duration::minutes(5));
    EXPECT_EQ(centre.state.next_due(), centre.clock + Duration::minutes(10) + Duration{1});
    centre.tick(Duration::minutes(10));
    EXPECT_EQ(centre.state.quotes.count(unused), 1U);
    centre.tick(Duration::seconds(1));
    EXPECT_EQ(last_outcome(), QUOTE_OUTCOME_EXPIRED);
    fill("b");
    const JobId job = take_up(work, offer(work, Duration::minutes(5)));
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(job.value);
    centre.ok(std::move(cancel), centre.actor(user));
    EXPECT_TRUE(centre.state.quotes.empty());
}

TEST_F(Quotes, refusals_name_the_field) {
    const Command work = submission("a", 4, 60);
    const QuoteId quote = offer(work, Duration::minutes(5));
    const auto with = [&](auto change) {
        Command command = work;
        command.mutable_submit_job()->set_quote_id(quote.value);
        change(*command.mutable_submit_job());
        const Rejection no = centre.refused(std::move(command));
        return std::string(to_string(no.code)) + " " + no.field;
    };
    EXPECT_EQ(with([](SubmitJob& s) { s.set_quote_id(99); }), "not_found quote_id");
    EXPECT_EQ(with([](SubmitJob& s) { s.mutable_spec()->set_walltime_ms(60'000); }),
              "invalid_field quote_id");
    EXPECT_EQ(with([](SubmitJob& s) { s.mutable_spec()->set_priority(5); }),
              "invalid_field quote_id");
    EXPECT_EQ(with([](SubmitJob& s) { s.mutable_spec()->set_held(true); }),
              "invalid_field spec.held");
    EXPECT_EQ(with([](SubmitJob& s) { s.mutable_array()->add_indices(1); }), "invalid_field array");
    take_up(work, quote);
    EXPECT_EQ(with([](SubmitJob&) {}), "wrong_state quote_id");

    Command late = offer_for(work, Duration::minutes(5));
    late.mutable_offer_quote()->set_start_by_us(centre.clock.us);
    EXPECT_EQ(centre.refused(late).field, "start_by_us");
    Command spot = offer_for(work, Duration::minutes(5));
    spot.mutable_offer_quote()->mutable_spec()->set_tier(TIER_SPOT);
    EXPECT_EQ(centre.refused(spot).field, "spec.tier");
    set_compensation(0);
    EXPECT_EQ(centre.refused(offer_for(work, Duration::minutes(5))).field, "spec.pool_id");
    Command wrong;
    wrong.mutable_set_pool_rules()->set_pool_id(1);
    wrong.mutable_set_pool_rules()->mutable_rules()->set_quote_compensation_permille(1'001);
    EXPECT_EQ(centre.refused(std::move(wrong)).field, "rules.quote_compensation_permille");
}

TEST_F(Quotes, an_open_promise_survives_a_snapshot) {
    fill("b");
    const Command work = submission("a", 4, 60);
    take_up(work, offer(work, Duration::minutes(30)));
    offer(work, Duration::minutes(30));
    std::string error;
    auto restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    EXPECT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest()));
    centre.state = std::move(*restored);
    const std::int64_t before = centre.money("a");
    centre.tick(Duration::minutes(30));
    EXPECT_EQ(centre.money("a"), before + 1'440'000);
}

// The timer of a validity outlives the take-up; a restored state does not have it.
TEST_F(Quotes, a_stale_timer_decides_nothing) {
    fill("b");
    const Command work = submission("a", 4, 60);
    take_up(work, offer(work, Duration::minutes(30)));
    centre.clock = centre.clock + Duration::minutes(1);
    offer(work, Duration::minutes(30));
    std::string error;
    auto restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    centre.tick(Duration::minutes(40));
    Entry again = centre.log.back();
    again.clear_events();
    static_cast<void>(step(*restored, again));
    EXPECT_EQ(again.ShortDebugString(), centre.log.back().ShortDebugString());
    ASSERT_TRUE(again.events(0).has_quote_ended()) << again.ShortDebugString();
    EXPECT_EQ(again.events(0).quote_ended().outcome(), QUOTE_OUTCOME_EXPIRED);
}

}  // namespace
}  // namespace suan::core
