#include "runtime/history.hpp"

#include "base/limits.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "runtime/testing.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace suan::runtime {
namespace {

struct HistoryTest : ::testing::Test {
    std::filesystem::path folder;
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "suanXXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::unique_ptr<log::SqliteLog> log() {
        auto opened = log::SqliteLog::open(folder / "log", {});
        EXPECT_TRUE(opened) << opened.error().context;
        return std::move(*opened);
    }
};

JobFilter jobs_of(std::uint32_t org) {
    JobFilter filter;
    filter.org = OrgId{org};
    return filter;
}
MoneyFilter money_of(std::uint32_t org) {
    MoneyFilter filter;
    filter.org = OrgId{org};
    return filter;
}

void expect_history(const History& history) {
    const auto job = history.job(JobId{1});
    ASSERT_TRUE(job) << job.error().context;
    EXPECT_EQ(job->state, JOB_STATE_COMPLETED);
    EXPECT_EQ(job->name, "j");
    EXPECT_EQ(job->charged.micro_yuan, 14'000);
    EXPECT_EQ(history.jobs(jobs_of(2))->size(), 0U);
    EXPECT_EQ(history.jobs(jobs_of(1))->size(), 1U);
    const auto leases = history.leases(JobId{1});
    ASSERT_EQ(leases->size(), 1U);
    EXPECT_EQ((*leases)[0].outcome, LEASE_OUTCOME_COMPLETED);
    EXPECT_EQ((*leases)[0].charged.micro_yuan, 14'000);
    const auto charges = history.charges(money_of(1));
    ASSERT_EQ(charges->size(), 1U);
    EXPECT_EQ(((*charges)[0].to - (*charges)[0].from).us, 7'000'000);
    const auto invoice = history.invoice(1);
    ASSERT_TRUE(invoice);
    EXPECT_EQ(invoice->total.micro_yuan, 14'000);
    EXPECT_EQ(invoice->lines.size(), 1U);
    const auto journal = history.journal(money_of(1));
    ASSERT_EQ(journal->size(), 2U);
    EXPECT_EQ((*journal)[0].kind, "fund");
    EXPECT_EQ((*journal)[1].debit, "org 1");
    EXPECT_EQ((*journal)[1].amount.micro_yuan, 14'000);
}

TEST_F(HistoryTest, a_finished_job_and_its_money_are_found_and_rebuilt) {
    auto file = log();
    {
        TestHub t(*file);
        t.open();
        t.found_centre();
        t.ok(TestHub::job(2), TestHub::token());
        t.clock.advance(Duration::seconds(7));
        t.end(t.executor.wait_start(1).ref);
        Command close;
        close.mutable_close_invoice()->set_org_id(1);
        t.ok(close);
        expect_history(*t.hub->history());
    }
    {
        TestHub without(*file);  // moves the log on without the tables
        without.options.history = Options::HistoryTables::none;
        without.open();
        Command fund;
        fund.mutable_create_org()->set_name("later");
        without.ok(fund);
    }
    TestHub again(*file);
    again.open();
    expect_history(*again.hub->history());
}

std::vector<Committed> read_all(Subscription& feed) {
    std::vector<Committed> out;
    for (;;) {
        auto some = feed.next(7);
        if (!some) ADD_FAILURE() << some.error().context;
        if (!some || some->empty()) return out;
        std::move(some->begin(), some->end(), std::back_inserter(out));
    }
}

void expect_same(const std::vector<Committed>& expected, const std::vector<Committed>& found) {
    ASSERT_EQ(expected.size(), found.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(found[i].entry->seq(), i + 1);
        EXPECT_EQ(found[i].entry->SerializeAsString(), expected[i].entry->SerializeAsString());
        EXPECT_EQ(found[i].entry_hash, expected[i].entry_hash) << i + 1;
        EXPECT_EQ(found[i].event_orgs, expected[i].event_orgs) << expected[i].entry->DebugString();
    }
}

TEST_F(HistoryTest, a_subscriber_who_was_away_catches_up_from_the_log) {
    auto file = log();
    std::vector<Committed> live;
    {
        TestHub t(*file);
        t.options.live_entries_kept = 3;
        t.open();
        auto feed = t.hub->subscribe(0, [] {});
        const auto keep_up = [&] {
            auto some = read_all(*feed);
            std::move(some.begin(), some.end(), std::back_inserter(live));
        };
        t.found_centre();
        t.found_org("b", "u");
        for (std::size_t i = 1; i <= 5; ++i) {
            t.ok(TestHub::job(1, i % 2 == 0 ? 2 : 1), TestHub::token(i % 2 == 0 ? "u" : "t"));
            const exec::StartOrder order = t.executor.wait_start(i);
            t.report(exec::Started{order.ref});
            if (i != 5) t.end(order.ref);
            t.state_of(i);  // answered after the reports
            keep_up();
        }
        auto away = t.hub->subscribe(0, [] {});
        expect_same(live, read_all(*away));
        EXPECT_EQ(away->cursor(), file->head().last_seq);
    }
    TestHub again(*file);
    again.executor.found_[LeaseId{5}].found = exec::Found::running;
    again.open();
    auto away = again.hub->subscribe(0, [] {});
    expect_same(live, read_all(*away));
}

TEST_F(HistoryTest, the_write_ahead_file_is_moved_into_the_log_off_the_append_path) {
    log::SqliteOptions options;
    options.checkpoint_pages = 1'000'000;  // a commit never does it
    auto file = std::move(log::SqliteLog::open(folder / "log", options)).value();
    TestHub t(*file);
    t.open();
    t.found_centre();
    const auto size = [&] { return std::filesystem::file_size(folder / "log"); };
    const auto before = size();
    const auto deadline = std::chrono::steady_clock::now() + test_deadline;
    while (t.hub->metrics().checkpoints == 0 && std::chrono::steady_clock::now() < deadline) {
        t.ok(TestHub::job(), TestHub::token());
        t.clock.advance(Duration{limits::block_age_us_max});
    }
    EXPECT_GT(t.hub->metrics().checkpoints, 0U);
    EXPECT_GT(size(), before);
}

// Prints what a batch and single submissions reach on this machine; asserts only that all are kept.
TEST_F(HistoryTest, thousands_of_submissions_are_durable) {
    auto file = log();
    TestHub t(*file);
    t.open();
    t.found_centre();
    const auto make = [](std::size_t count) {
        std::vector<Request> requests(count);
        for (Request& request : requests) {
            request.credential = TestHub::token();
            request.command = TestHub::job();
            request.command.mutable_submit_job()->mutable_spec()->set_walltime_ms(1'000);
        }
        return requests;
    };
    constexpr std::size_t count = 5'000;
    auto begun = std::chrono::steady_clock::now();
    std::promise<std::size_t> many;
    t.hub->submit_many(make(count), [&](std::vector<Answer>&& answers) {
        many.set_value(static_cast<std::size_t>(std::count_if(
            answers.begin(), answers.end(),
            [](const Answer& answer) { return std::holds_alternative<Accepted>(answer); })));
    });
    EXPECT_EQ(many.get_future().get(), count);
    const auto rate = [&] {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        return static_cast<std::int64_t>(static_cast<double>(count) / took.count());
    };
    std::printf("batch: %lld a second\n", static_cast<long long>(rate()));
    begun = std::chrono::steady_clock::now();
    std::atomic<std::size_t> answered{0};
    std::promise<void> all;
    for (Request& request : make(count)) {
        t.hub->submit(std::move(request), [&](Answer&&) {
            if (answered.fetch_add(1) + 1 == count) all.set_value();
        });
    }
    all.get_future().wait();
    std::printf("single: %lld a second\n", static_cast<long long>(rate()));
    EXPECT_EQ(t.see<std::size_t>([](const core::State& s) { return s.jobs.size(); }), 2 * count);
}

}  // namespace
}  // namespace suan::runtime
