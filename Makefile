# The commands of this project. The README names two of them: `make demo` and `make test`.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

.PHONY: demo graphiql test test-browser soak bench generate check docs

## demo: build, seed an embedded database, serve it, print what to click and paste.
demo:
	@$(MAKE) --no-print-directory graphiql || echo "Going on without GraphiQL; the rest of the demo works." >&2
	cargo run --locked -- demo

## graphiql: the files of the GraphQL editor, from npm, for the next build to embed. Does nothing when they are up to date.
graphiql: assets/graphiql/index.html

assets/graphiql/index.html: scripts/graphiql.sh scripts/graphiql/.npmrc $(wildcard scripts/graphiql/*.*)
	scripts/graphiql.sh

## test: everything, on SQLite always and on PostgreSQL wherever one answers; says which.
test:
	scripts/test.sh

## test-browser: the hosted pages and GraphiQL in a real browser, on demos of their own. Needs npm, and Chromium at $CHROMIUM or /usr/bin/chromium.
test-browser: graphiql
	cargo build --workspace --locked --bins --example expired_intent
	tests/browser/run.sh
	cd tests/browser && node graphiql.mjs

## soak: long histories and crash series. Needs minutes, not seconds.
soak:
	cargo test --release --locked --features soak,nats --test soak -- --nocapture --test-threads 1

## bench: sales and pages through HTTP beside the limit of the same run, on both databases; events to ten thousand followers.
bench:
	cargo bench --locked --bench doors
	cargo bench --locked --bench live

## generate: everything that is made from the code and checked in.
generate:
	cargo run --quiet --locked --features nats -- schema > schema.graphql.new && mv schema.graphql.new schema.graphql
	cargo run --quiet --locked --features nats -- openapi > openapi.json.new && mv openapi.json.new openapi.json
	cargo run --quiet --locked --features nats -- config --reference > docs/configuration.md.new && mv docs/configuration.md.new docs/configuration.md
	cargo run --quiet --locked --features nats -- schema --codes > docs/codes.new && scripts/splice.sh docs/api.md codes docs/codes.new && rm docs/codes.new
	rm -rf docs/events && cargo run --quiet --locked --features nats -- schema --events docs/events

## check: format, lints, documentation; what a change must pass besides the tests.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
