# Sourced by the scripts of tests/e2e: a hub of its own in a folder of its own, on a free port.
# Sets $suan, $work, $data, $SUAN_HUB; `as ORG MEMBER` chooses whose token the commands use.
# shellcheck shell=bash
suan=${SUAN_BIN:?names the program}
[[ -x $suan ]] || { echo "no program $suan"; exit 1; }
work=$(mktemp -d -p "$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/build")
data=$work/data
hub_pid=
other_pids=()  # what a script starts itself and may leave running when it fails

stop_hub() {
    [[ -n $hub_pid ]] || return 0
    kill -TERM "$hub_pid" 2>/dev/null || true
    wait "$hub_pid" || {
        echo "the hub ended with status $?"
        tail -n 20 "$work/hub.log"
        return 1
    }
    hub_pid=
}
# shellcheck disable=SC2317
clean_up() {
    local status=$?
    [[ -z $hub_pid ]] || kill -KILL "$hub_pid" 2>/dev/null || true
    ((${#other_pids[@]} == 0)) || kill -KILL "${other_pids[@]}" 2>/dev/null || true
    ((status == 0)) || { echo "--- the hub's log"; tail -n 30 "$work/hub.log" 2>/dev/null; }
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT

# until_true WHAT COMMAND...: polls until the command succeeds, for at most a minute.
until_true() {
    local what=$1 end=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { echo "FAILED: not within a minute: $what"; exit 1; }
        sleep 0.05
    done
}

# start_hub OPTION...
start_hub() {
    rm -f "$work/port"
    "$suan" hub run --data "$data" --listen 127.0.0.1:0 --port-file "$work/port" "$@" \
        >>"$work/hub.log" 2>&1 &
    hub_pid=$!
    until_true "the hub is ready" hub_answered
    export SUAN_HUB=http://127.0.0.1:$(cat "$work/port")
}
hub_answered() { [[ -s $work/port ]] || ! kill -0 "$hub_pid"; }

as() { export SUAN_TOKEN_FILE=$data/tokens/$1${2:+.$2}; }

# expect STATUS PATTERN COMMAND...: the exit status, and a pattern (grep -E) in what it says.
expect() {
    local want=$1 pattern=$2 status=0 out
    shift 2
    out=$("$@" 2>&1) || status=$?
    if ((status != want)); then
        echo "FAILED: status $status, not $want: $*"
        echo "$out"
        exit 1
    fi
    if ! grep -qE -- "$pattern" <<<"$out"; then
        echo "FAILED: no /$pattern/ in the output of: $*"
        echo "$out"
        exit 1
    fi
}

write_centre() {
    cat >"$work/centre.yaml" <<'YAML'
title: test
pools:
  - name: cpu
    executor: local
    device_type: cpu
    sharing: true
    nodes:
      - {name: this, devices: 4}
  - name: virtual
    executor: sim
    device_type: Ascend 910
    nodes:
      - {prefix: v, count: 4, devices: 8}
price_sheets:
  - name: test
    lines:
      - {pool: all, tier: reserved, yuan_per_device_hour: 4}
      - {pool: all, tier: standard, yuan_per_device_hour: 3.6}
      - {pool: all, tier: spot, yuan_per_device_hour: 1}
members:
  - {name: audit, role: auditor}
orgs:
  - name: acme
    funds: 10000
    projects: [{name: default}, {name: poor, budget: 0.01}]
    members: [{name: ann, role: admin}, {name: bob}]
  - name: rival
    funds: 10000
    projects: [{name: default}]
    members: [{name: eve, role: admin}]
YAML
}
