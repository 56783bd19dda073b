"""The repository as the tidy rules see it: paths, texts, modes; and C++ text without comments."""

import os
import re
import stat
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One broken rule. line is 0 where the whole file is meant."""

    path: str
    line: int
    message: str

    def __str__(self):
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class File:
    path: str  # from the repository's root, with /
    text: str  # "" for a file that is not UTF-8
    executable: bool = False
    bytes: int = 0

    def lines(self):
        return self.text.split("\n")


class Tree:
    """Files by path. `code(path)` is C++ text whose comments and literals are blanked."""

    def __init__(self, files):
        self.files = {f.path: f for f in files}
        self._code = {}

    def select(self, pattern):
        """Files whose path matches the regular expression, in the order of their paths."""
        return [f for path, f in sorted(self.files.items()) if re.search(pattern, path)]

    def code(self, path):
        if path not in self._code:
            self._code[path] = blank_comments_and_literals(self.files[path].text)
        return self._code[path]


def load(root):
    """The files that git would commit: tracked, and new ones that it does not ignore."""
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, check=False)
    if listing.returncode == 0:
        paths = [os.fsdecode(p) for p in listing.stdout.split(b"\0") if p]
    else:
        paths = list(walk(root))
    files = []
    for path in sorted(set(paths)):
        full = os.path.join(root, path)
        if os.path.islink(full) or not os.path.isfile(full):
            continue
        with open(full, "rb") as stream:
            data = stream.read()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = ""
        executable = bool(os.stat(full).st_mode & stat.S_IXUSR)
        files.append(File(path, text, executable, len(data)))
    return Tree(files)


def walk(root):
    """For a source archive, which has no git folder."""
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in ("build", "data", "node_modules", ".git")]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


TOKEN = re.compile(
    r"""//[^\n]*                                  # comment to the end of the line
      | /\*.*?\*/                                 # comment with an end
      | R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"  # raw string
      | "(?:\\.|[^"\\\n])*"                       # string
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'       # character, but not a digit separator
    """,
    re.VERBOSE | re.DOTALL,
)


def blank_comments_and_literals(text):
    """The same lines and columns, with spaces for comments and for what stands between quotes."""

    def blank(match):
        token = match.group()
        kept = re.sub(r"[^\n]", " ", token)
        if token[0] in "\"'":
            kept = token[0] + kept[1:-1] + token[-1]
        return kept

    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


CONTROL = re.compile(r"^\s*(if|for|while|switch|catch|do|else|return|try)\b")
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|concept|extern)\b")
NAME = re.compile(r"([~\w:]+|operator\s*\S+?)\s*\(")


def functions(code):
    """(name, first line, lines) of each function body, by its braces: close enough to count."""
    found = []
    stack = []  # (kind, name, start of the statement that opened it)
    parens = 0
    start = 0
    for match in re.finditer(r"[{}();]", code):
        token, at = match.group(), match.start()
        if token == "(":
            parens += 1
        elif token == ")":
            parens = max(0, parens - 1)
        elif token == ";":
            if parens == 0:
                start = at + 1
        elif token == "{":
            kind, name = kind_of_brace(code[start:at], parens, stack)
            stack.append((kind, name, start))
            if kind != "value":
                start = at + 1
        elif stack:
            kind, name, began = stack.pop()
            if kind == "function":
                head = began + len(code[began:]) - len(code[began:].lstrip())
                first = line_of(code, head)
                found.append((name, first, line_of(code, at) - first + 1))
            if kind != "value":
                start = at + 1
    return found


def kind_of_brace(statement, parens, stack):
    """What an opening brace begins: a function, a scope, a block inside a function, or a value."""
    inside = any(kind == "function" for kind, _, _ in stack)
    if parens > 0 or (stack and stack[-1][0] == "value"):
        return "value", ""
    if inside:
        return "block", ""
    # `Name(...) : member{1} {`: a brace right after a member's name is that member's value.
    if re.search(r"\)\s*(noexcept\s*)?:\s*[^;]*\w\s*$", statement):
        return "value", ""
    head = re.sub(r"template\s*<[^;{}]*?>\s*(?=\w)", "", statement)
    name = NAME.search(head)
    assigned = re.search(r"(?<![=!<>])=(?![=])", re.sub(r"operator\W+", "", head.split("(")[0]))
    if name and not assigned and not CONTROL.match(head):
        return "function", name.group(1)
    if assigned:
        return "value", ""
    return ("scope", "") if SCOPE.search(head) else ("value", "")
