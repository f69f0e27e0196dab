#!/usr/bin/env bash
# Runs every test: on SQLite always, on PostgreSQL wherever one answers. With CI=true a missing PostgreSQL is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

export TAHSIL_TEST_POSTGRES_URL="${TAHSIL_TEST_POSTGRES_URL:-postgres://$(id -un)@127.0.0.1:5432/postgres}"

cargo test --workspace --all-targets --locked --no-run

if postgres=$(cargo run --quiet --locked --example postgres_answers); then
    databases="SQLite and $postgres"
    only=()
elif [ "${CI:-}" = true ]; then
    echo "FAILED: no PostgreSQL answers and CI=true. Start one, or set TAHSIL_TEST_POSTGRES_URL." >&2
    exit 1
else
    databases="SQLite ONLY: no PostgreSQL answered (set TAHSIL_TEST_POSTGRES_URL, or start the one of compose.yaml)"
    only=(--skip Postgres)
fi

echo "== databases: $databases"
cargo test --workspace --locked -- "${only[@]}"
echo "== conformance with the public GraphQL tools"
TAHSIL_BIN="${CARGO_TARGET_DIR:-target}/debug/tahsil" tests/conformance/run.sh
echo "== the hosted pages in a browser"
cargo build --quiet --workspace --locked --bins --example expired_intent
TAHSIL_BIN="${CARGO_TARGET_DIR:-target}/debug/tahsil" tests/browser/run.sh
echo "== made-up requests to the REST doors"
TAHSIL_BIN="${CARGO_TARGET_DIR:-target}/debug/tahsil" tests/schemathesis/run.sh

echo "== passed on: $databases"
