//! Webhooks on their way out.
//!
//! Invariant: the database says what is to be sent, and an attempt is counted there before it is made; what is in memory here can be lost at
//! any time, and costs at most that what was under way is sent again. One process sends to an endpoint at a time (`service::webhook`).
//!
//! `plan` decides who is sent to next, `batch` starts what was claimed, `send` makes an attempt, `write` writes down what came of it.

mod batch;
pub mod client;
mod lane;
mod pace;
mod plan;
mod send;
mod state;
mod write;

pub use plan::{Dispatcher, Jitter};
pub use state::DispatcherState;
