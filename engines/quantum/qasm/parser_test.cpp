#include "quantum/qasm/parser.hpp"

#include "quantum/qasm/elaborate.hpp"
#include "quantum/run/shared_testing.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

namespace suan::quantum {
namespace {

void expect_round_trip(const std::string& name, const std::string& text) {
    auto program = parse(name, text);
    ASSERT_TRUE(program) << program.error().context;
    const std::string printed = print(*program);
    auto again = parse(name, printed);
    ASSERT_TRUE(again) << again.error().context << "\n" << printed;
    EXPECT_TRUE(same(*program->root, *again->root)) << name << "\n" << printed;
    EXPECT_EQ(printed, print(*again));
}

std::string run_error(const std::string& text, ElaborateOptions options = {}) {
    auto program = parse("p.qasm", text);
    if (!program) return program.error().context;
    auto elaborated = Elaborator::create(std::move(*program), std::move(options));
    return elaborated ? "" : elaborated.error().context;
}

TEST(Parser, every_shared_program_and_grammar_example_survives_printing_and_parsing) {
    SUAN_NEEDS_CIRCUITS();
    for (const auto& path : files_below(shared_circuits(), ".qasm")) {
        if (path.string().find("invalid") != std::string::npos ||
            path.filename() == "example_fail.qasm")
            continue;
        expect_round_trip(path.string(), text_of(path));
    }
    for (const auto& path : files_below(shared_circuits() / "openqasm3", ".yaml"))
        expect_round_trip(path.string(), YAML::Load(text_of(path))["source"].as<std::string>());
}

TEST(Parser, every_line_of_the_invalid_files_is_refused_with_a_place) {
    SUAN_NEEDS_CIRCUITS();
    std::size_t lines = 0;
    for (const auto& path : files_below(shared_circuits() / "openqasm3", ".qasm")) {
        if (path.string().find("/invalid/") == std::string::npos) continue;
        std::istringstream stream(text_of(path));
        for (std::string line; std::getline(stream, line);) {
            if (line.empty() || line.starts_with("//")) continue;
            auto program = parse("line", line);
            EXPECT_FALSE(program) << path << ": " << line;
            if (!program) {
                EXPECT_TRUE(program.error().context.starts_with("line:1:"));
            }
            ++lines;
        }
    }
    EXPECT_GT(lines, 60U);
}

TEST(Parser, an_error_names_file_line_and_column_and_points_at_it) {
    EXPECT_EQ(run_error("OPENQASM 3;\nqubit q;\n  foo q;\n"),
              "p.qasm:3:3: no gate is called 'foo'\n    foo q;\n    ^");
}

struct Bad {
    std::string text;
    std::string message;
};

TEST(Elaborate, what_cannot_be_run_is_refused_and_never_dropped) {
    const std::vector<Bad> table = {
        {"qubit q; h q;", "gate 'h' needs include \"stdgates.inc\""},
        {"include \"stdgates.inc\"; qubit[2] q; cx q[0], q[0];", "each qubit only once"},
        {"include \"stdgates.inc\"; qubit[2] q; cx q[0], q[2];", "out of range"},
        {"include \"stdgates.inc\"; qubit q; rx(0.0/0.0) q;", "must be finite"},
        {"include \"stdgates.inc\"; qubit q; rx(ln(0)) q;", "must be finite"},
        {"include \"stdgates.inc\"; qubit[2] q; qubit[3] r; cx q, r;", "different sizes"},
        {"qubit q; gate g a { g a; } g q;", "calls itself"},
        {"qubit q; def f(qubit a) { f(a); } f(q);", "calls itself"},
        {"qubit q; while (true) { int i = 1; }", "too long"},
        {"qubit q; for int i in [0:1000000000000] { U(0, 0, 0) q; }", "at most 4000000 fit"},
        {"include \"stdgates.inc\"; qubit[3] q; gate g a, b { cx a, b; h a; } "
         "pow(1000000000) @ g q[0], q[1];",
         "more than 4000000 operations"},
        {"input float t; qubit q; U(t, 0, 0) q;", "give --param t=VALUE"},
        {"extern f(int) -> int; qubit q; int i = f(1);", "extern"},
        {"@mark\nqubit q;", "annotations are not supported"},
        {"pragma x\nqubit q;", "pragmas are not supported"},
        {"defcal x $0 { }", "calibrations are not supported"},
        {"qubit q; int i = 0; int j = 1 / i;", "division by zero"},
        {"qubit q; bit[2] c; c[5] = measure q;", "out of range"},
        {"qubit q; qubit q;", "declared twice"},
        {"qubit[200000] q;", "out of range"},
        {"int i = 1;", "no qubits"},
        {"OPENQASM 2.0; opaque g a; qreg q[1]; g q[0];", "opaque"},
        {"OPENQASM 2.0; include \"qelib1.inc\"; qreg q[1]; if (q == 1) x q[0];",
         "no classical value"},
        {"stretch s; qubit q;", "stretch is not supported"},
        {"qubit q; box[10ns] { }", "box with a duration"},
        {"OPENQASM 4.0; qubit q;", "is not supported"},
        {"include \"other.inc\"; qubit q;", "cannot include"},
    };
    for (const Bad& bad : table)
        EXPECT_NE(run_error(bad.text).find(bad.message), std::string::npos) << bad.text << "\n"
                                                                            << run_error(bad.text);
}

std::vector<Op> ops_of(const std::string& text) {
    auto program = parse("p.qasm", text);
    EXPECT_TRUE(program) << program.error().context;
    auto elaborated = Elaborator::create(std::move(*program), {});
    EXPECT_TRUE(elaborated) << elaborated.error().context;
    return elaborated->first().ops;
}

TEST(Elaborate, loops_functions_switches_and_modifiers_become_plain_operations) {
    const std::vector<Op> ops = ops_of(
        "include \"stdgates.inc\";\n"
        "const int n = 3; qubit[n] q; bit[n] c;\n"
        "def twice(qubit a) -> int { x a; x a; return 7; }\n"
        "int i = twice(q[0]);\n"
        "for int k in [0:2:n - 1] { ry(k * pi) q[k]; }\n"
        "switch (i) { case 1, 2 { z q[0]; } case 7 { s q[0]; } default { t q[0]; } }\n"
        "negctrl @ inv @ s q[0], q[1];\n"
        "let pair = q[{0, 2}]; cx pair[0], pair[1];\n"
        "c = measure q;\n");
    std::vector<std::string> names;
    for (const Op& op : ops)
        names.push_back(op.kind == OpKind::measure ? "measure" : std::string(name_of(op.gate)));
    const std::vector<std::string> wanted = {"x",   "x", "ry", "ry",      "s",       "x",
                                             "sdg", "x", "x",  "measure", "measure", "measure"};
    EXPECT_EQ(names, wanted);
    EXPECT_EQ(ops[8].qubits[1], 2U);
}

TEST(Elaborate, a_program_waits_for_a_measurement_only_where_it_is_read) {
    auto program = parse("p.qasm",
                         "OPENQASM 2.0; include \"qelib1.inc\"; qreg q[2]; creg c[2];\n"
                         "h q[0]; measure q[0] -> c[0]; if (c == 1) x q[1]; measure q[1] -> c[1];");
    ASSERT_TRUE(program);
    auto elaborated = Elaborator::create(std::move(*program), {});
    ASSERT_TRUE(elaborated);
    const Segment& first = elaborated->first();
    EXPECT_FALSE(first.finished);
    EXPECT_EQ(first.decision, 0U);
    EXPECT_EQ(first.ops.size(), 2U);
    auto one = elaborated->next({1}, 2);
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->finished);
    EXPECT_EQ(one->ops.size(), 2U);
    EXPECT_EQ(one->outputs, (std::vector<Bit>{2, 3}));
    auto zero = elaborated->next({0}, 2);
    ASSERT_TRUE(zero);
    EXPECT_EQ(zero->ops.size(), 1U);
}

}  // namespace
}  // namespace suan::quantum
