# Sourced by the doors (up, test, dev): where things are, how many compilers to start, how to build.
# The caller has set `root` to the repository's folder and is in it.
# shellcheck shell=bash disable=SC2154

export NINJA_STATUS='[%f/%t, %es] '
export CTEST_OUTPUT_ON_FAILURE=1
export SUAN_SOURCE_DIR=$root

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 64
}

# One compiler a core, but no more than memory allows: the largest file here needs about 1.5 GiB.
jobs_max() {
    local cores memory_kib by_memory
    cores=$(nproc)
    memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
    by_memory=$((memory_kib / 1572864))
    ((by_memory < 1)) && by_memory=1
    echo $((cores < by_memory ? cores : by_memory))
}

# configure PRESET: once; later runs of Ninja configure again by themselves when they must.
configure() {
    local preset=$1 log=build/configure-$1.log
    [[ -f build/$preset/build.ninja ]] && return
    mkdir -p build
    say "configuring $preset"
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
}

# build PRESET [TARGET...]: configures if needed, then builds the targets, or everything.
build() {
    local preset=$1
    shift
    configure "$preset" || return
    say "building ${*:-everything} ($preset)"
    cmake --build "build/$preset" -j "$(jobs_max)" ${1:+--target "$@"}
}

# has_target PRESET TARGET: whether a configured tree knows the target. Not grep -q: it would stop
# reading early, ninja would die of the broken pipe, and under pipefail the target would not exist.
has_target() {
    ninja -C "build/$1" -t targets all 2>/dev/null | grep "^$2: phony" >/dev/null
}

# unit_targets PRESET FOLDER...: the unit test programs that exist among those folders.
unit_targets() {
    local preset=$1 folder
    shift
    for folder in "$@"; do
        if has_target "$preset" "suan_${folder}_test"; then echo "suan_${folder}_test"; fi
    done
}

# build_console: makes web/dist where node (18 or newer) and npm are; else says why not, returns 1.
build_console() {
    local built=web/dist/index.html installed=web/node_modules/.package-lock.json major
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        say "no console: node and npm are missing (apt-get install nodejs npm, then start again)"
        return 1
    fi
    major=$(node -p 'process.versions.node.split(".")[0]')
    if ((major < 18)); then
        say "no console: it needs node 18 or newer, this is $major"
        return 1
    fi
    if [[ -f $built && -z $(find web/src web/public web/scripts web/index.html \
        web/package-lock.json web/vite.config.ts -newer "$built" -print -quit) ]]; then
        return 0
    fi
    say "building the console"
    if [[ ! -f $installed || web/package-lock.json -nt $installed ]]; then
        (cd web && npm ci --no-audit --no-fund --loglevel=error) || {
            say "no console: npm could not fetch its packages"
            return 1
        }
    fi
    (cd web && node_modules/.bin/vite build --logLevel warn && node scripts/compress.mjs) || {
        say "no console: its build failed"
        return 1
    }
}

# The C++ files of the repository, new ones too.
cpp_files() {
    find . \( -path ./build -o -path ./data -o -name node_modules -o -name .git \) -prune \
        -o \( -name '*.cpp' -o -name '*.hpp' \) -printf '%P\n' | sort
}
