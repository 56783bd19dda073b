#!/usr/bin/env bash
# c_api.sh PROGRAM: a key by openssl, in DER, and its point in hexadecimal digits for the program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
openssl genpkey -algorithm SM2 -outform DER -out "$folder/key.der"
point=$(openssl pkey -in "$folder/key.der" -inform DER -pubout -outform DER | tail -c 65 |
    od -An -v -tx1 | tr -d ' \n')
"$1" "$folder/key.der" "$point"
