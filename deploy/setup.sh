#!/bin/sh
# Makes .venv from requirements.lock: every package pinned and checked by its hash.
# Needs Python 3.11 or newer and nothing else; uses uv when it is there and works, else pip.
# PYTHON=/path/to/python chooses the interpreter; BURSAR_INSTALLER=pip leaves uv alone.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
started=$(date +%s)

say() { printf '[setup] %s\n' "$*"; }

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# 3.12 and 3.11 first: every pinned package has a wheel for them on Linux, so nothing is compiled.
find_python() {
    for name in ${PYTHON:-python3.12 python3.11 python3.13 python3 python}; do
        if is_new_enough "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    cat >&2 <<'MESSAGE'
error: Bursar needs Python 3.11 or newer, and none was found on the PATH.
hint: install it (Debian and Ubuntu: apt-get install python3 python3-venv; macOS: brew install
      python@3.12), or name one: make setup PYTHON=/path/to/python3.12
MESSAGE
    exit 1
}

make_with_pip() {
    say "installing with pip (a few minutes on the first run)"
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        cat >&2 <<MESSAGE
error: $python cannot make a virtual environment: its modules venv and ensurepip are missing.
hint: Debian and Ubuntu: apt-get install python3-venv
MESSAGE
        exit 1
    fi
    "$python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes \
        --requirement requirements.lock
    "$venv/bin/python" -m pip install --disable-pip-version-check --quiet \
        --no-deps --no-build-isolation --editable .
}

make_with_uv() {
    say "installing with uv"
    uv venv --quiet --clear --python "$python" "$venv" &&
        uv pip install --python "$venv/bin/python" --require-hashes \
            --requirement requirements.lock &&
        uv pip install --quiet --python "$venv/bin/python" \
            --no-deps --no-build-isolation --editable .
}

python=$(find_python)
say "using $("$python" --version) at $python"
if [ "${BURSAR_INSTALLER:-uv}" = pip ] || ! uv --version >/dev/null 2>&1; then
    make_with_pip
elif ! make_with_uv; then
    say "uv could not do it; trying pip"
    make_with_pip
fi
"$venv/bin/python" -c 'import bursar'
say "ready in $(($(date +%s) - started)) s; commands are in $venv/bin"
