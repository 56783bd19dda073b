#!/usr/bin/env bash
# An elastic job through the real hub: it grows when another job ends and shrinks when one comes;
# `job why`, its leases, charges and bill tell the same of it. docs/rules/elastic.md
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
# Sixty virtual seconds a second, and rules that do not make a test wait.
sed -i 's/  - {prefix: v, count: 4, devices: 8}/  - {name: v1, devices: 8}/
        s/executor: sim/&\n    rules: {min_runtime: 1ms, resize_within: 1h}/' "$work/centre.yaml"
start_hub --centre "$work/centre.yaml" --sim-scale 60

says() { "$suan" job why "$1" | grep -qE -- "$2"; }
# of_job ID EXPRESSION: of what the API says of a job, as `job`.
of_job() {
    "$suan" job show "$1" --json |
        python3 -c 'import json, sys; job = json.load(sys.stdin); print(eval(sys.argv[1]))' "$2"
}

# Six devices are taken: a job of 2 to 8 tasks starts with the two that are idle.
as rival eve
expect 0 'Job 1 accepted' "$suan" job submit --pool virtual --tasks 6 \
    --sim-duration 90h --walltime 100h
until_true "job 1 runs" says 1 running
as acme bob
expect 1 "tasks_min must be at most tasks" \
    "$suan" job submit --pool virtual --tasks 2 --tasks-min 3
expect 0 'Job 2 accepted' "$suan" job submit --pool virtual --tasks 8 --tasks-min 2 \
    --sim-duration 90h --walltime 100h --checkpoint-interval 1m
until_true "job 2 runs with 2 tasks" says 2 'runs at 2 of 2 to 8 tasks'

# The other job ends: it grows at its next checkpoint.
as rival eve
expect 0 'cancelled' "$suan" job cancel 1
as acme bob
until_true "job 2 runs with 8 tasks" says 2 'runs at 8 of 2 to 8 tasks'

# A job of four comes: it shrinks to what that one leaves, and is never preempted.
as rival eve
expect 0 'Job 3 accepted' "$suan" job submit --pool virtual --tasks 4 \
    --sim-duration 90h --walltime 100h
until_true "job 3 runs" says 3 running
as acme bob
until_true "job 2 runs with 4 tasks" says 2 'runs at 4 of 2 to 8 tasks'
expect 0 'cancelled' "$suan" job cancel 2
until_true "job 2 has ended" test "$(of_job 2 'job["state"]')" = cancelled

# Its leases: each is charged for the devices that it had, at 3.6 yuan a device hour; all of them
# together are the job, and the bill.
cat >"$work/check.py" <<'PY'
import json, sys
job, charges, invoice = (json.load(open(name)) for name in sys.argv[1:])
leases = sorted(job["leases"], key=lambda lease: int(lease["id"]))
assert [lease["tasks"] for lease in leases] == [2, 8, 4], leases
assert [lease["outcome"] for lease in leases] == ["resized", "resized", "cancelled"], leases
assert [lease["attempt"] for lease in leases] == [1, 2, 3], leases
assert job.get("preemptions", 0) == 0, job
for before, after in zip(leases, leases[1:]):
    assert int(before["ended_us"]) == int(after["started_us"]), "it never waits"
for lease in leases:
    held_ms = (int(lease["ended_us"]) - int(lease["started_us"])) // 1000
    assert 0 < int(lease["milli_device_ms"]) <= lease["tasks"] * 1000 * (held_ms + 1), lease
for lease in leases:  # 0.001 yuan a device second is a micro-yuan for 1,000 milli-device ms
    charged = int(lease["charged_micro_yuan"])
    assert abs(charged - int(lease["milli_device_ms"]) / 1000) <= 1, lease
total = sum(int(lease["charged_micro_yuan"]) for lease in leases)
assert total == int(job["charged_micro_yuan"]) > 0, (total, job)
of_job = [int(c["micro_yuan"]) for c in charges["charges"] if int(c["job_id"]) == 2]
assert sum(of_job) == total, (charges, total)
assert int(invoice["total_micro_yuan"]) == total, (invoice, total)
PY
"$suan" job show 2 --json >"$work/job.json"
as operator
"$suan" charge list --org acme --json >"$work/charges.json"
expect 0 'Invoice 1 of acme closed' "$suan" invoice close --org acme
"$suan" invoice show 1 --json >"$work/invoice.json"
python3 "$work/check.py" "$work/job.json" "$work/charges.json" "$work/invoice.json"
until_true "the bill's block is closed" "$suan" invoice export 1 -o "$work/bill"
expect 0 'The bill verifies' "$suan" bill verify "$work/bill" --key "$data/keys/operator.pub.pem"

# The log decides again to the same resizes, and asking what moves would free has moved nothing.
expect 0 'fits already|would fit|no moves' \
    "$suan" pool defrag virtual --tasks 1 --devices-per-task 8
stop_hub
expect 0 'The log verifies' "$suan" log verify --data "$data"
expect 0 'reproduced bit for bit. The change changes nothing' \
    "$suan" sim whatif --log "$data/log/suan.log"
echo "an elastic job grows, shrinks and is billed for what it had"
