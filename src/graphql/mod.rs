//! The GraphQL door.
//!
//! Invariant: a resolver reads its input, calls one use case and prints the outcome. It decides nothing, it sees no row, and what
//! went wrong leaves through `error` alone: a business "no" as `userErrors`, everything else as one of the closed codes.

mod api_request;
mod api_request_filter;
mod api_request_subscription;
mod api_version;
mod card;
mod checkout_enums;
mod connection;
mod context;
mod credential;
mod credential_input;
mod credential_mutation;
mod cursor;
mod customer;
pub mod document;
mod enums;
mod error;
mod event;
mod event_query;
mod event_subscription;
mod follow;
mod integrity;
mod intent;
mod intent_input;
mod intent_mutation;
mod intent_parts;
mod intent_query;
mod ledger;
pub mod load;
mod merchant;
mod merchant_update;
mod metadata;
mod money;
mod node;
mod operation;
mod pages;
pub mod payload;
mod payment;
mod payment_filter;
mod payment_input;
mod payment_link;
mod payment_link_mutation;
mod payment_mutation;
mod payment_query;
mod plain;
mod promo_code;
mod rate_limit;
mod reading;
pub mod reference;
mod refund;
mod schema;
mod shown;
mod time;
mod user_error;
mod viewer;
mod written;

pub use context::AnsweredBy;
pub use error::{Code, failure};
pub use follow::{Heads, Purpose, Told, Wanted, What, cursor_expired};
pub use rate_limit::{Spent, Tally};
pub use schema::{Schema, build, sdl};
pub use user_error::{UserError, UserErrorCode, user_errors};
