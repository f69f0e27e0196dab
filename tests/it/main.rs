//! One integration binary: one link step, and one set of template databases for all tests.
//!
//! Behaviour is tested through the real door, a listening socket, on both databases. A test is named after what it shows, has an
//! actor, does one thing, and asserts at the door and in the ledger. Time is a mock clock; nothing sleeps to be right.

// `cfg(test)` is always true here; it tells clippy that helpers of tests may do what tests may.
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod checkout;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod credential;
#[cfg(test)]
mod failure;
#[cfg(test)]
mod graphql;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod live;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod rasedi;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod scope_walk;
#[cfg(test)]
mod support;
#[cfg(test)]
mod webhook;
