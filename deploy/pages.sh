#!/bin/sh
# Builds the web pages into src/bursar/interfaces/web/pages, from where the API serves them.
#   deploy/pages.sh              build; fail with the reason when it cannot
#   deploy/pages.sh --if-needed  build only what is missing or older than web/; never fail
#   deploy/pages.sh --tools      only install what the checks of web/ need
set -eu
cd "$(dirname "$0")/.."
built=src/bursar/interfaces/web/pages/manifest.json
installed=web/node_modules/.package-lock.json

say() { printf '[pages] %s\n' "$*"; }

is_current() {
    [ -f "$built" ] && [ -z "$(find web/src web/public web/scripts/publish.mjs web/next.config.ts \
        web/package-lock.json -newer "$built" -print -quit 2>/dev/null)" ]
}

install() {
    if [ ! -f "$installed" ] || [ web/package-lock.json -nt "$installed" ]; then
        say "installing what the build needs (a minute, once)"
        # Not `npm ci`: it refuses the lock when it names no package for a platform other than
        # this one. Versions and hashes of what is installed come from the lock all the same.
        npm install --no-save --prefix web --no-audit --no-fund --loglevel=error || return 1
        touch "$installed"
    fi
}

build() {
    folder=$(deploy/node.sh) || {
        say "Node 20.19 or newer was not found on the machine or in .venv"
        return 1
    }
    PATH="$folder:$PATH" NEXT_TELEMETRY_DISABLED=1
    export PATH NEXT_TELEMETRY_DISABLED
    install || return 1
    [ "${1:-}" = tools ] && return 0
    started=$(date +%s)
    npm run --silent --prefix web build >web/.build.log 2>&1 || {
        tail -n 30 web/.build.log >&2
        return 1
    }
    npm run --silent --prefix web publish || return 1
    say "built in $(($(date +%s) - started)) s"
}

case "${1:-}" in
--if-needed)
    if is_current; then exit 0; fi
    if ! build; then
        if [ -f "$built" ]; then
            say "the pages were not built anew; the ones built before are served"
        else
            say "the pages were not built: Bursar runs without them (later: make web)"
        fi
    fi
    ;;
--tools) build tools ;;
*) build ;;
esac
