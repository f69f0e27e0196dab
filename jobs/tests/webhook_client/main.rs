//! The client of webhooks against real listeners.
//!
//! What the client did is judged by whoever was called, or was not: a receiver counts its connections and keeps what it heard.

// `cfg(test)` is always true here; it tells clippy that what stands in these modules may do what tests may.
#[cfg(test)]
mod answers;
#[cfg(test)]
mod denied;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod reuse;
#[cfg(test)]
mod sender;
#[cfg(test)]
mod tls;
