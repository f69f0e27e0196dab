//! Change, upgrade and revoke a credential.

use super::manager::{Authority, Manager};
use super::{locked, tell};
use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::api_version::ApiVersion;
use domain::credential::{Credential, CredentialRefusal, IpAllowlist, LastAction, Scopes, SecurityAction};
use domain::id::{CredentialId, SigningKeyId};
use domain::merchant;
use entity::{credential as table, signing_key};
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};
use std::collections::BTreeSet;

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
    let authority = who.authority()?;
    if let Some(scopes) = change.scopes {
        authority.may_give(scopes)?;
    }
    let name = change.name.map(|name| merchant::name(&name)).transpose()?;
    let ended = change.ended_signing_keys;
    let (_, changed) = write(
        app,
        authority,
        id,
        SecurityAction::Updated,
        ended,
        move |credential| {
            credential.name = name.unwrap_or_else(|| credential.name.clone());
            credential.scopes = change.scopes.unwrap_or(credential.scopes);
            credential.allowlist = change.allowlist.unwrap_or_else(|| credential.allowlist.clone());
            credential.expires_at = change.expires_at.unwrap_or(credential.expires_at);
            Ok(())
        },
    )
    .await?;
    Ok(changed)
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
    let authority = who.authority()?;
    let pin = move |credential: &mut Credential| {
        if credential.api_version >= version {
            return Err(CredentialRefusal::NotAnUpgrade);
        }
        credential.api_version = version;
        Ok(())
    };
    if rehearse {
        let seen = super::get_many(app, who, &[id]).await?.into_iter().next();
        let mut credential = seen.ok_or(Error::NotFound("credential"))?;
        authority.may_change(&credential)?;
        let from = credential.api_version;
        pin(&mut credential)?;
        return Ok((from, credential));
    }
    let action = SecurityAction::ApiVersionUpgraded;
    let (before, after) = write(app, authority, id, action, Vec::new(), pin).await?;
    Ok((before.api_version, after))
}

/// Revokes a credential: it opens nothing from the next request on, and neither do its sessions. Revoking it again changes nothing.
///
/// # Errors
/// When the manager may not, or it is not there.
pub async fn revoke(app: &App, who: Manager<'_>, id: CredentialId) -> Result<Credential> {
    let (now, authority) = (app.now(), who.authority()?);
    let (author, context) = (authority.author, app.clone());
    let revoked = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (mut credential, _) = locked(txn, id).await?;
                authority.may_revoke(&credential)?;
                if credential.revoked_at.is_none() {
                    credential.revoked_at = Some(now);
                    credential.last_action = LastAction {
                        action: SecurityAction::Revoked,
                        at: now,
                        by: author,
                    };
                    save(txn, &credential).await?;
                    tell(&context, txn, &credential).await?;
                }
                Ok(credential)
            })
        })
        .await?;
    app.known_keys().forget(&revoked.token);
    tracing::info!(credential = %revoked.id, merchant = %revoked.tenant.merchant, by = %author, "credential revoked");
    Ok(revoked)
}

/// Changes a credential under its lock; gives it as it was and as it is.
async fn write(
    app: &App,
    authority: Authority,
    id: CredentialId,
    action: SecurityAction,
    ended: Vec<SigningKeyId>,
    change: impl FnOnce(&mut Credential) -> std::result::Result<(), CredentialRefusal> + Send + 'static,
) -> Result<(Credential, Credential)> {
    let last_action = LastAction {
        action,
        at: app.now(),
        by: authority.author,
    };
    let context = app.clone();
    let (before, changed) = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let (mut credential, _) = locked(txn, id).await?;
                authority.may_change(&credential)?;
                let before = credential.clone();
                change(&mut credential)?;
                end_signing_keys(txn, id, &ended, last_action.at).await?;
                credential.last_action = last_action;
                save(txn, &credential).await?;
                tell(&context, txn, &credential).await?;
                Ok((before, credential))
            })
        })
        .await?;
    app.known_keys().forget(&changed.token);
    tracing::info!(credential = %id, action = action.as_str(), by = %last_action.by, "credential changed");
    Ok((before, changed))
}

/// Ends these signing keys of a credential.
async fn end_signing_keys(txn: &Txn, id: CredentialId, ended: &[SigningKeyId], now: Timestamp) -> Result<()> {
    let ids: BTreeSet<String> = ended.iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let wanted = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let own = Condition::all()
        .add(signing_key::Column::CredentialId.eq(id.to_string()))
        .add(signing_key::Column::Id.is_in(ids));
    if signing_key::Entity::find().filter(own.clone()).count(txn).await? != wanted {
        return Err(Error::NotFound("signing key"));
    }
    end_keys(txn, own, now).await
}

/// Lets signing keys end at an instant; those that end sooner by themselves keep their end.
pub(super) async fn end_keys(txn: &Txn, which: Condition, at: Timestamp) -> Result<()> {
    let later = Condition::any()
        .add(signing_key::Column::ValidUntil.is_null())
        .add(signing_key::Column::ValidUntil.gt(at));
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::ValidUntil, Expr::value(at))
        .filter(which)
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
