#include "bin/top_view.hpp"

#include <gtest/gtest.h>

namespace suan::bin {
namespace {

JobView job(std::uint64_t id, JobState state, const std::string& name) {
    JobView job;
    job.set_id(id);
    job.set_state(state);
    job.set_name(name);
    job.set_org("acme");
    job.set_pool("big");
    job.set_tier(TIER_STANDARD);
    job.set_tasks(2);
    job.set_devices_per_task(4);
    job.set_milli_per_device(1'000);
    job.set_started_us(1'000'000);
    job.set_reason("Resources");
    return job;
}

TopView centre() {
    TopView view;
    view.mutable_whoami()->set_member("ann");
    view.mutable_whoami()->set_org("acme");
    view.mutable_whoami()->set_role(ROLE_ADMIN);
    view.mutable_stats()->set_jobs_running(1);
    view.mutable_stats()->set_jobs_waiting(1'234);
    PoolView& pool = *view.add_pools();
    pool.set_name("big");
    pool.set_devices_milli(32'000);
    pool.set_open_milli(32'000);
    pool.set_free_milli(24'000);
    pool.set_waiting_jobs(1'234);
    *view.add_own() = job(7, JOB_STATE_RUNNING, "mine");
    *view.add_queue() = job(9, JOB_STATE_WAITING, "theirs");
    *view.add_queue() = job(7, JOB_STATE_RUNNING, "mine");
    return view;
}

TEST(TopView, ShowsPoolsThenOwnJobsThenTheOthers) {
    const std::string text = top_text(centre(), {.columns = 120, .now_us = 62'000'000});
    EXPECT_NE(text.find("ann of acme (admin)"), std::string::npos) << text;
    EXPECT_NE(text.find("1 running, 1,234 waiting"), std::string::npos) << text;
    EXPECT_NE(text.find("big   [######..................]  25 %       32    24"), std::string::npos)
        << text;
    const std::size_t own = text.find("Your jobs");
    const std::size_t others = text.find("Others");
    ASSERT_LT(own, others);
    EXPECT_LT(text.find("7  running  mine"), others) << text;
    EXPECT_GT(text.find("9  waiting  theirs"), others) << text;
    EXPECT_EQ(text.find("mine"), text.rfind("mine")) << "a job stands once";
    EXPECT_NE(text.find("8  00:01:01"), std::string::npos) << text;
    EXPECT_NE(text.find("8  Resources"), std::string::npos) << text;
}

TEST(TopView, FitsTheScreen) {
    TopView view = centre();
    for (std::uint64_t id = 100; id < 200; ++id)
        *view.add_queue() = job(id, JOB_STATE_WAITING, "算力算力算力算力算力算力算力算力");
    const std::string text = top_text(view, {.columns = 60, .rows = 24, .now_us = 0});
    std::size_t lines = 0;
    for (std::size_t from = 0; from < text.size(); ++lines) {
        const std::size_t end = text.find('\n', from);
        EXPECT_LE(end - from, 90U);
        from = end + 1;
    }
    EXPECT_LE(lines, 24U) << text;
    EXPECT_NE(text.find("mine"), std::string::npos);
}

TEST(TopView, AnEmptyCentreSaysSo) {
    EXPECT_NE(top_text({}, {}).find("Nothing waits or runs."), std::string::npos);
}

TEST(TopView, BarsShowWhatIsNotNothing) {
    EXPECT_EQ(bar_text(0, 10, 4), "[....]");
    EXPECT_EQ(bar_text(1, 1'000, 4), "[#...]");
    EXPECT_EQ(bar_text(10, 10, 4), "[####]");
    EXPECT_EQ(bar_text(5, 0, 4), "[....]");
}

TEST(TopView, CutsByCellsAndKeepsTheTerminalSafe) {
    EXPECT_EQ(cut("short", 5), "short");
    EXPECT_EQ(cut("longer", 5), "long~");
    EXPECT_EQ(cut("算力中心", 5), "算力~");
    EXPECT_EQ(cut("a\x1b[2Jb", 10), "a?[2Jb");
}

}  // namespace
}  // namespace suan::bin
