//! Table `operations`. Read as [`domain::operation::Operation`].
//!
//! Invariant: the answer of the provider is kept as it came: an approval in columns of its own, a decline as one JSON value.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::merchant::Tenant;
use domain::operation::{self, Operation, OperationState, OperationStatus};
use domain::payment::Finality;
use domain::provider::{Approval, Decline, FraudCheck};
use domain::{Currency, Money, Timestamp};
use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, Set, Unchanged};
use serde::Deserialize;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "operations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub payment_id: String,
    pub kind: String,
    pub status: String,
    pub currency: String,
    pub amount_minor: i64,
    pub fee_minor: i64,
    pub reserve_minor: i64,
    pub keep_rest: bool,
    pub reason: Option<String>,
    pub idempotency_key: String,
    pub provider_reference: Option<String>,
    pub auth_code: Option<String>,
    pub fraud_score: Option<i32>,
    pub decline: Option<Json>,
    pub asked: i32,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub ask_again_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub settled_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant")]
    pub created_at: Timestamp,
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

impl TryFrom<Model> for Operation {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let currency: Currency = row.currency.parse().at("operations", "currency", &row.id)?;
        Ok(Self {
            id: row.id.parse().at("operations", "id", &row.id)?,
            payment: row.payment_id.parse().at("operations", "payment_id", &row.id)?,
            kind: row.kind.parse().at("operations", "kind", &row.id)?,
            amount: Money::new(row.amount_minor, currency),
            fee: Money::new(row.fee_minor, currency),
            reserve: Money::new(row.reserve_minor, currency),
            finality: if row.keep_rest {
                Finality::KeepRest
            } else {
                Finality::Final
            },
            idempotency_key: row
                .idempotency_key
                .parse()
                .at("operations", "idempotency_key", &row.id)?,
            state: state(&row)?,
            reason: row.reason,
            ask_again_at: row.ask_again_at,
            created_at: row.created_at,
        })
    }
}

fn state(row: &Model) -> Result<OperationState, Inconsistency> {
    let settled = || row.settled_at.at("operations", "settled_at", &row.id);
    Ok(match status(&row.status).at("operations", "status", &row.id)? {
        OperationStatus::Sent => OperationState::Sent,
        OperationStatus::OutcomeUnknown => OperationState::OutcomeUnknown {
            asked: u32::try_from(row.asked).at("operations", "asked", &row.id)?,
        },
        OperationStatus::Succeeded => OperationState::Succeeded {
            at: settled()?,
            approval: approval(row)?,
        },
        OperationStatus::Failed => OperationState::Failed {
            at: settled()?,
            decline: column::decline(row.decline.as_ref(), "operations", &row.id)?,
        },
    })
}

/// The columns of a row of [`Brief`], in the order of its fields.
pub const BRIEF: [Column; 8] = [
    Column::Id,
    Column::PaymentId,
    Column::Kind,
    Column::Status,
    Column::Currency,
    Column::AmountMinor,
    Column::SettledAt,
    Column::CreatedAt,
];

/// What a list shows of a row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Brief {
    pub id: String,
    pub payment_id: String,
    pub kind: String,
    pub status: String,
    pub currency: String,
    pub amount_minor: i64,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub settled_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant")]
    pub created_at: Timestamp,
}

impl TryFrom<Brief> for operation::Brief {
    type Error = Inconsistency;

    fn try_from(row: Brief) -> Result<Self, Inconsistency> {
        let currency = row.currency.parse().at("operations", "currency", &row.id)?;
        let status = status(&row.status).at("operations", "status", &row.id)?;
        let settled_at = match status {
            OperationStatus::Succeeded | OperationStatus::Failed => {
                Some(row.settled_at.at("operations", "settled_at", &row.id)?)
            }
            OperationStatus::Sent | OperationStatus::OutcomeUnknown => None,
        };
        Ok(Self {
            id: row.id.parse().at("operations", "id", &row.id)?,
            payment: row.payment_id.parse().at("operations", "payment_id", &row.id)?,
            kind: row.kind.parse().at("operations", "kind", &row.id)?,
            status,
            amount: Money::new(row.amount_minor, currency),
            created_at: row.created_at,
            settled_at,
        })
    }
}

fn status(word: &str) -> Result<OperationStatus, &'static str> {
    use OperationStatus::{Failed, OutcomeUnknown, Sent, Succeeded};
    [Sent, OutcomeUnknown, Succeeded, Failed]
        .into_iter()
        .find(|status| status.as_str() == word)
        .ok_or("expected sent, outcome_unknown, succeeded or failed")
}

fn approval(row: &Model) -> Result<Approval, Inconsistency> {
    let score = row.fraud_score.map(u8::try_from).transpose();
    let score = score.at("operations", "fraud_score", &row.id)?;
    let reference = row.provider_reference.clone();
    Ok(Approval {
        provider_reference: reference.at("operations", "provider_reference", &row.id)?,
        auth_code: row.auth_code.clone(),
        fraud: score.map(|score| FraudCheck { score }),
    })
}

/// The row of a new operation of `tenant`.
#[must_use]
pub fn insert(tenant: Tenant, operation: &Operation) -> ActiveModel {
    let currency = operation.amount.currency();
    ActiveModel {
        id: Set(operation.id.to_string()),
        merchant_id: Set(tenant.merchant.to_string()),
        mode: Set(tenant.mode.to_string()),
        payment_id: Set(operation.payment.to_string()),
        kind: Set(operation.kind.to_string()),
        currency: Set(currency.to_string()),
        amount_minor: Set(operation.amount.minor()),
        fee_minor: Set(column::minor(operation.fee, currency)),
        reserve_minor: Set(column::minor(operation.reserve, currency)),
        keep_rest: Set(operation.finality == Finality::KeepRest),
        reason: Set(operation.reason.clone()),
        idempotency_key: Set(operation.idempotency_key.to_string()),
        asked: Set(asked(&operation.state).unwrap_or_default()),
        created_at: Set(operation.created_at),
        ..change(operation)
    }
}

/// The columns that follow the state of an operation; the others never change.
///
/// How often the provider was asked is known to a state without an answer only. Once there is one, the table keeps the count.
#[must_use]
pub fn change(operation: &Operation) -> ActiveModel {
    let state = &operation.state;
    let (settled_at, approval, decline) = answer(state);
    let fraud = approval.and_then(|approval| approval.fraud);
    ActiveModel {
        id: Unchanged(operation.id.to_string()),
        status: Set(state.status().as_str().to_owned()),
        provider_reference: Set(approval.map(|approval| approval.provider_reference.clone())),
        auth_code: Set(approval.and_then(|approval| approval.auth_code.clone())),
        fraud_score: Set(fraud.map(|fraud| i32::from(fraud.score))),
        decline: Set(decline.map(column::decline_json)),
        asked: asked(state).map_or(NotSet, Set),
        ask_again_at: Set(operation.ask_again_at),
        settled_at: Set(settled_at),
        ..Default::default()
    }
}

const fn answer(state: &OperationState) -> (Option<Timestamp>, Option<&Approval>, Option<&Decline>) {
    match state {
        OperationState::Sent | OperationState::OutcomeUnknown { .. } => (None, None, None),
        OperationState::Succeeded { at, approval } => (Some(*at), Some(approval), None),
        OperationState::Failed { at, decline } => (Some(*at), None, Some(decline)),
    }
}

fn asked(state: &OperationState) -> Option<i32> {
    match state {
        // Beyond the column the exact count says nothing more.
        OperationState::OutcomeUnknown { asked } => Some(i32::try_from(*asked).unwrap_or(i32::MAX)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
