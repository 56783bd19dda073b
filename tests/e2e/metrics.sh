#!/usr/bin/env bash
# What /metrics says to strangers, to an operator and to an org passes promtool.
# timeout_s: 120
set -euo pipefail
command -v promtool >/dev/null || {
    echo "promtool is not installed: apt-get install prometheus" >&2
    exit 2
}
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

write_centre
start_hub --centre "$work/centre.yaml"
curl -fsS "$SUAN_HUB/metrics" | promtool check metrics
for token in operator acme.ann; do
    curl -fsS -H "Authorization: Bearer $(cat "$data/tokens/$token")" "$SUAN_HUB/metrics" \
        >"$work/metrics"
    promtool check metrics <"$work/metrics"
done
grep -q '^suan_org_' "$work/metrics"
stop_hub
echo "metrics: valid"
