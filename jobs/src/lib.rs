//! What happens by itself: schedule, job runner, webhook dispatcher, settlement, exports.
//!
//! Invariant: a job is never needed for a right answer. Reads and commands look at the clock themselves; a job that is late changes
//! when something is written, not what anybody sees. See README.md for what is here yet.

pub mod event;
mod request_tail;
pub mod webhook;

pub use request_tail::{RequestFollower, RequestTail};
