//! Who shows this secret?

use crate::{App, Result};
use domain::actor::{Actor, MerchantActor};
use domain::credential::{Credential, KeyKind, Operator, Secret, SecretHash};
use domain::merchant::Merchant;
use entity::{credential, merchant, operator};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};
use std::sync::Arc;

/// Why a secret opens nothing. For the log; the caller learns only that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not one of our keys, or mistyped: the checksum says so without asking the database.
    #[error("malformed key")]
    Malformed,
    /// No such key.
    #[error("unknown key")]
    Unknown,
    /// The token is known, the rest is wrong.
    #[error("wrong secret")]
    WrongSecret,
    /// It was revoked.
    #[error("revoked key")]
    Revoked,
}

/// Finds the actor behind a secret.
///
/// # Errors
/// Storage errors; a secret that opens nothing is `Ok(Err(_))`.
pub async fn authenticate(app: &App, secret: &str) -> Result<std::result::Result<Actor, Denied>> {
    let Ok(secret) = secret.parse::<Secret>() else {
        return Ok(Err(Denied::Malformed));
    };
    let (now, hash) = (app.now(), app.keys().hash(&secret));
    let token = secret.token().to_string();
    if let Some(actor) = app.known_keys().get(&token, &hash, now) {
        return Ok(Ok(actor));
    }
    let before = app.known_keys().before();
    let found = match secret.token().kind() {
        KeyKind::Merchant(_) => merchant(app, &token, &hash).await?,
        KeyKind::Operator => operator(app, &token, &hash).await?,
    };
    if let Ok(actor) = &found {
        app.known_keys().put(token, hash, actor.clone(), now, before);
    }
    Ok(found)
}

/// Whether this secret opened something on this node before, so that refusing its address for the sake of others would be
/// wrong. It asks no database.
#[must_use]
pub fn opened_before(app: &App, secret: &str) -> bool {
    secret.parse::<Secret>().is_ok_and(|secret| {
        let hash = app.keys().hash(&secret);
        app.known_keys().opened(&secret.token().to_string(), &hash)
    })
}

async fn merchant(app: &App, token: &str, hash: &SecretHash) -> Result<std::result::Result<Actor, Denied>> {
    // Credential and merchant in one statement.
    let owner = credential::Entity::belongs_to(merchant::Entity)
        .from(credential::Column::MerchantId)
        .to(merchant::Column::Id)
        .into();
    let found = credential::Entity::find()
        .filter(credential::Column::Token.eq(token))
        .join(JoinType::InnerJoin, owner)
        .select_also(merchant::Entity)
        .one(app.db().reads())
        .await?;
    let Some((row, Some(merchant))) = found else {
        return Ok(Err(Denied::Unknown));
    };
    if let Err(denied) = check(hash, &row.secret_hash()?, row.revoked_at.is_some()) {
        return Ok(Err(denied));
    }
    let (credential, merchant): (Credential, Merchant) = (row.try_into()?, merchant.try_into()?);
    Ok(Ok(Actor::Merchant(MerchantActor {
        credential: credential.id,
        tenant: credential.tenant,
        scopes: credential.scopes,
        merchant: Arc::new(merchant),
    })))
}

async fn operator(app: &App, token: &str, hash: &SecretHash) -> Result<std::result::Result<Actor, Denied>> {
    let row = operator::Entity::find()
        .filter(operator::Column::Token.eq(token))
        .one(app.db().reads())
        .await?;
    let Some(row) = row else {
        return Ok(Err(Denied::Unknown));
    };
    if let Err(denied) = check(hash, &row.secret_hash()?, row.revoked_at.is_some()) {
        return Ok(Err(denied));
    }
    let operator: Operator = row.try_into()?;
    Ok(Ok(Actor::Operator(operator.id)))
}

fn check(shown: &SecretHash, kept: &SecretHash, revoked: bool) -> std::result::Result<(), Denied> {
    if shown != kept {
        return Err(Denied::WrongSecret);
    }
    if revoked { Err(Denied::Revoked) } else { Ok(()) }
}
