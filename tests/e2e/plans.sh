#!/usr/bin/env bash
# Why a job waits and what helps, quotes, versions of the rules, and the hub's own log under others.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
start_hub --centre "$work/centre.yaml"
virtual=(--pool virtual -t 1h --sim-duration 10m --wrap true)

# Three of four nodes are in use; a gang of two waits, and is told what would let it start.
as rival eve
expect 0 'Job 1 accepted' "$suan" job submit "${virtual[@]}" -n 3 -d 8
as acme bob
until_true "job 1 runs" "$suan" job submit --pool virtual -t 1h --sim-duration 1ms -n 1 -d 1 \
    --wait --wrap true
expect 0 'accepted' "$suan" job submit "${virtual[@]}" -n 2 -d 8 -J gang
gang=$("$suan" job list --name gang --json | grep -o '"id":[0-9]*' | head -1 | tr -dc '0-9')
waits() { "$suan" job why "$gang" | grep -q 'Resources'; }
until_true "the gang waits" waits
expect 0 'needs 16 devices as 2 tasks of 8; of its tasks 1 fit now' "$suan" job why "$gang"
expect 0 '1 tasks instead of 2: starts now' "$suan" job why "$gang"
expect 0 '"kind":"tasks"' "$suan" job why "$gang" --json
expect 0 '' "$suan" job hold "$gang"
expect 0 'release it: ' "$suan" job why "$gang"
expect 0 '' "$suan" job release "$gang"
held_once() { "$suan" job why "$gang" | grep -q 'JobHeldUser for'; }
until_true "the history knows that it was held" held_once
as rival eve
expect 1 'not_found' "$suan" job why "$gang"

# What it would cost and when; a promise only where the rules give one.
as acme bob
expect 0 'Costs ' "$suan" quote "${virtual[@]}" -n 2 -d 8
expect 1 'quote_compensation_permille' "$suan" quote "${virtual[@]}" -n 1 -d 8 --binding
cat >"$work/rules.yaml" <<'YAML'
version: t1
pools:
  - name: virtual
    rules: {quote_compensation_permille: 100, expected_permille: 500, ends: expected}
shares:
  - {org: acme, pool: virtual, deserved: 8}
YAML
sed 's/deserved: 8/deserved: 800/; s/t1/t2/' "$work/rules.yaml" >"$work/wide.yaml"
sed 's/ends: expected/ends: never/' "$work/rules.yaml" >"$work/wrong.yaml"
expect 0 'is right' "$suan" rules check "$work/rules.yaml" --centre "$work/centre.yaml"
expect 1 'wrong.yaml:4:.*ends' "$suan" rules check "$work/wrong.yaml"
expect 1 'wide.yaml:6:' "$suan" rules check "$work/wide.yaml" --centre "$work/centre.yaml"
expect 77 '' "$suan" rules apply "$work/rules.yaml"
as operator
expect 1 'wide.yaml:6:.*deserved_milli' "$suan" rules apply "$work/wide.yaml"
expect 0 'is in force' "$suan" rules apply "$work/rules.yaml"
expect 0 't1 +in_force' "$suan" rules list
expect 1 'already' "$suan" rules apply "$work/rules.yaml"
as acme bob
promised() { "$suan" quote "${virtual[@]}" -n 1 -d 8 --binding | grep -q 'job submit --quote 1'; }
until_true "a promise is made" promised
expect 0 'accepted' "$suan" job submit "${virtual[@]}" -n 1 -d 8 --quote 1
expect 1 'quote_id' "$suan" job submit "${virtual[@]}" -n 1 -d 8 --quote 1
expect 0 'Scored' "$suan" stats forecast
as operator
expect 0 'suan_forecast_' curl -sS -H "Authorization: Bearer $(cat "$SUAN_TOKEN_FILE")" \
    "$SUAN_HUB/metrics"

# The log of this hub, under its own rules and under others.
stop_hub
expect 0 'reproduced bit for bit. The change changes nothing' \
    "$suan" sim whatif --log "$data/log/suan.log"
cat >"$work/change.yaml" <<'YAML'
version: more
pools:
  - {name: virtual, nodes: 8}
YAML
expect 0 'Both sides differ from entry' \
    "$suan" sim whatif --log "$data/log/suan.log" --change "$work/change.yaml"
expect 0 'devices +36 +68' \
    "$suan" sim whatif --log "$data/log/suan.log" --change "$work/change.yaml"
expect 0 '"scale"|"after"' "$suan" sim whatif --log "$data/log/suan.log" --scale 2 --json
sed -i 's/virtual/nowhere/' "$work/change.yaml"
expect 1 'change.yaml:3:.*no pool nowhere' \
    "$suan" sim whatif --log "$data/log/suan.log" --change "$work/change.yaml"
echo "ok"
