//! Crash series and long histories: minutes, not seconds. `make soak` runs them; `make test` runs a short form of each.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod history;
#[cfg(test)]
mod live;
#[cfg(test)]
mod postgres;
#[cfg(test)]
#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the harness of the integration tests, of which these need a part"
)]
mod support;
#[cfg(test)]
mod webhooks;
