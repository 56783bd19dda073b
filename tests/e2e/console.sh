#!/usr/bin/env bash
# The console: its types are the hub's, its components' tests, its build, and Chromium against a
# real hub.
# timeout_s: 900
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root/web"
for program in node npm chromium; do
    command -v "$program" >/dev/null || { echo "$program is not installed"; exit 77; }
done
installed=node_modules/.package-lock.json
if [[ ! -f $installed || package-lock.json -nt $installed ]]; then
    npm ci --no-audit --no-fund --loglevel=error
fi
# A lock file that lacks a package passes where everything is installed and fails in a fresh clone.
npm ci --dry-run --no-audit --no-fund --loglevel=error >/dev/null
export CHROMIUM=${CHROMIUM:-$(command -v chromium)}
npm run --silent types -- --check
npm run --silent check
npm run --silent test
npm run --silent build
npm run --silent e2e
