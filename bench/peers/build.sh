#!/usr/bin/env bash
# Builds the peers of bench/quantum from a copy of qsim's sources, outside this tree, and prints the
# variables that tell the bench where they are.   build.sh QSIM_SOURCES OUT_FOLDER
set -euo pipefail
if [[ $# -ne 2 || ! -f $1/lib/simmux.h ]]; then
    echo "usage: build.sh QSIM_SOURCES OUT_FOLDER" >&2
    exit 2
fi
sources=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
options=(-std=c++17 -O3 -march=native -fopenmp -I"$sources")
g++ "${options[@]}" "$sources/apps/qsim_base.cc" -o "$out/qsim_base"
g++ "${options[@]}" "$here/qsim_peer.cc" -o "$out/qsim_peer"
echo "export SUAN_QSIM=$out/qsim_base SUAN_QSIM_PEER=$out/qsim_peer"
echo "export SUAN_QSIM_CIRCUITS=$sources/circuits"
