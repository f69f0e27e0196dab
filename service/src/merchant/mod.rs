//! Merchants: who takes payments through this installation.

use crate::{App, Result};
use domain::Currency;
use domain::actor::Actor;
use domain::fee::FeeTerms;
use domain::merchant::{self, Merchant};
use entity::merchant as table;
use sea_orm::{EntityTrait, QueryOrder};

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
