#!/usr/bin/env bash
# Builds the peers of bench/quantum from copies of their sources, outside this tree, and prints the
# variables that tell the bench where they are.   build.sh QSIM_SOURCES OUT_FOLDER [QULACS_SOURCES]
# Qulacs needs Eigen (Debian: libeigen3-dev), Boost (libboost1.81-dev, as Suan) and some minutes.
set -euo pipefail
if [[ $# -lt 2 || $# -gt 3 || ! -f $1/lib/simmux.h ]]; then
    echo "usage: build.sh QSIM_SOURCES OUT_FOLDER [QULACS_SOURCES]" >&2
    exit 2
fi
sources=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
options=(-std=c++17 -O3 -march=native -fopenmp -I"$sources")
g++ "${options[@]}" "$sources/apps/qsim_base.cc" -o "$out/qsim_base"
g++ "${options[@]}" "$here/qsim_peer.cc" -o "$out/qsim_peer"
if [[ $# -eq 3 ]]; then
    qulacs=$(cd "$3" && pwd)
    # Its own build would fetch Eigen; these are its flags for g++ on x86-64.
    flags=(-std=c++17 -O3 -march=native -mfpmath=both -fopenmp -pthread -w -DEIGEN_NO_DEBUG
        -D_USE_SIMD -I"$qulacs/src" -I/usr/include/eigen3)
    mkdir -p "$out/qulacs"
    find "$qulacs/src/csim" "$qulacs/src/cppsim" -name '*.cpp' -print0 |
        xargs -0 -P "$(nproc)" -I{} bash -c \
            'g++ "${@:3}" -c "$1" -o "$2/${1//\//_}.o"' _ {} "$out/qulacs" "${flags[@]}"
    g++ "${flags[@]}" "$here/qulacs_peer.cc" "$out"/qulacs/*.o -o "$out/qulacs_peer"
    echo "export SUAN_QULACS_PEER=$out/qulacs_peer"
fi
echo "export SUAN_QSIM=$out/qsim_base SUAN_QSIM_PEER=$out/qsim_peer"
echo "export SUAN_QSIM_CIRCUITS=$sources/circuits"
