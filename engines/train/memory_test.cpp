#include "train/software.hpp"
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
    const StateWidths widths{.weight = 2, .gradient = 2, .optimizer = 12};
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

double kept(const ModelShape& m, const Layout& l, Execution run, const StateWidths& w) {
    return memory_use(m, l, run, w, bare()).activations / static_cast<double>(m.layers);
}

// Transformer Engine keeps the 8 bits that it multiplied: of 8h bytes around a layer 2h less, of
// attention's result h more beside the 16 bits, of the MLP's inner product f less.
TEST(Memory, EightBitInputsOfProductsAreKeptInEightBits) {
    const ModelShape m = model_named("llama3-8b");
    const Layout l = layout_of("", 1);
    Execution run = testing::fused_run(8192);
    run.precision = Precision::fp8;
    StateWidths widths;
    const double before = kept(m, l, run, widths);
    widths.quantized = Quantized::kept;
    EXPECT_NEAR(before - kept(m, l, run, widths), 8192.0 * (2 * 4096 - 4096 + 14336), 1);
    run.precision = Precision::bf16;
    EXPECT_NEAR(before, kept(m, l, run, widths), 1);
}

// Hugging Face's Llama: a norm keeps its input in 32 bits and, in 16, what it scales; silu(gate)
// and its product with the other half are two tensors.
TEST(Memory, PlainKernelsKeepMore) {
    const ModelShape m = model_named("llama3-8b");
    StateWidths widths;
    const double fused = kept(m, layout_of("", 1), testing::fused_run(8192), widths);
    widths.kernels = Kernels::plain;
    EXPECT_NEAR(kept(m, layout_of("", 1), testing::fused_run(8192), widths) - fused,
                8192.0 * (8 * 4096 + 2 * 14336), 1);
}

TEST(Memory, ModelsWithoutDropoutKeepNoMasks) {
    const ModelShape m = model_named("gpt3-175b");
    const Layout l = layout_of("tp=8,sp=off", 1);
    StateWidths widths;
    const double with = kept(m, l, standard_run(2048), widths);
    widths.dropout = Dropout::none;
    EXPECT_NEAR(with - kept(m, l, standard_run(2048), widths), 2 * sbh, 1);
}

// Megatron-LM keeps the shard of a norm's result and gathers it again; DTensor keeps the whole.
TEST(Memory, GatheredInputsAreKeptWholeWhereTheSoftwareKeepsThem) {
    const ModelShape m = model_named("llama3-8b");
    StateWidths widths;
    const Layout l = layout_of("tp=8,sp", 1);
    const double shard = kept(m, l, testing::fused_run(8192), widths);
    widths.gathered_inputs = GatheredInputs::kept;
    EXPECT_NEAR(kept(m, l, testing::fused_run(8192), widths) - shard,
                8192.0 * 4 * 4096 * (1 - 1 / 8.0), 1);
}

TEST(Memory, OfTheFullyShardedHasNoSixteenBitShardInPyTorch) {
    const ModelShape m = model_named("llama3-8b");
    auto fsdp = find_software("fsdp-2023", Precision::bf16);
    ASSERT_TRUE(fsdp);
    const MemoryUse use =
        memory_use(m, layout_of("dp=8,zero=3", 8), testing::fused_run(8192), fsdp->widths, bare());
    EXPECT_NEAR(use.states() / (count_parameters(m).total * 16 / 8), 1, 1e-3);
}

// 14 bytes of each parameter that a rank updates, less what the layers have freed by then.
TEST(Memory, TheUpdateTakesWhatTheLayersFreed) {
    const ModelShape m = model_named("llama3-8b");
    StateWidths widths;
    widths.step = 14;
    const auto use = [&](const char* layout) {
        return memory_use(m, layout_of(layout, 32), testing::fused_run(2048), widths, bare());
    };
    const MemoryUse one = use("dp=1,recompute=full,zero=1");
    const double updated = one.optimizer / 12 * 14;
    EXPECT_NEAR(one.passing(), updated, 1);
    EXPECT_GT(one.update, 0);
    EXPECT_EQ(use("dp=8,mbs=4,zero=1").update, 0);
}

TEST(Memory, FragmentationTakesWhatIsLeftAndNoMore) {
    const ModelShape m = model_named("llama3-8b");
    Constants constants = bare();
    constants.fragmentation = 0.25;
    StateWidths widths;
    const auto use = [&] {
        return memory_use(m, layout_of("dp=8", 8), testing::fused_run(8192), widths, constants);
    };
    const MemoryUse placed = use();
    EXPECT_NEAR(placed.fragmentation, placed.passing() / 4, 1);
    EXPECT_NEAR(placed.total(), placed.need() + placed.fragmentation, 1);
    widths.gradients = Gradients::allocated;
    EXPECT_NEAR(use().fragmentation, (placed.passing() + placed.gradients) / 4, 1);
    EXPECT_NEAR(seen_within(placed, placed.need() + 5).fragmentation, 5, 1e-3);
    EXPECT_EQ(seen_within(placed, placed.need() - 5).fragmentation, 0);
    EXPECT_NEAR(seen_within(placed, 1e15).total(), placed.total(), 1);
}

}  // namespace
}  // namespace suan::train
