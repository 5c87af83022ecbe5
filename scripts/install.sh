#!/bin/sh
# Sets up .venv from the two locks; does nothing when it is already what they say.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

fail() {
    echo "onefold: $*" >&2
    exit 1
}

# Runs each candidate instead of looking it up: pyenv leaves commands on PATH that only print an error.
suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

can_make_environments() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

choose_python() {
    seen=''
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.13 python3.12 python3.11 python3
    fi
    for candidate in "$@"; do
        suitable "$candidate" || continue
        seen=$candidate
        if can_make_environments "$candidate"; then
            python=$candidate
            return
        fi
    done
    if [ -n "$seen" ]; then
        version=$("$seen" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "$seen cannot make virtual environments: install the missing part (Debian and Ubuntu:" \
            "apt-get install python3-venv, or python$version-venv), then run make again."
    fi
    if [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON is not Python 3.11 or newer: name one that is, or unset PYTHON, then run make again."
    fi
    fail "Python 3.11 or newer is needed and none was found: install it (Debian and Ubuntu:" \
        "apt-get install python3 python3-venv) or name yours with make PYTHON=/path/to/python3, then run make again."
}

# uv reads none of pip's settings: whoever reaches their index through a mirror has told pip alone.
hand_pip_settings_to_uv() {
    index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$index"
    fi
    if [ -n "${PIP_CERT:-}" ] && [ -z "${SSL_CERT_FILE:-}" ]; then
        export SSL_CERT_FILE="$PIP_CERT"
    fi
}

# A container's user may have no home to keep downloads in; pip goes on without, uv would not.
do_without_cache_if_need_be() {
    cache=${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}
    if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
        export UV_NO_CACHE=1
    fi
}

# An environment that was moved or copied still runs and imports what lies in its old place.
made_here() {
    [ ! -e .venv/.folder ] || [ "$(cat .venv/.folder)" = "$PWD" ]
}

wanted=$(cat requirements/bootstrap.txt requirements/all.txt pyproject.toml | cksum)
stamp=.venv/.installed
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && made_here; then
    exit 0
fi

unset PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_USER=0
rm -f "$stamp"
if ! made_here || ! suitable .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    choose_python
    echo "onefold: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv || fail "$python could not make the virtual environment .venv: see above."
fi
echo "$PWD" >.venv/.folder
.venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/bootstrap.txt ||
    fail "the installer could not be fetched: see pip's message above. Is a package index reachable?"
hand_pip_settings_to_uv
do_without_cache_if_need_be
uv() {
    .venv/bin/python -m uv "$@" || fail "the packages could not be installed: see uv's message above."
}
# Compiled here once: where PYTHONDONTWRITEBYTECODE is set, each of our processes would else do it again at every start.
export UV_COMPILE_BYTECODE="${UV_COMPILE_BYTECODE:-1}"
uv pip sync --python .venv/bin/python --require-hashes requirements/all.txt
uv pip install --quiet --python .venv/bin/python --no-build-isolation --no-deps --editable .
echo "$wanted" >"$stamp"
