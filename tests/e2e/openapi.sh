#!/bin/bash
# The OpenAPI document of a running hub passes a public validator (@apidevtools/swagger-parser),
# installed into a folder that is removed again.
source "$(dirname "$0")/lib/http_hub.sh"
curl -fsS "$url/openapi.json" -o "$folder/openapi.json"
mkdir "$folder/npm"
(cd "$folder/npm" && npm install --silent --no-audit --no-fund --prefix . \
    @apidevtools/swagger-parser@10.1.0 >/dev/null)
cat >"$folder/npm/check.js" <<'JS'
const parser = require('@apidevtools/swagger-parser');
parser.validate(process.argv[2]).then(
  (api) => console.log(`openapi ${api.openapi}: ${Object.keys(api.paths).length} paths, valid`),
  (error) => { console.error(error.message); process.exit(1); });
JS
(cd "$folder/npm" && node check.js "$folder/openapi.json")
