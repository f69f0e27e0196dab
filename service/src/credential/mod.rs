//! Credentials: making, showing once, checking and revoking API keys.
//!
//! Invariant: a secret is compared by keyed hash in constant time, and every reason to refuse it looks the same to the caller.

mod authenticate;
mod known;

pub use authenticate::{Denied, authenticate, opened_before};
pub(crate) use known::KnownKeys;

use crate::{App, Error, Result, random};
use domain::credential::{Credential, KeyKind, Scopes, Secret, secret_entropy};
use domain::id::{CredentialId, MerchantId};
use domain::merchant::{self, Tenant};
use entity::credential as table;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use zeroize::Zeroizing;

/// What the owner of the machine asks for.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// Whose data it reaches, in which mode.
    pub tenant: Tenant,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The Ed25519 public key for signed requests, in hex.
    pub signing_public_key: String,
}

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
    let mut entropy = Zeroizing::new(vec![0; secret_entropy()]);
    // One draw gives enough characters all but never not; four in a row failing would mean broken randomness.
    for _ in 0..4 {
        random::fill(&mut entropy);
        if let Ok(secret) = Secret::issue(kind, &entropy) {
            return Ok(secret);
        }
    }
    Err(Error::Unavailable(
        "the operating system's randomness looks broken",
    ))
}

/// Creates a credential.
///
/// # Errors
/// When the merchant is not there or the name cannot be used.
pub async fn create(app: &App, new: NewCredential) -> Result<Issued<Credential>> {
    let now = app.now();
    let secret = issue(KeyKind::Merchant(new.tenant.mode))?;
    let credential = Credential {
        id: app.id(now),
        tenant: new.tenant,
        name: merchant::name(&new.name)?,
        token: secret.token().to_string(),
        scopes: new.scopes,
        signing_public_key: new.signing_public_key,
        revoked_at: None,
        created_at: now,
    };
    let row = table::insert(&credential, &app.keys().hash(&secret));
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let merchant = entity::merchant::Entity::find_by_id(new.tenant.merchant.to_string())
                    .one(txn)
                    .await?;
                merchant.ok_or(Error::NotFound("merchant"))?;
                Ok(table::Entity::insert(row)
                    .exec_without_returning(txn)
                    .await
                    .map(drop)?)
            })
        })
        .await?;
    tracing::info!(credential = %credential.id, merchant = %credential.tenant.merchant, "credential created");
    Ok(Issued {
        key: credential,
        secret,
    })
}

/// The credentials of a merchant in both modes, or of all merchants, oldest first.
///
/// # Errors
/// Storage errors.
pub async fn list(app: &App, merchant: Option<MerchantId>) -> Result<Vec<Credential>> {
    let mut query = table::Entity::find();
    if let Some(merchant) = merchant {
        query = query.filter(table::Column::MerchantId.eq(merchant.to_string()));
    }
    let rows = query
        .order_by_asc(table::Column::Id)
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// Revokes a credential: it opens nothing from the next request on. Revoking it again changes nothing.
///
/// # Errors
/// When it is not there.
pub async fn revoke(app: &App, id: CredentialId) -> Result<Credential> {
    let now = app.now();
    let revoked: Credential = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let changed = table::ActiveModel {
                    revoked_at: Set(Some(now)),
                    ..Default::default()
                };
                table::Entity::update_many()
                    .set(changed)
                    .filter(table::Column::Id.eq(id.to_string()))
                    .filter(table::Column::RevokedAt.is_null())
                    .exec(txn)
                    .await?;
                let row = table::Entity::find_by_id(id.to_string()).one(txn).await?;
                Ok(row.ok_or(Error::NotFound("credential"))?.try_into()?)
            })
        })
        .await?;
    app.known_keys().forget(&revoked.token);
    tracing::info!(credential = %revoked.id, merchant = %revoked.tenant.merchant, "credential revoked");
    Ok(revoked)
}
