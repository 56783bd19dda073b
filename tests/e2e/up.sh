#!/usr/bin/env bash
# The demonstration, twice on the same data.
# timeout_s: 400
set -euo pipefail
suan=${SUAN_BIN:?names the program}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$suan" up --once --data "$work/data" --listen 127.0.0.1:0 --virtual-jobs 600 >"$work/first" || {
    cat "$work/first" "$work/data/hub.log"
    exit 1
}
has() { grep -qE "$1" "$work/$2" || { echo "FAILED: no /$1/"; cat "$work/$2"; exit 1; }; }
has 'a new centre' first
has 'rank 0: the numbers from 1 to 1000000 add up to 500000500000' first
has 'rank 1 .* got the answer: thanks' first
has 'element 19: [0-9]+ primes' first
has 'all 20 elements have completed' first
has 'failed, exit code 3' first
has 'budget_exceeded' first
has 'never_fits' first
has 'suan job why' first
has 'Dependency' first
has 'Voucher 1 of City Science Bureau' first
has 'Total [0-9,.]+ CNY' first
has 'add up to 0.00 CNY' first
has 'The bill verifies' first
has 'The log verifies' first
if pgrep -f "$work/data" >/dev/null; then echo "FAILED: a hub was left running"; exit 1; fi
"$suan" up --once --data "$work/data" --listen 127.0.0.1:0 --virtual-jobs 60 >"$work/second"
has 'found the data of an earlier run' second
has 'The log verifies' second
[[ $(grep -c 'deepriver ' "$work/second") -ge 1 ]]
echo "up shows what it should"
