//! Who pays: somebody with the client secret of an intent, or with the reference code of one of S3.
//!
//! Invariant: a [`Payer`] is made here only, from a proof that was checked; holding one is the proof.

use super::secret;
use crate::{App, Error, Result, merchant};
use domain::card::Card;
use domain::id::IntentId;
use domain::intent::{ConfirmRefusal, Intent, Source};
use domain::merchant::{Merchant, Mode, Tenant};
use domain::payment::Payment;
use domain::provider::Gateway;
use entity::{card, intent, payment};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// Somebody who may pay one intent and see its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
    tenant: Tenant,
    intent: IntentId,
}

/// What a payer sees.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The intent.
    pub intent: Intent,
    /// Who is paid.
    pub merchant: Merchant,
    /// The payment that is under way or has the money.
    pub payment: Option<Payment>,
    /// The card of that payment.
    pub card: Option<Card>,
}

impl Payer {
    pub(super) const fn tenant(self) -> Tenant {
        self.tenant
    }

    /// The intent.
    #[must_use]
    pub const fn intent(self) -> IntentId {
        self.intent
    }

    /// The mode of the intent.
    #[must_use]
    pub const fn mode(self) -> Mode {
        self.tenant.mode
    }
}

/// Somebody who shows a client secret.
///
/// # Errors
/// [`Error::NotFound`] for an id that there is not, [`ConfirmRefusal::InvalidClientSecret`] for a secret that opens nothing.
pub async fn by_secret(app: &App, id: IntentId, client_secret: &str) -> Result<Payer> {
    let row = intent::Entity::find_by_id(id.to_string())
        .one(app.db().reads())
        .await?
        .ok_or(Error::NotFound("payment intent"))?;
    let fits = row
        .client_secret_hash
        .as_deref()
        .is_some_and(|kept| secret::fits(app, client_secret, kept));
    if !fits {
        return Err(ConfirmRefusal::InvalidClientSecret.into());
    }
    let intent: Intent = row.try_into()?;
    Ok(Payer {
        tenant: intent.tenant,
        intent: intent.id,
    })
}

/// Somebody who shows the reference code of an intent of S3, in its mode.
///
/// # Errors
/// [`Error::NotFound`], also for intents of other doors and of the other mode.
pub async fn by_reference(app: &App, mode: Mode, reference: Uuid) -> Result<Payer> {
    let id = IntentId::from(reference);
    let row = intent::Entity::find_by_id(id.to_string())
        .one(app.db().reads())
        .await?;
    let intent: Option<Intent> = row.map(TryInto::try_into).transpose()?;
    let intent = intent
        .filter(|intent| intent.source == Source::Rasedi && intent.tenant.mode == mode)
        .ok_or(Error::NotFound("payment"))?;
    Ok(Payer {
        tenant: intent.tenant,
        intent: intent.id,
    })
}

/// That the payer may try to pay now, by what the intent is; what is wrong with an attempt comes after that.
///
/// # Errors
/// One refusal a cause.
pub async fn check_open(app: &App, payer: Payer) -> Result<()> {
    let intent = super::find::one(app, payer.tenant, payer.intent).await?;
    let intent = intent.ok_or(Error::NotFound("payment intent"))?;
    match intent.may_confirm(Gateway::CreditCard, app.now()) {
        Ok(()) | Err(ConfirmRefusal::GatewayNotOffered { .. }) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// What the payer sees now.
///
/// # Errors
/// Storage errors.
pub async fn show(app: &App, payer: Payer) -> Result<Shown> {
    let reads = app.db().reads();
    let intent = super::find::one(app, payer.tenant, payer.intent)
        .await?
        .ok_or(Error::NotFound("payment intent"))?;
    let payment: Option<Payment> = match intent.state.payment() {
        None => None,
        Some(id) => {
            let row = payment::Entity::of(payer.tenant)
                .filter(payment::Column::Id.eq(id.to_string()))
                .one(reads)
                .await?;
            row.map(TryInto::try_into).transpose()?
        }
    };
    let card = match payment.as_ref().and_then(|payment| payment.card) {
        None => None,
        Some(id) => {
            let row = card::Entity::of(payer.tenant)
                .filter(card::Column::Id.eq(id.to_string()))
                .one(reads)
                .await?;
            row.map(TryInto::try_into).transpose()?
        }
    };
    Ok(Shown {
        merchant: merchant::of(reads, intent.tenant.merchant).await?,
        intent,
        payment,
        card,
    })
}
