#!/usr/bin/env bash
# Apps against a hub: forms listed and refused, and circuits run as one job of the quantum engine.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

[[ -x $(dirname "$suan")/suan-quantum ]] || { echo "no suan-quantum beside $suan"; exit 1; }
write_centre
sed -i 's/name: virtual/name: quantum/; s/executor: sim/executor: local/; s/Ascend 910/cpu/' \
    "$work/centre.yaml"
start_hub --centre "$work/centre.yaml"

as acme bob
expect 0 'quantum-run +quantum +quantum +Run quantum circuits' "$suan" app list
expect 0 'train-plan' "$suan" app list
expect 0 'shots +integer, from 1' "$suan" app show quantum-run
expect 0 '"zh":"量子线路运行"' "$suan" app show quantum-run --json
expect 1 'not_found' "$suan" app show none
expect 2 'parameter program is required' "$suan" app submit quantum-run
expect 2 'did you mean "shots"' "$suan" app submit quantum-run --param shot=3
expect 2 'whole number from 1' \
    "$suan" app submit quantum-run --param program=/dev/null --param shots=0
expect 2 'one of line20, grid72, heavy136' \
    "$suan" app submit quantum-run --param program=/dev/null --param backend=/etc/passwd

# A task of many circuits; every one's result, in order, and the progress that the hub has seen.
mkdir "$work/circuits"
for n in 1 2 3 4 5 6; do
    printf 'include "qelib1.inc"; qreg q[%d]; creg c[%d]; x q; measure q -> c;\n' "$n" "$n" \
        >"$work/circuits/ones$n.qasm"
done
expect 0 'Job 1 accepted' \
    "$suan" app submit quantum-run --param program="$work/circuits" --param shots=50 --wait
seen=$("$suan" job logs 1 | grep -o '"counts":{"1*":50}' | tr -dc '\n1' | xargs)
[[ $seen == '1 11 111 1111 11111 111111' ]] || { echo "FAILED: counts of job 1: $seen"; exit 1; }
expect 0 '"progress_permille":1000' "$suan" job show 1 --json
result=$(find "$data/jobs" -name result.json)
expect 0 'ones6.qasm' cat "$result"
expect 0 '<svg' cat "$(dirname "$result")/histogram.svg"

# A machine with its noise, and text that a shell would take to pieces.
bell="$work/bell's \$(x).qasm"
printf 'OPENQASM 3; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0], q[1];\n' >"$bell"
expect 0 'Job 2 accepted' "$suan" app submit quantum-run --param program="$bell" \
    --param backend=line20 --param observable='0.5*XX + ZZ' --param mitigation=readout,zne --wait
expect 0 '"observable":"0.5\*XX \+ ZZ"' "$suan" job logs 2
expect 1 'Job 3 accepted' "$suan" app submit quantum-run --param program="$bell" \
    --param observable='-Z; touch /tmp/no' --wait
expect 0 'Pauli' "$suan" job logs 3 --stderr
expect 0 'Job 4 accepted' "$suan" app submit quantum-run \
    --param program="$work/circuits/ones2.qasm" \
    --param backend=line20 --param shots=1000000 --param limit_yuan=0.01
expect 65 'failed' "$suan" job wait 4 --exit-code
expect 0 'over the limit' "$suan" job logs 4 --stderr

# A dry run shows the job and submits nothing.
expect 0 '"argv":\["suan-train","plan","--json","--model=llama3-70b"' \
    "$suan" app submit train-plan --dry-run
expect 1 'not_found' "$suan" job show 5

# Broken and foreign files of a folder of apps are named in the log and left out.
stop_hub
mkdir "$work/apps"
printf 'name: x\nprogram: y\ncommand: [z]\n' >"$work/apps/bad.yaml"
cp apps/train.yaml "$work/apps/"
start_hub --centre "$work/centre.yaml" --apps "$work/apps"
expect 0 'train-plan' "$suan" app list
expect 1 'not_found' "$suan" app show x
expect 0 'bad.yaml: line 3' cat "$work/hub.log"
stop_hub
