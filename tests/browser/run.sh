#!/usr/bin/env bash
# Walks through the hosted pages, and the example page of live events, in a real browser. $TAHSIL_BIN says which binary; `expired_intent` is built beside it.
# Without Chromium it says so and does nothing; with CI=true that is a failure.
set -euo pipefail

binary="${TAHSIL_BIN:-}"
if [ -n "$binary" ]; then binary="$(realpath "$binary")"; fi
cd "$(dirname "$0")"
export TAHSIL_BIN="${binary:-$(realpath -m ../../target/debug/tahsil)}"

export CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || echo /usr/bin/chromium)}"
if [ ! -x "$CHROMIUM" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium"
    apt-get install -y chromium >/dev/null 2>&1 || echo "chromium could not be installed" >&2
    CHROMIUM="$(command -v chromium || echo /usr/bin/chromium)"
fi
if [ ! -x "$CHROMIUM" ]; then
    if [ "${CI:-}" = true ]; then
        echo "FAILED: no Chromium at $CHROMIUM and CI=true. Install it, or set CHROMIUM." >&2
        exit 1
    fi
    echo "NOT CHECKED in a browser: no Chromium at $CHROMIUM (install it, or set CHROMIUM)" >&2
    exit 0
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "FAILED: the walk needs Node.js 20 or newer, with npm." >&2
    exit 1
fi

# Only what the lock file says, and only when it is not there yet.
stamp=node_modules/.installed
wanted="$(cat package.json package-lock.json | sha256sum)"
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    npm ci --no-audit --no-fund --no-progress --loglevel=error
    echo "$wanted" >"$stamp"
fi
node live.mjs
exec node checkout.mjs
