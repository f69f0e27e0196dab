#!/usr/bin/env bash
# Runs every test: on SQLite always, on PostgreSQL wherever one answers. With CI=true a missing PostgreSQL is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

export TAHSIL_TEST_POSTGRES_URL="${TAHSIL_TEST_POSTGRES_URL:-postgres://$(id -un)@127.0.0.1:5432/postgres}"

# With everything that the program can be built with, so that one build serves all of it.
with=(--locked --features nats)
cargo test --workspace --all-targets "${with[@]}" --no-run

if postgres=$(cargo run --quiet "${with[@]}" --example postgres_answers); then
    databases="SQLite and $postgres"
    only=()
elif [ "${CI:-}" = true ]; then
    echo "FAILED: no PostgreSQL answers and CI=true. Start one, or set TAHSIL_TEST_POSTGRES_URL." >&2
    exit 1
else
    databases="SQLite ONLY: no PostgreSQL answered (set TAHSIL_TEST_POSTGRES_URL, or start the one of compose.yaml)"
    only=(--skip Postgres)
fi

# JetStream: the place is fixed in the tests, and nobody needs it but for many nodes.
if (exec 3<>/dev/tcp/127.0.0.1/4222) 2>/dev/null; then
    databases+=", NATS"
elif [ "${CI:-}" = true ]; then
    echo "FAILED: no NATS answers on 127.0.0.1:4222 and CI=true. Start one with JetStream (compose.yaml, profile nats)." >&2
    exit 1
else
    echo "NOT CHECKED over NATS: nobody answers on 127.0.0.1:4222" >&2
    only+=(--skip over_nats)
fi

echo "== databases: $databases"
cargo test --workspace "${with[@]}" -- "${only[@]}"
echo "== conformance with the public GraphQL tools"
TAHSIL_BIN="${CARGO_TARGET_DIR:-target}/debug/tahsil" tests/conformance/run.sh
echo "== the hosted pages in a browser"
cargo build --quiet --workspace "${with[@]}" --bins --example expired_intent
TAHSIL_BIN="${CARGO_TARGET_DIR:-target}/debug/tahsil" tests/browser/run.sh
echo "== made-up requests to the REST doors"
TAHSIL_BIN="${CARGO_TARGET_DIR:-target}/debug/tahsil" tests/schemathesis/run.sh

echo "== passed on: $databases"
