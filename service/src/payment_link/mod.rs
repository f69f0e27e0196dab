//! Payment links: reusable templates that make intents.

mod create;
mod find;
mod open;

pub use create::{Made, NewPaymentLink, create, deactivate};
pub use find::{count, get, get_many, page};
pub use open::{begin, open};
