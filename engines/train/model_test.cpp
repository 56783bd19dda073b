#include "train/testing.hpp"

#include <fstream>
#include <iterator>

namespace suan::train {
namespace {

using testing::model_named;

// P = 12 L h^2 (1 + 13/(12 h) + (V + s)/(12 L h)): SC'21 (arXiv:2104.04473), equation 2.
TEST(ModelParameters, AreThoseOfEquation2ForGpt3) {
    const ModelShape m = model_named("gpt3-175b");
    const double h = 12288;
    const double layers = 96;
    const double expected =
        12 * layers * h * h * (1 + 13 / (12 * h) + (51200.0 + 2048) / (12 * layers * h));
    EXPECT_NEAR(count_parameters(m).total, expected, 1);
    EXPECT_NEAR(expected / 1e9, 174.6, 0.05);  // table 1 of the paper
}

// F = 96 B s L h^2 (1 + s/(6h) + V/(16 L h)) with recomputation is 4/3 of the model's FLOP
// (SC'21, equation 3).
TEST(ModelFlop, IsThatOfEquation3WithoutTheRecomputation) {
    const ModelShape m = model_named("gpt3-175b");
    const double h = 12288;
    const double per_token =
        72 * 96 * h * h * (1 + 2048 / (6 * h) + 51200 / (16.0 * 96 * h) * 96 / 72.0 * 0.75);
    EXPECT_NEAR(model_flop_per_token(m, Masked::counted) / per_token, 1, 2e-3);
}

struct Published {
    const char* name;
    double total_1e9;
    double active_1e9;
};

TEST(ModelParameters, OfNamedModelsAreThePublishedOnes) {
    for (const Published& p :
         {Published{"llama3-8b", 8.03, 8.03}, Published{"llama3-70b", 70.6, 70.6},
          Published{"llama3-405b", 405.9, 405.9}, Published{"mixtral-8x7b", 46.7, 12.9},
          Published{"qwen3-235b", 235.1, 22.2}, Published{"deepseek-v3", 671, 37.6},
          Published{"turing-530b", 530, 530}, Published{"megatron-1t", 1008, 1008},
          Published{"moe-1.75t", 1752, 63}, Published{"pangu-200b", 207, 207}}) {
        const ParameterCount count = count_parameters(model_named(p.name));
        EXPECT_NEAR(count.total / 1e9 / p.total_1e9, 1, 0.01) << p.name;
        EXPECT_NEAR(count.active / 1e9 / p.active_1e9, 1, 0.03) << p.name;
    }
}

TEST(ModelFile, EveryBuiltInModelAndClusterIsRead) {
    EXPECT_GE(model_names().size(), 11u);
    for (const std::string& name : model_names())
        EXPECT_TRUE(load_model(name)) << name;
    for (const std::string& name : cluster_names())
        EXPECT_TRUE(load_cluster(name)) << name;
    for (const std::string& name : device_names())
        EXPECT_TRUE(find_device(name)) << name;
}

struct Bad {
    const char* yaml;
    const char* error;
};

constexpr const char* good = "layers: 2\nhidden: 64\nheads: 4\nvocab: 100\nseq: 8\nffn_hidden: 8\n";

TEST(ModelFile, BadFieldsAreNamed) {
    for (const Bad& bad :
         {Bad{"", "not a YAML map"}, Bad{"layers: 2\n", "hidden: is missing"},
          Bad{"layers: two\nhidden: 1\nheads: 1\nvocab: 1\nseq: 1\n", "layers: must be a whole"},
          Bad{"layers: 0\nhidden: 64\nheads: 4\nvocab: 9\nseq: 8\nffn_hidden: 8\n",
              "layers is 0; it must be 1"},
          Bad{"layers: [\n", "line"}}) {
        auto model = parse_model(bad.yaml, "m.yaml");
        ASSERT_FALSE(model) << bad.yaml;
        EXPECT_NE(model.error().context.find(bad.error), std::string::npos)
            << model.error().context;
    }
    for (const Bad& bad : {Bad{"kv_heads: 3\n", "heads 4 is not a multiple of kv_heads 3"},
                           Bad{"mlp: swish\n", "'swish' is not plain or gated"},
                           Bad{"speed: 1\n", "unknown field 'speed'"},
                           Bad{"experts: 4\n", "experts_per_token is 0"}}) {
        auto model = parse_model(std::string(good) + bad.yaml, "m.yaml");
        ASSERT_FALSE(model) << bad.yaml;
        EXPECT_NE(model.error().context.find(bad.error), std::string::npos)
            << model.error().context;
    }
}

TEST(ClusterFile, BadFieldsAreNamed) {
    for (const Bad& bad :
         {Bad{"devices: 8\n", "device: is missing"},
          Bad{"device: z80\ndevices: 8\n", "device 'z80' is not known: a100-80"},
          Bad{"device: a100-80\n", "devices: is missing"},
          Bad{"device: a100-80\ndevices: 0\n", "devices is 0; it must be 1"},
          Bad{"device: a100-80\ndevices: 8\nfast_gbytes_s: -1\n", "must be a number from 0 up"},
          Bad{"device: a100-80\ndevices: 8\nfast_gbytes_s: .nan\n",
              "must be a number from 0 up"}}) {
        auto cluster = parse_cluster(bad.yaml, "c.yaml");
        ASSERT_FALSE(cluster) << bad.yaml;
        EXPECT_NE(cluster.error().context.find(bad.error), std::string::npos)
            << cluster.error().context;
    }
}

// The two YAML examples of the formats page are what the page says they are.
TEST(FormatsPage, ExamplesAreRead) {
    const char* root = std::getenv("SUAN_SOURCE_DIR");
    ASSERT_NE(root, nullptr);
    std::ifstream in(std::string(root) + "/docs/formats/training-plan.md");
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::string> blocks;
    const std::string fence = "```";
    for (auto at = page.find(fence + "yaml\n"); at != std::string::npos;
         at = page.find(fence + "yaml\n", at + 1)) {
        const auto begin = at + fence.size() + 5;
        blocks.push_back(page.substr(begin, page.find(fence, begin) - begin));
    }
    ASSERT_EQ(blocks.size(), 2u);
    auto model = parse_model(blocks[0], "page");
    ASSERT_TRUE(model) << model.error().context;
    EXPECT_EQ(count_parameters(*model).total, count_parameters(model_named("deepseek-v3")).total);
    auto cluster = parse_cluster(blocks[1], "page");
    ASSERT_TRUE(cluster) << cluster.error().context;
    EXPECT_EQ(cluster->devices, 3920);
    EXPECT_EQ(cluster->network_gbytes_s, 12.5);
}

TEST(Devices, AreFoundByTheLabelsOfTables) {
    EXPECT_EQ(find_device("A100-SXM-80GB")->name, "a100-80");
    EXPECT_EQ(find_device("Ascend-910B (Atlas 800T A2)")->name, "ascend-910b-b3");
    EXPECT_EQ(find_device("H100-SXM-96GB-HBM2e-500W")->name, "h100-96-500w");
    EXPECT_FALSE(find_device("TPU"));
}

}  // namespace
}  // namespace suan::train
