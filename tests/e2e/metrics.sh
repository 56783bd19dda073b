#!/bin/bash
# What /metrics says without a token, and with a token where SUAN_TOKEN has one, passes promtool.
source "$(dirname "$0")/lib/http_hub.sh"
if ! command -v promtool >/dev/null; then
    echo "promtool is not installed: apt-get install prometheus" >&2
    exit 2
fi
curl -fsS "$url/metrics" | promtool check metrics
if [ -n "${SUAN_TOKEN:-}" ]; then
    curl -fsS -H "Authorization: Bearer $SUAN_TOKEN" "$url/metrics" | promtool check metrics
fi
echo "metrics: valid"
