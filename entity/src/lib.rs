//! How it is stored: one SeaORM table a file, finders that start from a tenant, rows to domain values and back.
//!
//! Invariant: what leaves this crate as a domain value is whole and true; a row that cannot be such a value is an
//! [`Inconsistency`] that names its place. Rows of tenants are found through `Entity::of(tenant)` only. What columns mean,
//! and what the database itself refuses, stands in `migration`; joins stand where they are used, in `service`.

pub mod api_request;
pub mod api_request_position;
pub mod business_day;
pub mod callback_key;
pub mod card;
pub mod credential;
pub mod event_counter;
pub mod event_sequencer;
pub mod idempotency_record;
pub mod inconsistency;
pub mod integrity_warning;
pub mod intent;
pub mod journal;
pub mod ledger_account;
pub mod merchant;
pub mod nonce;
pub mod operation;
pub mod operator;
pub mod outbox_event;
pub mod payment;
pub mod payment_link;
pub mod promo_code;
pub mod rate_limit;
pub mod refund;
pub mod session;
pub mod signing_key;
pub mod transfer;
pub mod webhook_attempt;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod webhook_lane;
pub mod webhook_payload;

mod column;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use inconsistency::Inconsistency;
