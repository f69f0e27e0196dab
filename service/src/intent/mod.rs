//! Intents: what is to be paid, from the merchant's order to the payer's attempts and the end.
//!
//! Invariant: an intent moves in the transaction of what moves it: its own command, or the settlement of its payment. Its row is
//! locked after the payment's and before promo codes and links, so no two commands can wait for each other.

mod cancel;
mod confirm;
mod contact;
mod create;
mod expire;
mod find;
mod follow;
mod late;
mod payer;
mod promo;
mod secret;
mod slot;
mod write;

pub use cancel::{Canceled, cancel, cancel_as_payer, cancel_under_key};
pub use confirm::{Confirm, confirm, confirm_as_payer};
pub use contact::check_contact;
pub use create::{Created, Door, NewIntent, create};
pub(crate) use create::{Origin, create_from};
pub use expire::expire_due;
pub use find::{Filter, attempts_of, count, get, get_many, page, public};
pub(crate) use follow::{follow, of};
pub use late::give_back_late_money;
pub use payer::{Payer, Shown, by_reference, by_secret, check_open, show};
pub use promo::{apply_promo_code, remove_promo_code};
pub(crate) use slot::HOLD_SLOTS;
