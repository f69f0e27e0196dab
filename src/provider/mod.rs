//! The payment providers that this binary can talk to.
//!
//! Invariant: a provider is known to the floors below by its name and by the answers it gives, and by nothing else. Names stand
//! in tables and account codes, so they never change.

pub mod sandbox;

pub use sandbox::Sandbox;
