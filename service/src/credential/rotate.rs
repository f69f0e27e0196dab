//! Give a credential new keys while the old ones go on for a while.
//!
//! Invariant: at any time two secrets at most open a credential. A second rotation during the first is refused, because whoever has
//! not learnt of the first would be cut off; an overlap of nothing is for emergencies and ends the old secrets and every session at
//! once.

use super::change::save;
use super::key_pair::{self, IssuedSigningKey, NewSigningKey};
use super::manager::Manager;
use super::{locked, reissue, session};
use crate::{App, Error, Result};
use chrono::Duration;
use domain::credential::{
    Credential, CredentialRefusal, LastAction, MAX_OVERLAP, Secret, SecurityAction, SessionHolder,
};
use domain::id::CredentialId;
use entity::{credential as table, signing_key};
use sea_orm::prelude::Expr;
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
    let seen = super::get_many(app, who, &[what.id]).await?.into_iter().next();
    let seen = seen.ok_or(Error::NotFound("credential"))?;
    who.may_change(&seen)?;

    let now = app.now();
    let secret = what.secret.then(|| reissue(&seen.token)).transpose()?;
    let passphrase = secret.as_ref().map_or("", |secret| secret.reveal());
    if passphrase.is_empty() && what.signing_key == NewSigningKey::Ed25519Encrypted {
        // The old secret is not known here, so there is nothing to encrypt it with.
        return Err(CredentialRefusal::PassphraseUnknown.into());
    }
    let issued = key_pair::issue(app.keys(), what.signing_key, app.id(now), passphrase, now)?;
    let hash = secret.as_ref().map(|secret| app.keys().hash(secret));
    let key_row = issued
        .as_ref()
        .map(|issued| (issued.key.algorithm, signing_key::insert(what.id, &issued.key)));
    let action = LastAction {
        action: if what.secret {
            SecurityAction::Rotated
        } else {
            SecurityAction::SigningKeyRotated
        },
        at: now,
        by: who.author(),
    };
    let until = now + what.overlap;
    let overlaps = what.overlap > Duration::zero();
    let credential = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (mut credential, row) = locked(txn, what.id).await?;
                if credential.revoked_at.is_some() {
                    return Err(CredentialRefusal::Revoked.into());
                }
                if let Some(hash) = hash {
                    match credential.rotating_until.filter(|until| now < *until && overlaps) {
                        Some(until) => return Err(CredentialRefusal::RotationInProgress { until }.into()),
                        None => credential.rotating_until = overlaps.then_some(until),
                    }
                    let change = table::rotated(&hash, &row.secret_hash()?, credential.rotating_until);
                    table::Entity::update_many()
                        .set(change)
                        .filter(table::Column::Id.eq(credential.id.to_string()))
                        .exec(txn)
                        .await?;
                }
                if hash.is_some() && !overlaps {
                    session::end_all(txn, SessionHolder::Credential(credential.id), now).await?;
                }
                if let Some((algorithm, row)) = key_row {
                    // Those that end sooner by themselves keep their end.
                    let later = Condition::any()
                        .add(signing_key::Column::ValidUntil.is_null())
                        .add(signing_key::Column::ValidUntil.gt(until));
                    signing_key::Entity::update_many()
                        .col_expr(signing_key::Column::ValidUntil, Expr::value(until))
                        .filter(signing_key::Column::CredentialId.eq(credential.id.to_string()))
                        .filter(signing_key::Column::Algorithm.eq(algorithm.as_str()))
                        .filter(later)
                        .exec(txn)
                        .await?;
                    signing_key::Entity::insert(row)
                        .exec_without_returning(txn)
                        .await?;
                }
                credential.last_action = action;
                save(txn, &credential).await?;
                Ok(credential)
            })
        })
        .await?;
    app.known_keys().forget(&credential.token);
    tracing::info!(credential = %credential.id, by = %action.by, %until, "keys rotated");
    Ok(Rotated {
        credential,
        secret,
        signing_key: issued,
    })
}
