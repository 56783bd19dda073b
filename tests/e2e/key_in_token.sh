#!/usr/bin/env bash
# The hub's key outside its folder: in a SoftHSM token and in a DER file. Neither the PIN nor the
# key is in any output or file of the hub.
# timeout_s: 120
set -euo pipefail
# shellcheck source=tests/e2e/lib/hub.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/hub.sh"

module=/usr/lib/softhsm/libsofthsm2.so
[[ -e $module ]] || { echo "no softhsm2 here"; exit 77; }
pin=8261-of-this-test
export SOFTHSM2_CONF=$work/softhsm.conf
mkdir "$work/token"
echo "directories.tokendir = $work/token" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label centre --so-pin 12345678 --pin "$pin" >/dev/null
openssl genpkey -algorithm SM2 -out "$work/key.pem"
openssl pkcs8 -topk8 -nocrypt -in "$work/key.pem" -outform DER -out "$work/key.der"
chmod 600 "$work/key.der"
pkcs11-tool --module "$module" --token-label centre --login --pin "$pin" --private \
    --write-object "$work/key.der" --type data --label operator >/dev/null 2>&1
(umask 077 && echo "$pin" >"$work/pin")
uri="pkcs11:token=centre;object=operator?module-path=$module&pin-source=$work/pin"

write_centre
start_hub --centre "$work/centre.yaml" --key "$uri"
[[ ! -e $data/keys/operator.pem ]]
cmp <(openssl pkey -in "$work/key.pem" -pubout) "$data/keys/operator.pub.pem"
stop_hub
expect 0 'verifies' "$suan" log verify --data "$data"

# The same key from a file; another is refused, and so is one that others may read.
start_hub --key "$work/key.der"
stop_hub
openssl genpkey -algorithm SM2 -out "$work/other.pem"
chmod 600 "$work/other.pem"
run=("$suan" hub run --data "$data" --listen 127.0.0.1:0)
expect 1 'not the key that signed' "${run[@]}" --key "$work/other.pem"
chmod 640 "$work/key.der"
expect 74 'mode 0640, expected 0600' "${run[@]}" --key "$work/key.der"

# In hexadecimal digits, base64 or as it is.
secret=$(openssl pkey -in "$work/key.pem" -text -noout | sed -n '/^priv/,/^pub/p' |
    grep '^ ' | tr -d ' :\n')
base64=$(sed -n 2p "$work/key.pem")
if grep -rqaF -e "$pin" -e "$secret" -e "$base64" "$data" "$work"/*.log; then
    echo "a secret is in the hub's files or output"
    exit 1
fi
