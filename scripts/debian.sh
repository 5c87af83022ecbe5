#!/bin/sh
# Installs each Debian package that is not there yet. Told by its command, which has the package's name, or by a file:
# `sh scripts/debian.sh chromium-headless-shell 'postgresql:/usr/lib/postgresql/*/bin/postgres'`.
set -eu

fail() {
    echo "onefold: $*" >&2
    exit 1
}

for wanted in "$@"; do
    package=${wanted%%:*}
    # shellcheck disable=SC2086 # the file may be a pattern
    command -v "$package" >/dev/null || ls ${wanted#*:} >/dev/null 2>&1 || missing="${missing:-} $package"
done
[ -n "${missing:-}" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=''
elif command -v sudo >/dev/null; then
    as_root='sudo'
else
    fail "the tests need$missing: have an administrator install it (Debian: apt-get install$missing)."
fi
command -v apt-get >/dev/null || fail "the tests need$missing: install it with this system's package manager."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update --quiet=2 || echo "onefold: apt-get update failed; trying with the lists that are here." >&2
# shellcheck disable=SC2086 # one word for each package
$as_root apt-get install --yes --quiet=2 --no-install-recommends $missing ||
    fail "apt-get could not install$missing: see its message above."
