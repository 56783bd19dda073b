#!/usr/bin/env bash
# Two witnesses follow a hub: killed, doubled, left alone by the hub; then the hub is rolled back
# and forked by starting it on copies of its folder: each has its own status, a fork its evidence.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

audit=$data/tokens/audit
operator_key=$data/keys/operator.pub.pem
declare -A witness_pid

# A hub on a folder, at the port of the first one.
start_hub_again() {
    "$suan" hub run --data "$1" --listen "127.0.0.1:$port" >>"$work/hub.log" 2>&1 &
    hub_pid=$!
    until_true "the hub on $1 is ready" curl -fsS "$SUAN_HUB/readyz"
}
start_witness() {
    "$suan" witness --token-file "$audit" --key "$work/$1.pem" --data "$work/w-$1" \
        --operator-key "$operator_key" --interval-ms 20 --snapshot-entries 5 \
        >>"$work/$1.log" 2>&1 &
    witness_pid[$1]=$!
    other_pids+=($!)
}
kill_witness() {
    kill "-$2" "${witness_pid[$1]}"
    wait "${witness_pid[$1]}" 2>/dev/null || true
}
# ended STATUS NAME: waits for a witness to end by itself.
ended() {
    local status=0
    until_true "witness $2 ends" not_there "${witness_pid[$2]}"
    wait "${witness_pid[$2]}" || status=$?
    ((status == $1)) || {
        echo "FAILED: witness $2 ended with status $status, not $1"
        tail -n 5 "$work/$2.log"
        exit 1
    }
}
# field NAME: one field of the JSON on standard input.
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
not_there() { ! kill -0 "$1"; }
fund() { "$suan" fund add "$1" --org acme >/dev/null; }
# A block over all that was done: each is closed a second after its first entry.
block_closed() {
    local head
    head=$("$suan" log head --json)
    [[ $(field last_seq <<<"$head") == $(field last_block_seq <<<"$head") ]]
}
# Both have signed the newest block of a folder.
all_signed() {
    block_closed && "$suan" log verify --data "$1" --key "$operator_key" --max-behind 0 \
        --witness one="$work/one.pem.pub" --witness two="$work/two.pem.pub"
}

write_centre
start_hub --centre "$work/centre.yaml"
port=$(cat "$work/port")
as operator
for name in one two; do
    expect 0 'public half' "$suan" witness key "$work/$name.pem"
    [[ $(stat -c %a "$work/$name.pem") == 600 ]]
done
expect 74 'exist' "$suan" witness key "$work/one.pem"
expect 2 'private key' "$suan" witness add one "$work/one.pem"
start_witness one
expect 0 'is a witness' "$suan" witness add one "$work/one.pem.pub" --title "bureau"
expect 0 'is a witness' "$suan" witness add two "$work/two.pem.pub"
expect 1 'already|exists' "$suan" witness add two "$work/two.pem.pub"
start_witness two
until_true "both witnesses sign" all_signed "$data"
expect 1 'another witness' "$suan" witness --token-file "$audit" --key "$work/one.pem" \
    --data "$work/w-one"
expect 77 '' "$suan" witness --token-file "$data/tokens/acme.ann" --key "$work/one.pem" \
    --data "$work/w-other" --once
expect 0 'one' "$suan" log blocks
echo "witness: two sign every block"

# Killed at any moment, a witness goes on where it was: no gap, nothing bad.
for round in 1 2 3 4 5 6; do
    fund "$round"
    kill_witness one KILL
    start_witness one
done
until_true "the killed witness has caught up" all_signed "$data"
report=$("$suan" log verify --data "$data" --key "$operator_key" --json)
[[ $(grep -o '"missing":0,"gaps":\[\],"bad":0' <<<"$report" | wc -l) == 2 ]] || {
    echo "FAILED: gaps or bad signatures: $report"
    exit 1
}
# A hub that goes away and comes back.
stop_hub
start_hub_again "$data"
fund 7
until_true "the witnesses found the hub again" all_signed "$data"
echo "witness: killed ones and a restarted hub leave no gap"

expect 0 'Witnessed as demanded: 2 witnesses' "$suan" log verify "$SUAN_HUB" --token-file "$audit" \
    --key "$operator_key" --min-witnesses 2
expect 6 'ghost is not registered' "$suan" log verify --data "$data" \
    --witness ghost="$work/one.pem.pub"
expect 6 'of the 3 witnesses' "$suan" log verify --data "$data" --min-witnesses 3
SUAN_TOKEN_FILE=$audit "$suan" log export "$work/early.export" >/dev/null

# Three copies of one past.
stop_hub
cp -a "$data" "$work/old"
cp -a "$data" "$work/forked"
start_hub_again "$data"
fund 8
until_true "a block more" all_signed "$data"
fund 9
until_true "two blocks more" all_signed "$data"
SUAN_TOKEN_FILE=$audit "$suan" log export "$work/true.export" >/dev/null
stop_hub

start_hub_again "$work/old"
ended 5 one
grep -q 'showed and signed blocks up to' "$work/one.log"
ended 5 two
stop_hub
echo "witness: a rollback is seen"

start_hub_again "$work/forked"
fund 80
until_true "the fork has a block" block_closed
SUAN_TOKEN_FILE=$audit "$suan" log export "$work/forked.export" >/dev/null
seq=$("$suan" log head --json | field last_seq)
curl -fsS -H "Authorization: Bearer $(cat "$audit")" "$SUAN_HUB/v1/log/receipts/$seq" |
    field receipt | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(input()))' \
    >"$work/receipt"
start_witness one
ended 3 one
evidence=$(echo "$work"/w-one/contradiction-*.evidence)
expect 0 'two histories' "$suan" log evidence "$evidence" --key "$operator_key"
expect 0 'Co-signed the first by the witness' "$suan" log evidence "$evidence"
expect 0 '"proven":"fork"' "$suan" log evidence "$evidence" --json
expect 1 "another operator's key" "$suan" log evidence "$evidence" --key "$work/one.pem.pub"
stop_hub
# For good: also when the hub shows the true log again.
start_hub_again "$data"
start_witness one
ended 3 one
start_witness two
fund 10
until_true "the other witness goes on" "$suan" log verify --data "$data" --max-behind 0 \
    --witness two="$work/two.pem.pub"
kill_witness two TERM
stop_hub
echo "witness: a fork is proven"

expect 0 'agree on all' "$suan" log compare "$work/early.export" "$work/true.export"
expect 0 'agree on all' "$suan" log compare "$work/early.export" "$work/forked.export"
expect 3 'What it proves' "$suan" log compare "$work/true.export" "$work/forked.export" \
    -o "$work/compared.evidence"
expect 0 'two histories' "$suan" log evidence "$work/compared.evidence"
expect 3 'What it proves' "$suan" log compare "$work/true.export" "$work/receipt" \
    -o "$work/receipt.evidence"
expect 0 'agree on all' "$suan" log compare "$work/forked.export" "$work/receipt"
head -c 300 "$work/receipt.evidence" >"$work/cut.evidence"
expect 1 'evidence' "$suan" log evidence "$work/cut.evidence"
echo "witness: exports and receipts are held against each other"
