#!/usr/bin/env bash
# Sends thousands of made-up requests to the REST doors and holds the answers against openapi.json. $TAHSIL_BIN says which binary.
# Where Python or the tools are not to be had it says so and passes; with CI=true it fails.
set -euo pipefail

binary="$(realpath -m "${TAHSIL_BIN:-$(dirname "$0")/../../target/debug/tahsil}")"
cd "$(dirname "$0")"

missing() {
    if [ "${CI:-}" = true ]; then
        echo "FAILED: schemathesis: $1 and CI=true" >&2
        exit 1
    fi
    echo "schemathesis: NOT RUN: $1"
    exit 0
}

command -v python3 >/dev/null || missing "there is no python3"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || missing "python3 is older than 3.10"

# The environment is kept under target/. Its stamp is written last: one that was cut short is made again.
venv="$(realpath -m "${CARGO_TARGET_DIR:-../../target}")/schemathesis"
wanted="$(python3 --version; cat requirements.txt constraints.txt)"
if [ "$(cat "$venv/.installed" 2>/dev/null)" != "$wanted" ]; then
    echo "installing the tools of the schemathesis run"
    rm -rf "$venv"
    python3 -m venv "$venv" >/dev/null || missing "python3 cannot make an environment (venv)"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt ||
        missing "the tools could not be installed"
    echo "$wanted" >"$venv/.installed"
fi
exec "$venv/bin/python" run.py "$binary"
