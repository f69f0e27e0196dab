//! The request log: evidence of who asked what, and what came of it.
//!
//! Invariant: it never holds up a request and never fails one. Doors note requests in memory; one task per node writes them, many at
//! once. What there is no room for is counted, and what was denied or changed something is kept before plain questions.

mod find;
mod follow;
mod log;
mod purge;
mod queue;
mod statements;
mod writer;

pub use find::{Filter, PathFilter, StatusFilter, get, get_many, page};
pub use follow::{Logged, Look, Positions, after, positions, tenant};
pub use log::{Counts, RequestLog};
pub use purge::purge;
