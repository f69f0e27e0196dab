//! The uses of a promo code and the payments of a link that an attempt takes, and gives back when it comes to nothing.
//!
//! Invariant: an intent holds its slots exactly while an attempt is under way, or money is held or taken. The database counts them and
//! refuses one too many, so two payers at once cannot both get the last one.

use crate::db::sql;
use crate::{Error, Result, Txn};
use domain::Timestamp;
use domain::id::PaymentLinkId;
use domain::intent::{AppliedPromo, ConfirmRefusal, Intent, IntentStatus, Source};
use domain::payment_link::PaymentLink;
use domain::promo_code::{PromoCode, PromoRefusal};
use entity::{payment_link, promo_code};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use std::fmt::Display;

const USE_PROMO: &str = "UPDATE promo_codes SET uses = uses + 1 WHERE id = ?";
const GIVE_PROMO_BACK: &str = "UPDATE promo_codes SET uses = uses - 1 WHERE id = ? AND uses > 0";
const USE_LINK: &str = "UPDATE payment_links SET payments = payments + 1 WHERE id = ?";
const GIVE_LINK_BACK: &str = "UPDATE payment_links SET payments = payments - 1 WHERE id = ? AND payments > 0";

/// The statuses in which an intent holds its slots.
pub(crate) const HOLD_SLOTS: [IntentStatus; 3] = [
    IntentStatus::Processing,
    IntentStatus::RequiresCapture,
    IntentStatus::Succeeded,
];

/// Takes what an attempt at `intent` takes.
///
/// # Errors
/// When the code or the link no longer gives it.
pub(super) async fn take(txn: &Txn, intent: &Intent, now: Timestamp) -> Result<()> {
    if let Some(applied) = &intent.promo {
        use_promo(txn, intent, applied, now).await?;
    }
    if let Source::Link(link) = intent.source {
        use_link(txn, intent, link).await?;
    }
    Ok(())
}

async fn use_promo(txn: &Txn, intent: &Intent, applied: &AppliedPromo, now: Timestamp) -> Result<()> {
    let row = promo_code::Entity::of(intent.tenant)
        .filter(promo_code::Column::Id.eq(applied.id.to_string()))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(PromoRefusal::Unknown)?;
    let promo: PromoCode = row.try_into()?;
    // The price that the payer was shown: a code never changes, but it may have ended since.
    promo.discount_on(intent.amount, now)?;
    match step(txn, USE_PROMO, applied.id).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict),
    }
}

async fn use_link(txn: &Txn, intent: &Intent, id: PaymentLinkId) -> Result<()> {
    let row = payment_link::Entity::of(intent.tenant)
        .filter(payment_link::Column::Id.eq(id.to_string()))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound("payment link"))?;
    let link: PaymentLink = row.try_into()?;
    // Who opened the page while the link was good may pay; only the number of payments is a promise.
    if link.is_used_up() {
        return Err(ConfirmRefusal::LinkUsedUp.into());
    }
    match step(txn, USE_LINK, id).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict),
    }
}

/// Gives the slots back if the intent held them `before` and does not any more.
pub(super) async fn settle(txn: &Txn, before: IntentStatus, intent: &Intent) -> Result<()> {
    if !HOLD_SLOTS.contains(&before) || HOLD_SLOTS.contains(&intent.state.status()) {
        return Ok(());
    }
    if let Some(applied) = &intent.promo {
        give_back(txn, intent, GIVE_PROMO_BACK, applied.id).await?;
    }
    if let Source::Link(link) = intent.source {
        give_back(txn, intent, GIVE_LINK_BACK, link).await?;
    }
    Ok(())
}

/// A count that somebody has set to nothing must not keep a payment from being settled; the proof finds it.
async fn give_back(txn: &Txn, intent: &Intent, statement: &'static str, id: impl Display) -> Result<()> {
    let of = id.to_string();
    if step(txn, statement, id).await? == 0 {
        tracing::error!(intent = %intent.id, of, "a slot was held that is not counted");
    }
    Ok(())
}

async fn step(txn: &Txn, statement: &'static str, id: impl Display) -> Result<u64> {
    let postgres = txn.get_database_backend() == sea_orm::DbBackend::Postgres;
    Ok(sql(postgres, statement).bind(id.to_string()).run(txn).await?)
}
