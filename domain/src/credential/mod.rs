//! Credentials: API keys of merchants and operators.
//!
//! Invariant: a secret exists in clear only between its making and its showing. What is kept is a keyed hash that is compared
//! in constant time; the public token inside the secret finds it. Source: S0 workbench, design.md 2.

mod scope;
mod secret;

pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::{KeyKind, MalformedSecret, Secret, SecretHash, Token, secret_entropy};

use crate::Timestamp;
use crate::id::{CredentialId, OperatorId};
use crate::merchant::Tenant;

/// A merchant's API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Whose data it reaches, in which mode.
    pub tenant: Tenant,
    /// What people call it.
    pub name: String,
    /// The public token, as text.
    pub token: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The Ed25519 public key that its signed requests verify with, in hex.
    pub signing_public_key: String,
    /// When it was revoked; it opens nothing from then on.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Somebody who runs the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What people call it.
    pub name: String,
    /// The public token, as text.
    pub token: String,
    /// When it was revoked; it opens nothing from then on.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}
