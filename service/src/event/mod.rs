//! The event log: what happened, in one order that hides nothing.
//!
//! Invariant: an event is written in the transaction of its effect, and gets its place afterwards from the one sequencer, when it can be
//! seen by everybody. Places are dense and never change, so whoever has read up to a place has missed nothing before it, whatever the
//! order in which transactions commit (`docs/decisions/0013`). Who reads by places: subscriptions, `Query.events`, webhooks, exports.

mod announce;
mod example;
mod find;
mod purge;
mod read;
mod render;
pub mod resource;
mod schema;
mod sequencer;
mod write;

pub use announce::{Listener, announce};
pub use example::example;
pub(crate) use find::counters;
pub use find::{EventFilter, get_many, page, tenant};
pub use purge::purge;
pub(crate) use read::by_ids;
pub use read::{Event, Positions, after, of_tenant, positions};
pub use render::render;
pub use schema::schema;
pub use sequencer::{Numbered, Sequencer, depose, is_waiting};
pub(crate) use write::{NewEvent, write};
