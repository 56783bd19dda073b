#!/usr/bin/env bash
# Builds the peers of bench/quantum from copies of their sources, outside this tree, and prints the
# variables that tell the bench where they are.   build.sh QSIM_SOURCES OUT_FOLDER [QULACS_SOURCES]
# Qulacs needs Eigen and Boost (Debian: libeigen3-dev, libboost-dev) and some minutes.
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
    cmake -S "$qulacs" -B "$out/qulacs" -DCMAKE_BUILD_TYPE=Release -DUSE_PYTHON=No -DUSE_TEST=No \
        -DUSE_GPU=No -DUSE_OMP=Yes >"$out/qulacs.log" 2>&1
    cmake --build "$out/qulacs" --target cppsim_static csim_static -j "$(nproc)" \
        >>"$out/qulacs.log" 2>&1
    mapfile -t libraries < <(find "$out/qulacs" "$qulacs/lib" -name 'libcppsim_static.a' \
        -o -name 'libcsim_static.a' 2>/dev/null | sort -u)
    g++ -std=c++17 -O3 -march=native -fopenmp -I"$qulacs/src" -I/usr/include/eigen3 \
        "$here/qulacs_peer.cc" "${libraries[@]}" "${libraries[@]}" -o "$out/qulacs_peer"
    echo "export SUAN_QULACS_PEER=$out/qulacs_peer"
fi
echo "export SUAN_QSIM=$out/qsim_base SUAN_QSIM_PEER=$out/qsim_peer"
echo "export SUAN_QSIM_CIRCUITS=$sources/circuits"
