#!/usr/bin/env bash
# `suan top` once, as JSON and live in a terminal; `suan console` makes a link that signs in once.
# timeout_s: 120
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
start_hub --centre "$work/centre.yaml"
as acme bob
"$suan" job submit --pool virtual --name mine --walltime 1h --sim-duration 1h >/dev/null
as rival eve
"$suan" job submit --pool virtual --name theirs --walltime 1h --sim-duration 1h >/dev/null

as acme bob
runs() { "$suan" top --once | grep -qE 'running +mine'; }
until_true "the job runs" runs
expect 0 'bob of acme \(member\)' "$suan" top --once
expect 0 'virtual +\[#' "$suan" top --once
expect 0 'mine +acme' "$suan" top
if "$suan" top --once | grep -q theirs; then
    echo "FAILED: another org's job is shown"
    exit 1
fi
expect 0 '"own":\[\{.*"name":"mine"' "$suan" top --json
as operator
expect 0 'theirs +rival' "$suan" top --once
expect 69 'suan hub run' "$suan" top --hub http://127.0.0.1:1 --once

# Live: it draws on the other screen, ends by `q`, and gives the terminal back.
as acme bob
python3 - "$suan" <<'PY'
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "top", "--every", "1"])
seen, end = b"", time.monotonic() + 60
def read_until(wanted):
    global seen
    while wanted not in seen:
        if time.monotonic() > end:
            sys.exit(f"FAILED: no {wanted!r} within a minute in {seen[-2000:]!r}")
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
read_until(b"mine")
assert b"\x1b[?1049h" in seen, "the other screen"
os.write(terminal, b"q")
read_until(b"\x1b[?1049l")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
assert status == 0, status
PY

link=$("$suan" console)
[[ $link == "$SUAN_HUB"/signin#code=* ]] || { echo "FAILED: no link: $link"; exit 1; }
exchange() {
    curl -sS -o "$work/answer" -w '%{http_code}' -H 'X-Suan-Console: 1' \
        -d "{\"code\":\"${link##*=}\"}" "$SUAN_HUB/v1/session"
}
if [[ $(exchange) != 201 ]]; then
    echo "FAILED: the link does not sign in"
    cat "$work/answer"
    exit 1
fi
[[ $(exchange) == 401 ]] || { echo "FAILED: the link signs in twice"; exit 1; }
stop_hub
echo "top and console: once, JSON, live, a link"
