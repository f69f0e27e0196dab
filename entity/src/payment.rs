//! Table `payments`. Read as [`domain::payment::Payment`].
//!
//! Invariant: the state is computed from amounts and times. The column `status` is its name, kept for filters and conditional
//! updates; a row where the two disagree is not read at all. The database refuses impossible amounts too, but a copy that
//! was restored or repaired by hand may hold them, so they are checked again here.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::merchant::Tenant;
use domain::payment::{Customer, Hold, Payment, PaymentState, Release, Taken};
use domain::provider::Decline;
use domain::{Currency, Money, Timestamp};
use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, Set, Unchanged};
use serde::Deserialize;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub status: String,
    pub gateway: String,
    pub provider: String,
    pub card_id: Option<String>,
    pub currency: String,
    pub amount_minor: i64,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub refund_pending_minor: i64,
    pub hold_open: bool,
    pub outcome_unknown: bool,
    pub in_flight_operation_id: Option<String>,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub hold_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub hold_expires_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub captured_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub voided_at: Option<Timestamp>,
    pub void_reason: Option<String>,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub failed_at: Option<Timestamp>,
    pub decline: Option<Json>,
    pub customer_email: Option<String>,
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub intent_id: Option<String>,
    pub description: Option<String>,
    pub merchant_reference: Option<String>,
    pub metadata: Json,
    #[serde(deserialize_with = "crate::column::instant")]
    pub created_at: Timestamp,
    #[serde(deserialize_with = "crate::column::instant")]
    pub updated_at: Timestamp,
    pub version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The only way to rows: a merchant sees its own, in one mode.
    pub fn of(tenant: Tenant) -> Select<Self> {
        Self::find()
            .filter(Column::MerchantId.eq(tenant.merchant.to_string()))
            .filter(Column::Mode.eq(tenant.mode.as_str()))
    }
}

impl TryFrom<Model> for Payment {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let currency: Currency = row.currency.parse().at("payments", "currency", &row.id)?;
        let card = row.card_id.as_deref().map(str::parse).transpose();
        let intent = row.intent_id.as_deref().map(str::parse).transpose();
        let in_flight = row.in_flight_operation_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: row.id.parse().at("payments", "id", &row.id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at("payments", "merchant_id", &row.id)?,
                mode: row.mode.parse().at("payments", "mode", &row.id)?,
            },
            intent: intent.at("payments", "intent_id", &row.id)?,
            amount: Money::new(row.amount_minor, currency),
            gateway: row.gateway.parse().at("payments", "gateway", &row.id)?,
            card: card.at("payments", "card_id", &row.id)?,
            state: state(&row, currency)?,
            in_flight: in_flight.at("payments", "in_flight_operation_id", &row.id)?,
            metadata: serde_json::from_value(row.metadata).at("payments", "metadata", &row.id)?,
            provider: row.provider,
            customer: Customer {
                email: row.customer_email,
                name: row.customer_name,
                phone: row.customer_phone,
            },
            description: row.description,
            merchant_reference: row.merchant_reference,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

/// The state that amounts and times add up to, if its name is the one in `status`.
fn state(row: &Model, currency: Currency) -> Result<PaymentState, Inconsistency> {
    within(row.authorized_minor, row.amount_minor).at("payments", "authorized_minor", &row.id)?;
    within(row.captured_minor, row.authorized_minor).at("payments", "captured_minor", &row.id)?;
    within(row.refunded_minor, row.captured_minor).at("payments", "refunded_minor", &row.id)?;
    within(row.refund_pending_minor, row.captured_minor).at("payments", "refund_pending_minor", &row.id)?;
    let state = computed(row, currency)?;
    let name = state.status().as_str();
    if row.status == name {
        Ok(state)
    } else {
        Err(format!("amounts and times say {name}")).at("payments", "status", &row.id)
    }
}

fn within(minor: i64, limit: i64) -> Result<(), String> {
    if (0..=limit).contains(&minor) {
        Ok(())
    } else {
        Err(format!("expected 0 to {limit}, came {minor}"))
    }
}

fn computed(row: &Model, currency: Currency) -> Result<PaymentState, Inconsistency> {
    if let Some(at) = row.failed_at {
        let decline = column::decline(row.decline.as_ref(), "payments", &row.id)?;
        return Ok(PaymentState::Failed { at, decline });
    }
    if row.authorized_minor == 0 {
        return Ok(PaymentState::Processing {
            outcome_unknown: row.outcome_unknown,
        });
    }
    let authorized = Money::new(row.authorized_minor, currency);
    Ok(match (row.hold_open, row.captured_minor > 0) {
        (true, false) => PaymentState::Authorized {
            hold: hold(row, authorized)?,
        },
        (true, true) => PaymentState::PartiallyCaptured {
            hold: hold(row, authorized)?,
            taken: taken(row, currency)?,
        },
        (false, true) => PaymentState::Captured {
            authorized,
            taken: taken(row, currency)?,
        },
        (false, false) => {
            let hold = hold(row, authorized)?;
            match row.voided_at {
                None => PaymentState::Expired { hold },
                Some(at) => PaymentState::Voided {
                    hold,
                    release: Release {
                        at,
                        reason: row.void_reason.clone(),
                    },
                },
            }
        }
    })
}

fn hold(row: &Model, authorized: Money) -> Result<Hold, Inconsistency> {
    Ok(Hold {
        authorized,
        at: row.hold_at.at("payments", "hold_at", &row.id)?,
        expires_at: row.hold_expires_at.at("payments", "hold_expires_at", &row.id)?,
    })
}

fn taken(row: &Model, currency: Currency) -> Result<Taken, Inconsistency> {
    let at = row.captured_at.at("payments", "captured_at", &row.id)?;
    let money = |minor| Money::new(minor, currency);
    // Each amount alone is within what was captured; what is left to contradict it is their sum.
    Taken::new(
        money(row.captured_minor),
        money(row.refunded_minor),
        money(row.refund_pending_minor),
        at,
    )
    .at("payments", "refunded_minor", &row.id)
}

/// The row of a new payment.
#[must_use]
pub fn insert(payment: &Payment) -> ActiveModel {
    let hold = remembered_hold(&payment.state);
    ActiveModel {
        id: Set(payment.id.to_string()),
        merchant_id: Set(payment.tenant.merchant.to_string()),
        mode: Set(payment.tenant.mode.to_string()),
        gateway: Set(payment.gateway.to_string()),
        provider: Set(payment.provider.clone()),
        card_id: Set(payment.card.map(|card| card.to_string())),
        currency: Set(payment.amount.currency().to_string()),
        amount_minor: Set(payment.amount.minor()),
        hold_at: Set(hold.map(|hold| hold.at)),
        hold_expires_at: Set(hold.map(|hold| hold.expires_at)),
        customer_email: Set(payment.customer.email.clone()),
        customer_name: Set(payment.customer.name.clone()),
        customer_phone: Set(payment.customer.phone.clone()),
        intent_id: Set(payment.intent.map(|intent| intent.to_string())),
        description: Set(payment.description.clone()),
        merchant_reference: Set(payment.merchant_reference.clone()),
        metadata: Set(payment.metadata.iter().collect()),
        created_at: Set(payment.created_at),
        ..change(payment)
    }
}

/// The columns that follow the state of a payment; the others never change.
///
/// A payment that is captured has forgotten the times of its hold. The table keeps them: they are evidence of when the money
/// was held, so they are written only by a state that knows them.
#[must_use]
pub fn change(payment: &Payment) -> ActiveModel {
    let state = &payment.state;
    let currency = payment.amount.currency();
    let (hold, taken) = (remembered_hold(state), state.taken());
    let (release, failure) = ending(state);
    ActiveModel {
        id: Unchanged(payment.id.to_string()),
        status: Set(state.status().to_string()),
        authorized_minor: Set(column::minor(state.authorized(), currency)),
        captured_minor: Set(column::minor(taken.map(Taken::captured), currency)),
        refunded_minor: Set(column::minor(taken.map(Taken::refunded), currency)),
        refund_pending_minor: Set(column::minor(taken.map(Taken::refund_pending), currency)),
        hold_open: Set(state.hold().is_some()),
        outcome_unknown: Set(matches!(
            state,
            PaymentState::Processing {
                outcome_unknown: true
            }
        )),
        in_flight_operation_id: Set(payment.in_flight.map(|operation| operation.to_string())),
        hold_at: hold.map_or(NotSet, |hold| Set(Some(hold.at))),
        hold_expires_at: hold.map_or(NotSet, |hold| Set(Some(hold.expires_at))),
        captured_at: Set(taken.map(Taken::at)),
        voided_at: Set(release.map(|release| release.at)),
        void_reason: Set(release.and_then(|release| release.reason.clone())),
        failed_at: Set(failure.map(|(at, _)| at)),
        decline: Set(failure.map(|(_, decline)| column::decline_json(decline))),
        updated_at: Set(payment.updated_at),
        version: Set(payment.version),
        ..Default::default()
    }
}

/// The hold, open or given up, that the state still knows.
const fn remembered_hold(state: &PaymentState) -> Option<&Hold> {
    match state {
        PaymentState::Authorized { hold }
        | PaymentState::PartiallyCaptured { hold, .. }
        | PaymentState::Voided { hold, .. }
        | PaymentState::Expired { hold } => Some(hold),
        PaymentState::Processing { .. } | PaymentState::Captured { .. } | PaymentState::Failed { .. } => None,
    }
}

/// How it ended without money being taken: given up, or failed.
const fn ending(state: &PaymentState) -> (Option<&Release>, Option<(Timestamp, &Decline)>) {
    match state {
        PaymentState::Voided { release, .. } => (Some(release), None),
        PaymentState::Failed { at, decline } => (None, Some((*at, decline))),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests;
