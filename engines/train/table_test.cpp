#include "train/evaluate_output.hpp"
#include "train/files.hpp"
#include "train/fit.hpp"
#include "train/testing.hpp"

#include <boost/json/array.hpp>

namespace suan::train {
namespace {

constexpr const char* header =
    "row_id,source,model,arch,layers,hidden,heads,kv_heads,ffn_hidden,gated_mlp,vocab,seq,gpu,"
    "num_gpus,precision,tp,pp,dp,cp,ep,vpp,mbs,gbs,seq_parallel,recompute,zero_stage,"
    "attention_kernel,framework,step_time_s,tokens_per_s_per_gpu,mem_gib_per_gpu\n";
constexpr const char* fine =
    "r1,s,tiny,dense,4,1024,16,16,4096,0,51200,1024,A100-SXM-80GB,8,fp16,2,2,2,1,1,1,1,16,0,full,0,"
    "standard,Megatron-LM,0.5,4096,10\n";

std::vector<TableRow> rows_of(const std::string& lines) {
    auto rows = parse_csv(header + lines, "t.csv");
    EXPECT_TRUE(rows);
    return rows ? *rows : std::vector<TableRow>{};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return text;
}

std::string under(const char* framework) {
    return replaced(replaced(fine, "standard,", "flash,"), "Megatron-LM", framework);
}

TEST(Csv, QuotedCellsMayHoldCommasQuotesAndLines) {
    auto rows = parse_csv("a,b\r\n\"x, \"\"y\"\"\nz\",2\r\n3,4", "t.csv");
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_EQ((*rows)[0].at("a"), "x, \"y\"\nz");
    EXPECT_EQ((*rows)[1].at("b"), "4");
}

TEST(Csv, EmptyFilesAreRefusedAndOddRowsAreKept) {
    EXPECT_FALSE(parse_csv("", "t.csv"));
    auto rows = parse_csv("a,b\n1\n1,2,3\n", "t.csv");
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_EQ((*rows)[0].at("problem"), "1 cells where the header has 2");
    EXPECT_EQ((*rows)[1].at("problem"), "3 cells where the header has 2");
}

TEST(Files, EndlessAndAbsentOnesAreRefused) {
    EXPECT_EQ(read_file("/dev/zero", 1000).error().code, ErrorCode::exhausted);
    EXPECT_EQ(read_file("/nonexistent", 1000).error().code, ErrorCode::not_found);
    EXPECT_EQ(read_file("/", 1000).error().code, ErrorCode::not_found);
    EXPECT_EQ(read_file("/dev/null", 1000)->size(), 0u);
}

TEST(Table, ARowIsARun) {
    auto c = case_of(rows_of(fine).front());
    ASSERT_TRUE(c) << c.error().context;
    EXPECT_EQ(c->layout.devices(), 8);
    EXPECT_EQ(c->software.generation, "megatron-2021/lm");
    EXPECT_EQ(c->run.attention, AttentionKernel::standard);
    EXPECT_EQ(c->layout.recompute, Recompute::full);
    EXPECT_EQ(c->cluster.device.name, "a100-80");
}

struct Broken {
    const char* from;
    const char* to;
    const char* error;
};

// What a framework does is read from its name where the row's cells leave it open.
TEST(Table, TheFrameworkDecidesWhatTheRowLeavesOpen) {
    const auto read = [](const std::string& row) {
        auto c = case_of(rows_of(row).front());
        EXPECT_TRUE(c) << (c ? "" : c.error().context);
        return c ? *c : Case{};
    };
    const std::string open = replaced(fine, ",0,full,", ",,full,");
    const Case megatron = read(replaced(open, "standard,Megatron-LM", "flash,megatron"));
    EXPECT_EQ(megatron.layout.sequence_parallel, SequenceParallel::on);
    EXPECT_EQ(megatron.layout.recompute, Recompute::selective);
    const Case flagscale = read(replaced(open, "standard,Megatron-LM", "flash,flagscale"));
    EXPECT_EQ(flagscale.layout.sequence_parallel, SequenceParallel::off);
    EXPECT_EQ(flagscale.layout.recompute, Recompute::full);
    EXPECT_EQ(flagscale.run.launches, Launches::ahead);
    const Case fork =
        read(replaced(fine, "standard,Megatron-LM", "fused-softmax,Megatron-DeepSpeed"));
    EXPECT_EQ(fork.run.launches, Launches::blocking);
    const Case wide = read(replaced(replaced(fine, "standard", "flash"), ",fp16,", ",fp32,"));
    EXPECT_EQ(wide.run.attention, AttentionKernel::standard);
}

TEST(Table, BadCellsAreNamedAndTheOtherRowsGoOn) {
    for (const Broken& b :
         {Broken{",4,1024,", ",four,1024,", "layers: 'four' is not a whole number"},
          Broken{",4,1024,", ",,1024,", "layers: is missing"},
          Broken{"A100-SXM-80GB", "TPU", "gpu: device 'TPU' is not known"},
          Broken{",8,fp16", ",9,fp16", "num_gpus: 9 is not tp x pp x cp x dp = 8"},
          Broken{"fp16", "int4", "precision 'int4'"}, Broken{"full", "some", "recompute 'some'"},
          Broken{"Megatron-LM", "Keras", "framework: 'Keras'"},
          Broken{",16,16,4096", ",15,15,4096", "heads 15 is not a multiple of tp 2"},
          Broken{",0,standard", ",9,standard", "zero_stage: '9' is not 0 to 3"},
          Broken{",1024,16,16", ",1e30,16,16", "hidden: '1e30' is not a whole number"}}) {
        const auto rows = evaluate_rows(rows_of(replaced(fine, b.from, b.to) + fine), {});
        ASSERT_EQ(rows.size(), 2u);
        EXPECT_FALSE(rows[0].prediction) << b.to;
        EXPECT_NE(rows[0].missing_reason.find(b.error), std::string::npos)
            << rows[0].missing_reason;
        EXPECT_TRUE(rows[1].prediction);
    }
}

// A prediction is of the configuration: other measurements do not move it.
TEST(Evaluate, PredictsFromConfigurationColumnsOnly) {
    const auto first = evaluate_rows(rows_of(fine), {});
    const auto second = evaluate_rows(rows_of(replaced(fine, "0.5,4096,10", "99,1,77")), {});
    EXPECT_EQ(first[0].prediction->step_s, second[0].prediction->step_s);
    EXPECT_EQ(first[0].prediction->memory_gib, second[0].prediction->memory_gib);
}

TEST(Evaluate, JsonHasTheAgreedFields) {
    const auto rows = evaluate_rows(rows_of(std::string(fine) + "r2,s\n"), {});
    const boost::json::object json = evaluation_json(rows);
    const auto& list = json.at("rows").as_array();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_TRUE(list[0].at("missing_reason").is_null());
    EXPECT_GT(list[0].at("predicted_step_time_s").as_double(), 0);
    EXPECT_GT(list[0].at("predicted_tokens_per_s_per_gpu").as_double(), 0);
    EXPECT_GT(list[0].at("predicted_mem_gib_per_gpu").as_double(), 0);
    EXPECT_TRUE(list[1].at("predicted_step_time_s").is_null());
    EXPECT_TRUE(list[1].at("missing_reason").is_string());
    EXPECT_EQ(json.at("summary").at("s").at("missing").as_int64(), 1);
}

TEST(Evaluate, TauAndTheChosenLayoutAreOfRowsThatDifferInLayoutOnly) {
    std::vector<EvaluatedRow> rows(4);
    const double measured[] = {1, 2, 3, 4};
    const double predicted[] = {2, 1, 3, 4};  // one pair of six the wrong way round
    for (std::size_t i = 0; i < 4; ++i) {
        rows[i].source = rows[i].layout_group = "s";
        rows[i].measured.step_s = measured[i];
        rows[i].prediction.emplace();
        rows[i].prediction->step_s = predicted[i];
    }
    const Score s = summarise(rows).at("s");
    EXPECT_EQ(s.groups, 1);
    EXPECT_NEAR(s.tau, 4 / 6.0, 1e-12);
    EXPECT_NEAR(s.pick_loss, 1, 1e-12);
    EXPECT_NEAR(s.mean, (1 + 0.5) / 4, 1e-12);
}

// Rows made by the model itself: the fit finds what made them.
TEST(Fit, RecoversTheConstantsThatMadeTheRows) {
    Constants truth;
    truth.gemm_efficiency = 0.62;
    truth.vector_efficiency = 0.55;
    std::vector<MeasuredCase> cases;
    for (const char* hidden : {"1024", "2048", "4096", "8192"})
        for (const char* batch : {"16", "32", "64", "128", "256", "512"}) {
            std::string line = replaced(fine, ",1024,16", std::string(",") + hidden + ",16");
            line = replaced(line, ",1,16,0,", std::string(",1,") + batch + ",0,");
            auto c = case_of(rows_of(line).front());
            ASSERT_TRUE(c) << c.error().context;
            Measured m;
            m.step_s = predict(*c, truth).step_s;
            cases.push_back({*c, m, 1});
        }
    const Calibrations fitted = fit(cases, {});
    const Calibration& set = fitted.find("a100", "megatron-2021/lm");
    EXPECT_EQ(set.rows, 24);
    EXPECT_LT(set.error_median, 0.03);
    EXPECT_NEAR(set.constants.gemm_efficiency, truth.gemm_efficiency, 0.06);
}

// FlagScale's scripts always pass --use-distributed-optimizer; FlagPerf's Megatron-DeepSpeed
// accumulates 16-bit gradients where Megatron's are of 32.
TEST(Table, SoftwareTurnsOnWhatItsScriptsDo) {
    const auto run = [](const char* framework) {
        auto c = case_of(rows_of(under(framework)).front());
        EXPECT_TRUE(c) << (c ? "" : c.error().context);
        return c ? *c : Case{};
    };
    EXPECT_EQ(run("flagscale").layout.zero_stage, 1);
    EXPECT_EQ(run("megatron").layout.zero_stage, 0);
    EXPECT_EQ(run("megatron").software.widths.gradient, 4);
    EXPECT_EQ(run("megatron-deepspeed").software.name, "megatron-deepspeed-2023");
    EXPECT_EQ(run("megatron-deepspeed").software.widths.gradient, 2);
    EXPECT_EQ(run("megatron-deepspeed").run.reduces, Reduces::after);
    EXPECT_EQ(run("InternEvo").run.reduces, Reduces::behind);
}

// Three rows of one device family say what their software reserves; a single row of another family
// is predicted with the same.
TEST(Fit, MemoryBelongsToTheSoftwareOnEveryDevice) {
    Constants truth;
    truth.reserve_gib = 7;
    truth.fragmentation = 0.2;
    std::vector<MeasuredCase> cases;
    for (const char* gpu : {"A100-SXM-80GB", "H100-SXM-80GB"})
        for (const char* layers : {"dense,4,", "dense,64,", "dense,128,"}) {
            std::string line = replaced(fine, "A100-SXM-80GB", gpu);
            line = replaced(line, "dense,4,", layers);
            line = replaced(line, ",full,", ",none,");
            auto c = case_of(rows_of(line).front());
            ASSERT_TRUE(c) << c.error().context;
            Measured m;
            m.step_s = predict(*c, truth).step_s;
            m.memory_gib = predict(*c, truth).memory_gib;
            cases.push_back({*c, m, 1});
            if (std::string_view(gpu).starts_with("H100")) break;
        }
    ASSERT_EQ(cases.size(), 4u);
    const Calibrations fitted = fit(cases, {});
    const Calibration& set = fitted.find("h100", "megatron-2021/lm");
    EXPECT_EQ(set.family, "h100");
    EXPECT_NEAR(set.constants.reserve_gib, 7, 0.5);
    EXPECT_NEAR(set.constants.fragmentation, 0.2, 0.05);
}

// Each names the column and what is wrong with it.
TEST(Table, DegreesAndGroupsAreNamedWhereTheyAreWrong) {
    const auto why = [](const std::string& line) {
        auto c = case_of(rows_of(line).front());
        return c ? std::string() : c.error().context;
    };
    EXPECT_EQ(why(fine), "");
    EXPECT_EQ(why(replaced(fine, "8,fp16,2,", "8,fp16,0,")), "tp: is 0; it must be 1 or more");
    EXPECT_EQ(why(replaced(fine, "A100-SXM-80GB,8", "A100-SXM-80GB,0")),
              "num_gpus: is 0; it must be 1 or more");
    EXPECT_EQ(why(replaced(fine, "A100-SXM-80GB", "")), "gpu: is missing");
    for (const char* group : {"0", "-5", "x", "99999999999999999999", ""})
        EXPECT_NE(why(replaced(fine, "full,0,", std::string("full,1 (group=") + group + "),"))
                      .find("zero_stage: "),
                  std::string::npos)
            << group;
    EXPECT_EQ(why(replaced(fine, "full,0,", "full,1 (group=2),")), "");
}

// Of six rows that print memory four say that 9 GiB are reserved, and two 6; a run of a larger
// model had no room for 9.
TEST(Fit, WhatRanFitted) {
    const auto case_with = [](int layers) {
        auto c = case_of(
            rows_of(replaced(fine, "dense,4,", "dense," + std::to_string(layers) + ",")).front());
        EXPECT_TRUE(c) << (c ? "" : c.error().context);
        return c ? *c : Case{};
    };
    Constants truth;
    truth.fragmentation = 0;
    std::vector<MeasuredCase> cases;
    for (const int layers : {1000, 1010, 1020, 1030, 1040, 1050}) {
        truth.reserve_gib = layers < 1040 ? 9 : 6;
        const Case c = case_with(layers);
        cases.push_back({c, {{}, {}, predict(c, truth).memory_gib}, 1});
    }
    const auto reserve = [&] {
        return fit(cases, {}).find("a100", "megatron-2021/lm").constants.reserve_gib;
    };
    EXPECT_NEAR(reserve(), 9, 0.5);
    cases.push_back({case_with(1380), {0.5, {}, {}}, 1});
    EXPECT_LT(reserve(), 7);
}

TEST(Calibrations, AreReadAsWritten) {
    Calibrations all;
    all.sets.push_back({"a100", "x", Constants{}, {"gap_us"}, 0.1, 0.2, 0.3, 7});
    all.sets.front().constants.gap_us = 3.25;
    auto read = parse_calibrations(to_yaml(all, "test"), "f.yaml");
    ASSERT_TRUE(read) << read.error().context;
    EXPECT_EQ(read->sets.front().constants.gap_us, 3.25);
    EXPECT_EQ(read->sets.front().rows, 7);
    EXPECT_FALSE(parse_calibrations("calibrations: [{family: a, generation: b, gap_us: 99}]", "f"));
    EXPECT_FALSE(parse_calibrations("calibrations: [{family: a}]", "f"));
}

TEST(Calibrations, TheNearestIsFoundFromChildToParentToFamilyToSoftware) {
    Calibrations all;
    for (const auto& [family, generation] : {std::pair{"a100", "any"}, std::pair{"a100", "m"},
                                             std::pair{"a100", "m/2"}, std::pair{"h100", "q"}})
        all.sets.push_back({family, generation, Constants{}, {}, 0, 0, 0, 1});
    EXPECT_EQ(all.find("a100", "m/2").generation, "m/2");
    EXPECT_EQ(all.find("a100", "m/3").generation, "m");
    EXPECT_EQ(all.find("a100", "z").generation, "any");
    EXPECT_EQ(all.find("new", "q").family, "h100");
    EXPECT_EQ(all.find("new", "z").rows, 0);
}

struct Bar {
    const char* table;
    double mean;
};

// The bars of step time on the shared tables, with the committed calibration.
TEST(Tables, MeanErrorsStayUnderTheirBars) {
    SUAN_NEED_TABLES();
    auto calibrations = load_calibrations("");
    ASSERT_TRUE(calibrations);
    for (const Bar& bar :
         {Bar{"bigscience_176b", 0.08}, Bar{"vtrain_multi", 0.10}, Bar{"llm_foundry", 0.10},
          Bar{"internevo", 0.10}, Bar{"mlperf_training", 0.10}, Bar{"nemo_2407", 0.10},
          Bar{"korthikanti2022_time", 0.06}, Bar{"megatron_sc21_table2", 0.06}, Bar{"mt_nlg", 0.06},
          Bar{"vtrain_single", 0.20}, Bar{"megatron_bridge", 0.15}}) {
        auto rows = read_table(testing::tables_folder() + bar.table + ".csv");
        ASSERT_TRUE(rows) << bar.table;
        EXPECT_LE(summarise(evaluate_rows(*rows, *calibrations)).at(bar.table).mean, bar.mean)
            << bar.table;
    }
}

TEST(Tables, EveryRowIsPredictedOrHasAReason) {
    SUAN_NEED_TABLES();
    int rows_seen = 0;
    int missing = 0;
    for (const auto& entry : std::filesystem::directory_iterator(testing::tables_folder())) {
        if (entry.path().extension() != ".csv") continue;
        auto rows = read_table(entry.path().string());
        ASSERT_TRUE(rows);
        for (const EvaluatedRow& row : evaluate_rows(*rows, *load_calibrations(""))) {
            ++rows_seen;
            missing += row.prediction ? 0 : 1;
            EXPECT_NE(row.prediction.has_value(), !row.missing_reason.empty()) << row.row_id;
        }
    }
    EXPECT_GT(rows_seen, 1000);
    EXPECT_LE(missing, 2);
}

}  // namespace
}  // namespace suan::train
