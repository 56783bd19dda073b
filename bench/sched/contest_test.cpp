// What the simulator is trusted for: published results, reproduced. The traces are not part of the
// repository; where they are absent these tests are skipped.
#include "lists.hpp"
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace suan::contest {
namespace {

std::string trace(const std::string& file) {
    const char* shared = std::getenv("SUAN_SHARED");
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    const std::string root = source != nullptr ? source : ".";
    return (shared != nullptr ? std::string(shared) : root + "/../shared") + "/traces/" + file;
}

struct Published {
    const char* trace;
    double srtf_s, srsf_s, las_s;
};
class Muri : public ::testing::TestWithParam<Published> {};

// Muri (SIGCOMM'22), figures 9 and 10: average completion times. Ours are given to half a percent;
// most agree to the millisecond.
TEST_P(Muri, ReproducesThePublishedMeans) {
    const std::string file = trace(std::string("muri-philly64/") + GetParam().trace + ".csv");
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is absent";
    const auto jobs = read_muri_workload(file);
    ASSERT_TRUE(jobs) << jobs.error().context;
    ShortestRemaining srtf(ShortestRemaining::By::time);
    ShortestRemaining srsf(ShortestRemaining::By::service);
    LeastAttained las;
    const std::array<std::pair<Policy*, double>, 3> runs{
        {{&srtf, GetParam().srtf_s}, {&srsf, GetParam().srsf_s}, {&las, GetParam().las_s}}};
    for (const auto& [policy, published] : runs) {
        Simulator sim(jobs->jobs, std::vector<std::uint32_t>(8, 8), {.stop_keeps_all = true});
        sim.run(*policy);
        EXPECT_NEAR(figures_of(sim, jobs->orgs.size()).jct_mean_s, published, published * 0.005);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Figures, Muri,
    ::testing::Values(Published{"trace1", 1370603.198, 980140.5699, 3330371.307},
                      Published{"trace1_pr", 2303543.816, 1801859.995, 6921682.793},
                      Published{"trace2", 2665607.375, 2213949.687, 7396368.514},
                      Published{"trace2_pr", 4079154.454, 3384600.437, 10555502.040},
                      Published{"trace3", 193081.796, 185021.8802, 347213.2481},
                      Published{"trace3_pr", 844394.78, 798057.6829, 2213110.128},
                      Published{"trace4", 581982.9002, 487167.1688, 1319382.936},
                      Published{"trace4_pr", 1430856.446, 1218501.968, 2674022.636}));

std::vector<Job> jobs_of(std::initializer_list<std::array<std::int64_t, 3>> rows) {
    std::vector<Job> out;
    for (const auto& [submit_s, run_s, devices] : rows) {
        Job job;
        job.submit_us = submit_s * 1'000'000;
        job.run_us = run_s * 1'000'000;
        job.devices = static_cast<std::uint32_t>(devices);
        out.push_back(job);
    }
    return out;
}

TEST(Simulator, AStoppedRunKeepsWhatItsCheckpointsSaved) {
    // Stops what runs at its second question, 250 s in, and starts it again at the third.
    struct StopOnce : Policy {
        int asked = 0;
        void submitted(const Simulator&, std::uint32_t) override {}
        void ended(const Simulator&, std::uint32_t) override {}
        void decide(Simulator& sim) override {
            if (asked++ == 0) sim.start(0, {{0, 1}});
            if (asked == 2) {
                sim.stop(0);
                sim.start(1, {{0, 1}});
            }
            if (asked == 3) sim.start(0, {{0, 1}});
        }
    };
    Simulator sim(jobs_of({{0, 1'000, 1}, {250, 50, 1}}), {1}, {.checkpoint_us = 100'000'000});
    StopOnce policy;
    sim.run(policy);
    EXPECT_EQ(sim.progress(0).lost_us, 50'000'000);
    EXPECT_EQ(sim.progress(0).end_us, (300 + 800) * 1'000'000LL);
    EXPECT_EQ(sim.held_device_us(), (250 + 50 + 800) * 1'000'000LL);
}

TEST(QueueOrder, BackfillPassesByWhatDoesNotFitAndTheStrictOrderDoesNot) {
    const auto jobs = jobs_of({{0, 100, 6}, {1, 10, 8}, {2, 10, 2}});
    for (const auto backfill : {QueueOrder::Backfill::none, QueueOrder::Backfill::aggressive}) {
        Simulator sim(jobs, {8});
        QueueOrder policy(QueueOrder::By::submission, backfill);
        sim.run(policy);
        const bool passes = backfill == QueueOrder::Backfill::aggressive;
        EXPECT_EQ(sim.progress(2).first_start_us, (passes ? 2 : 110) * 1'000'000LL);
        EXPECT_EQ(sim.progress(1).first_start_us, 100'000'000LL);
    }
}

TEST(SimulatorDeathTest, APolicyCannotUseADeviceTwice) {
    struct Greedy : Policy {
        void submitted(const Simulator&, std::uint32_t) override {}
        void ended(const Simulator&, std::uint32_t) override {}
        void decide(Simulator& sim) override {
            sim.start(0, {{0, 5}});
            sim.start(1, {{0, 5}});
        }
    };
    Simulator sim(jobs_of({{0, 10, 5}, {0, 10, 5}}), {8});
    Greedy policy;
    EXPECT_DEATH(sim.run(policy), "devices");
}

}  // namespace
}  // namespace suan::contest
