//! Give a credential new keys while the old ones go on for a while.
//!
//! Invariant: at any time two secrets at most open a credential. A second rotation during the first is refused, because whoever has
//! not learnt of the first would be cut off; an overlap of nothing is for emergencies and ends the old secrets and every session at
//! once.

use super::change::{end_keys, save};
use super::key_pair::{self, IssuedSigningKey, NewSigningKey};
use super::manager::Manager;
use super::{locked, reissue, session, tell};
use crate::{App, Result, Txn};
use chrono::Duration;
use domain::credential::{
    Credential, CredentialRefusal, LastAction, MAX_OVERLAP, Secret, SecurityAction, SessionHolder,
};
use domain::id::CredentialId;
use entity::{credential as table, signing_key};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

/// What to rotate.
#[derive(Clone, Debug)]
pub struct Rotate {
    /// Whose.
    pub id: CredentialId,
    /// Whether it gets a new secret.
    pub secret: bool,
    /// Which new signing key it gets, if any; it takes the place of those of the same kind.
    pub signing_key: NewSigningKey,
    /// How long the old ones go on.
    pub overlap: Duration,
}

/// A credential with its new keys, which nobody can show again.
#[derive(Debug)]
pub struct Rotated {
    /// The credential as it is kept.
    pub credential: Credential,
    /// Its new secret, if that was to be rotated.
    pub secret: Option<Secret>,
    /// Its new signing key, if that was.
    pub signing_key: Option<IssuedSigningKey>,
}

/// Rotates the keys of a credential. Its token stays.
///
/// # Errors
/// When the manager may not, the credential is not there or revoked, a rotation is going on, or there is nothing to rotate.
pub async fn rotate(app: &App, who: Manager<'_>, what: Rotate) -> Result<Rotated> {
    if what.overlap < Duration::zero() || what.overlap > MAX_OVERLAP {
        return Err(CredentialRefusal::OverlapTooLong.into());
    }
    if !what.secret && what.signing_key == NewSigningKey::None {
        return Err(CredentialRefusal::NothingToRotate.into());
    }
    if !what.secret && what.signing_key == NewSigningKey::Ed25519Encrypted {
        // The old secret is not known here, so there is nothing to encrypt it with.
        return Err(CredentialRefusal::PassphraseUnknown.into());
    }
    let (now, authority, here) = (app.now(), who.authority()?, app.clone());
    let rotated = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (mut credential, row) = locked(txn, what.id).await?;
                authority.may_change(&credential)?;
                let secret = what.secret.then(|| reissue(&credential.token)).transpose()?;
                if let Some(secret) = &secret {
                    replace_secret(&here, txn, &mut credential, &row, secret, what.overlap).await?;
                }
                let passphrase = secret.as_ref().map_or("", Secret::reveal);
                let id = here.id(now);
                let issued = key_pair::issue(here.keys(), what.signing_key, id, passphrase, now)?;
                if let Some(IssuedSigningKey { key, .. }) = &issued {
                    let same = Condition::all()
                        .add(signing_key::Column::CredentialId.eq(credential.id.to_string()))
                        .add(signing_key::Column::Algorithm.eq(key.algorithm.as_str()));
                    end_keys(txn, same, now + what.overlap).await?;
                    signing_key::Entity::insert(signing_key::insert(credential.id, key))
                        .exec_without_returning(txn)
                        .await?;
                }
                credential.last_action = LastAction {
                    action: if what.secret {
                        SecurityAction::Rotated
                    } else {
                        SecurityAction::SigningKeyRotated
                    },
                    at: now,
                    by: authority.author,
                };
                save(txn, &credential).await?;
                tell(&here, txn, &credential).await?;
                Ok(Rotated {
                    credential,
                    secret,
                    signing_key: issued,
                })
            })
        })
        .await?;
    app.known_keys().forget(&rotated.credential.token);
    tracing::info!(credential = %rotated.credential.id, by = %authority.author, "keys rotated");
    Ok(rotated)
}

/// Puts a secret in the place of the one before it, which goes on for the overlap. Without one, sessions end too.
async fn replace_secret(
    app: &App,
    txn: &Txn,
    credential: &mut Credential,
    row: &table::Model,
    secret: &Secret,
    overlap: Duration,
) -> Result<()> {
    let now = app.now();
    let overlaps = overlap > Duration::zero();
    if let Some(until) = credential.rotating_until.filter(|until| now < *until && overlaps) {
        return Err(CredentialRefusal::RotationInProgress { until }.into());
    }
    credential.rotating_until = overlaps.then_some(now + overlap);
    let hash = app.keys().hash(secret);
    let change = table::rotated(&hash, &row.secret_hash()?, credential.rotating_until);
    table::Entity::update_many()
        .set(change)
        .filter(table::Column::Id.eq(credential.id.to_string()))
        .exec(txn)
        .await?;
    if !overlaps {
        session::end_all(txn, SessionHolder::Credential(credential.id), now).await?;
    }
    Ok(())
}
