//! Table `refunds`. Read as [`domain::refund::Refund`].
//!
//! Invariant: a refund has a time of settlement exactly when it is no longer open, and a decline exactly when it failed.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::merchant::Tenant;
use domain::provider::Decline;
use domain::refund::{self, Refund, RefundState, RefundStatus};
use domain::{Money, Timestamp};
use sea_orm::entity::prelude::*;
use sea_orm::{Set, Unchanged};
use serde::Deserialize;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub payment_id: String,
    pub operation_id: String,
    pub status: String,
    pub currency: String,
    pub amount_minor: i64,
    pub reason: Option<String>,
    pub decline: Option<Json>,
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

impl TryFrom<Model> for Refund {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let currency = row.currency.parse().at("refunds", "currency", &row.id)?;
        Ok(Self {
            id: row.id.parse().at("refunds", "id", &row.id)?,
            payment: row.payment_id.parse().at("refunds", "payment_id", &row.id)?,
            operation: row.operation_id.parse().at("refunds", "operation_id", &row.id)?,
            amount: Money::new(row.amount_minor, currency),
            state: state(&row)?,
            reason: row.reason,
            created_at: row.created_at,
        })
    }
}

fn state(row: &Model) -> Result<RefundState, Inconsistency> {
    let settled = || row.settled_at.at("refunds", "settled_at", &row.id);
    Ok(match row.status.parse().at("refunds", "status", &row.id)? {
        RefundStatus::PendingApproval => RefundState::PendingApproval,
        RefundStatus::Pending => RefundState::Pending,
        RefundStatus::Succeeded => RefundState::Succeeded { at: settled()? },
        RefundStatus::Failed => RefundState::Failed {
            at: settled()?,
            decline: column::decline(row.decline.as_ref(), "refunds", &row.id)?,
        },
        RefundStatus::Canceled => RefundState::Canceled { at: settled()? },
        RefundStatus::Reversed => RefundState::Reversed { at: settled()? },
    })
}

/// The columns of a row of [`Brief`], in the order of its fields.
pub const BRIEF: [Column; 7] = [
    Column::Id,
    Column::PaymentId,
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
    pub status: String,
    pub currency: String,
    pub amount_minor: i64,
    #[serde(deserialize_with = "crate::column::instant_or_none")]
    pub settled_at: Option<Timestamp>,
    #[serde(deserialize_with = "crate::column::instant")]
    pub created_at: Timestamp,
}

impl TryFrom<Brief> for refund::Brief {
    type Error = Inconsistency;

    fn try_from(row: Brief) -> Result<Self, Inconsistency> {
        let currency = row.currency.parse().at("refunds", "currency", &row.id)?;
        let status = row.status.parse().at("refunds", "status", &row.id)?;
        let settled_at = match status {
            RefundStatus::PendingApproval | RefundStatus::Pending => None,
            RefundStatus::Succeeded
            | RefundStatus::Failed
            | RefundStatus::Canceled
            | RefundStatus::Reversed => Some(row.settled_at.at("refunds", "settled_at", &row.id)?),
        };
        Ok(Self {
            id: row.id.parse().at("refunds", "id", &row.id)?,
            payment: row.payment_id.parse().at("refunds", "payment_id", &row.id)?,
            amount: Money::new(row.amount_minor, currency),
            status,
            created_at: row.created_at,
            settled_at,
        })
    }
}

/// The row of a new refund of `tenant`.
#[must_use]
pub fn insert(tenant: Tenant, refund: &Refund) -> ActiveModel {
    ActiveModel {
        id: Set(refund.id.to_string()),
        merchant_id: Set(tenant.merchant.to_string()),
        mode: Set(tenant.mode.to_string()),
        payment_id: Set(refund.payment.to_string()),
        operation_id: Set(refund.operation.to_string()),
        currency: Set(refund.amount.currency().to_string()),
        amount_minor: Set(refund.amount.minor()),
        reason: Set(refund.reason.clone()),
        created_at: Set(refund.created_at),
        ..change(refund)
    }
}

/// The columns that follow the state of a refund; the others never change.
#[must_use]
pub fn change(refund: &Refund) -> ActiveModel {
    let (settled_at, decline) = settlement(&refund.state);
    ActiveModel {
        id: Unchanged(refund.id.to_string()),
        status: Set(refund.state.status().as_str().to_owned()),
        decline: Set(decline.map(column::decline_json)),
        settled_at: Set(settled_at),
        ..Default::default()
    }
}

const fn settlement(state: &RefundState) -> (Option<Timestamp>, Option<&Decline>) {
    match state {
        RefundState::PendingApproval | RefundState::Pending => (None, None),
        RefundState::Succeeded { at } | RefundState::Canceled { at } | RefundState::Reversed { at } => {
            (Some(*at), None)
        }
        RefundState::Failed { at, decline } => (Some(*at), Some(decline)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, applied, decline, refund, row, set_columns, start, tenant};

    fn refunds() -> Vec<Refund> {
        let at = start();
        let failed = RefundState::Failed {
            at,
            decline: decline(),
        };
        [
            RefundState::PendingApproval,
            RefundState::Pending,
            RefundState::Succeeded { at },
            failed,
            RefundState::Canceled { at },
            RefundState::Reversed { at },
        ]
        .map(|state| Refund { state, ..refund() })
        .into()
    }

    #[test]
    fn every_state_reads_back() {
        assert_eq!(refunds().len(), RefundStatus::ALL.len());
        for refund in refunds() {
            let row = row(insert(tenant(), &refund));
            assert_eq!(row.merchant_id, tenant().merchant.to_string());
            assert_eq!(row.mode, "test");
            assert_eq!(row.try_into(), Ok(refund));
        }
    }

    #[test]
    fn a_change_reads_back_whatever_stood_there() {
        for before in refunds() {
            for after in refunds() {
                let row = applied(row(insert(tenant(), &before)), &change(&after));
                assert_eq!(row.try_into(), Ok(after));
            }
        }
    }

    #[test]
    fn a_change_touches_the_state_only() {
        for refund in refunds() {
            assert_eq!(set_columns(&change(&refund)), ["status", "decline", "settled_at"]);
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        use RefundStatus::{Canceled, Failed, Pending, Reversed, Succeeded};
        let broken: [(RefundStatus, &str, Damage<Model>); 12] = [
            (Pending, "id", |row| row.id = "pay_1".into()),
            (Pending, "payment_id", |row| row.payment_id = "re_1".into()),
            (Pending, "operation_id", |row| row.operation_id = String::new()),
            (Pending, "status", |row| row.status = "processing".into()),
            (Pending, "currency", |row| row.currency = "iqd".into()),
            (Succeeded, "settled_at", |row| row.settled_at = None),
            (Failed, "settled_at", |row| row.settled_at = None),
            (Canceled, "settled_at", |row| row.settled_at = None),
            (Reversed, "settled_at", |row| row.settled_at = None),
            (Failed, "decline", |row| row.decline = None),
            (Failed, "decline", |row| row.decline = Some(Json::Null)),
            (Failed, "decline", |row| {
                row.decline = Some(serde_json::json!({ "reason": "bad_mood", "message": "" }));
            }),
        ];
        for (status, column, damage) in broken {
            let refund = refunds().into_iter().find(|r| r.state.status() == status);
            let mut row = row(insert(tenant(), &refund.unwrap()));
            damage(&mut row);
            let id = row.id.clone();
            let refused = Refund::try_from(row).unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("refunds", column, id)
            );
        }
    }

    fn in_brief(row: &Model) -> Brief {
        let row = row.clone();
        Brief {
            id: row.id,
            payment_id: row.payment_id,
            status: row.status,
            currency: row.currency,
            amount_minor: row.amount_minor,
            settled_at: row.settled_at,
            created_at: row.created_at,
        }
    }

    #[test]
    fn in_brief_a_refund_says_the_same() {
        for refund in refunds() {
            let brief = in_brief(&row(insert(tenant(), &refund)));
            let expected = refund::Brief {
                id: refund.id,
                payment: refund.payment,
                amount: refund.amount,
                status: refund.state.status(),
                created_at: refund.created_at,
                settled_at: settlement(&refund.state).0,
            };
            assert_eq!(refund::Brief::try_from(brief), Ok(expected));
        }
    }

    #[test]
    fn a_broken_row_names_its_column_in_brief_too() {
        let broken: [(&str, Damage<Brief>); 5] = [
            ("id", |row| row.id = "pay_1".into()),
            ("payment_id", |row| row.payment_id = String::new()),
            ("status", |row| row.status = "done".into()),
            ("currency", |row| row.currency = "iqd".into()),
            ("settled_at", |row| row.settled_at = None),
        ];
        let state = RefundState::Succeeded { at: start() };
        for (column, damage) in broken {
            let settled = Refund {
                state: state.clone(),
                ..refund()
            };
            let mut brief = in_brief(&row(insert(tenant(), &settled)));
            damage(&mut brief);
            let refused = refund::Brief::try_from(brief).unwrap_err();
            assert_eq!((refused.table, refused.column), ("refunds", column));
        }
    }
}
