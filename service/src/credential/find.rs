//! Look at credentials.

use super::manager::Manager;
use crate::page::{self, Page, PageRequest};
use crate::{App, Result};
use domain::actor::Actor;
use domain::credential::{Credential, SigningKey};
use domain::id::{CredentialId, MerchantId};
use domain::merchant::Mode;
use entity::{credential as table, signing_key};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, Select};
use std::collections::HashMap;

/// Which credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this merchant; merchants see their own in any case.
    pub merchant: Option<MerchantId>,
    /// Those of this mode.
    pub mode: Option<Mode>,
}

fn seen(who: Manager<'_>, merchant: Option<MerchantId>) -> Result<Select<table::Entity>> {
    Ok(match who.authority()?.sees(merchant) {
        None => table::Entity::find(),
        Some(tenants) => table::Entity::of_each(&tenants),
    })
}

/// A page of credentials, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn page(
    app: &App,
    who: Manager<'_>,
    filter: &Filter,
    request: &PageRequest<CredentialId>,
) -> Result<Page<Credential>> {
    let mut query = seen(who, filter.merchant)?;
    if let Some(mode) = filter.mode {
        query = query.filter(table::Column::Mode.eq(mode.as_str()));
    }
    page::newest_first(app, query, table::Column::Id, request).await
}

/// The credentials of a merchant in both modes, or of all merchants, oldest first.
///
/// # Errors
/// When the scope is missing.
pub async fn all(app: &App, who: Manager<'_>, merchant: Option<MerchantId>) -> Result<Vec<Credential>> {
    let query = seen(who, merchant)?.order_by_asc(table::Column::Id);
    let rows = query.all(app.db().reads()).await?;
    let credentials: std::result::Result<_, _> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(credentials?)
}

/// Credentials by id, in no order; those out of reach are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: Manager<'_>, ids: &[CredentialId]) -> Result<Vec<Credential>> {
    let texts = ids.iter().map(ToString::to_string);
    let query = seen(who, None)?.filter(table::Column::Id.is_in(texts));
    let rows = query.all(app.db().reads()).await?;
    let credentials: std::result::Result<_, _> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(credentials?)
}

/// The credential that asks, whatever its scopes; operators have none.
///
/// # Errors
/// Storage errors.
pub async fn own(app: &App, who: &Actor) -> Result<Option<Credential>> {
    let Actor::Merchant(merchant) = who else {
        return Ok(None);
    };
    let id = merchant.credential.to_string();
    let query = table::Entity::of(merchant.tenant).filter(table::Column::Id.eq(id));
    let row = query.one(app.db().reads()).await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}

/// The signing keys of these credentials that still verify, oldest first. Those of its own everybody sees.
///
/// # Errors
/// When the scope is missing for others than its own.
pub async fn signing_keys(
    app: &App,
    who: &Actor,
    ids: &[CredentialId],
) -> Result<HashMap<CredentialId, Vec<SigningKey>>> {
    let within: Vec<CredentialId> = match who {
        Actor::Merchant(own) if ids.iter().all(|id| *id == own.credential) => ids.to_vec(),
        _ => {
            let seen = get_many(app, Manager::Actor(who), ids).await?;
            seen.into_iter().map(|key| key.id).collect()
        }
    };
    let now = app.now();
    let valid = Condition::any()
        .add(signing_key::Column::ValidUntil.is_null())
        .add(signing_key::Column::ValidUntil.gt(now));
    let rows = signing_key::Entity::of(&within)
        .filter(valid)
        .all(app.db().reads())
        .await?;
    let mut keys: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        keys.entry(row.credential()?).or_default().push(row.try_into()?);
    }
    Ok(keys)
}
