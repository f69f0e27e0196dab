//! Webhooks: endpoints, what they are told, and the log of telling them.
//!
//! Invariant: a delivery is written in the transaction of the event that it tells, so none is ever without the other; from then on it is
//! tried until it was taken or its time is over, whatever dies meanwhile. Who sends is in `jobs`; what is decided is here and in `domain`.

mod again;
mod attempt;
mod body;
mod callback;
mod claim;
mod due;
mod endpoint;
mod fan_out;
mod find;
mod lane;
mod purge;
mod record;
mod signer;

pub use again::{replay, test};
pub use attempt::{Outcome, Tried};
pub use body::{Bodies, StoredBody, bodies};
pub use callback::status as callback_status;
pub use claim::{Claimed, Wanted, claim};
pub use due::{Due, News};
pub use endpoint::{
    Created, EndpointChange, NewConfig, NewEndpoint, Overlap, Revealed, SecretChange, config, create, delete,
    get, get_many, list, remove_config, reveal, rotate, set_config, update,
};
pub(crate) use fan_out::{Told, fan_out};
pub use find::{
    AttemptFilter, DeliveryFilter, DeliveryList, attempts, attempts_by_id, attempts_of, deliveries,
    deliveries_by_id, deliveries_by_offset,
};
pub use lane::{Agenda, LEASE, Lane, NodeId, acquire, agenda, release, renew};
pub(crate) use purge::keep_bodies;
pub use purge::{Forgotten, purge};
pub use record::{Recorded, record};
pub use signer::Signer;
