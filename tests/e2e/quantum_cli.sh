#!/usr/bin/env bash
# suan-quantum from a shell: batches, sweeps, machines, and bad input with its exit codes.
# timeout_s: 300
set -euo pipefail
quantum=$(dirname "${SUAN_BIN:?names the program}")/suan-quantum
[[ -x $quantum ]] || { echo "no program $quantum"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# expect STATUS PATTERN ARGUMENT...: of suan-quantum.
expect() {
    local want=$1 pattern=$2 status=0 out
    shift 2
    out=$("$quantum" "$@" 2>&1) || status=$?
    if ((status != want)) || ! grep -qE -- "$pattern" <<<"$out"; then
        echo "FAILED: status $status, not $want, or no /$pattern/: $*"
        echo "$out"
        exit 1
    fi
}

head='OPENQASM 3; include "stdgates.inc";'
echo "$head qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;" >bell.qasm
echo "$head input float theta; qubit q; bit c; ry(theta) q; c = measure q;" >turn.qasm
echo "$head qubit[2] q; h q[0]; cx q[0], q[1];" >open.qasm
echo "$head qubit[2] q; bit a; bit b; h q[0]; a = measure q[0]; if (a) { x q[1]; } \
b = measure q[1];" >decide.qasm
echo 'OPENQASM 3; qubit q; nonsense q;' >bad.qasm

expect 0 '"00":(0\.5|5E-1)' run bell.qasm --probabilities --json
expect 0 '"sm3":"[0-9a-f]{64}"' run bell.qasm --json
expect 0 '"counts":\{"1":100\}' run turn.qasm --sweep theta=0:3.141592653589793:2 --shots 100 --json
expect 2 'bad.qasm:1:22' run bell.qasm bad.qasm --json
expect 0 'suan-progress \{"fraction":1' run bell.qasm turn.qasm --param theta=1 --progress
expect 0 '"branch|"counts":\{"(00|11)":[0-9]+,"(00|11)":[0-9]+\}' \
    run decide.qasm --backend line20 --noise-factor 0 --json
expect 0 '"points":\[\{"noise_factor":1' \
    run open.qasm --backend line20 --observable ZZ --mitigation readout,zne --json
expect 0 'line20 +20 qubits' backends
expect 0 '<svg' draw --backend grid72
expect 0 'passes over memory' bench --qubits 10 --threads 1
expect 0 'yuan' estimate bell.qasm --backend grid72
expect 0 'cz ' transpile bell.qasm --backend line20

for threads in 1 2 5; do
    "$quantum" run bell.qasm decide.qasm open.qasm --shots 2000 --threads "$threads" --json |
        sed 's/"timings_s":{[^}]*}//g; s/"threads":[0-9]*//g' >"with$threads"
done
cmp with1 with2
cmp with1 with5

expect 65 'over the limit' run bell.qasm --backend line20 --shots 1000000 --limit-yuan 0.01
expect 65 'qubits fit' run open.qasm --method density --memory-limit 1
expect 2 'negative' run bell.qasm --shots -5
expect 2 'at least 1' run bell.qasm --shots 0
expect 2 'negative' run bell.qasm --seed -1
expect 2 '--bond' run bell.qasm --method mps --bond 0
expect 2 '--truncation' run bell.qasm --method mps --truncation nan
expect 2 'finite' run turn.qasm --param theta=nan
expect 2 'add --backend' run open.qasm --mitigation zne
expect 2 'add --observable' run bell.qasm --backend line20 --mitigation zne
expect 2 'there are grid72, heavy136, line20' run bell.qasm --backend none
expect 2 'noise-factor' run bell.qasm --backend line20 --noise-factor nan
expect 74 'cannot read' run missing.qasm
expect 2 'Pauli' run open.qasm --observable QQ
