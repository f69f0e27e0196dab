# The commands of this project. The README names two of them: `make demo` and `make test`.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

.PHONY: demo test soak bench generate check docs

## demo: build, seed an embedded database, serve it, print what to click and paste.
demo:
	cargo run --locked -- demo

## test: everything, on SQLite always and on PostgreSQL wherever one answers; says which.
test:
	scripts/test.sh

## soak: long histories and crash series. Needs minutes, not seconds.
soak:
	cargo test --release --locked --features soak --test soak -- --nocapture --test-threads 1

## bench: sales and pages through HTTP beside the limit of the same run, on both databases.
bench:
	cargo bench --locked --bench doors

## generate: everything that is made from the code and checked in.
generate:
	cargo run --quiet --locked -- schema > schema.graphql.new && mv schema.graphql.new schema.graphql
	cargo run --quiet --locked -- config --reference > docs/configuration.md.new && mv docs/configuration.md.new docs/configuration.md

## check: format, lints, documentation; what a change must pass besides the tests.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
