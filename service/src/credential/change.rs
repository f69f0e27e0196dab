//! Change, upgrade and revoke a credential.

use super::locked;
use super::manager::Manager;
use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::api_version::ApiVersion;
use domain::credential::{Credential, CredentialRefusal, IpAllowlist, LastAction, Scopes, SecurityAction};
use domain::id::{CredentialId, SigningKeyId};
use domain::merchant;
use entity::{credential as table, signing_key};
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};

/// What is to be another; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What people call it.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Option<Scopes>,
    /// From where it may be used.
    pub allowlist: Option<IpAllowlist>,
    /// When it ends; `Some(None)` is never.
    pub expires_at: Option<Option<Timestamp>>,
    /// Signing keys that verify no longer.
    pub ended_signing_keys: Vec<SigningKeyId>,
}

/// Changes a credential.
///
/// # Errors
/// When the manager may not, it is not there or revoked, or something about the change cannot be used.
pub async fn update(app: &App, who: Manager<'_>, id: CredentialId, change: Change) -> Result<Credential> {
    let now = app.now();
    if change.expires_at.flatten().is_some_and(|at| at <= now) {
        return Err(CredentialRefusal::ExpiryPast.into());
    }
    if let Some(scopes) = change.scopes {
        who.may_give(scopes)?;
    }
    let name = change.name.map(|name| merchant::name(&name)).transpose()?;
    let ended = change.ended_signing_keys;
    write(app, who, id, SecurityAction::Updated, ended, move |credential| {
        credential.name = name.unwrap_or_else(|| credential.name.clone());
        credential.scopes = change.scopes.unwrap_or(credential.scopes);
        credential.allowlist = change.allowlist.unwrap_or_else(|| credential.allowlist.clone());
        credential.expires_at = change.expires_at.unwrap_or(credential.expires_at);
        Ok(())
    })
    .await
}

/// Pins a credential to a newer version. With `rehearse`, says what it would look like and changes nothing.
///
/// # Errors
/// When the manager may not, it is not there or revoked, or is at that version already.
pub async fn upgrade(
    app: &App,
    who: Manager<'_>,
    id: CredentialId,
    version: ApiVersion,
    rehearse: bool,
) -> Result<(ApiVersion, Credential)> {
    let before = super::get_many(app, who, &[id]).await?;
    let before = before.into_iter().next();
    let mut before = before.ok_or(Error::NotFound("credential"))?;
    who.may_change(&before)?;
    let pin = move |credential: &mut Credential| {
        if credential.api_version >= version {
            return Err(CredentialRefusal::NotAnUpgrade);
        }
        credential.api_version = version;
        Ok(())
    };
    let from = before.api_version;
    if rehearse {
        pin(&mut before)?;
        return Ok((from, before));
    }
    let after = write(app, who, id, SecurityAction::ApiVersionUpgraded, Vec::new(), pin).await?;
    Ok((from, after))
}

/// Revokes a credential: it opens nothing from the next request on, and neither do its sessions. Revoking it again changes nothing.
///
/// # Errors
/// When the manager may not, or it is not there.
pub async fn revoke(app: &App, who: Manager<'_>, id: CredentialId) -> Result<Credential> {
    let now = app.now();
    let author = who.author();
    let seen = super::get_many(app, who, &[id]).await?.into_iter().next();
    who.may_revoke(&seen.ok_or(Error::NotFound("credential"))?)?;
    let revoked = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (mut credential, _) = locked(txn, id).await?;
                if credential.revoked_at.is_none() {
                    credential.revoked_at = Some(now);
                    credential.last_action = LastAction {
                        action: SecurityAction::Revoked,
                        at: now,
                        by: author,
                    };
                    save(txn, &credential).await?;
                }
                Ok(credential)
            })
        })
        .await?;
    app.known_keys().forget(&revoked.token);
    tracing::info!(credential = %revoked.id, merchant = %revoked.tenant.merchant, by = %author, "credential revoked");
    Ok(revoked)
}

/// Changes a credential that is not revoked, under its lock.
async fn write(
    app: &App,
    who: Manager<'_>,
    id: CredentialId,
    action: SecurityAction,
    ended: Vec<SigningKeyId>,
    change: impl FnOnce(&mut Credential) -> std::result::Result<(), CredentialRefusal> + Send + 'static,
) -> Result<Credential> {
    let seen = super::get_many(app, who, &[id]).await?.into_iter().next();
    who.may_change(&seen.ok_or(Error::NotFound("credential"))?)?;
    let last_action = LastAction {
        action,
        at: app.now(),
        by: who.author(),
    };
    let changed = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (mut credential, _) = locked(txn, id).await?;
                if credential.revoked_at.is_some() {
                    return Err(CredentialRefusal::Revoked.into());
                }
                change(&mut credential)?;
                end_signing_keys(txn, id, &ended, last_action.at).await?;
                credential.last_action = last_action;
                save(txn, &credential).await?;
                Ok(credential)
            })
        })
        .await?;
    app.known_keys().forget(&changed.token);
    tracing::info!(credential = %id, action = action.as_str(), by = %last_action.by, "credential changed");
    Ok(changed)
}

/// Ends signing keys of a credential; those that end sooner by themselves keep their end.
async fn end_signing_keys(txn: &Txn, id: CredentialId, ended: &[SigningKeyId], now: Timestamp) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let ids = ended.iter().map(ToString::to_string);
    let own = Condition::all()
        .add(signing_key::Column::CredentialId.eq(id.to_string()))
        .add(signing_key::Column::Id.is_in(ids));
    let found = signing_key::Entity::find().filter(own.clone()).count(txn).await?;
    if usize::try_from(found).ok() != Some(ended.len()) {
        return Err(Error::NotFound("signing key"));
    }
    let later = Condition::any()
        .add(signing_key::Column::ValidUntil.is_null())
        .add(signing_key::Column::ValidUntil.gt(now));
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::ValidUntil, Expr::value(now))
        .filter(own)
        .filter(later)
        .exec(txn)
        .await?;
    Ok(())
}

pub(super) async fn save(txn: &Txn, credential: &Credential) -> Result<()> {
    table::Entity::update_many()
        .set(table::changed(credential))
        .filter(table::Column::Id.eq(credential.id.to_string()))
        .exec(txn)
        .await?;
    Ok(())
}
