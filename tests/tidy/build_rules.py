"""Rules about what the build makes: symbols of pure libraries, headers alone, sources compiled."""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess

from rules import includes
from source_tree import Problem

PURE_LIBRARIES = ["ledger", "sched", "core"]

# What a pure library may not call. Demangled, without the parameters. std::ios_base::Init is not
# among them: protobuf's own headers draw in <iostream>, and using a stream shows as std::cout.
SYMBOLS = re.compile(
    r"""^(
      (__)?(clock_gettime|gettimeofday|time|clock|(local|gm)time(_r)?|mktime|strftime)
    | nanosleep | usleep | sleep
    | std::chrono::.* | std::this_thread::.*
    | (f|fd)?open(at)?(64)? | creat(64)? | read | write | p(read|write)(64)?
    | f(read|write|close|flush|puts|putc) | mmap(64)? | ioctl | fcntl(64)? | stat(64)?
    | unlink(at)? | rename(at)? | mkdir(at)?
    | (__)?v?f?printf(_chk)? | puts | putchar | perror
    | socket | connect | bind | listen | accept4? | send(to|msg)? | recv(from|msg)? | poll
    | epoll_.* | select | getaddrinfo | gethostby.* | fork | vfork | exec[lv].* | posix_spawn.*
    | system | popen | kill | signal | sigaction
    | pthread_(create|mutex|rwlock|cond|once|spin|barrier|key)\w* | sem_.*
    | std::thread.* | std::condition_variable.* | std::__atomic_futex.*
    | s?rand(om)?(_r)? | [dejlmn]rand48 | getrandom | getentropy | arc4random.*
    | std::random_device.* | (secure_)?getenv | setenv | setlocale | std::locale::.*
    | std::_Hash_bytes | std::__detail::_Prime_rehash_policy.*
    | std::c(out|err|log|in) | std::__basic_file.*
    | std::basic_[io]?f(stream|ilebuf).* | std::filesystem::.*
    )$""",
    re.VERBOSE,
)


def called_symbols(archive):
    """Names that the objects need from elsewhere, demangled, without version or parameters."""
    text = subprocess.run(["nm", "-uC", archive], capture_output=True, check=True, text=True).stdout
    for line in text.splitlines():
        match = re.match(r"^\s+[Uw] (.*)$", line)
        if match:
            yield re.sub(r"(\(.*|@.*)$", "", match.group(1))


def banned_symbols(archive, path):
    names = sorted({name for name in called_symbols(archive) if SYMBOLS.match(name)})
    return [Problem(path, 0, f"calls {name}: a pure library may not") for name in names]


def pure_symbols(_tree, build):
    """The compiled pure libraries call no clock, file, socket, thread, hash or random function."""
    problems = []
    for folder in PURE_LIBRARIES:
        archive = os.path.join(build, f"libsuan_{folder}.a")
        if os.path.exists(archive):
            problems += banned_symbols(archive, f"libsuan_{folder}.a")
        else:
            problems.append(Problem(f"libsuan_{folder}.a", 0, f"is not built in {build}"))
    return problems


def all_sources_are_built(tree, build):
    """A .cpp that no target compiles is worse than none: it looks tested."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as stream:
        built = {os.path.realpath(entry["file"]) for entry in json.load(stream)}
    return [
        Problem(file.path, 0, "no target compiles it: run cmake again, or put it where one does")
        for file in tree.select(r"^src/.*\.cpp$")
        if os.path.realpath(os.path.join(tree.root, file.path)) not in built
    ]


def closure(tree, path):
    """The files under src/ that a header draws in, itself among them, and whether protobuf is."""
    seen, todo, proto = set(), [path], False
    while todo:
        current = todo.pop()
        if current in seen or current not in tree.files:
            continue
        seen.add(current)
        for _, bracket, target in includes(tree.files[current]):
            if bracket == '"':
                proto = proto or target.startswith("suan/")
                todo.append(f"src/{target}")
    return seen, proto


def header_key(tree, path, command):
    """Changes when the result of compiling the header may change."""
    seen, proto = closure(tree, path)
    names = sorted(seen)
    if proto:
        names += [file.path for file in tree.select(r"^proto/.*\.proto$")]
    digest = hashlib.sha256(shlex.join(command).encode())
    for name in names:
        digest.update(f"\0{name}\0{tree.files[name].text}".encode())
    return digest.hexdigest()


def header_command(root, build):
    compiler = os.environ.get("CXX", "g++")
    paths = [f"-I{root}/src", "-isystem", f"{build}/proto"]
    return [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", *paths, "-x", "c++", "-"]


def compile_header(command, path):
    include = f'#include "{path.removeprefix("src/")}"\n'
    done = subprocess.run(command, input=include, capture_output=True, check=False, text=True)
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    return errors[0] if errors else f"{command[0]} ended with {done.returncode}"


def headers_compile_alone(tree, build):
    """Each header includes what it needs. Results are kept by content, so a warm run is quick."""
    cache_path = os.path.join(build, "tidy_headers.json")
    command = header_command(tree.root, build)
    try:
        with open(cache_path, encoding="utf-8") as stream:
            cache = json.load(stream)
    except (OSError, ValueError):
        cache = {}
    headers = [file.path for file in tree.select(r"^src/.*\.hpp$")]
    keys = {path: header_key(tree, path, command) for path in headers}
    stale = [path for path in headers if cache.get(path) != keys[path]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = dict(zip(stale, pool.map(lambda path: compile_header(command, path), stale)))
    good = {path: keys[path] for path in headers if not errors.get(path)}
    with open(cache_path, "w", encoding="utf-8") as stream:
        json.dump(good, stream)
    return [Problem(path, 0, f"does not compile alone: {e}") for path, e in errors.items() if e]


RULES = [all_sources_are_built, pure_symbols, headers_compile_alone]
