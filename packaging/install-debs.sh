#!/usr/bin/env bash
# install-debs.sh build|test|dev: installs the Debian packages of a group that are missing.
# Needs root or sudo only when something is missing, and asks nothing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Every group holds the ones before it.
case "${1:-}" in
build) groups=" build " ;;
test) groups=" build test " ;;
dev) groups=" build test dev " ;;
*)
    echo "usage: install-debs.sh build|test|dev" >&2
    exit 64
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "install-debs.sh: this is not Debian: install what docs/dependencies.md lists" >&2
    exit 69
fi

installed=" $(dpkg-query -W -f '${db:Status-Abbrev}:${Package} ' | tr -s ' ') "
missing=()
while read -r group package command; do
    [[ -z $group || $group == \#* || $groups != *" $group "* ]] && continue
    [[ $installed == *"ii :$package "* || $installed == *"hi :$package "* ]] && continue
    [[ -n $command ]] && command -v "$command" >/dev/null && continue
    missing+=("$package")
done <"$here/debian-packages.txt"

[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "install-debs.sh: these packages are missing: ${missing[*]}" >&2
        echo "Run this again as root, install sudo, or install them yourself." >&2
        exit 77
    fi
    as_root=(sudo)
fi
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
        -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 "$@"
}

echo "== installing ${#missing[@]} Debian packages: ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
