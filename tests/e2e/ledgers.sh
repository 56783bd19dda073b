#!/usr/bin/env bash
# A tenant's ledger from the command line, as docs/guides/ledgers.md walks through it: money, rules,
# proofs, a hub that is killed, and an audit.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
start_hub --centre "$work/centre.yaml"
as operator
expect 0 'published' "$suan" price publish ledgers --ledger-transfers 1 --ledger-day 2.4

as acme ann
expect 0 'Ledger 1 .points. is open' "$suan" ledger open points
expect 1 'exists' "$suan" ledger open points
expect 0 'Account b0 is open' "$suan" ledger account open points b0
expect 0 'Account a1 is open' "$suan" ledger account open points a1 --no-overdraft
expect 0 'was open already' "$suan" ledger account open points a1 --no-overdraft
expect 1 'exists_with_different_flags' "$suan" ledger account open points a1

as acme bob
expect 0 'Transfer 1f is made: place 0 of block' \
    "$suan" ledger transfer points --from b0 --to a1 --amount 500 --id 1f
expect 0 'was made before' "$suan" ledger transfer points --from b0 --to a1 --amount 500 --id 1f
expect 0 'Credits  500 posted' "$suan" ledger balance points a1
expect 0 'transfer debit +1f +500' "$suan" ledger history points b0
expect 1 'exceeds_credits: the debit account may not be overdrawn' \
    "$suan" ledger transfer points --from a1 --to b0 --amount 501
expect 0 'is made' "$suan" ledger transfer points --from a1 --to b0 --amount 200 --hold \
    --timeout 1h --id 2a
expect 0 'is made' "$suan" ledger transfer points --post --pending 2a --amount 150
expect 0 'Debits   150 posted, 0 held' "$suan" ledger balance points a1
expect 0 'posted' "$suan" ledger find points 2a
expect 2 'exclude each other' "$suan" ledger transfer points --hold --post
expect 2 'name --from' "$suan" ledger transfer points --amount 5
expect 77 'forbidden' "$suan" ledger close points
expect 1 'there is no open ledger nope' "$suan" ledger show nope

as acme ann
echo 'debit limit 100 per day; debit require to in [#b0];' >"$work/rule"
expect 0 'contract 1 of the ledger' "$suan" ledger contract add points "$work/rule"
expect 0 'under contract 1' "$suan" ledger account contract points a1 1
expect 1 'contract_limit: a limit of an account' \
    "$suan" ledger transfer points --from a1 --to b0 --amount 101
expect 0 'debit limit 100 per day' "$suan" ledger contract list points
expect 0 'contract 1' "$suan" ledger account list points

# A proof needs no hub, only the operator's key.
expect 0 'is made' "$suan" ledger transfer points --from b0 --to a1 --amount 7 --id 77
expect 0 'is in' "$suan" ledger proof points 77 -o "$work/proof"
expect 0 'transfer 77 of 7 from b0 to a1 in ledger 1 was answered with created' \
    "$suan" ledger check-proof "$work/proof" --key "$data/keys/operator.pub.pem"
expect 0 '"verified":true' "$suan" ledger check-proof "$work/proof" --json
head -c 100 "$work/proof" >"$work/torn"
expect 1 'proof' "$suan" ledger check-proof "$work/torn"
{ head -c 230 "$work/proof"; printf 'X'; tail -c +232 "$work/proof"; } >"$work/forged"
expect 1 'does not lead|too short|signature is not' \
    "$suan" ledger check-proof "$work/forged" --key "$data/keys/operator.pub.pem"

# A batch of two transfers: head, then records of 128 bytes (docs/formats/settle-batch.md).
number() { # VALUE BYTES: little-endian
    local value=$1 i
    for ((i = 0; i < $2; i++)); do
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $((value & 255)))"
        value=$((value >> 8))
    done
}
record() { # ID
    number 9 8; number "$1" 8           # id
    number 0 8; number $((0xb0)) 8      # debit
    number 0 8; number $((0xa1)) 8      # credit
    number 0 32; number 1 8             # pending, user data, amount
    number 0 28; number 1 4; number 1 2; number 0 6
}
{ printf 'SUANTRF1'; number 0 4; number 2 4; number 1 4; number 0 12; record 1; record 2; } \
    >"$work/batches"
[[ $(stat -c %s "$work/batches") == 288 ]]
expect 0 '1 batches: 2 transfers made' "$suan" ledger batch points "$work/batches"
expect 0 '2 exists: it was made before' "$suan" ledger batch points "$work/batches"
expect 2 'ends within a batch' "$suan" ledger batch points <(head -c 200 "$work/batches")

as rival eve
expect 1 'not_found: .*there is no ledger 1' "$suan" ledger show 1
expect 1 'not_found' "$suan" ledger balance 1 a1
as operator
expect 77 'forbidden' "$suan" ledger balance 1 a1
expect 0 'points' "$suan" ledger list

# Killed before the meter has run: nothing is lost, and all of it is charged.
as acme ann
made=$("$suan" ledger show points --json | sed 's/.*"transfers":\([0-9]*\).*/\1/')
kill -KILL "$hub_pid"
wait "$hub_pid" 2>/dev/null || true
start_hub
expect 0 'Credits  509 posted' "$suan" ledger balance points a1
# Six transfers, two accounts, a contract and whom it rules.
all_metered() { "$suan" ledger show points --json | grep -q '"transfers":10,'; }
until_true "all transfers and changes are metered (they were $made before)" all_metered
expect 0 'service|ledger_transfers' "$suan" charge list --json
expect 0 'takes nothing new' "$suan" ledger close points
expect 1 'wrong_state: ledger 1 is closed' \
    "$suan" ledger transfer 1 --from b0 --to a1 --amount 1
closed() { "$suan" ledger show 1 | grep -q closed; }
until_true "the ledger is closed" closed
stop_hub

expect 0 'Tenants. ledgers: .* blocks with 6 transfers decided again' \
    "$suan" log verify --data "$data"
expect 0 'Every answer, root and digest comes out the same' \
    "$suan" ledger verify "$data/ledgers/books.journal"
# Someone rewrites the journal: the log tells.
cp "$data/ledgers/books.journal" "$work/kept"
head -c 2000 "$work/kept" >"$data/ledgers/books.journal"
expect 1 'entry [0-9]+: block [0-9]+ of the journal: it has only' "$suan" log verify --data "$data"
expect 74 'put the right file back' "$suan" hub run --data "$data" --listen 127.0.0.1:0
echo "ledgers: opened, paid, ruled, proven, killed and audited"
