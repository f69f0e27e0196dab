//! Credentials: API keys of merchants and operators.
//!
//! Invariant: a secret exists in clear only between its making and its showing. What is kept is a keyed hash that is compared
//! in constant time; the public token inside the secret finds it. Source: S0 workbench, design.md 2.

mod scope;
mod secret;

pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::{KeyKind, MalformedSecret, Secret, SecretHash, Token, secret_entropy};
