//! Promo codes of a merchant.

use crate::event::{self, NewEvent};
use crate::page::{self, Page, PageRequest};
use crate::{App, Error, Result, Txn};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::event::EventType;
use domain::id::PromoCodeId;
use domain::promo_code::{Discount, MAX_USES, NewPromoRefusal, PromoCode};
use entity::promo_code as table;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// What a merchant asks for.
#[derive(Clone, Debug)]
pub struct NewPromoCode {
    /// The word that a payer types, in any case.
    pub code: String,
    /// What it gives away.
    pub discount: Discount,
    /// How often it may be used; without limit if not given.
    pub max_uses: Option<u32>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Makes a promo code.
///
/// # Errors
/// Refusals of scope and of what is asked for; also when the merchant has that code already, deactivated or not.
pub async fn create(app: &App, who: &Actor, new: NewPromoCode) -> Result<PromoCode> {
    let tenant = who.may(Scope::PaymentsCreate)?.tenant;
    let now = app.now();
    if new.max_uses.is_some_and(|most| !(1..=MAX_USES).contains(&most)) {
        return Err(NewPromoRefusal::MaxUses.into());
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(NewPromoRefusal::Expiry.into());
    }
    if let Discount::Fixed { amount } = new.discount {
        amount.chargeable()?;
    }
    let promo = PromoCode {
        id: app.id(now),
        tenant,
        code: new.code.parse().map_err(NewPromoRefusal::from)?,
        discount: new.discount,
        max_uses: new.max_uses,
        uses: 0,
        expires_at: new.expires_at,
        deactivated_at: None,
        created_at: now,
    };
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let once = sea_orm::sea_query::OnConflict::columns([
                    table::Column::MerchantId,
                    table::Column::Mode,
                    table::Column::Code,
                ])
                .do_nothing()
                .to_owned();
                let made = table::Entity::insert(table::insert(&promo))
                    .on_conflict(once)
                    .exec_without_returning(txn)
                    .await?;
                if made == 1 {
                    tell(&context, txn, EventType::PromoCodeCreated, &promo, now).await?;
                    return Ok(promo);
                }
                let taken = table::Entity::of(tenant)
                    .filter(table::Column::Code.eq(promo.code.to_string()))
                    .one(txn)
                    .await?
                    .ok_or(Error::Conflict)?;
                let taken: PromoCode = taken.try_into()?;
                Err(NewPromoRefusal::Taken { code: taken.id }.into())
            })
        })
        .await
}

async fn tell(app: &App, txn: &Txn, event_type: EventType, promo: &PromoCode, now: Timestamp) -> Result<()> {
    let told = NewEvent::about(event_type, promo.id, promo)?;
    event::write(app, txn, promo.tenant, vec![told], now).await
}

/// Ends a promo code; what was paid with it stays. Doing it twice does it once.
///
/// # Errors
/// Refusals of scope; not found.
pub async fn deactivate(app: &App, who: &Actor, id: PromoCodeId) -> Result<PromoCode> {
    let tenant = who.may(Scope::PaymentsCreate)?.tenant;
    let (context, now) = (app.clone(), app.now());
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let row = table::Entity::of(tenant)
                    .filter(table::Column::Id.eq(id.to_string()))
                    .lock_exclusive()
                    .one(txn)
                    .await?
                    .ok_or(Error::NotFound("promo code"))?;
                let mut promo: PromoCode = row.try_into()?;
                if promo.deactivated_at.is_none() {
                    promo.deactivated_at = Some(now);
                    let change = table::ActiveModel {
                        deactivated_at: sea_orm::Set(Some(now)),
                        ..Default::default()
                    };
                    table::Entity::update_many()
                        .set(change)
                        .filter(table::Column::Id.eq(id.to_string()))
                        .exec(txn)
                        .await?;
                    tell(&context, txn, EventType::PromoCodeDeactivated, &promo, now).await?;
                }
                Ok(promo)
            })
        })
        .await
}

/// One page of promo codes, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn page(app: &App, who: &Actor, request: &PageRequest<PromoCodeId>) -> Result<Page<PromoCode>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    page::newest_first(app, table::Entity::of(tenant), table::Column::Id, request).await
}

/// Promo codes of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[PromoCodeId]) -> Result<Vec<PromoCode>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let rows = table::Entity::of(tenant)
        .filter(table::Column::Id.is_in(ids))
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}
