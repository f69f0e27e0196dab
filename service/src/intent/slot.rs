//! The uses of a promo code and the payments of a link that an attempt takes, and gives back when it comes to nothing.
//!
//! Invariant: an intent holds its slots exactly while an attempt is under way, or money is held or taken. The database counts them and
//! refuses one too many, so two payers at once cannot both get the last one.

use crate::db::sql;
use crate::{Error, Result, Txn};
use domain::Timestamp;
use domain::id::PaymentLinkId;
use domain::intent::{AppliedPromo, ConfirmRefusal, Intent, IntentStatus, Source};
use domain::payment_link::{PaymentLink, PaymentLinkStatus};
use domain::promo_code::{PromoCode, PromoRefusal};
use entity::{payment_link, promo_code};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

const USE_PROMO: &str = "UPDATE promo_codes SET uses = uses + 1 WHERE id = ?";
const GIVE_PROMO_BACK: &str = "UPDATE promo_codes SET uses = uses - 1 WHERE id = ? AND uses > 0";
const USE_LINK: &str = "UPDATE payment_links SET payments = payments + 1 WHERE id = ?";
const GIVE_LINK_BACK: &str = "UPDATE payment_links SET payments = payments - 1 WHERE id = ? AND payments > 0";

/// Whether an intent with this status holds its slots.
const fn holds(status: IntentStatus) -> bool {
    matches!(
        status,
        IntentStatus::Processing | IntentStatus::RequiresCapture | IntentStatus::Succeeded
    )
}

/// Takes what an attempt at `intent` takes.
///
/// # Errors
/// When the code or the link no longer gives it.
pub(super) async fn take(txn: &Txn, intent: &Intent, now: Timestamp) -> Result<()> {
    if let Some(applied) = &intent.promo {
        use_promo(txn, intent, applied, now).await?;
    }
    if let Source::Link(link) = intent.source {
        use_link(txn, intent, link, now).await?;
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
    step(txn, USE_PROMO, applied.id.to_string()).await
}

async fn use_link(txn: &Txn, intent: &Intent, id: PaymentLinkId, now: Timestamp) -> Result<()> {
    let row = payment_link::Entity::of(intent.tenant)
        .filter(payment_link::Column::Id.eq(id.to_string()))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound("payment link"))?;
    let link: PaymentLink = row.try_into()?;
    // Who opened the page while the link was good may pay; only the number of payments is a promise.
    if link.status_at(now) == PaymentLinkStatus::UsedUp {
        return Err(ConfirmRefusal::LinkUsedUp.into());
    }
    step(txn, USE_LINK, id.to_string()).await
}

/// Gives the slots back if the intent held them `before` and does not any more.
pub(super) async fn settle(txn: &Txn, before: IntentStatus, intent: &Intent) -> Result<()> {
    if !holds(before) || holds(intent.state.status()) {
        return Ok(());
    }
    if let Some(applied) = &intent.promo {
        step(txn, GIVE_PROMO_BACK, applied.id.to_string()).await?;
    }
    if let Source::Link(link) = intent.source {
        step(txn, GIVE_LINK_BACK, link.to_string()).await?;
    }
    Ok(())
}

async fn step(txn: &Txn, statement: &'static str, id: String) -> Result<()> {
    let postgres = txn.get_database_backend() == sea_orm::DbBackend::Postgres;
    match sql(postgres, statement).bind(id).run(txn).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict),
    }
}
