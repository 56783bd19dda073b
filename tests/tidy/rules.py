"""Rules about the text of the repository. Each takes a Tree and gives Problems."""

import re

from source_tree import Problem, functions, line_of

# Design section 4: what a folder of src/ may include beside itself. Every folder may include base.
DIRECTION = {
    "base": "",
    "crypto": "",
    "ledger": "",
    "sched": "",
    "exec": "",
    "core": "ledger sched proto",
    "log": "crypto",
    "settle": "crypto ledger log",
    "runtime": "core crypto ledger log settle exec proto",
    "witness": "runtime core crypto log proto",
    "api": "runtime core crypto ledger log settle proto",
    "sim": "core exec runtime proto",
    "bin": "crypto ledger sched core log settle exec runtime witness api sim proto",
}

PURE = r"^src/(ledger|sched|core|settle/books)/.*(?<!_test)\.[ch]pp$|^src/base/[^/]*\.hpp$"

BANNED_HEADERS = re.compile(
    r"""^(chrono|random|thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore
      |latch|barrier|stop_token|fstream|iostream|ostream|istream|filesystem
      |ctime|time\.h|csignal|signal\.h|locale|clocale
      |cmath|math\.h|cfloat|cfenv|cstdio|stdio\.h|exception|stdexcept|system_error
      |unordered_map|unordered_set|unistd\.h|fcntl\.h|poll\.h|pthread\.h|netdb\.h|dlfcn\.h|dirent\.h
      |(sys|netinet|arpa|linux|openssl|spdlog|yaml-cpp|CLI)/.*|sqlite3\.h|zlib\.h
      |boost(?!/container/small_vector\.hpp)/.*
      |fmt/(chrono|os|ostream|std|color)\.h)$""",
    re.VERBOSE,
)

BANNED_WORDS = [
    (re.compile(r"\b(float|double)\b"), "floating point"),
    (re.compile(r"\bunordered_\w+"), "hash order"),
    (re.compile(r"\bstd::hash\b"), "hash order"),
    (re.compile(r"(?<![\w.>:])s?rand\s*\(|\bstd::s?rand\b"), "randomness"),
    (re.compile(r"\brandom_device\b|\bmt19937\w*"), "randomness"),
    (re.compile(r"\btime\s*\(\s*(NULL|nullptr|0|&\s*\w+)\s*\)|\bstd::time\b"), "a clock"),
    (re.compile(r"\b\w+_clock\b|\bclock\s*\(\s*\)"), "a clock"),
    (re.compile(r"\b(secure_)?getenv\b|\bsetenv\b"), "the environment"),
    (re.compile(r"\bthrow\b|\btry\s*\{|\bcatch\s*\("), "exceptions of ours"),
    (re.compile(r"\bthread_local\b|\bstd::(thread|jthread|async|atomic|mutex)\b"), "threads"),
    (re.compile(r"\b(fopen|f?printf|puts|fmt::print|std::c(out|err|log))\b"), "input or output"),
    (re.compile(r"\bassert\s*\("), "assert(), which vanishes: use SUAN_ASSERT"),
]

CODE = r"\.(cpp|hpp|py|sh|proto)$"
CPP = r"\.(cpp|hpp)$"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)

LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
README_LINES_MAX = 30
FILE_BYTES_MAX = 256 * 1024

RATCHET = "tests/tidy/ratchet.txt"

# Files that are run by name. Nothing else may be executable, and these must be.
EXECUTABLES = re.compile(
    r"^(up|test|dev|\.ci/run|packaging/[\w.-]+\.sh|tests/e2e/([\w-]+/)?[\w.-]+\.(sh|py)"
    r"|tests/tidy/tidy_test\.py)$"
)
MUST_RUN = re.compile(r"^(up|test|dev|\.ci/run|packaging/[\w.-]+\.sh|tests/e2e/[\w.-]+\.sh)$")


def includes(file):
    """(line, bracket, target) of each include."""
    for match in INCLUDE.finditer(file.text):
        yield line_of(file.text, match.start()), match.group(1), match.group(2)


def include_direction(tree):
    """An include goes only where design section 4 lets it, and names a file that is there."""
    problems = []
    schema = tree.select(r"^proto/suan/.*\.proto$")
    protos = {f.path.removeprefix("proto/").removesuffix("proto") + "pb.h" for f in schema}
    for file in tree.select(r"^src/[^/]+/.*\.(cpp|hpp)$"):
        folder = file.path.split("/")[1]
        if folder not in DIRECTION:
            problems.append(Problem(file.path, 0, f"src/{folder} is not in the table of folders"))
            continue
        allowed = {"base", folder, *DIRECTION[folder].split()}
        for line, bracket, target in includes(file):
            message = include_problem(tree, protos, folder, allowed, bracket, target)
            if message:
                problems.append(Problem(file.path, line, message))
    return problems


def engine_includes(tree):
    """An engine is a leaf: it includes base, and files of its own folder."""
    problems = []
    for file in tree.select(r"^engines/[^/]+/.*\.(cpp|hpp)$"):
        own = file.path.split("/")[1]
        for line, bracket, target in includes(file):
            if bracket == "<" or target.startswith("base/"):
                continue
            if not target.startswith(f"{own}/"):
                problems.append(Problem(file.path, line, f"engine {own} may not include {target}"))
    return problems


def include_problem(tree, protos, folder, allowed, bracket, target):
    if target.startswith("google/protobuf/") or (bracket == '"' and target.startswith("suan/")):
        if "proto" not in allowed:
            return f"{folder} may not include protobuf ({target})"
        if target.startswith("suan/") and target not in protos:
            return f"no proto/ file generates {target}"
        return ""
    if bracket == "<":
        ours = f"src/{target}" in tree.files
        return f"our own files are included in quotes: {target}" if ours else ""
    if f"src/{target}" not in tree.files:
        return f'"{target}" is not a file under src/ (includes are written from src/)'
    other = target.split("/")[0]
    return "" if other in allowed else f"{folder} may not include {other} ({target})"


def pure_headers(tree):
    """Pure folders include no clock, thread, random, file, socket or hash header."""
    return [
        Problem(file.path, line, f"a pure folder may not include {target}")
        for file in tree.select(PURE)
        for line, _, target in includes(file)
        if BANNED_HEADERS.match(target)
    ]


def pure_words(tree):
    """Pure folders do not speak of clocks, hash order, floating point, threads or randomness."""
    problems = []
    for file in tree.select(PURE):
        code = re.sub(r"(?m)^[ \t]*#[ \t]*include.*$", "", tree.code(file.path))
        for pattern, what in BANNED_WORDS:
            for match in pattern.finditer(code):
                line, word = line_of(code, match.start()), match.group().strip()
                problems.append(Problem(file.path, line, f"'{word}': pure code has no {what}"))
        if file.path != "src/base/money.hpp":
            for match in re.finditer(r"\b__int128\b", code):
                line = line_of(code, match.start())
                problems.append(Problem(file.path, line, "__int128: use int128 of base/money.hpp"))
    return problems


def lines_and_tabs(tree):
    """No line is wider than 100 columns; no tabs, no blanks at its end, one newline at the end."""
    problems = []
    for file in tree.select(CODE):
        lines = file.lines()
        for number, line in enumerate(lines, 1):
            # Proto files are tables of fields: their comments may stand to the right.
            # Tables and worked logs in tests are read by rows, which clang-format leaves alone.
            most = COLUMNS_MAX + 20 if file.path.endswith("_test.cpp") else COLUMNS_MAX
            wide = len(line) > most and not file.path.endswith(".proto")
            if wide and not re.search(r"https?://\S{60}", line):
                message = f"{len(line)} columns; at most {COLUMNS_MAX}"
                problems.append(Problem(file.path, number, message))
            if "\t" in line:
                problems.append(Problem(file.path, number, "a tab"))
            if line != line.rstrip():
                problems.append(Problem(file.path, number, "blanks at the end of the line"))
        if file.text and (not file.text.endswith("\n") or file.text.endswith("\n\n")):
            problems.append(Problem(file.path, len(lines), "a file ends with exactly one newline"))
    return problems


PROSE = (
    r"\.(cpp|hpp|py|sh|proto|cmake|md|yaml|yml|ts|tsx)$|^(up|test|dev)$|(^|/)CMakeLists\.txt$"
)
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def nothing_left_for_later(tree):
    """Work that is left belongs in an issue, not in a comment."""
    return [
        Problem(file.path, number, f"'{match.group()}': finish it, or open an issue")
        for file in tree.select(PROSE)
        for number, line in enumerate(file.lines(), 1)
        if (match := LATER.search(line))
    ]


def headers_are_headers(tree):
    """Every header has #pragma once and opens no namespace for its reader."""
    problems = []
    for file in tree.select(r"\.hpp$"):
        code = tree.code(file.path)
        if not re.search(r"^#pragma once$", code, re.MULTILINE):
            problems.append(Problem(file.path, 1, "no #pragma once"))
        for match in re.finditer(r"\busing\s+namespace\b", code):
            line = line_of(code, match.start())
            problems.append(Problem(file.path, line, "using namespace in a header"))
    return problems


TEST_BANS = [
    (re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b"), "a test waits for a condition"),
    (re.compile(r"(?<![\w.>])sleep\s*\("), "a test waits for a condition"),
    (re.compile(r"\bport\w*\s*[={(]\s*[1-9][0-9]{3,4}\b"), "a test asks for port 0"),
    (re.compile(r"\b(system|high_resolution)_clock\b"), "a test does not read the wall clock"),
]


def tests_do_not_wait(tree):
    """No sleeps, fixed ports or wall clocks in unit tests."""
    problems = []
    for file in tree.select(r"_test\.cpp$"):
        code = tree.code(file.path)
        for pattern, why in TEST_BANS:
            for match in pattern.finditer(code):
                line = line_of(code, match.start())
                problems.append(Problem(file.path, line, f"'{match.group()}': {why}"))
    return problems


def readmes(tree):
    """Every folder of src/ says in at most 30 lines what it is for."""
    problems = []
    folders = {f.path.split("/")[1] for f in tree.select(r"^src/[^/]+/.*\.(cpp|hpp)$")}
    for folder in sorted(folders):
        path = f"src/{folder}/README.md"
        if path not in tree.files:
            problems.append(Problem(path, 0, "missing"))
        elif (lines := tree.files[path].text.count("\n")) > README_LINES_MAX:
            problems.append(Problem(path, 0, f"{lines} lines; at most {README_LINES_MAX}"))
    return problems


def sizes_and_modes(tree):
    """No file is large, and only programs are executable."""
    problems = []
    for path, file in sorted(tree.files.items()):
        if file.bytes > FILE_BYTES_MAX and not path.endswith("package-lock.json"):
            problems.append(Problem(path, 0, f"{file.bytes} bytes; at most {FILE_BYTES_MAX}"))
        if file.executable and not EXECUTABLES.match(path):
            problems.append(Problem(path, 0, "executable, but not on the list of programs"))
        if not file.executable and MUST_RUN.match(path):
            problems.append(Problem(path, 0, "must be executable, or nothing runs it"))
    return problems


def lengths(tree):
    """Files and functions keep to a length; the exceptions in ratchet.txt may only shrink."""
    actual = {}
    for file in tree.select(CODE):
        actual[file.path] = (file.text.count("\n"), LINES_MAX, 0)
    for file in tree.select(CPP):
        for name, line, lines in functions(tree.code(file.path)):
            key = f"{file.path}:{name}"
            if lines > actual.get(key, (0,))[0]:
                actual[key] = (lines, FUNCTION_LINES_MAX, line)
    problems = []
    ratchet = read_ratchet(tree)
    for key, (lines, limit, line) in sorted(actual.items()):
        path = key.split(":")[0]
        most = ratchet.get(key, limit)
        if lines > most:
            problems.append(Problem(path, line, f"{lines} lines; at most {most}: split it ({key})"))
    for key, most in ratchet.items():
        lines, limit, _ = actual.get(key, (0, 0, 0))
        if lines < most:
            now = f"lower it to {lines}" if lines > limit else "remove it"
            problems.append(Problem(RATCHET, 0, f"{key} {most} can shrink: {now}"))
    return problems


def read_ratchet(tree):
    """KEY LINES a line; KEY is a path, or path:function."""
    ratchet = {}
    if RATCHET in tree.files:
        for line in tree.files[RATCHET].lines():
            if line and not line.startswith("#"):
                key, most = line.rsplit(" ", 1)
                ratchet[key] = int(most)
    return ratchet


def packages_are_documented(tree):
    """docs/dependencies.md lists the packages that the doors install, and no others."""
    listed, documented = "packaging/debian-packages.txt", "docs/dependencies.md"
    if listed not in tree.files or documented not in tree.files:
        return []
    lines = [line.split() for line in tree.files[listed].lines() if line and line[0] != "#"]
    packages = {f"{words[0]} {words[1]}" for words in lines}
    table = re.findall(r"(?m)^\| `([\w.+-]+)` \| (build|test|dev) \|", tree.files[documented].text)
    rows = {f"{group} {package}" for package, group in table}
    messages = [f"'{p}' of {listed} is not in the table" for p in sorted(packages - rows)]
    messages += [f"'{p}' is not in {listed}" for p in sorted(rows - packages)]
    return [Problem(documented, 0, message) for message in messages]


EXAMPLE = re.compile(r"`([A-Z]\w*)\.(\w+)`")
TEST_NAME = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")


def rules_name_their_tests(tree):
    """Every page of docs/rules/ names a test that executes its example, and it exists."""
    tests = set()
    for file in tree.select(r"^(src|bench|tests)/.*_test\.cpp$"):
        tests.update(TEST_NAME.findall(file.text))
    problems = []
    for file in tree.select(r"^docs/rules/(?!README).*\.md$"):
        named = list(EXAMPLE.finditer(file.text))
        if not named:
            problems.append(Problem(file.path, 0, "names no test that executes its example"))
        for match in named:
            if match.groups() not in tests:
                line = line_of(file.text, match.start())
                problems.append(Problem(file.path, line, f"there is no test {match.group()[1:-1]}"))
    return problems


RULES = [
    include_direction,
    engine_includes,
    pure_headers,
    pure_words,
    lines_and_tabs,
    nothing_left_for_later,
    headers_are_headers,
    tests_do_not_wait,
    readmes,
    sizes_and_modes,
    lengths,
    packages_are_documented,
    rules_name_their_tests,
]
