#include "train/testing.hpp"

#include <cmath>

namespace suan::train {
namespace {

using testing::bare;
using testing::cluster_named;
using testing::fused_run;
using testing::layout_of;
using testing::model_named;

Machine machine_of(const char* cluster, Constants c = bare()) {
    return make_machine(cluster_named(cluster), c, Precision::bf16);
}

// A model whose ends weigh nothing, so that stages are equal.
ModelShape even_model() {
    ModelShape m = model_named("llama3-8b");
    m.vocab = 128;
    m.vocab_multiple = 1;
    return m;
}

// Bubble over ideal time: (p-1)/m for 1F1B, (p-1)/(v m) interleaved (SC'21, section 2.2).
TEST(Bubble, IsThatOfTheSchedule) {
    Constants c = bare();
    c.pipeline_exposed = 0;
    const Machine m = machine_of("h100", c);
    for (const char* layout :
         {"pp=4,mbs=1", "pp=8,mbs=1", "pp=4,vpp=2,mbs=1", "pp=4,vpp=8,mbs=1"}) {
        const Layout l = layout_of(layout, 16);
        const StepTime step = step_time(even_model(), l, fused_run(4096), m);
        const double ideal = step[Term::products] + step[Term::attention] +
                             step[Term::elementwise] + step[Term::launch];
        const double expected = static_cast<double>(l.pp - 1) / static_cast<double>(l.vpp * 16);
        EXPECT_NEAR(step[Term::bubble] / ideal, expected, 0.02 * expected) << layout;
    }
}

TEST(Step, IsTheSumOfItsTerms) {
    const Machine m = make_machine(cluster_named("h100"), Constants{}, Precision::bf16);
    const StepTime step =
        step_time(model_named("qwen3-235b"),
                  layout_of("tp=2,pp=8,dp=16,ep=32,vpp=2,mbs=1,zero=1", 2048), fused_run(4096), m);
    double sum = 0;
    for (const double s : step.seconds) {
        EXPECT_GE(s, 0);
        sum += s;
    }
    EXPECT_DOUBLE_EQ(sum, step.total());
    EXPECT_GT(step[Term::experts], 0);
}

// Full recomputation adds one forward pass of the layers: 4/3 of the products (SC'21, 3.5).
TEST(Recompute, FullAddsOneForwardPass) {
    const Machine m = machine_of("h100");
    const auto step = [&](const char* layout) {
        return step_time(even_model(), layout_of(layout, 8), fused_run(4096), m);
    };
    const StepTime none = step("tp=1");
    const StepTime full = step("tp=1,recompute=full");
    EXPECT_NEAR(full[Term::products], none[Term::products], 1e-12);
    EXPECT_NEAR(full[Term::recompute] / none[Term::products], 1 / 3.0, 0.1);
}

TEST(Stages, ThatHoldTheEndsGetFewerLayers) {
    ModelShape m = even_model();
    m.layers = 70;
    Layout l = layout_of("pp=12", 12);
    const StageLayers split = split_layers(m, l);
    EXPECT_EQ(split.middle, 6);
    EXPECT_EQ(split.first, 5);
    EXPECT_EQ(split.last, 5);
    m.layers = 72;
    EXPECT_EQ(split_layers(m, l).last, 6);
}

TEST(Overlap, HidesGradientsBehindTheLastBackwardPass) {
    Constants c = bare();
    const Layout l = layout_of("dp=64,mbs=1", 64);
    const auto gradients = [&](double overlap) {
        c.data_overlap = overlap;
        return step_time(even_model(), l, fused_run(4096), machine_of("h100", c))[Term::gradients];
    };
    EXPECT_GT(gradients(0), gradients(0.5));
    EXPECT_NEAR(gradients(100), 0.1 * gradients(0), 1e-9);
}

TEST(Overlap, SoftwareThatReducesAfterTheBackwardPassHidesNothing) {
    Constants c = bare();
    const Layout l = layout_of("dp=64,mbs=1", 64);
    Execution run = fused_run(4096);
    const auto gradients = [&](Reduces reduces, double overlap) {
        run.reduces = reduces;
        c.data_overlap = overlap;
        return step_time(even_model(), l, run, machine_of("h100", c))[Term::gradients];
    };
    EXPECT_EQ(gradients(Reduces::after, 100), gradients(Reduces::after, 0));
    EXPECT_NEAR(gradients(Reduces::after, 100), gradients(Reduces::behind, 0), 1e-12);
}

// Ring all-gather: (n-1)/n S/W (Thakur 2005, section 4.1).
TEST(Collectives, RingInsideADomain) {
    const Links l{100e9, 10e9, 1e-6, 5e-6, 1e9, 8, 0, 1};
    EXPECT_NEAR(gather_seconds(8e9, Group{8, 1}, l), 7 / 8.0 * 8e9 / 100e9 + 7e-6, 1e-12);
    EXPECT_NEAR(all_reduce_seconds(8e9, Group{8, 1}, l), 2 * 7 / 8.0 * 8e9 / 100e9 + 14e-6, 1e-12);
    EXPECT_EQ(gather_seconds(8e9, Group{1, 1}, l), 0);
}

TEST(Collectives, AcrossDomainsTheNicsOfADomainShareTheLoad) {
    const Links l{100e9, 10e9, 0, 0, 1e9, 8, 0, 1};
    const Group all{32, 1};
    EXPECT_EQ(all.in_domain(l), 8);
    EXPECT_EQ(all.domains(l), 4);
    EXPECT_NEAR(gather_seconds(8e9, all, l), 3 / 4.0 * 8e9 / (8 * 10e9), 1e-12);
    // Ranks a whole domain apart have one NIC each.
    EXPECT_NEAR(gather_seconds(8e9, Group{4, 8}, l), 3 / 4.0 * 8e9 / 10e9, 1e-12);
}

TEST(Collectives, WhatLeavesARackIsSlowerByItsOversubscription) {
    const Links l{100e9, 10e9, 0, 0, 1e9, 8, 32, 4};
    const double inside = gather_seconds(8e9, Group{32, 1}, l);
    EXPECT_NEAR(inside, 3 / 4.0 * 8e9 / (8 * 10e9), 1e-12);
    EXPECT_NEAR(gather_seconds(8e9, Group{64, 1}, l), 4 * 7 / 8.0 * 8e9 / (8 * 10e9), 1e-12);
    EXPECT_NEAR(send_seconds(1e9, 16, l), 0.1, 1e-12);
    EXPECT_NEAR(send_seconds(1e9, 32, l), 0.4, 1e-12);
}

TEST(Collectives, ATokenCrossesToADomainOnce) {
    const Links l{1e18, 10e9, 0, 0, 1e9, 8, 0, 1};
    const Group group{32, 1};
    // Eight copies of which, over four domains, 3 (1 - (3/4)^8) = 2.7 leave on average.
    const double met = 3 * (1 - std::pow(0.75, 8));
    EXPECT_NEAR(all_to_all_seconds(8e9, 8, group, l), met * 1e9 / 10e9, 1e-9);
    EXPECT_NEAR(all_to_all_seconds(8e9, 1, group, l), 3 / 4.0 * 8e9 / 10e9, 1e-9);
}

TEST(Gemm, LargeProductsReachTheirEfficiency) {
    const Machine m = machine_of("a100");
    const Gemm large{16384, 16384, 16384, 1};
    const double flop = 2 * 16384.0 * 16384 * 16384;
    const double ideal = flop / (312e12 * Constants{}.gemm_efficiency);
    EXPECT_NEAR(gemm_seconds(large, m.rates, m.rates.flop_s) / ideal, 1, 0.02);
    // One row of tiles cannot fill 108 multiprocessors.
    const Gemm thin{128, 128, 16384, 1};
    EXPECT_GT(gemm_seconds(thin, m.rates, m.rates.flop_s),
              50 * 2.0 * 128 * 128 * 16384 / (312e12 * 0.8));
}

TEST(Gemm, NarrowProductsAreBoundByMemory) {
    const Machine m = machine_of("a100");
    const Gemm vector{1, 65536, 65536, 1};
    EXPECT_NEAR(gemm_seconds(vector, m.rates, m.rates.flop_s),
                2 * (65536.0 * 65536 + 2 * 65536) / (2039e9 * 0.8), 1e-6);
}

TEST(Attention, AWindowLeavesTheWorkInsideIt) {
    ModelShape m = even_model();
    const Layout l = layout_of("tp=1", 1);
    const auto flop = [&] {
        return layer_operators(m, l, fused_run(32768), LayerKind::dense).attention_flop;
    };
    const double all = flop();
    m.attention_window = 4096;
    EXPECT_NEAR(flop() / all, (2 * 4096.0 - 4096.0 * 4096 / 32768) / 32768, 1e-9);
    m.attention_window = 65536;
    EXPECT_EQ(flop(), all);
}

struct BadLayout {
    const char* model;
    const char* layout;
    std::int64_t batch;
    const char* error;
};

TEST(Layouts, ThatDoNotDivideAreRefusedWithTheReason) {
    for (const BadLayout& bad :
         {BadLayout{"gpt3-175b", "tp=5", 8, "heads 96 is not a multiple of tp 5"},
          BadLayout{"gpt3-175b", "dp=3", 8,
                    "global_batch 8 is not a multiple of dp x micro_batch 3"},
          BadLayout{"gpt3-175b", "pp=200", 8, "pp 200 x vpp 1 chunks for 96 layers"},
          BadLayout{"gpt3-175b", "vpp=2", 8, "vpp above 1 needs pp above 1"},
          BadLayout{"gpt3-175b", "ep=2,dp=2", 8, "the model has no experts"},
          BadLayout{"qwen3-235b", "ep=3,dp=3", 9, "experts 128 is not a multiple of ep 3"},
          BadLayout{"qwen3-235b", "ep=64,dp=32", 32, "is not a multiple of etp x ep 64"},
          BadLayout{"gpt3-175b", "cp=3", 9, "seq 2048 is not a multiple of cp 3"},
          BadLayout{"gpt3-175b", "tp=8,dp=4194304", 8, "tp x pp x dp x cp is 3.36e+07 devices"},
          BadLayout{"gpt3-175b", "tp=0", 8, "tp is 0; it must be 1"}}) {
        const auto ok = check_layout(model_named(bad.model), layout_of(bad.layout, bad.batch));
        ASSERT_FALSE(ok.has_value()) << bad.layout;
        Result<void> result = ok;
        EXPECT_NE(result.error().context.find(bad.error), std::string::npos)
            << result.error().context;
    }
}

TEST(Layouts, PartsOfTheTextAreChecked) {
    for (const char* text :
         {"tp", "tp=x", "speed=3", "zero=4", "recompute=some", "sp=maybe", "tp=-1"})
        EXPECT_FALSE(parse_layout(text, 1)) << text;
    const Layout l = layout_of("tp=8,pp=4,dp=2,vpp=3,mbs=2,recompute=full,zero=1,offload", 16);
    EXPECT_EQ(to_text(l), "tp 8 pp 4 dp 2 vpp 3 mbs 2 sp full-recompute zero-1 offload");
    EXPECT_EQ(l.micro_batches(), 4);
}

TEST(Launches, ThatBlockAddTheHostsTimeOfEveryKernel) {
    Constants c = bare();
    c.launch_us = 1;
    const Machine m = machine_of("h100", c);
    const Layout l = layout_of("mbs=4", 4);
    Execution run = fused_run(4096);
    const Operators layer = layer_operators(even_model(), l, run, LayerKind::dense);
    const Operators head = head_operators(even_model(), l, run);
    const double kernels =
        static_cast<double>(even_model().layers) * (layer.kernels + layer.kernels_backward) +
        head.kernels + head.kernels_backward;
    EXPECT_EQ(step_time(even_model(), l, run, m)[Term::launch], 0);
    run.launches = Launches::blocking;
    EXPECT_NEAR(step_time(even_model(), l, run, m)[Term::launch], kernels * 1e-6, 1e-9);
}

TEST(Precisions, Fp32SendsTwiceAsManyBytes) {
    const Layout l = layout_of("tp=8", 1);
    Execution run = fused_run(4096);
    const double half = layer_operators(even_model(), l, run, LayerKind::dense).tensor_bytes;
    run.precision = Precision::fp32;
    EXPECT_EQ(layer_operators(even_model(), l, run, LayerKind::dense).tensor_bytes, 2 * half);
}

}  // namespace
}  // namespace suan::train
