#include "sim/replay/fill.hpp"

#include "sim/traces/traces_testing.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace suan::sim {
namespace {

CentreFile two_nodes() {
    auto centre = parse_centre(
        "test.yaml",
        "pools: [{name: g, sharing: true, nodes: [{prefix: n, count: 2, devices: 2}]}]");
    EXPECT_TRUE(centre) << centre.error().context;
    return std::move(*centre);
}

OpenbPods pods_of(std::vector<std::pair<std::uint32_t, std::uint16_t>> shapes) {
    OpenbPods out;
    out.file = "pods.csv";
    for (const auto& [gpus, milli] : shapes) {
        OpenbPod pod;
        pod.name = "p" + std::to_string(out.pods.size());
        pod.gpus = gpus;
        pod.gpu_milli = milli;
        out.pods.push_back(pod);
    }
    return out;
}

TEST(Fill, DropsWhatFitsNowhereAndNeverRetriesIt) {
    const auto report = fill_pods(two_nodes(), pods_of({{1, 1'000}, {1, 1'000}}), 42, {});
    ASSERT_TRUE(report) << report.error().context;
    // 5 pods: the sixth would pass 1.3 times the 4 devices.
    EXPECT_EQ(report->jobs, 5);
    EXPECT_EQ(report->starts, 4);
    EXPECT_EQ(report->cancelled, 1);
    EXPECT_EQ(report->fill.back().allocated_ppm, 1'000'000);
}

TEST(Fill, SharesOfADeviceAreCountedExactly) {
    const auto report = fill_pods(two_nodes(), pods_of({{1, 300}}), 1, {});
    ASSERT_TRUE(report);
    // Three shares of 300 fit a device: 12 of 17 pods start, 3.6 of 4 devices.
    EXPECT_EQ(report->starts, 12);
    EXPECT_EQ(report->fill.back().allocated_ppm, 900'000);
}

TEST(Fill, ASeedGivesTheSameOrderAgain) {
    const OpenbPods pods = pods_of({{1, 500}, {2, 1'000}, {1, 300}, {0, 0}, {1, 1'000}});
    const auto first = fill_pods(two_nodes(), pods, 7, {});
    const auto second = fill_pods(two_nodes(), pods, 7, {});
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_EQ(to_hex(first->state_digest), to_hex(second->state_digest));
}

TEST(Fill, FillsOpenbPastTheBestPublishedPolicyWithoutItsOtherLimits) {
    SUAN_REAL_TRACE(path, "openb-v2023/csv/openb_pod_list_default.csv");
    const char* root = std::getenv("SUAN_SOURCE_DIR");
    FillOptions options;
    options.centre_file = std::string(root != nullptr ? root : ".") + "/centres/openb.yaml";
    options.pods_file = path;
    const auto report = fill(options);
    ASSERT_TRUE(report) << report.error().context;
    const auto at_130 = std::find_if(report->fill.begin(), report->fill.end(),
                                     [](const FillPoint& p) { return p.arrived_percent == 130; });
    ASSERT_NE(at_130, report->fill.end());
    EXPECT_GT(at_130->allocated_ppm, 953'900);  // FGD, mean of 10 seeds
    EXPECT_LE(at_130->allocated_ppm, 1'000'000);
}

}  // namespace
}  // namespace suan::sim
