//! Payments: authorize, sell, capture, void, refund; and what becomes of them when nobody asks.
//!
//! Invariant: a money command is two short transactions around the provider call (design.md 4). The first reserves: idempotency
//! record, operation `sent`, the payment's row guarded by its version. The second settles: status, journal, events and the stored
//! answer, all or nothing. What lies between is finished by [`resolve_unknown_outcomes`], by asking and never by guessing.

mod answer;
pub(crate) mod begin;
mod capture;
mod children;
mod expire;
mod find;
mod follow_up;
pub(crate) mod intake;
pub(crate) mod refund;
mod resolve;
pub(crate) mod settle;
pub(crate) mod void;
mod whole;

pub use answer::{Answer, LedgerLine, Outcome, Run};
pub use capture::{Capture, capture};
pub use children::CHILDREN_PER_PAYMENT;
pub(crate) use children::newest_of_each;
pub use expire::expire_due;
pub use find::{Edge, Filter, OrderBy, SortKey, count, get, get_many, get_many_whole, page};
pub(crate) use follow_up::read;
pub use intake::{NewPayment, authorize, sale};
pub use refund::{NewRefund, refund};
pub use resolve::{Resolved, resolve_unknown_outcomes};
pub use void::{Void, void};
pub use whole::{Children, Operations, Refunds, Relations, Whole};
