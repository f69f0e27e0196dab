//! Credentials: making, showing once, checking, changing and revoking API keys.
//!
//! Invariant: a secret is compared by keyed hash in constant time, and every reason to refuse it looks the same to the caller.

mod authenticate;
mod change;
mod create;
mod find;
mod key_pair;
mod known;
mod manager;
mod purge;
mod rotate;
pub mod session;
mod standing;

pub use authenticate::{
    Admitted, Csrf, Denied, Legacy, MAX_DRIFT, Presented, authenticate, naming, opened_before, token_is_known,
};
pub use change::{Change, revoke, update, upgrade};
pub use create::{IssuedCredential, NewCredential, create};
pub use find::{Filter, all, get_many, own, page, signing_keys};
pub use key_pair::{IssuedSigningKey, NewSigningKey, PrivateKey};
pub(crate) use known::KnownKeys;
pub use manager::Manager;
pub use purge::purge;
pub use rotate::{Rotate, Rotated, rotate};
pub use session::csrf_token;
pub use standing::{Standing, changes};

use crate::event::{self, NewEvent};
use crate::{App, Error, Result, Txn, random};
use domain::credential::{Credential, KeyKind, Secret, SecurityAction, secret_entropy};
use domain::event::EventType;
use domain::id::CredentialId;
use entity::credential as table;
use sea_orm::{EntityTrait, QuerySelect};
use zeroize::Zeroizing;

/// A new key with its secret, which nobody can show again.
#[derive(Debug)]
pub struct Issued<K> {
    /// The key as it is kept.
    pub key: K,
    /// The secret.
    pub secret: Secret,
}

/// Makes a secret.
pub(crate) fn issue(kind: KeyKind) -> Result<Secret> {
    with_entropy(|entropy| Secret::issue(kind, entropy).ok())
}

/// Makes another secret behind the same token.
fn reissue(token: &str) -> Result<Secret> {
    with_entropy(|entropy| Secret::reissue(token, entropy).ok())
}

fn with_entropy(make: impl Fn(&[u8]) -> Option<Secret>) -> Result<Secret> {
    let mut entropy = Zeroizing::new(vec![0; secret_entropy()]);
    // One draw gives enough characters all but never not; four in a row failing would mean broken randomness.
    for _ in 0..4 {
        random::fill(&mut entropy);
        if let Some(secret) = make(&entropy) {
            return Ok(secret);
        }
    }
    Err(Error::Unavailable(
        "the operating system's randomness looks broken",
    ))
}

/// Tells the world what was done with a credential last. What is told is the credential as it is kept, which holds no secret.
async fn tell(app: &App, txn: &Txn, credential: &Credential) -> Result<()> {
    let event_type = match credential.last_action.action {
        SecurityAction::Created => EventType::CredentialCreated,
        SecurityAction::Updated | SecurityAction::ApiVersionUpgraded => EventType::CredentialUpdated,
        SecurityAction::Rotated | SecurityAction::SigningKeyRotated => EventType::CredentialRotated,
        SecurityAction::Revoked => EventType::CredentialRevoked,
    };
    let told = NewEvent::about(event_type, credential.id, credential)?;
    event::write(app, txn, credential.tenant, vec![told], credential.last_action.at).await
}

/// A credential that nobody else changes until the transaction ends.
async fn locked(txn: &Txn, id: CredentialId) -> Result<(Credential, table::Model)> {
    let row = table::Entity::find_by_id(id.to_string())
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound("credential"))?;
    Ok((row.clone().try_into()?, row))
}
