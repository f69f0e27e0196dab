//! Finding operations.

mod became;
mod find;
mod of_payment;

pub use became::Became;
pub use find::{Listed, MAX_OFFSET, get_many, get_with_card, list, of_payments, page};
pub use of_payment::{currency, first};
