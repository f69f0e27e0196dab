//! The keys with which the callbacks of S3 are signed: its SDKs fetch the public halves and check what they receive (ES512).
//!
//! Invariant: a mode has one key for each master key, made when it is first needed; two nodes that need it at once agree on one.
//! The private half stands in the database sealed only. Keys of earlier master keys sign nothing any more, but their public halves
//! stay, because what they signed may still be on its way.

mod pair;

use crate::{App, Error, Result};
use domain::callback_key::CallbackKey;
use domain::id::CallbackKeyId;
use domain::merchant::Mode;
use entity::callback_key as table;
use entity::inconsistency::At;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use zeroize::Zeroizing;

/// Most public keys that are told: the one in force and those of the master keys before it.
const MOST: u64 = 10;

/// What others check a callback with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// By which a callback names it.
    pub id: CallbackKeyId,
    /// `SubjectPublicKeyInfo` in PEM.
    pub pem: String,
}

/// Something that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key that signed it (S3: `keyId`).
    pub key: CallbackKeyId,
    /// A compact JWT, signed with ES512 (S3: `content`).
    pub content: String,
}

/// The public keys of a mode, newest first. No secret: whoever may come in may see them.
///
/// # Errors
/// Storage errors; unavailable when a key cannot be made.
pub async fn public(app: &App, mode: Mode) -> Result<Vec<PublicKey>> {
    in_force(app, mode).await?;
    let rows = table::Entity::of(mode).limit(MOST).all(app.db().reads()).await?;
    rows.into_iter()
        .map(|row| {
            let key: CallbackKey = row.try_into()?;
            let pem = pair::public_pem(&key.public).at("callback_keys", "public_key", &key.id.to_string())?;
            Ok(PublicKey { id: key.id, pem })
        })
        .collect()
}

/// Signs what a callback says.
///
/// # Errors
/// Storage errors; unavailable when a key cannot be made, or the one that is kept is damaged.
pub async fn sign(app: &App, mode: Mode, payload: &impl Serialize) -> Result<Signed> {
    let key = in_force(app, mode).await?;
    let private = app
        .keys()
        .unseal(&key.sealed, &key.id.to_string())
        .map_err(|cause| {
            tracing::error!(%cause, key = %key.id, "a callback key cannot be opened");
            Error::Unavailable("the key that signs callbacks cannot be opened")
        })?;
    Ok(Signed {
        key: key.id,
        content: pair::sign(&private, key.id, payload)?,
    })
}

/// The key that signs under the master key of this node, made now if there is none.
async fn in_force(app: &App, mode: Mode) -> Result<CallbackKey> {
    if let Some(key) = find(app, app.db().reads(), mode).await? {
        return Ok(key);
    }
    let key = made(app, mode)?;
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let once = OnConflict::columns([table::Column::Mode, table::Column::SealedBy])
                    .do_nothing()
                    .to_owned();
                table::Entity::insert(table::insert(&key))
                    .on_conflict(once)
                    .exec_without_returning(txn)
                    .await?;
                // Another node may have been faster.
                find(&context, txn, mode).await?.ok_or(Error::Conflict)
            })
        })
        .await
}

async fn find(app: &App, on: &impl sea_orm::ConnectionTrait, mode: Mode) -> Result<Option<CallbackKey>> {
    let row = table::Entity::of(mode)
        .filter(table::Column::SealedBy.eq(app.keys().seal_id()))
        .one(on)
        .await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}

fn made(app: &App, mode: Mode) -> Result<CallbackKey> {
    let now = app.now();
    let id: CallbackKeyId = app.id(now);
    let private: Zeroizing<_> = pair::fresh()?;
    Ok(CallbackKey {
        id,
        mode,
        public: pair::public_der(private.as_slice())?,
        sealed: app.keys().seal(private.as_slice(), &id.to_string()),
        sealed_by: app.keys().seal_id().to_owned(),
        created_at: now,
    })
}
