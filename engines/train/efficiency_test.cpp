#include "train/efficiency.hpp"

#include "train/software.hpp"
#include "train/testing.hpp"

namespace suan::train {
namespace {

using testing::cluster_named;

Cluster with(const std::string& efficiency) {
    const auto c = parse_cluster("device: a100-80\ndevices: 64\n" + efficiency, "test");
    EXPECT_TRUE(c) << (c ? "" : c.error().context);
    return c ? *c : Cluster{};
}

// Half of the top at the size `half`: 0.4 at 128 and 0.64 at 512 lie on 0.8 k / (k + 128).
TEST(Efficiency, ATableIsReadAsTheTopAndTheHalfSize) {
    const Saturation s = saturation_of({{128, 0.4}, {512, 0.64}}, {});
    EXPECT_NEAR(s.top, 0.8, 1e-12);
    EXPECT_NEAR(s.half, 128, 1e-9);
}

TEST(Efficiency, OnePointKeepsTheHalfSizeAndAFlatTableHasNone) {
    const Saturation one = saturation_of({{512, 0.5}}, {0.9, 128});
    EXPECT_NEAR(one.share(512), 0.5, 1e-12);
    EXPECT_EQ(one.half, 128);
    const Saturation flat = saturation_of({{1, 0.7}, {10, 0.7}, {100, 0.6}}, {});
    EXPECT_EQ(flat.half, 0);
    EXPECT_GT(flat.top, 0.6);
    EXPECT_LT(flat.top, 0.7);
}

TEST(Efficiency, NoTableReachesMoreThanTheNominalRate) {
    const Saturation steep = saturation_of({{1, 0.01}, {2, 1}}, {});
    EXPECT_EQ(steep.top, 1);
    EXPECT_GT(steep.half, 0);
    const Saturation full = saturation_of({{128, 0.9}, {512, 1}}, {});
    EXPECT_LE(full.share(1e9), 1);
}

TEST(Efficiency, TablesStandInForTheCalibration) {
    Constants before;
    const Cluster c =
        with("efficiency: {source: bench, products: {128: 0.3, 384: 0.45}, network: {1: 0.5}}\n");
    const Constants after = with_tables(before, c, "any software");
    EXPECT_NEAR(after.gemm_efficiency, 0.6, 1e-9);
    EXPECT_NEAR(after.gemm_depth, 128, 1e-6);
    EXPECT_EQ(after.attention_efficiency, before.attention_efficiency);
    EXPECT_NEAR(after.fast_efficiency, before.fast_efficiency, 1e-12);
    EXPECT_NEAR(after.fast_latency_us, before.fast_latency_us, 1e-9);
    // One message of a MiB over 25 GB/s takes twice its nominal 42 us.
    const double message_us = 1024.0 * 1024 / (25e9 * after.network_efficiency) * 1e6;
    EXPECT_NEAR(after.network_latency_us + message_us, 2 * 1024.0 * 1024 / 25e3, 1e-6);
}

TEST(Efficiency, TablesOfOneSoftwareLeaveOthersAlone) {
    const Cluster c = with("efficiency: {source: x, software: paddle, products: {128: 0.3}}\n");
    const Constants before;
    EXPECT_NE(with_tables(before, c, "paddle").gemm_efficiency, before.gemm_efficiency);
    EXPECT_EQ(with_tables(before, c, "megatron-2023").gemm_efficiency, before.gemm_efficiency);
}

TEST(Efficiency, WhatACalibrationWritesIsReadBack) {
    Constants fitted;
    fitted.gemm_efficiency = 0.71;
    fitted.gemm_depth = 210;
    fitted.attention_tokens = 900;
    fitted.network_latency_us = 33;
    fitted.fast_efficiency = 0.55;
    const Cluster plain = with("");
    Efficiencies tables = tabulate(fitted, plain);
    tables.source = "a test";
    const std::string file = "device: a100-80\ndevices: 64\nefficiency:\n  source: old\n";
    const std::string text = with_efficiency_text(file, tables);
    EXPECT_EQ(text.find("old"), std::string::npos);
    EXPECT_EQ(with_efficiency_text(text, tables), text);
    const auto c = parse_cluster(text, "written");
    ASSERT_TRUE(c) << c.error().context;
    EXPECT_EQ(c->efficiencies.source, "a test");
    const Constants read = with_tables(Constants{}, *c, "paddle");
    for (const ConstantInfo& info : constant_infos())
        EXPECT_NEAR(read.*info.value, fitted.*info.value, 1e-4 * fitted.*info.value) << info.name;
}

TEST(Efficiency, BadTablesAreRefusedByName) {
    struct Bad {
        const char* text;
        const char* says;
    };
    for (const Bad& b :
         {Bad{"{products: {128: 0.5}}", "efficiency: source: is missing"},
          Bad{"{source: x, products: {128: 1.5}}", "products: share 1.5 at 128"},
          Bad{"{source: x, products: {128: 0}}", "products: share 0 at 128"},
          Bad{"{source: x, fast: {-1: 0.5}}", "fast: size -1 is not above 0"},
          Bad{"{source: x, fast: {1: 0.5, 1.0: 0.6}}", "fast: size 1 is there twice"},
          Bad{"{source: x, network: {a: 0.5}}", "network: 'a' is not a number"},
          Bad{"{source: x, network: {}}", "network: must be a map"},
          Bad{"{source: x, attention: [0.5]}", "attention: must be a map"},
          Bad{"{source: x, gemm: {128: 0.5}}", "unknown field 'gemm'"},
          Bad{"[1]", "efficiency: not a map"}}) {
        const auto c = parse_cluster(
            std::string("device: a100-80\ndevices: 64\nefficiency: ") + b.text + "\n", "test");
        ASSERT_FALSE(c) << b.text;
        EXPECT_NE(c.error().context.find(b.says), std::string::npos) << c.error().context;
    }
}

// The committed clusters carry the tables of the committed calibration: under the usual software a
// plan speaks the same constants with and without them.
TEST(Efficiency, TheNamedClustersCarryTheFittedTables) {
    const auto all = load_calibrations("");
    ASSERT_TRUE(all);
    for (const std::string& name : cluster_names()) {
        const Cluster c = cluster_named(name);
        EXPECT_FALSE(c.efficiencies.source.empty()) << name;
        const std::string usual = usual_software(c.device.family);
        EXPECT_EQ(c.efficiencies.software, usual) << name;
        const auto software = find_software(usual, Precision::bf16);
        ASSERT_TRUE(software);
        const Constants fitted = all->find(c.device.family, software->generation).constants;
        const Constants read = with_tables(fitted, c, usual);
        for (const ConstantInfo& info : constant_infos())
            EXPECT_NEAR(read.*info.value, fitted.*info.value, 2e-3 * fitted.*info.value + 1e-9)
                << name << " " << info.name << ": run suan-train calibrate --clusters";
    }
}

}  // namespace
}  // namespace suan::train
