#include "train/job.hpp"
#include "train/plot.hpp"
#include "train/testing.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace suan::train {
namespace {

using testing::layout_of;

SettingOptions options_of(const char* model, const char* cluster) {
    SettingOptions o;
    o.model = model;
    o.cluster = cluster;
    o.global_batch = 1024;
    o.tokens = 1e12;
    return o;
}

Quote quote_of(const Setting& s, const char* layout) {
    auto candidate = candidate_of(s, layout_of(layout, s.global_batch));
    EXPECT_TRUE(candidate) << (candidate ? "" : candidate.error().context);
    return make_quote(s, *candidate);
}

TEST(Quote, DaysDeviceHoursAndMoneyFollowFromTheStep) {
    SettingOptions o = options_of("pangu-200b", "1000P");
    auto s = make_setting(o);
    ASSERT_TRUE(s) << s.error().context;
    const Quote q = quote_of(*s, "tp=8,pp=16,dp=16,mbs=1,zero=1,recompute=full");
    const double tokens_per_s = 1024.0 * 1024 / q.candidate.step_s;
    EXPECT_NEAR(q.tokens_per_s, tokens_per_s, 1e-6 * tokens_per_s);
    EXPECT_NEAR(q.days, 1e12 / tokens_per_s / 86400, 1e-6 * q.days);
    EXPECT_GT(q.wall_days, q.days);
    EXPECT_NEAR(q.device_hours, q.wall_days * 24 * 2048, 1e-6 * q.device_hours);
    EXPECT_NEAR(q.yuan, q.device_hours * 8, 1e-6 * q.yuan);
    EXPECT_GT(q.mfu, 0.05);
    EXPECT_LT(q.mfu, 0.8);
}

TEST(Quote, TextAndJsonNameEveryTermOfTheStep) {
    auto s = make_setting(options_of("llama3-70b", "h100"));
    ASSERT_TRUE(s) << s.error().context;
    const Quote q = quote_of(*s, "tp=4,pp=4,dp=8,vpp=5,mbs=1,zero=1");
    const boost::json::object json = quote_json(*s, q);
    double sum = 0;
    for (const auto& term : json.at("time_s").as_object())
        sum += term.value().as_double();
    EXPECT_NEAR(sum, json.at("step_time_s").as_double(), 1e-9);
    double gib = 0;
    for (const auto& part : json.at("memory_gib").as_object())
        gib += part.value().as_double();
    EXPECT_NEAR(gib, json.at("memory_gib_per_device").as_double(), 1e-9);
    EXPECT_NE(quote_text(*s, q).find("tensor"), std::string::npos);
    EXPECT_NE(quote_text(*s, q).find("days"), std::string::npos);
}

// Young 1974, equation 3: sqrt(2 x 300 s x 1 day) is 7,200 s.
TEST(Checkpoints, AreYoungsInterval) {
    const Checkpoints plan = plan_checkpoints(300, 1 / 86400.0, 0);
    EXPECT_NEAR(plan.interval_s, 7200, 1);
    EXPECT_NEAR(plan.goodput, 1 / (1 + 300 / 7200.0 + 3600 / 86400.0), 1e-9);
    EXPECT_EQ(plan_checkpoints(0, 1, 0).goodput, 1);
}

struct Bad {
    void (*spoil)(SettingOptions&);
    const char* error;
};

TEST(Setting, BadOptionsAreNamed) {
    for (const Bad& bad :
         {Bad{[](SettingOptions& o) { o.model = "gpt9"; }, "model: gpt9: no such"},
          Bad{[](SettingOptions& o) { o.cluster = "moon"; }, "cluster: moon"},
          Bad{[](SettingOptions& o) { o.global_batch = 0; }, "batch: 0 sequences"},
          Bad{[](SettingOptions& o) { o.precision = "int1"; }, "precision 'int1'"},
          Bad{[](SettingOptions& o) { o.precision = "fp8"; }, "has no fp8 products"},
          Bad{[](SettingOptions& o) { o.software = "x"; }, "software 'x'"},
          Bad{[](SettingOptions& o) { o.seq = 1LL << 40; }, "seq is"}}) {
        SettingOptions o = options_of("gpt3-175b", "a100");
        bad.spoil(o);
        auto s = make_setting(o);
        ASSERT_FALSE(s);
        EXPECT_NE(s.error().context.find(bad.error), std::string::npos) << s.error().context;
    }
}

TEST(Setting, ALayoutOfMoreDevicesThanThereAreIsRefused) {
    auto s = make_setting(options_of("gpt3-175b", "100P"));
    ASSERT_TRUE(s);
    auto c = candidate_of(*s, layout_of("tp=8,pp=12,dp=8,mbs=1", 1024));
    ASSERT_FALSE(c);
    EXPECT_NE(c.error().context.find("768 devices; cluster 100P has 400"), std::string::npos);
}

boost::json::value plan_of(const Setting& s, const Quote& q) {
    return boost::json::object{{"layouts", boost::json::array{quote_json(s, q)}}};
}

TEST(Job, HasTheGangTheCheckpointsAndTheLauncher) {
    auto s = make_setting(options_of("llama3-70b", "h100"));
    ASSERT_TRUE(s);
    const auto plan = plan_of(*s, quote_of(*s, "tp=4,pp=4,dp=8,mbs=1,zero=1"));
    JobOptions o;
    o.script = "train.py --data it's";
    o.pool = "big";
    auto job = job_file(plan, 0, o);
    ASSERT_TRUE(job) << job.error().context;
    for (const char* line : {"tasks: 16\n", "devices_per_task: 8\n", "topology: one_rack\n",
                             "pool: 'big'\n", "checkpoint_interval: ", "walltime: ",
                             "TENSOR_PARALLEL: \"4\"", "torchrun --nnodes $SUAN_NTASKS"})
        EXPECT_NE(job->find(line), std::string::npos) << line << *job;
    o.launcher = "mindspore";
    EXPECT_NE(job_file(plan, 0, o)->find("msrun --worker_num 128"), std::string::npos);
}

TEST(Job, BadPlansAndOptionsAreRefused) {
    JobOptions o;
    o.script = "train.py";
    for (const char* plan :
         {"3", "{}", "{\"layouts\":{}}", "{\"layouts\":[]}", "{\"layouts\":[{}]}",
          "{\"layouts\":[{\"layout\":{\"devices\":\"x\"}}]}"})
        EXPECT_FALSE(job_file(boost::json::parse(plan), 0, o)) << plan;
    o.launcher = "slurm";
    EXPECT_FALSE(job_file(boost::json::parse("{}"), 0, o));
    o = JobOptions{};
    EXPECT_FALSE(job_file(boost::json::parse("{}"), 0, o));
}

TEST(Plot, DrawsEveryQuoteAndEscapesItsTitle) {
    auto s = make_setting(options_of("llama3-8b", "h100"));
    ASSERT_TRUE(s);
    const std::string svg =
        plot_svg("<&>", {quote_of(*s, "dp=8,mbs=1,zero=1"), quote_of(*s, "dp=16,mbs=1,zero=1")});
    EXPECT_NE(svg.find("&lt;&amp;&gt;"), std::string::npos);
    EXPECT_NE(svg.find(">16</text>"), std::string::npos);
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace suan::train
