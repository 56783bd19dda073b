#include "base/limits.hpp"
#include "log/verify.hpp"
#include "runtime/testing.hpp"

#include <fmt/format.h>

namespace suan::runtime {
namespace {

struct HubTest : ::testing::Test {
    log::MemoryLog log{Hash256{1}};
    TestHub t{log};
};

TEST_F(HubTest, a_job_runs_and_is_charged_and_settled) {
    t.open();
    t.found_centre();
    const Accepted accepted = t.ok(TestHub::job(2), TestHub::token(), TestHub::payload());
    ASSERT_TRUE(accepted.entry);
    EXPECT_EQ(accepted.entry->actor().org_id(), 1U);
    EXPECT_EQ(accepted.entry->command().submit_job().member_id(), 1U);
    EXPECT_EQ(accepted.entry->salt().size(), 16U);
    const exec::StartOrder order = t.executor.wait_start(1);
    EXPECT_EQ(order.tasks.size(), 2U);
    EXPECT_EQ(order.org, "a");
    EXPECT_EQ(order.payload.script, "#!/bin/sh\necho hello\n");
    EXPECT_EQ(order.sim.duration.us, 5'000'000);
    t.report(exec::Started{order.ref});
    t.clock.advance(Duration::seconds(10));
    t.end(order.ref);
    EXPECT_EQ(t.state_of(1), JOB_STATE_COMPLETED);
    const auto revenue =
        t.see<Money>([](const core::State& state) { return state.jobs.at(1).charged; });
    EXPECT_EQ(revenue.micro_yuan, 2 * 10 * 1'000);
}

TEST_F(HubTest, an_unknown_token_is_unauthenticated) {
    t.open();
    t.found_centre();
    EXPECT_TRUE(
        std::holds_alternative<Unauthenticated>(t.ask(TestHub::job(), TestHub::token("other"))));
    std::promise<QueryEnd> end;
    t.hub->query(
        TestHub::token("other"), [](const core::State&, const Actor&) { FAIL(); },
        [&](QueryEnd how) { end.set_value(how); });
    EXPECT_EQ(end.get_future().get(), QueryEnd::unauthenticated);
}

TEST_F(HubTest, a_refused_command_leaves_no_trace) {
    t.open();
    t.found_centre();
    const std::uint64_t before = log.head().last_seq;
    EXPECT_TRUE(std::holds_alternative<core::Rejection>(
        t.ask(TestHub::job(1'000), TestHub::token(), TestHub::payload())));
    EXPECT_EQ(log.head().last_seq, before);
    EXPECT_FALSE(log.payload(crypto::sm3(TestHub::payload())));
}

TEST_F(HubTest, a_retry_under_the_same_key_gets_the_first_answer) {
    t.open();
    t.found_centre();
    Command job = TestHub::job();
    job.mutable_submit_job()->set_idempotency_key("k");
    job.mutable_submit_job()->set_request_sm3(std::string(32, 'x'));
    t.ok(job, TestHub::token());
    const Answer again = t.ask(job, TestHub::token());
    ASSERT_TRUE(std::holds_alternative<core::AlreadyDone>(again));
    EXPECT_EQ(std::get<core::AlreadyDone>(again).first_job, JobId{1});
}

TEST_F(HubTest, a_client_cannot_name_a_payload_that_it_did_not_send) {
    t.open();
    t.found_centre();
    Command job = TestHub::job();
    job.mutable_submit_job()->mutable_spec()->set_payload_sm3(std::string(32, 'x'));
    const Accepted accepted = t.ok(job, TestHub::token());
    EXPECT_EQ(accepted.entry->command().submit_job().spec().payload_sm3(), "");
}

TEST_F(HubTest, a_batch_is_answered_one_by_one) {
    t.open();
    t.found_centre();
    std::vector<Request> requests(3);
    for (std::size_t i = 0; i < 3; ++i) {
        requests[i].credential = TestHub::token();
        requests[i].command = TestHub::job(i == 1 ? 1'000 : 1);
    }
    std::promise<std::vector<Answer>> got;
    t.hub->submit_many(std::move(requests),
                       [&](std::vector<Answer>&& answers) { got.set_value(std::move(answers)); });
    const std::vector<Answer> answers = got.get_future().get();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<Accepted>(answers[0]));
    EXPECT_TRUE(std::holds_alternative<core::Rejection>(answers[1]));
    EXPECT_EQ(std::get<Accepted>(answers[2]).seq, std::get<Accepted>(answers[0]).seq + 1);
}

TEST_F(HubTest, a_failed_append_refuses_everyone_and_ends_the_process) {
    t.open();
    t.found_centre();
    const std::uint64_t before = log.head().last_seq;
    log.fail_append(1, Error{ErrorCode::exhausted, "the disk is full"}, log::Kept::none);
    const Answer answer = t.ask(TestHub::job(), TestHub::token());
    ASSERT_TRUE(std::holds_alternative<Unavailable>(answer));
    EXPECT_NE(std::get<Unavailable>(answer).message.find("the disk is full"), std::string::npos);
    EXPECT_TRUE(std::holds_alternative<Unavailable>(t.ask(TestHub::job(), TestHub::token())));
    t.close();
    EXPECT_NE(t.fatal.find("the disk is full"), std::string::npos);
    EXPECT_EQ(log.head().last_seq, before);
    EXPECT_EQ(t.executor.starts(), 0U);  // nothing that is not on disk has an effect
}

TEST_F(HubTest, acknowledged_requests_survive_a_failure_at_any_append) {
    for (std::uint64_t n = 1; n <= 12; ++n) {
        log::MemoryLog disk{Hash256{1}};
        std::vector<std::uint64_t> acknowledged;
        {
            TestHub hub(disk);
            hub.open();
            hub.found_centre();
            disk.fail_append(n, Error{ErrorCode::io, "broken"}, log::Kept::none);
            for (int i = 0; i < 12; ++i) {
                const Answer answer = hub.ask(TestHub::job(), TestHub::token());
                if (const auto* accepted = std::get_if<Accepted>(&answer)) {
                    acknowledged.push_back(accepted->entry->events(0).job_admitted().job_id());
                }
            }
        }
        auto restarted = disk.reopen();
        TestHub hub(*restarted);
        hub.open();
        for (const std::uint64_t job : acknowledged) {
            EXPECT_TRUE(hub.see<bool>([&](const core::State& state) {
                return state.jobs.find(job) != nullptr;
            })) << job;
        }
    }
}

TEST_F(HubTest, the_clock_going_backwards_is_clamped_and_counted) {
    t.open();
    t.found_centre();
    t.clock.advance(Duration::seconds(100));
    t.ok(TestHub::job(), TestHub::token());
    t.clock.set(Time{5});
    const Accepted later = t.ok(TestHub::job(), TestHub::token());
    EXPECT_EQ(later.entry->time_us(), 1'100'000'000);
    EXPECT_EQ(t.hub->metrics().clock_steps_back.load(), 1U);
}

TEST_F(HubTest, late_double_and_foreign_reports_change_nothing) {
    t.open();
    t.found_centre();
    t.ok(TestHub::job(), TestHub::token());
    const exec::StartOrder order = t.executor.wait_start(1);
    t.report(exec::Started{order.ref});
    t.clock.advance(Duration::seconds(1));
    t.end(order.ref);
    t.ok(TestHub::job(), TestHub::token());  // a fence
    t.executor.wait_start(2);
    const std::string before = t.digest();
    t.end(order.ref);
    t.report(exec::Started{order.ref});
    exec::LeaseRef foreign = order.ref;
    foreign.lease = LeaseId{99};
    t.end(foreign);
    EXPECT_EQ(t.digest(), before);
}

TEST_F(HubTest, a_cancelled_job_is_stopped_and_ends) {
    t.open();
    t.found_centre();
    t.ok(TestHub::job(), TestHub::token());
    const exec::StartOrder order = t.executor.wait_start(1);
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(1);
    t.ok(cancel, TestHub::token());
    const exec::StopOrder stop = t.executor.wait_stop(1);
    EXPECT_EQ(stop.ref, order.ref);
    EXPECT_EQ(stop.reason, "cancelled");
    t.end(order.ref, exec::Outcome::stopped);
    EXPECT_EQ(t.state_of(1), JOB_STATE_CANCELLED);
}

TEST_F(HubTest, subscribers_get_entries_with_whom_they_concern) {
    t.open();
    t.found_centre();
    std::promise<void> woken;
    auto feed = t.hub->subscribe(log.head().last_seq, [&] { woken.set_value(); });
    ASSERT_TRUE(feed->next(10));
    const Accepted accepted = t.ok(TestHub::job(), TestHub::token());
    woken.get_future().wait();
    const auto got = feed->next(1);
    ASSERT_TRUE(got);
    ASSERT_EQ(got->size(), 1U);
    EXPECT_EQ((*got)[0].entry->seq(), accepted.seq);
    EXPECT_EQ((*got)[0].entry_hash, accepted.entry_hash);
    EXPECT_EQ((*got)[0].event_orgs, std::vector<OrgId>{OrgId{1}});
    auto old = t.hub->subscribe(0, [] {});
    EXPECT_TRUE(old->next(1));
}

TEST_F(HubTest, blocks_close_by_age_and_verify) {
    t.open();
    t.found_centre();
    t.clock.advance(Duration{limits::block_age_us_max});
    t.ok(TestHub::job(), TestHub::token());
    t.ok(TestHub::job(), TestHub::token());
    t.close();
    EXPECT_EQ(log.head().last_block_seq, log.head().last_seq);
    EXPECT_GE(log.head().last_block, 2U);
    const auto verified = log::verify_log(log, t.key.public_key(), {});
    ASSERT_TRUE(verified) << verified.error().context;
}

// A small run is cut after every entry; what restarts there and applies the rest agrees with what
// never stopped.
TEST_F(HubTest, a_restart_at_every_entry_gives_the_same_state) {
    t.options.snapshot_entries = 1;
    t.open();
    t.found_centre();
    for (std::size_t i = 1; i <= 3; ++i) {
        t.ok(TestHub::job(3), TestHub::token(), TestHub::payload());
        t.clock.advance(Duration::seconds(2));
    }
    const exec::StartOrder first = t.executor.wait_start(1);
    t.report(exec::Started{first.ref});
    t.end(first.ref);
    t.executor.wait_start(3);
    t.close();
    for (std::uint64_t cut = 1; cut <= log.head().last_seq; ++cut) {
        auto disk = log.reopen();
        disk->drop_tail(cut);
        TestHub other(*disk, t.key);
        auto state = Hub::open(other.options, *disk, other.clock, t.key);
        ASSERT_TRUE(state) << cut << state.error().context;
        EXPECT_EQ((*state)->recovered().seq, cut);
    }
    TestHub again(log, t.key);
    for (std::uint64_t lease = 1; lease <= 3; ++lease) {
        again.executor.found_[LeaseId{lease}].found = exec::Found::running;
    }
    again.open();
    EXPECT_GT(again.hub->recovered().snapshot_seq, 0U);
    const auto jobs = again.see<std::size_t>([](const core::State& s) { return s.jobs.size(); });
    EXPECT_EQ(jobs, 3U);
    EXPECT_EQ(again.executor.starts(), 0U);  // no running job is started again
}

// Another decide() made it: going on would mix two sets of rules in one log.
TEST_F(HubTest, a_log_of_another_rules_version_is_named_as_the_cause_and_left_alone) {
    Entry old;
    old.set_seq(1);
    old.set_rules_version(core::rules_version - 1);
    old.mutable_command()->mutable_tick();
    const std::string bytes = old.SerializeAsString();
    const std::string_view entry = bytes;
    ASSERT_TRUE(log.append({.first_seq = 1, .entries = {&entry, 1}, .payloads = {}, .also = {}}));
    auto opened = Hub::open(t.options, log, t.clock, t.key);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::invalid);
    EXPECT_EQ(opened.error().context,
              fmt::format("recover: entry 1 was decided under rules version {}, and this program "
                          "knows rules version {} alone: go on with the program that wrote it, or "
                          "move the data folder away and start a new centre",
                          core::rules_version - 1, core::rules_version));
    EXPECT_EQ(log.head().last_seq, 1U);
    EXPECT_EQ(log.head().last_block, 0U);
}

// What the sim executor needs to know of an elastic job that saves checkpoints.
TEST_F(HubTest, a_start_says_how_large_the_whole_job_is_and_how_often_it_saves) {
    t.open();
    t.found_centre();
    Command elastic = TestHub::job(16);
    elastic.mutable_submit_job()->mutable_spec()->set_tasks_min(2);
    elastic.mutable_submit_job()->mutable_spec()->set_checkpoint_interval_ms(60'000);
    t.ok(elastic, TestHub::token(), TestHub::payload());
    const exec::StartOrder order = t.executor.wait_start(1);
    EXPECT_EQ(order.tasks.size(), 8U);
    EXPECT_EQ(order.sim.tasks, 16U);
    EXPECT_EQ(order.sim.checkpoint_interval, Duration::minutes(1));
    EXPECT_EQ(order.sim.duration, Duration::seconds(5));
}

TEST_F(HubTest, what_was_ordered_but_never_started_is_started_once) {
    t.open();
    t.found_centre();
    t.ok(TestHub::job(), TestHub::token(), TestHub::payload());
    t.executor.wait_start(1);
    t.close();
    TestHub again(log, t.key);
    again.open();  // the executor knows nothing of it
    const exec::StartOrder order = again.executor.wait_start(1);
    EXPECT_EQ(order.ref.lease, LeaseId{1});
    EXPECT_EQ(order.payload.script, "#!/bin/sh\necho hello\n");
    EXPECT_EQ(again.executor.starts(), 1U);
}

TEST_F(HubTest, what_ended_while_the_hub_was_away_is_charged_once) {
    t.open();
    t.found_centre();
    t.ok(TestHub::job(), TestHub::token());
    t.executor.wait_start(1);
    t.close();
    TestHub again(log, t.key);
    again.clock.set(t.clock.now() + Duration::seconds(4));
    exec::Adopted& found = again.executor.found_[LeaseId{1}];
    found.found = exec::Found::ended;
    found.end.emplace();
    found.end->outcome = exec::Outcome::completed;
    again.open();
    EXPECT_EQ(again.state_of(1), JOB_STATE_COMPLETED);
    again.report(*[&] {
        exec::LeaseEnded end = *found.end;
        end.ref.lease = LeaseId{1};
        return std::make_unique<exec::Report>(end);
    }());
    const auto charged =
        again.see<Money>([](const core::State& state) { return state.jobs.at(1).charged; });
    EXPECT_EQ(charged.micro_yuan, 4 * 1'000);
}

TEST_F(HubTest, a_full_inbox_says_so_at_the_door) {
    t.options.requests_queued_max = 0;
    t.open();
    EXPECT_TRUE(std::holds_alternative<Unavailable>(t.ask(TestHub::job())));
}

}  // namespace
}  // namespace suan::runtime
