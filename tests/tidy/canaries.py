"""The tidy rules' own test: each must report its bad samples, and nothing in a good one."""

import json
import os
import subprocess
import tempfile

import build_rules
import rules
from source_tree import File, Tree, functions

HEADER = "#pragma once\n"


def cpp(path, text):
    return File(path, text)


def long_function(name, lines):
    return f"int {name}(int a) {{\n" + "    a += 1;\n" * (lines - 3) + "    return a;\n}\n"


GOOD = [
    File("src/base/README.md", "# base\n"),
    File("src/ledger/README.md", "# ledger\n"),
    File("src/core/README.md", "# core\n"),
    cpp("src/base/time.hpp", HEADER + "#include <cstdint>\n"),
    cpp("src/ledger/ledger.hpp", HEADER + '#include "base/time.hpp"\n// No float, no throw.\n'),
    cpp("src/ledger/a_test.cpp", '#include "ledger/ledger.hpp"\n#include <random>\ndouble x;\n'),
    cpp("src/core/jobs.cpp", '#include "suan/job.pb.h"\nauto s = "float // throw";\n'),
    cpp("src/core/digits.cpp", "int i = 1'000; /* double */ int j = 2'000;\n"),
    cpp("src/core/names.cpp", "Time start_time(const Job& job);\nint random_walk_floats;\n"),
    cpp("engines/train/a.cpp", '#include "base/time.hpp"\n#include "train/a.hpp"\ndouble x;\n'),
    File("proto/suan/job.proto", 'syntax = "proto3";\n'),
    File("up", "#!/bin/sh\n", executable=True),
    File("packaging/debian-packages.txt", "# comment\nbuild g++\ntest nodejs node\n"),
    File("docs/dependencies.md", "| `g++` | build | compiler |\n| `nodejs` | test | checks |\n"),
    File("docs/rules/README.md", "the rules\n"),
    File("docs/rules/shares.md", "(`Shares.Worked`, `shares.hpp`)\n"),
    cpp("src/core/shares_test.cpp", "TEST_F(Shares,\n       Worked) {}\n"),
    cpp("src/base/long.cpp", long_function("nearly", 70)),
]

# rule, the bad files, what the report must contain.
BAD = [
    (
        rules.engine_includes,
        [cpp("engines/train/x.cpp", '#include "train/a.hpp"\n#include "core/jobs.hpp"\n')],
        "engines/train/x.cpp:2: engine train may not include core/jobs.hpp",
    ),
    (
        rules.include_direction,
        [cpp("src/ledger/x.cpp", '#include "core/jobs.hpp"\n'), cpp("src/core/jobs.hpp", HEADER)],
        "src/ledger/x.cpp:1: ledger may not include core",
    ),
    (
        rules.include_direction,
        [cpp("src/ledger/x.cpp", '\n#include "suan/job.pb.h"\n')],
        "x.cpp:2: ledger may not include proto",
    ),
    (
        rules.include_direction,
        [cpp("src/core/x.cpp", '#include "suan/gone.pb.h"\n')],
        "no proto/ file generates",
    ),
    (
        rules.include_direction,
        [cpp("src/core/x.cpp", '#include "jobs.hpp"\n')],
        "is not a file under src/",
    ),
    (rules.include_direction, [cpp("src/core/x.cpp", "#include <base/time.hpp>\n")], "in quotes"),
    (rules.include_direction, [cpp("src/newfolder/x.cpp", "\n")], "not in the table"),
    (
        rules.pure_headers,
        [cpp("src/sched/x.hpp", HEADER + "#include <chrono>\n")],
        "src/sched/x.hpp:2: a pure folder",
    ),
    (rules.pure_headers, [cpp("src/core/a/x.cpp", "# include <sys/stat.h>\n")], "sys/stat.h"),
    (rules.pure_headers, [cpp("src/base/x.hpp", "#include <boost/asio.hpp>\n")], "boost/asio.hpp"),
    (
        rules.pure_words,
        [cpp("src/core/x.cpp", "int a;\nlong double b;\n")],
        "src/core/x.cpp:2: 'double'",
    ),
    (rules.pure_words, [cpp("src/core/x.cpp", "std::unordered_map<int, int> m;\n")], "hash order"),
    (rules.pure_words, [cpp("src/core/x.cpp", "auto h = std::hash<int>{}(1);\n")], "'std::hash'"),
    (rules.pure_words, [cpp("src/sched/x.cpp", "int r = rand();\n")], "randomness"),
    (rules.pure_words, [cpp("src/sched/x.cpp", "auto t = time(nullptr);\n")], "a clock"),
    (
        rules.pure_words,
        [cpp("src/ledger/x.cpp", "auto e = std::getenv(name);\n")],
        "the environment",
    ),
    (
        rules.pure_words,
        [cpp("src/ledger/x.cpp", "/* a\n*/ throw 1;\n")],
        "src/ledger/x.cpp:2: 'throw'",
    ),
    (rules.pure_words, [cpp("src/core/x.cpp", "thread_local int n;\n")], "threads"),
    (rules.pure_words, [cpp("src/core/x.cpp", 'printf("");\n')], "input or output"),
    (rules.pure_words, [cpp("src/core/x.cpp", "assert(true);\n")], "SUAN_ASSERT"),
    (rules.pure_words, [cpp("src/core/x.cpp", "__int128 n;\n")], "base/money.hpp"),
    (rules.lines_and_tabs, [cpp("src/api/x.cpp", "x" * 101 + "\n")], "101 columns"),
    (rules.lines_and_tabs, [cpp("src/api/x.cpp", "\tint a;\n")], "a tab"),
    (rules.lines_and_tabs, [cpp("src/api/x.cpp", "int a; \n")], "blanks at the end"),
    (rules.lines_and_tabs, [cpp("src/api/x.cpp", "int a;\n\n")], "exactly one newline"),
    (
        rules.nothing_left_for_later,
        [cpp("src/api/x.cpp", "\n// TO" "DO: later\n")],
        "src/api/x.cpp:2",
    ),
    (rules.nothing_left_for_later, [File("docs/x.md", "FIX" "ME\n")], "open an issue"),
    (rules.headers_are_headers, [cpp("src/api/x.hpp", "// #pragma once\n")], "no #pragma once"),
    (
        rules.headers_are_headers,
        [cpp("bench/x.hpp", HEADER + "using  namespace std;\n")],
        "bench/x.hpp:2: using",
    ),
    (
        rules.tests_do_not_wait,
        [cpp("src/api/x_test.cpp", "std::this_thread::sleep_for(1s);\n")],
        "waits for a condition",
    ),
    (
        rules.tests_do_not_wait,
        [cpp("src/api/x_test.cpp", "server.port = 8080;\n")],
        "asks for port 0",
    ),
    (
        rules.tests_do_not_wait,
        [cpp("src/api/x_test.cpp", "std::chrono::system_clock::now();\n")],
        "wall clock",
    ),
    (rules.readmes, [cpp("src/exec/x.cpp", "\n")], "src/exec/README.md: missing"),
    (
        rules.readmes,
        [cpp("src/exec/x.cpp", "\n"), File("src/exec/README.md", "a\n" * 31)],
        "31 lines",
    ),
    (rules.sizes_and_modes, [File("docs/x.png", "", bytes=300_000)], "300000 bytes"),
    (rules.sizes_and_modes, [File("src/api/x.cpp", "", executable=True)], "not on the list"),
    (rules.sizes_and_modes, [File("tests/e2e/x.sh", "")], "must be executable"),
    (rules.lengths, [cpp("src/api/x.cpp", "\n" * 601)], "601 lines; at most 600"),
    (
        rules.lengths,
        [cpp("src/api/x.cpp", "\n" + long_function("slow", 71))],
        "src/api/x.cpp:2: 71 lines; at most 70",
    ),
    (
        rules.lengths,
        [cpp("src/api/x.cpp", "\n" * 650), File(rules.RATCHET, "src/api/x.cpp 640\n")],
        "at most 640",
    ),
    (
        rules.lengths,
        [cpp("src/api/x.cpp", "\n" * 610), File(rules.RATCHET, "src/api/x.cpp 640\n")],
        "lower it to 610",
    ),
    (rules.lengths, [File(rules.RATCHET, "# why\nsrc/api/gone.cpp 640\n")], "remove it"),
    (
        rules.packages_are_documented,
        [File("packaging/debian-packages.txt", "build g++\n"), File("docs/dependencies.md", "")],
        "'build g++' of",
    ),
    (
        rules.packages_are_documented,
        [
            File("packaging/debian-packages.txt", ""),
            File("docs/dependencies.md", "| `g++` | build | x |\n"),
        ],
        "is not in",
    ),
    (
        rules.rules_name_their_tests,
        [File("docs/rules/gone.md", "\n(`Shares.Gone`)\n")],
        "docs/rules/gone.md:2: there is no test Shares.Gone",
    ),
    (
        rules.rules_name_their_tests,
        [File("docs/rules/bare.md", "# bare\n")],
        "docs/rules/bare.md: names no test",
    ),
]

FUNCTIONS = """
namespace suan {
class A {
    A(int a) : a_{a}, b_(1) {
        run([&](int x) { return x; });
    }
    int a_{0};
};
template <typename T = int>
T twice(T t) {
    if (t) {
        return t;
    }
    return t + t;
}
const Table table = {f(1), g(2)};
TEST(Jobs, start_together) {
    EXPECT_TRUE(f({1, 2}));
}
bool operator==(A, A) { return true; }
}  // namespace suan
"""


def compiled(folder, text):
    source, target = os.path.join(folder, "bad.cpp"), os.path.join(folder, "bad.o")
    with open(source, "w", encoding="utf-8") as stream:
        stream.write(text)
    subprocess.run(["g++", "-std=c++20", "-c", source, "-o", target], check=True)
    return target


def symbol_canaries(folder):
    """Each of these compiles to a call that a pure library may not make; the last one may."""
    samples = [
        (
            "#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }",
            "std::chrono::_V2::steady_clock::now",
        ),
        ("#include <cstdio>\nvoid f() { std::fopen(\"a\", \"r\"); }", "fopen"),
        ("#include <thread>\nvoid f() { std::thread([] {}).join(); }", "std::thread::join"),
        ("#include <cstdlib>\nint f() { return std::rand(); }", "rand"),
        (
            "#include <string>\nauto f(std::string s) { return std::hash<std::string>{}(s); }",
            "std::_Hash_bytes",
        ),
        ("#include <sys/socket.h>\nint f() { return socket(1, 1, 0); }", "socket"),
        ("#include <iostream>\nvoid f() { std::cout << 1; }", "std::cout"),
        ("#include <map>\nint f(std::map<int, int> m) { return m[1]; }", ""),
    ]
    for text, symbol in samples:
        problems = build_rules.banned_symbols(compiled(folder, text), "bad.o")
        found = [str(p) for p in problems if not symbol or f"calls {symbol}:" in str(p)]
        yield f"pure_symbols {symbol or 'good'}", bool(found) == bool(symbol), problems


def build_canaries(folder):
    """A build folder: a good header, one that lacks an include, and a source left out."""
    files = {
        "src/base/good.hpp": HEADER + "#include <string>\nstd::string f();\n",
        "src/base/bad.hpp": HEADER + "std::string g();\n",
        "src/base/in.cpp": "\n",
        "src/base/out.cpp": "\n",
    }
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as stream:
            stream.write(text)
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as stream:
        json.dump([{"file": os.path.join(folder, "src/base/in.cpp")}], stream)
    tree = Tree([File(path, text) for path, text in files.items()])
    tree.root = folder
    for when in ("cold", "warm"):
        problems = build_rules.headers_compile_alone(tree, folder)
        paths = [p.path for p in problems]
        yield f"headers_compile_alone {when}", paths == ["src/base/bad.hpp"], problems
    problems = build_rules.all_sources_are_built(tree, folder)
    paths = [p.path for p in problems]
    yield "all_sources_are_built", paths == ["src/base/out.cpp"], problems
    problems = build_rules.pure_symbols(tree, folder)
    yield "pure_symbols missing", len(problems) == len(build_rules.PURE_LIBRARIES), problems


def text_canaries():
    for rule in rules.RULES:
        problems = rule(Tree(GOOD))
        yield f"{rule.__name__} good", not problems, problems
        yield f"{rule.__name__} has a bad sample", any(rule is bad[0] for bad in BAD), []
    for rule, files, expected in BAD:
        problems = rule(Tree([*GOOD, *files]))
        yield f"{rule.__name__} '{expected}'", any(expected in str(p) for p in problems), problems
    found = functions(Tree([cpp("a.cpp", FUNCTIONS)]).code("a.cpp"))
    expected = [("A", 4, 3), ("twice", 9, 7), ("TEST", 17, 3), ("operator==", 20, 1)]
    yield "functions are found", found == expected, found


def run():
    """Prints what failed; the exit status is 0 only if every canary sang."""
    count, silent = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        results = [*text_canaries(), *symbol_canaries(folder), *build_canaries(folder)]
        for name, good, problems in results:
            count += 1
            if not good:
                silent += 1
                print(f"FAILED {name}; reported: {[str(p) for p in problems]}")
    print(f"{count} canaries, {silent} failed")
    return 1 if silent else 0
