#!/usr/bin/env bash
# The OpenAPI document of a running hub passes a public validator (@apidevtools/swagger-parser),
# installed into a folder that is removed again.
# timeout_s: 300
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

start_hub
curl -fsS "$SUAN_HUB/openapi.json" -o "$work/openapi.json"
stop_hub
mkdir "$work/npm"
(cd "$work/npm" && npm install --silent --no-audit --no-fund --prefix . \
    @apidevtools/swagger-parser@10.1.0 >/dev/null)
cat >"$work/npm/check.js" <<'JS'
const parser = require('@apidevtools/swagger-parser');
parser.validate(process.argv[2]).then(
  (api) => console.log(`openapi ${api.openapi}: ${Object.keys(api.paths).length} paths, valid`),
  (error) => { console.error(error.message); process.exit(1); });
JS
(cd "$work/npm" && node check.js "$work/openapi.json")
