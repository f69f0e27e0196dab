//! A payer puts a promo code on an intent, or takes it off.

use super::payer::Payer;
use super::write;
use crate::{App, Result, Txn, merchant};
use domain::Timestamp;
use domain::intent::{AppliedPromo, Intent};
use domain::promo_code::{Code, PromoCode, PromoRefusal};
use entity::promo_code;
use sea_orm::{ColumnTrait, QueryFilter};

/// Puts a code on the intent. It is counted when the payer pays, not now.
///
/// # Errors
/// Refusals of the code, and of intents that cannot be paid any more.
pub async fn apply_promo_code(app: &App, payer: Payer, typed: String) -> Result<Intent> {
    change(app, payer, Some(typed)).await
}

/// Takes the code off the intent.
///
/// # Errors
/// Refusals of intents that cannot be paid any more.
pub async fn remove_promo_code(app: &App, payer: Payer) -> Result<Intent> {
    change(app, payer, None).await
}

async fn change(app: &App, payer: Payer, typed: Option<String>) -> Result<Intent> {
    let context = app.clone();
    app.db()
        .in_txn(move |txn| {
            Box::pin(async move {
                let now = context.now();
                let mut intent = write::locked(txn, payer.tenant(), payer.intent()).await?;
                let before = intent.state.status();
                let first = intent.gateways.iter().next();
                if let Some(gateway) = first {
                    intent.may_confirm(gateway, now)?;
                }
                if !intent.collect.promo_code {
                    return Err(PromoRefusal::NotAllowed.into());
                }
                intent.promo = match typed {
                    Some(typed) => Some(found(txn, &intent, &typed, now).await?),
                    None => None,
                };
                if intent.promo.is_some() {
                    intent.check_fee(&merchant::of(txn, payer.tenant().merchant).await?)?;
                }
                write::save(&context, txn, before, &mut intent, now).await?;
                Ok(intent)
            })
        })
        .await
}

async fn found(txn: &Txn, intent: &Intent, typed: &str, now: Timestamp) -> Result<AppliedPromo> {
    let code: Code = typed.parse().map_err(|_| PromoRefusal::Unknown)?;
    let row = promo_code::Entity::of(intent.tenant)
        .filter(promo_code::Column::Code.eq(code.to_string()))
        .one(txn)
        .await?
        .ok_or(PromoRefusal::Unknown)?;
    let promo: PromoCode = row.try_into()?;
    Ok(AppliedPromo {
        id: promo.id,
        discount: promo.discount_on(intent.amount, now)?,
        code,
    })
}
