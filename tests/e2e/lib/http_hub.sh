# Sourced by the scripts beside it: starts a hub on a free port in a folder of its own and ends it
# with the script. Sets $url and $folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
suan=${SUAN_PROGRAM:-$root/build/release/bin/suan}
if [ ! -x "$suan" ]; then
    echo "no $suan: build it first (./dev build)" >&2
    exit 2
fi
folder=$(mktemp -d)
"$suan" hub run --data "$folder/data" --listen 127.0.0.1:0 --port-file "$folder/port" \
    >"$folder/hub.log" 2>&1 &
hub=$!
trap 'kill $hub 2>/dev/null || true; wait $hub 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 1 300); do
    if [ -s "$folder/port" ]; then break; fi
    if ! kill -0 $hub 2>/dev/null; then
        echo "the hub ended:" >&2
        cat "$folder/hub.log" >&2
        exit 1
    fi
    sleep 0.1
done
if [ ! -s "$folder/port" ]; then
    echo "the hub did not listen within 30 seconds:" >&2
    cat "$folder/hub.log" >&2
    exit 1
fi
url=http://127.0.0.1:$(cat "$folder/port")
