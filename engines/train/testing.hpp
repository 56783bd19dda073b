// Shapes and machines of the tests.
#pragma once

#include "train/memory.hpp"
#include "train/quote.hpp"
#include "train/step.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace suan::train::testing {

inline ModelShape model_named(const std::string& name) {
    auto model = load_model(name);
    EXPECT_TRUE(model) << (model ? "" : model.error().context);
    return model ? *model : ModelShape{};
}

inline Cluster cluster_named(const std::string& name) {
    auto cluster = load_cluster(name);
    EXPECT_TRUE(cluster) << (cluster ? "" : cluster.error().context);
    return cluster ? *cluster : Cluster{};
}

inline Layout layout_of(const std::string& text, std::int64_t batch) {
    auto layout = parse_layout(text, batch);
    EXPECT_TRUE(layout) << (layout ? "" : layout.error().context);
    return layout ? *layout : Layout{};
}

// Megatron of 2021 and 2022: FP16, standard attention.
inline Execution standard_run(std::int64_t seq) {
    return Execution{Precision::fp16,  AttentionKernel::standard, seq,
                     Sends::scattered, Purpose::pretrain,         1};
}

inline Execution fused_run(std::int64_t seq) {
    return Execution{Precision::bf16,  AttentionKernel::fused, seq,
                     Sends::scattered, Purpose::pretrain,      1};
}

// No latency, no overhead: what is left is the formula.
inline Constants bare() {
    Constants c;
    c.launch_us = c.gap_us = 0;
    c.fast_latency_us = c.network_latency_us = 0;
    c.step_ms = c.straggle = 0;
    c.reserve_gib = c.fragmentation = 0;
    return c;
}

// The folder of measured tables: $SUAN_SHARED, else "shared" beside the source tree.
inline std::string tables_folder() {
    const char* shared = std::getenv("SUAN_SHARED");
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    const std::string root = shared != nullptr   ? shared
                             : source != nullptr ? std::string(source) + "/../shared"
                                                 : "../shared";
    return root + "/training-tables/";
}

}  // namespace suan::train::testing

// Ends a test, saying why, where the tables are not.
#define SUAN_NEED_TABLES()                                                 \
    if (!std::filesystem::exists(::suan::train::testing::tables_folder())) \
    GTEST_SKIP() << ::suan::train::testing::tables_folder()                \
                 << " is absent; set SUAN_SHARED to the folder of training-tables/"
