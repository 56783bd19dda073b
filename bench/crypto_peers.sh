#!/usr/bin/env bash
# crypto_peers.sh FOLDER CRYPTO_MB_SOURCE GMSSL_SOURCE: builds Intel's crypto_mb (the folder
# sources/ippcp/crypto_mb of its repository) and GmSSL from checkouts that the caller has, and puts
# libcrypto_mb.so and libgmssl.so into FOLDER, for `./dev bench crypto --peer-dir FOLDER`. It takes
# some minutes. Nothing is fetched, and nothing of it is part of Suan.
set -euo pipefail
folder=${1:?a folder for the libraries}
mb=${2:?the folder sources/ippcp/crypto_mb of a checkout}
gmssl=${3:?a checkout of GmSSL}
mkdir -p "$folder"
cmake -S "$mb" -B "$folder/mb" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc >/dev/null
cmake --build "$folder/mb" -j "$(nproc)" >/dev/null
cmake -S "$gmssl" -B "$folder/gm" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$folder/gm" -j "$(nproc)" --target gmssl >/dev/null
find "$folder/mb" -name 'libcrypto_mb.so*' -type f -exec cp {} "$folder/libcrypto_mb.so" \;
find "$folder/gm" -name 'libgmssl.so*' -type f -exec cp {} "$folder/libgmssl.so" \;
ls -l "$folder"/*.so
