//! The harness: databases, the running application, and the people who use it.
//!
//! - [`Engine`] and [`TestDatabase`]: a database of its own for every test.
//! - [`TestApp`]: the real server on a port of its own, with a clock that the test moves.
//! - [`Merchant`], [`Operator`], [`Anonymous`]: who asks; each speaks HTTP like anybody else.
//! - [`Reply`]: what came back, with the assertions that tests are written in.

mod actor;
mod app;
mod database;
mod money;
mod reply;

pub use actor::{Anonymous, Merchant, Operator, PAYMENT, Payer, card, charge, on};
pub use app::{EPARA, OutboxEvent, TestApp};
pub use database::{Engine, TestDatabase};
pub use money::{iqd, money, usd};
pub use reply::Reply;
