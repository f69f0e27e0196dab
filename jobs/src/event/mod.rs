//! Events on their way from the log to whoever follows them.
//!
//! Invariant: the database is the truth. One node gives places (`sequence`), a bus says how far it has come, and each node reads the log
//! once for all who follow it there (`feed`). Whatever the bus loses or tells twice, a follower gets each event once and in order.

mod bus;
mod feed;
mod follower;
mod in_process;
#[cfg(feature = "nats")]
mod nats;
mod postgres;
mod sequence;

pub use bus::EventBus;
pub use feed::{Feed, FeedState};
pub use follower::{Follower, LostPlace};
pub use in_process::InProcess;
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsError};
pub use postgres::Postgres;
pub use sequence::{SequencerState, sequence};
