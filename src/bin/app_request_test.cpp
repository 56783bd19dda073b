#include "bin/app_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace suan::bin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* demo = R"(name: demo
title: {en: Demo}
program: suan-demo
pool: p
walltime: 10m
parameters:
  - {name: input, type: files, required: true, suffix: .qasm}
  - {name: shots, type: integer, default: 10, min: 1, max: 100}
  - {name: text, type: text}
  - {name: kind, type: choice, choices: [a, b]}
command: [suan-demo, run, "${input}", "--shots=${shots}", "--text=${text}", "--kind=${kind}", --json]
)";

AppTemplate parsed(std::string_view text) {
    auto app = parse_app(text);
    EXPECT_TRUE(app) << app.error().context;
    return std::move(*app);
}

std::vector<AppFile> one_file(const std::string& path, const std::string&) {
    return {{path, "text of " + path}};
}

Result<JobRequest> requested(const std::vector<std::string>& pairs) {
    const AppTemplate app = parsed(demo);
    auto values = app_values(app, pairs, one_file);
    if (!values) return std::move(values).error();
    return app_request(app, *values);
}

std::vector<std::string> arguments(const JobRequest& job) {
    return {job.argv().begin(), job.argv().end()};
}

TEST(App, parameters_become_arguments_and_empty_ones_leave) {
    const auto job = requested({"input=/home/x/bell.qasm", "shots=7", "kind=b"});
    ASSERT_TRUE(job) << job.error().context;
    EXPECT_THAT(arguments(*job), ElementsAre("suan-demo", "run", "in/0001-bell.qasm", "--shots=7",
                                             "--kind=b", "--json"));
    EXPECT_EQ(job->pool(), "p");
    EXPECT_EQ(job->walltime_ms(), 600'000);
    const auto plain = requested({"input=a"});
    EXPECT_THAT(arguments(*plain),
                ElementsAre("suan-demo", "run", "in/0001-a", "--shots=10", "--json"));
}

TEST(App, a_value_is_never_an_option_a_shell_word_or_a_path) {
    const auto job = requested({"input=../../etc/;rm -rf ~.qasm", "input=-n", "input=.ssh",
                                "text=$(reboot) `x` --json ${shots}"});
    ASSERT_TRUE(job) << job.error().context;
    EXPECT_THAT(arguments(*job), ElementsAre("suan-demo", "run", "in/0001-_rm_-rf__.qasm",
                                             "in/0002--n", "in/0003-.ssh", "--shots=10",
                                             "--text=$(reboot) `x` --json ${shots}", "--json"));
    // Nothing of the caller's stands in the script but base64.
    EXPECT_THAT(job->script(), HasSubstr("exec \"$@\"\n"));
    EXPECT_EQ(job->script().find("reboot"), std::string::npos);
    EXPECT_EQ(job->script().find("text of"), std::string::npos);
}

TEST(App, the_script_unpacks_the_files_it_was_given) {
    const auto job = requested({"input=one.qasm", "input=two.qasm"});
    ASSERT_TRUE(job);
    std::string folder = testing::TempDir() + "appXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    std::ofstream(folder + "/script") << job->script();
    const std::string command = "cd '" + folder +
                                "' && sh script cat in/0001-one.qasm in/0002-two.qasm > out "
                                "2> errors && test ! -s errors";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream out(folder + "/out");
    std::ostringstream text;
    text << out.rdbuf();
    EXPECT_EQ(text.str(), "text of one.qasmtext of two.qasm");
}

TEST(App, wrong_values_are_refused_by_name) {
    const auto error = [](const std::vector<std::string>& pairs) {
        auto job = requested(pairs);
        return job ? std::string("accepted") : job.error().context;
    };
    EXPECT_THAT(error({}), HasSubstr("parameter input is required"));
    EXPECT_THAT(error({"input=a", "shots=0"}), HasSubstr("shots: expected a whole number from 1"));
    EXPECT_THAT(error({"input=a", "shots=1e2"}), HasSubstr("shots: expected a whole number"));
    EXPECT_THAT(error({"input=a", "kind=c"}), HasSubstr("kind: expected one of a, b, got \"c\""));
    EXPECT_THAT(error({"input=a", "text=a\nb"}), HasSubstr("no control characters"));
    EXPECT_THAT(error({"input=a", "text=" + std::string(5000, 'x')}), HasSubstr("at most 4096"));
    EXPECT_THAT(error({"input=a", "shot=1"}), HasSubstr("did you mean \"shots\""));
    EXPECT_THAT(error({"input=a", "shots=1", "shots=2"}), HasSubstr("shots is given twice"));
    EXPECT_THAT(error({"input"}), HasSubstr("not NAME=VALUE"));
}

// What a console sends makes the very job that the command line makes.
TEST(App, a_form_and_a_command_line_make_the_same_job) {
    AppForm form;
    const auto add = [&](const std::string& name, const std::string& text) {
        AppFieldValue& value = *form.add_values();
        value.set_name(name);
        value.set_text(text);
        return &value;
    };
    for (const char* name : {"a.qasm", "b.qasm"}) {
        AppFieldValue& value = form.values().empty() ? *add("input", "") : *form.mutable_values(0);
        AppInputFile& file = *value.add_files();
        file.set_name(name);
        file.set_content("text of " + std::string(name));
    }
    add("shots", "7");
    add("text", "");
    auto values = app_values(form);
    ASSERT_TRUE(values) << values.error().context;
    const auto job = app_request(parsed(demo), *values);
    const auto expected = requested({"input=a.qasm", "input=b.qasm", "shots=7"});
    ASSERT_TRUE(job && expected);
    EXPECT_EQ(job->SerializeAsString(), expected->SerializeAsString());
    add("shots", "8");
    EXPECT_THAT(app_values(form).error().context, HasSubstr("shots is given twice"));
}

TEST(App, values_of_the_wrong_kind_are_refused) {
    const auto error = [](const AppValues& values) {
        auto job = app_request(parsed(demo), values);
        return job ? std::string("accepted") : job.error().context;
    };
    EXPECT_THAT(error({{{"input", "/etc/passwd"}}, {}}), HasSubstr("input takes files"));
    EXPECT_THAT(error({{}, {{"shots", {{"a", "b"}}}}}), HasSubstr("shots takes a text"));
    EXPECT_THAT(error({{}, {{"inputs", {{"a", "b"}}}}}), HasSubstr("did you mean \"input\""));
}

TEST(App, files_too_large_for_a_job_are_refused) {
    std::string noise;
    unsigned x = 1;
    for (int i = 0; i < 1'000'000; ++i) {
        x = x * 1664525 + 1013904223;
        noise += static_cast<char>(x >> 24);
    }
    AppValues values;
    values.files["input"] = {{"a", noise}};
    auto job = app_request(parsed(demo), values);
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().code, ErrorCode::exhausted);
    EXPECT_THAT(job.error().context, HasSubstr("several jobs"));
}

TEST(App, templates_that_could_do_harm_or_make_no_sense_are_refused_with_their_place) {
    struct Case {
        const char* from;
        const char* to;
        const char* expected;
    };
    const Case cases[] = {
        {"--text=${text}", "${text}", "could be read as an option"},
        {"\"${input}\"", "\"--in=${input}\"", "files are an argument of their own"},
        {"--kind=${kind}", "--kind=${kin}", "there is no parameter \"kin\""},
        {"--kind=${kind}", "--kind=x", "parameter \"kind\" is not used"},
        {"--kind=${kind}", "--kind=${kind}${text}", "expected one ${parameter}"},
        {"[suan-demo, run", "[sh, run", "its first word is the program"},
        {"type: choice, choices: [a, b]", "type: choice", "it needs them"},
        {"type: text}", "type: txt}", "line 9, column 24: type: expected one of"},
        {"default: 10", "default: 1000", "default of shots"},
        {"name: demo", "name: ../demo", "expected letters"},
        {"pool: p", "poll: p", "line 4, column 1: unknown field \"poll\"; did you mean \"pool\""},
        {"{name: text, type", "{name: shots, type", "stands here twice"},
    };
    for (const Case& one : cases) {
        std::string text = demo;
        const std::size_t at = text.find(one.from);
        ASSERT_NE(at, std::string::npos) << one.from;
        text.replace(at, std::string_view(one.from).size(), one.to);
        const auto app = parse_app(text);
        ASSERT_FALSE(app) << one.to;
        EXPECT_THAT(app.error().context, HasSubstr(one.expected));
        EXPECT_THAT(app.error().context, HasSubstr("line "));
    }
    EXPECT_FALSE(parse_app("- a\n"));
    EXPECT_FALSE(parse_app("a: &x 1\nb: *x\n"));
    EXPECT_FALSE(parse_app(""));
}

TEST(App, json_reads_back_to_the_same_app) {
    AppTemplate app = parsed(demo);
    app.program_folder = "/opt/suan \"x\"/bin";
    const std::string json = to_json(app);
    EXPECT_EQ(to_json(parsed(json)), json);
}

}  // namespace
}  // namespace suan::bin
