//! The card vault.
//!
//! Invariant: a card enters with its number and leaves without it; the same number and expiry of one merchant and mode is one
//! row, found by a keyed fingerprint.

use crate::page::{self, Page, PageRequest};
use crate::{App, Error, Result, Txn, db};
use domain::Timestamp;
use domain::actor::Actor;
use domain::card::{Card, CardDetails};
use domain::credential::Scope;
use domain::id::CardId;
use domain::merchant::Tenant;
use entity::card;
use entity::inconsistency::At;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};

/// The vault entry of a card, made at its first use.
pub(crate) async fn vault(
    app: &App,
    txn: &Txn,
    tenant: Tenant,
    details: &CardDetails,
    now: Timestamp,
) -> Result<CardId> {
    let fingerprint = app.keys().card_fingerprint(tenant, details);
    let same = same_card(tenant, &fingerprint, details);
    if let Some(id) = same.clone().into_tuple::<String>().one(txn).await? {
        return Ok(id.parse().at("cards", "id", &id)?);
    }
    let card = Card {
        id: app.id(now),
        brand: details.brand(),
        last4: details.last4().to_owned(),
        expiry: details.expiry(),
        holder: details.holder().map(str::to_owned),
        fingerprint,
        created_at: now,
    };
    // Two first uses at once: one inserts, the other waits for it here and finds it below.
    let once = OnConflict::columns([
        card::Column::MerchantId,
        card::Column::Mode,
        card::Column::Fingerprint,
        card::Column::ExpYear,
        card::Column::ExpMonth,
    ])
    .do_nothing()
    .to_owned();
    let made = card::Entity::insert(card::insert(tenant, &card))
        .on_conflict(once)
        .exec_without_returning(txn)
        .await?;
    if made == 1 {
        return Ok(card.id);
    }
    let id = same
        .into_tuple::<String>()
        .one(txn)
        .await?
        .ok_or(Error::Conflict)?;
    Ok(id.parse().at("cards", "id", &id)?)
}

fn same_card(tenant: Tenant, fingerprint: &str, details: &CardDetails) -> Select<card::Entity> {
    card::Entity::of(tenant)
        .select_only()
        .column(card::Column::Id)
        .filter(card::Column::Fingerprint.eq(fingerprint))
        .filter(card::Column::ExpYear.eq(details.expiry().year))
        .filter(card::Column::ExpMonth.eq(details.expiry().month))
}

/// Cards of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[CardId]) -> Result<Vec<Card>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let query = card::Entity::of(tenant).filter(card::Column::Id.is_in(ids));
    let reads = app.db().reads();
    let rows = db::models::<card::Entity>(reads, query.build(reads.get_database_backend())).await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// One page of cards, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn page(app: &App, who: &Actor, request: &PageRequest<CardId>) -> Result<Page<Card>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    page::newest_first(app, card::Entity::of(tenant), card::Column::Id, request).await
}
