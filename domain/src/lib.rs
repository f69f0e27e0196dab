//! What is true: money, ids, time, state machines, fees and journals, as plain values.
//!
//! Invariant: nothing here waits, reads or writes. No async runtime, no database, no web crate; time and ids arrive as
//! arguments. Each rule can therefore be tested over its whole space, and every floor above asks the same question of the
//! same code.

pub mod actor;
pub mod api_request;
pub mod api_version;
pub mod callback_key;
pub mod card;
pub mod clock;
pub mod credential;
pub mod event;
pub mod fee;
pub mod gateways;
pub mod id;
pub mod idempotency;
pub mod intent;
pub mod language;
pub mod ledger;
pub mod limit;
pub mod merchant;
pub mod metadata;
pub mod moment;
pub mod money;
pub mod operation;
pub mod payment;
pub mod payment_link;
pub mod promo_code;
pub mod provider;
pub mod public_address;
pub mod refund;
pub mod web_url;
pub mod webhook;
pub mod word;

pub use clock::{Clock, MockClock, SystemClock, Timestamp};
pub use id::{IdGenerator, SeededIds};
pub use money::{Currency, Money};
