#include "train/testing.hpp"

namespace suan::train {
namespace {

using testing::bare;
using testing::layout_of;
using testing::model_named;
using testing::standard_run;

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

double activation(const char* layout, std::int64_t batch) {
    const ModelShape m = model_named("gpt3-175b");
    return layer_activation_bytes(m, layout_of(layout, batch), standard_run(2048),
                                  LayerKind::dense);
}

// Korthikanti 2022 (arXiv:2205.05198), section 4: 5as/h is 80 for GPT-3.
constexpr double sbh = 2048.0 * 12288;

TEST(Activations, AreThoseOfEquation1) {
    EXPECT_NEAR(activation("tp=1", 1) / sbh, 34 + 80, 1e-9);
}
TEST(Activations, AreThoseOfEquation2WithTensorParallelism) {
    EXPECT_NEAR(activation("tp=8,sp=off", 1) / sbh, 10 + 24 / 8.0 + 80 / 8.0, 1e-9);
}
TEST(Activations, AreThoseOfEquation4WithSequenceParallelism) {
    EXPECT_NEAR(activation("tp=8,sp", 1) / sbh, (34 + 80) / 8.0, 1e-9);
}
TEST(Activations, AreThoseOfEquation6WithSelectiveRecomputation) {
    EXPECT_NEAR(activation("tp=8,sp,recompute=selective", 1) / sbh, 34 / 8.0, 1e-9);
}
TEST(Activations, FullRecomputationKeepsTheInputOfALayer) {
    EXPECT_NEAR(activation("tp=8,sp=off,recompute=full", 1) / sbh, 2, 1e-9);
}

// Rajbhandari 2020 (arXiv:1910.02054), figure 1: 7.5e9 parameters, 64 ranks, K = 12:
// 120, 31.4, 16.6 and 1.88 GB.
TEST(States, AreThoseOfFigure1OfZero) {
    ModelShape m;
    m.name = "7.5B";
    m.layers = 36;
    m.hidden = 4096;
    m.heads = m.kv_heads = 32;
    m.head_dim = 128;
    m.ffn_hidden = 4 * 4096 + 936;  // brings the sum to 7.5e9
    m.vocab = 1;
    m.vocab_multiple = 1;
    m.seq = 8;
    const double parameters = count_parameters(m).total - static_cast<double>(m.vocab * m.hidden);
    const StateWidths widths{2, 2, 0, 12, 1, 0, Ends::fewer};
    const auto states_gb = [&](const char* zero) {
        const Layout l = layout_of(std::string("dp=64,") + zero, 64);
        return memory_use(m, l, standard_run(8), widths, bare()).states() / parameters * 7.5;
    };
    EXPECT_NEAR(states_gb("zero=0"), 120, 0.1);
    EXPECT_NEAR(states_gb("zero=1"), 31.4, 0.05);
    EXPECT_NEAR(states_gb("zero=2"), 16.6, 0.05);
    EXPECT_NEAR(states_gb("zero=3"), 1.88, 0.01);
}

struct Figure1 {
    const char* model;
    const char* layout;
    std::int64_t batch;
    double activations_gib;
};

// Korthikanti 2022, figure 1, baseline of the 22B, 175B, 530B and 1T models.
TEST(Activations, OfTheFirstStageAreThoseOfFigure1) {
    for (const Figure1& f :
         {Figure1{"gpt3-175b", "tp=8,pp=8,vpp=3,sp=off", 64, 66.84375},
          Figure1{"turing-530b", "tp=8,pp=35,vpp=3,sp=off", 280, 114.0234375},
          Figure1{"turing-530b", "tp=8,pp=35,vpp=3,sp,recompute=selective", 280, 23.076171875},
          Figure1{"megatron-1t", "tp=8,pp=64,sp=off", 512, 131.25}}) {
        ModelShape m = model_named(f.model);
        m.vocab = m.vocab_multiple = 1;  // the figure leaves the embeddings out
        const MemoryUse use =
            memory_use(m, layout_of(f.layout, f.batch), standard_run(2048), StateWidths{}, bare());
        EXPECT_NEAR(use.activations / gib, f.activations_gib, 0.001 * f.activations_gib) << f.model;
    }
}

TEST(Memory, ExpertsAreDividedByTheirOwnDegrees) {
    const ModelShape m = model_named("qwen3-235b");
    const auto weights = [&](const char* layout) {
        return memory_use(m, layout_of(layout, 256), testing::fused_run(4096), StateWidths{},
                          bare())
            .weights;
    };
    const double experts = 94.0 * 128 * 3 * 4096 * 1536 * 2;
    EXPECT_NEAR(weights("dp=64,ep=8") - weights("dp=64,ep=16"), experts / 16, 1);
    // The tensor degree does not divide experts that are spread whole.
    EXPECT_GT(weights("tp=4,dp=16,ep=8,etp=1"), experts / 8);
}

TEST(Memory, GrowsNowhereWhenMoreIsSharded) {
    const ModelShape m = model_named("llama3-70b");
    double before = 1e30;
    for (const char* layout : {"tp=8,pp=4,dp=8,zero=0", "tp=8,pp=4,dp=8,zero=1",
                               "tp=8,pp=4,dp=8,zero=2", "tp=8,pp=4,dp=8,zero=2,recompute=full"}) {
        const double bytes =
            memory_use(m, layout_of(layout, 256), testing::fused_run(8192), StateWidths{}, bare())
                .total();
        EXPECT_LT(bytes, before) << layout;
        before = bytes;
    }
}

TEST(Memory, InFp32KeepsTwiceAsMuch) {
    const ModelShape m = model_named("gpt3-175b");
    const Layout l = layout_of("tp=8,sp=off,recompute=full", 1);
    Execution run = standard_run(2048);
    const double half = layer_activation_bytes(m, l, run, LayerKind::dense);
    run.precision = Precision::fp32;
    EXPECT_NEAR(layer_activation_bytes(m, l, run, LayerKind::dense), 2 * half, 1);
}

// Two of eight experts: a token enters and leaves twice, 16 bits each way. Ranks that split an
// expert all hold the tokens of their group.
TEST(Memory, TokensAreWholeOnEveryRankThatSplitsAnExpert) {
    const ModelShape m = model_named("mixtral-8x7b");
    const Execution run = testing::fused_run(4096);
    const auto bytes = [&](const char* layout) {
        return layer_activation_bytes(m, layout_of(layout, 8), run, LayerKind::moe);
    };
    const double copies = 4096.0 * 2 * 2 * 2 * 4096;
    EXPECT_NEAR(bytes("tp=4,ep=1,etp=4") - bytes("tp=4,ep=1"), copies * 3 / 4, 1);
}

// DeepSpeed's partition of 78 and of 70 layers over 12 stages: seven to each but the last; five to
// the ends and six to the rest. The first stage holds 12 micro-batches, the second 11.
TEST(Memory, EndsCountAsLayersOnlyWhereThatMakesTheDivisionEven) {
    ModelShape m = model_named("gpt3-175b");
    m.vocab = m.vocab_multiple = 1;
    StateWidths widths;
    const auto layers_in_flight = [&](std::int64_t layers, Ends ends) {
        m.layers = layers;
        widths.ends = ends;
        const Layout l = layout_of("tp=4,sp=off,pp=12,recompute=full", 24);
        const double kept = layer_activation_bytes(m, l, standard_run(2048), LayerKind::dense);
        return memory_use(m, l, standard_run(2048), widths, bare()).activations / kept;
    };
    EXPECT_NEAR(layers_in_flight(78, Ends::weighed), 7 * 12, 1e-9);
    EXPECT_NEAR(layers_in_flight(78, Ends::fewer), 7 * 11, 1e-9);
    EXPECT_NEAR(layers_in_flight(70, Ends::weighed), 6 * 11, 1e-9);
    EXPECT_NEAR(layers_in_flight(70, Ends::same), 6 * 12, 1e-9);
}

TEST(Memory, TheWidestGradientsOfALayerAreWorkingMemory) {
    const ModelShape m = model_named("llama3-8b");
    const MemoryUse use =
        memory_use(m, layout_of("", 1), testing::fused_run(8192), StateWidths{}, bare());
    EXPECT_NEAR(use.working, 8192.0 * 3 * 14336 * 2, 1);
}

}  // namespace
}  // namespace suan::train
