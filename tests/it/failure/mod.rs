//! What fails around us: clients that hang up, processes that end, databases that go away, writes that are refused.

mod crash;
mod database_gone;
mod hang_up;
mod intents;
mod live_payments;
mod refused_writes;
mod request_log;
mod shutdown;
mod sweeps;
