//! What can be done: use cases over the stored objects. Doors and jobs both call these, and nothing else writes.
//!
//! Invariant: one public function is one command or one question. A command is one transaction, or two around a provider call;
//! it checks who asks before it looks at anything, and what it refuses leaves no trace.

pub mod api_request;
mod app;
pub mod callback_key;
pub mod card;
pub mod credential;
pub mod db;
mod error;
pub mod event;
pub mod followed;
mod idempotency;
pub mod integrity;
pub mod intent;
pub mod keys;
pub mod ledger;
pub mod merchant;
pub mod operation;
pub mod operator;
pub mod page;
pub mod payment;
pub mod payment_link;
pub mod promo_code;
pub mod provider;
pub mod random;
pub mod rasedi;
pub mod rate_limit;
pub mod refund;
pub mod webhook;

pub use app::{App, Parts};
pub use db::{Db, Txn};
pub use error::{Error, Refusal};

/// What a use case gives back.
pub type Result<T> = std::result::Result<T, Error>;
