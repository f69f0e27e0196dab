//! The double-entry ledger, as values.
//!
//! Invariant: a leg moves a positive amount from one account to another, so it is balanced by construction and a journal cannot
//! be otherwise. Holds are not money and do not appear. Corrections are new journals that name the one they reverse.
//! Source: `reference/reconciliation.md` 3 (decisions) and `reference/payments.md` 4.3 (accounts), without the memo pair.

mod account;
mod journal;

pub use account::{AccountKey, AccountKind, AccountType, Owner, UnknownAccountKind};
pub use journal::{Draft, JournalKind, Leg, LegCode, accounts, digest};
