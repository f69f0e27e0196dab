//! Create a credential.

use super::key_pair::{self, IssuedSigningKey, NewSigningKey};
use super::manager::Manager;
use super::{issue, tell};
use crate::{App, Error, Result};
use domain::Timestamp;
use domain::api_version::ApiVersion;
use domain::credential::{
    Credential, CredentialRefusal, IpAllowlist, KeyKind, LastAction, Scopes, Secret, SecurityAction,
};
use domain::merchant::{self, Tenant};
use entity::{credential as table, signing_key};
use sea_orm::EntityTrait;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// Whose data it reaches, in which mode.
    pub tenant: Tenant,
    /// What people call it; 1 to 100 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// From where it may be used.
    pub allowlist: IpAllowlist,
    /// By which version its requests are answered unless they name one; `None` is the newest of today.
    pub api_version: Option<ApiVersion>,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// How its requests are signed.
    pub signing_key: NewSigningKey,
}

impl NewCredential {
    /// A credential without limits of place and time, with a signing key that is made here.
    #[must_use]
    pub fn named(name: &str, tenant: Tenant, scopes: Scopes) -> Self {
        Self {
            tenant,
            name: name.to_owned(),
            scopes,
            allowlist: IpAllowlist::default(),
            api_version: None,
            expires_at: None,
            signing_key: NewSigningKey::default(),
        }
    }
}

/// A credential with what nobody can show again.
#[derive(Debug)]
pub struct IssuedCredential {
    /// The credential as it is kept.
    pub credential: Credential,
    /// Its secret.
    pub secret: Secret,
    /// Its signing key, if it has one.
    pub signing_key: Option<IssuedSigningKey>,
}

/// Creates a credential.
///
/// # Errors
/// When the manager may not, the merchant is not there, or something about it cannot be used.
pub async fn create(app: &App, who: Manager<'_>, new: NewCredential) -> Result<IssuedCredential> {
    let authority = who.authority()?;
    authority.may_create_for(new.tenant)?;
    authority.may_give(new.scopes)?;
    let now = app.now();
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(CredentialRefusal::ExpiryPast.into());
    }
    let secret = issue(KeyKind::Merchant(new.tenant.mode))?;
    let author = authority.author;
    let credential = Credential {
        id: app.id(now),
        tenant: new.tenant,
        name: merchant::name(&new.name)?,
        token: secret.token().to_string(),
        scopes: new.scopes,
        allowlist: new.allowlist,
        api_version: new.api_version.unwrap_or(ApiVersion::NEWEST),
        expires_at: new.expires_at,
        rotating_until: None,
        revoked_at: None,
        last_used: None,
        last_action: LastAction {
            action: SecurityAction::Created,
            at: now,
            by: author,
        },
        created_by: author,
        created_at: now,
    };
    let signing_key = key_pair::issue(app.keys(), new.signing_key, app.id(now), secret.reveal(), now)?;
    let row = table::insert(&credential, &app.keys().hash(&secret));
    let key_row = signing_key
        .as_ref()
        .map(|issued| signing_key::insert(credential.id, &issued.key));
    let (context, told) = (app.clone(), credential.clone());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let merchant = entity::merchant::Entity::find_by_id(new.tenant.merchant.to_string())
                    .one(txn)
                    .await?;
                merchant.ok_or(Error::NotFound("merchant"))?;
                table::Entity::insert(row).exec_without_returning(txn).await?;
                if let Some(row) = key_row {
                    signing_key::Entity::insert(row)
                        .exec_without_returning(txn)
                        .await?;
                }
                tell(&context, txn, &told).await
            })
        })
        .await?;
    tracing::info!(credential = %credential.id, merchant = %credential.tenant.merchant, by = %author, "credential created");
    Ok(IssuedCredential {
        credential,
        secret,
        signing_key,
    })
}
