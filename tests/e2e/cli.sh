#!/usr/bin/env bash
# The command line against a hub: submit, watch, explain, pay, check; and bad input.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
start_hub --centre "$work/centre.yaml"
expect 1 'another hub runs on' "$suan" hub run --data "$data" --listen 127.0.0.1:0
[[ $(stat -c %a "$data/tokens/operator") == 600 ]]
[[ $(stat -c %a "$data/keys/operator.pem") == 600 ]]

as acme bob
expect 0 'member bob of acme' "$suan" token show
expect 0 'Job 1 accepted' "$suan" job submit --pool cpu --name hello -- echo 'hello  world'
expect 0 'completed' "$suan" job wait 1 --timeout 1m
expect 0 '^hello  world$' "$suan" job logs 1
expect 0 'completed' "$suan" job show 1
expect 0 '"state":"completed"' "$suan" job show 1 --json
expect 0 'hello' "$suan" job list
expect 0 'accepted' "$suan" job submit --pool cpu --wrap 'echo out; echo err >&2; exit 3'
expect 1 'failed .exit 3' "$suan" job wait 2
expect 3 'failed' "$suan" job wait 2 --exit-code
expect 0 '^err$' "$suan" job logs 2 --stderr

cat >"$work/job.yaml" <<'YAML'
pool: cpu
name: gang
tasks: 2
argv: [sh, -c, 'echo rank $RANK of $WORLD_SIZE']
YAML
expect 0 'Job 3 accepted' "$suan" job submit "$work/job.yaml"
expect 0 'completed' "$suan" job wait 3
expect 0 'rank 1 of 2' "$suan" job logs 3 --task 1
printf 'pool: cpu\nwalltme: 1h\n' >"$work/bad.yaml"
expect 2 'line 2, column 1: unknown field "walltme"; did you mean "walltime"' \
    "$suan" job submit "$work/bad.yaml"

expect 0 'accepted' "$suan" job submit --pool cpu --held -- true
expect 0 'JobHeldUser' "$suan" job why 4
expect 75 'not ended yet' "$suan" job wait 4 --timeout 0s
expect 0 'released' "$suan" job release 4
expect 0 'completed' "$suan" job wait 4
expect 0 'accepted' "$suan" job submit --pool cpu -- sleep 600
expect 0 'cancelled' "$suan" job cancel 5 --reason test
expect 1 'cancelled' "$suan" job wait 5

# Files that a job left, and a link that leads out of its folder.
expect 0 'Job 6 accepted' "$suan" job submit --pool cpu --wrap \
    'mkdir -p out; echo result >out/a.txt; head -c 5000000 /dev/zero >big; ln -s /etc/passwd link'
expect 0 'completed' "$suan" job wait 6
expect 0 ' 7 .* out/a.txt' "$suan" job files 6
expect 0 '1 names are not offered' "$suan" job files 6
expect 0 '^result$' "$suan" job files 6 --get out/a.txt --output -
expect 0 '' "$suan" job files 6 --get big --output "$work/big"
cmp -n 5000000 "$work/big" /dev/zero && [[ $(stat -c %s "$work/big") == 5000000 ]]
expect 77 'regular file' "$suan" job files 6 --get link --output "$work/link"
expect 1 'path: must be' "$suan" job files 6 --get ../order --output "$work/link"
[[ ! -e $work/link ]]
expect 2 'output' "$suan" job files 6 --get big

# Refusals, each with its exit code.
expect 65 'never_fits' "$suan" job submit --pool cpu --tasks 100 -- true
expect 75 'budget_exceeded' "$suan" job submit --pool cpu --project poor --walltime 10h -- true
expect 2 'walltime' "$suan" job submit --pool cpu --walltime 5x -- true
expect 1 'not_found' "$suan" job show 999
expect 2 'not a job id' "$suan" job show x
expect 2 'Usage|required|argument|--help' "$suan" job show
expect 77 '' "$suan" org create another
expect 77 '' env -u SUAN_TOKEN_FILE HOME=/nonexistent "$suan" job list
expect 69 '' "$suan" job list --hub http://127.0.0.1:1
as rival eve
expect 1 'not_found' "$suan" job show 1
expect 1 'not_found' "$suan" job logs 1
expect 1 'not_found' "$suan" job files 6
expect 0 'No jobs' "$suan" job list

# The operator's side.
as operator
expect 0 'cpu' "$suan" pool list
expect 0 'draining' "$suan" node drain v3 --reason test
expect 0 'open' "$suan" node return v3
expect 0 'made' "$suan" org create third --title 'The third'
expect 0 'Token saved' "$suan" member create tom --org third --save-token "$work/tom"
expect 0 'paid in' "$suan" fund add 12.5 --org third
expect 0 'issued to third' "$suan" voucher issue 10 --org third --funder City \
    --expires 2099-01-01 --pool cpu --job-cap 2
expect 0 'City' "$suan" voucher list --org third
expect 0 'debit limit 2000000 per user_data_64;' "$suan" voucher show 1
expect 1 'not_found' "$suan" voucher show 99
expect 0 'member tom of third' env SUAN_TOKEN_FILE="$work/tom" "$suan" token show
expect 0 '12.50' "$suan" org list
expect 0 'acme/default' "$suan" charge list --org acme
expect 0 'add up to 0.00 CNY' "$suan" books show
expect 0 'Invoice 1 of acme closed' "$suan" invoice close --org acme
expect 0 'Total' "$suan" invoice show 1
until_true "the bill's block is closed" "$suan" invoice export 1 -o "$work/bill"
expect 0 'The bill verifies' "$suan" bill verify "$work/bill" --key "$data/keys/operator.pub.pem"
printf 'x' | dd of="$work/bill" bs=1 seek=200 conv=notrunc status=none
expect 1 '' "$suan" bill verify "$work/bill"

# The log, with the hub running and without it; the centre file again; a contradiction.
expect 0 'The log verifies' "$suan" log verify --data "$data"
as audit
expect 0 'written' "$suan" log export "$work/export"
expect 0 'The log verifies' "$suan" log verify "$work/export" --key "$data/keys/operator.pub.pem"
stop_hub
expect 0 'The log verifies' "$suan" log verify --data "$data"
start_hub --centre "$work/centre.yaml"
grep -q 'nothing to change' "$work/hub.log"
as acme ann
expect 0 'completed' "$suan" job show 1
expect 0 '^hello  world$' "$suan" job logs 1
stop_hub
sed -i 's/devices: 4/devices: 8/' "$work/centre.yaml"
expect 1 'centre.yaml:[0-9]+:[0-9]+: .*devices' \
    "$suan" hub run --data "$data" --listen 127.0.0.1:0 --centre "$work/centre.yaml"
echo "the command line does what docs/cli.md says"
