#!/usr/bin/env bash
# Runs the public GraphQL tools against a server of its own. $TAHSIL_BIN says which binary; arguments pick checks by name.
set -euo pipefail

binary="${TAHSIL_BIN:-}"
if [ -n "$binary" ]; then binary="$(realpath "$binary")"; fi
cd "$(dirname "$0")"
export TAHSIL_BIN="${binary:-$(realpath -m ../../target/debug/tahsil)}"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "FAILED: the conformance checks need Node.js 20.19 or newer, with npm." >&2
    exit 1
fi
node lib/install.mjs
exec node run.mjs "$@"
