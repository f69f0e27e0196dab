//! The books: written by money commands, read by finance, proved by `verify`.
//!
//! Invariant: a journal is written in the transaction of the money event that it records, once, with a digest of what it said;
//! nothing ever changes or removes it. No balance is stored, so no account is a point of contention.

mod accounts;
mod balance;
mod entries;
mod post;
mod verify;

pub(crate) use accounts::Accounts;
pub use balance::{Balance, balances};
pub use entries::{Entry, entries};
pub(crate) use post::post;
pub use verify::{Integrity, MAX_PROBLEMS, Problem, verify_all, verify_tenant};
