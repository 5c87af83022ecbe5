#!/bin/sh
# Writes the two locks anew. They are universal (one for every platform and Python) and name no index.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

compile() {
    .venv/bin/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --custom-compile-command 'make lock' "$@"
}

echo uv | compile --upgrade --output-file requirements/bootstrap.txt -
compile --upgrade --group dev --output-file requirements/all.txt pyproject.toml
