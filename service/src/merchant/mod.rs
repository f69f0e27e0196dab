//! Merchants: who takes payments through this installation.

use crate::event::{self, NewEvent};
use crate::{App, Error, Result};
use domain::Currency;
use domain::actor::Actor;
use domain::event::EventType;
use domain::fee::FeeTerms;
use domain::gateways::Gateways;
use domain::id::MerchantId;
use domain::merchant::{self, BrandColor, Checkout, LateSuccess, Merchant, Tenant};
use entity::inconsistency::At;
use entity::merchant as table;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// What an operator changes; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct MerchantChange {
    /// The name that payers and finance read.
    pub name: Option<String>,
    /// What a payment costs it.
    pub fees: Option<FeeTerms>,
    /// The gateways that it may use.
    pub gateways: Option<Gateways>,
    /// Whether a fee may be put on top of card payments in dinars.
    pub card_surcharge: Option<bool>,
    /// What becomes of money that arrives after its intent has run out.
    pub late_success: Option<LateSuccess>,
    /// The name on its pages; `Some(None)` for its own.
    pub brand_name: Option<Option<String>>,
    /// The colour of its pages; `Some(None)` for ours.
    pub brand_color: Option<Option<BrandColor>>,
}

/// What an operator asks for.
#[derive(Clone, Debug)]
pub struct NewMerchant {
    /// The name that payers and finance read.
    pub name: String,
    /// The currency it is settled in.
    pub currency: Currency,
    /// What a payment costs it; a fixed part must be in `currency`.
    pub fees: FeeTerms,
}

/// Creates a merchant.
///
/// # Errors
/// When the actor is no operator, or the name or terms cannot be used.
pub async fn create(app: &App, who: &Actor, new: NewMerchant) -> Result<Merchant> {
    let operator = who.operator()?;
    let now = app.now();
    let merchant = Merchant {
        id: app.id(now),
        name: merchant::name(&new.name)?,
        currency: new.currency,
        fees: new.fees.checked(new.currency)?,
        checkout: Checkout::default(),
        created_at: now,
    };
    let row = table::insert(&merchant);
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                Ok(table::Entity::insert(row)
                    .exec_without_returning(txn)
                    .await
                    .map(drop)?)
            })
        })
        .await?;
    tracing::info!(merchant = %merchant.id, %operator, "merchant created");
    Ok(merchant)
}

/// Changes a merchant. Keys in use learn of it within a second; intents that are open offer what they did.
///
/// # Errors
/// When the actor is no operator, or the name or terms cannot be used; not found.
pub async fn update(app: &App, who: &Actor, id: MerchantId, change: MerchantChange) -> Result<Merchant> {
    let operator = who.operator()?;
    let (context, now) = (app.clone(), app.now());
    let merchant = app
        .db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let row = table::Entity::find_by_id(id.to_string())
                    .lock_exclusive()
                    .one(txn)
                    .await?
                    .ok_or(Error::NotFound("merchant"))?;
                let before: Merchant = row.try_into()?;
                let merchant = changed(before.clone(), change)?;
                if merchant == before {
                    return Ok(merchant);
                }
                let written = table::Entity::update_many()
                    .set(table::change(&merchant))
                    .filter(table::Column::Id.eq(id.to_string()))
                    .exec(txn)
                    .await?;
                if written.rows_affected != 1 {
                    return Err(Error::Conflict);
                }
                for tenant in Tenant::both(id) {
                    let told = NewEvent::about(EventType::MerchantUpdated, id, &merchant)?;
                    event::write(&context, txn, tenant, vec![told], now).await?;
                }
                Ok(merchant)
            })
        })
        .await?;
    app.known_keys().forget_merchant(id);
    tracing::info!(merchant = %merchant.id, %operator, "merchant changed");
    Ok(merchant)
}

fn changed(mut merchant: Merchant, change: MerchantChange) -> Result<Merchant> {
    if let Some(name) = change.name {
        merchant.name = merchant::name(&name)?;
    }
    if let Some(fees) = change.fees {
        merchant.fees = fees.checked(merchant.currency)?;
    }
    let checkout = &mut merchant.checkout;
    checkout.gateways = change.gateways.unwrap_or(checkout.gateways);
    checkout.card_surcharge = change.card_surcharge.unwrap_or(checkout.card_surcharge);
    checkout.late_success = change.late_success.unwrap_or(checkout.late_success);
    if let Some(name) = change.brand_name {
        checkout.brand_name = name.map(|name| merchant::name(&name)).transpose()?;
    }
    if let Some(color) = change.brand_color {
        checkout.brand_color = color;
    }
    Ok(merchant)
}

/// The merchant that a row of its own names.
pub(crate) async fn of(on: &impl ConnectionTrait, id: MerchantId) -> Result<Merchant> {
    let row = table::Entity::find_by_id(id.to_string()).one(on).await?;
    Ok(row.at("merchants", "id", &id.to_string())?.try_into()?)
}

/// All merchants, oldest first: operators only.
///
/// # Errors
/// When the actor is no operator.
pub async fn list(app: &App, who: &Actor) -> Result<Vec<Merchant>> {
    who.operator()?;
    let rows = table::Entity::find()
        .order_by_asc(table::Column::Id)
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}
