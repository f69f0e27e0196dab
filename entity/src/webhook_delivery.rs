//! Table `webhook_deliveries`: one event to one endpoint. Read as [`domain::webhook::Delivery`].
//!
//! Invariant: `attempts` rises in the transaction that begins an attempt, so a number is used once whatever dies meanwhile.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::merchant::Tenant;
use domain::webhook::{BodyKey, Delivery, DeliveryState};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    #[sea_orm(unique)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub endpoint_id: String,
    pub event_id: String,
    #[sea_orm(column_name = "type")]
    pub event_type: String,
    pub is_alias: bool,
    pub name: String,
    pub payload: String,
    pub api_version: String,
    pub subject_id: String,
    pub run: i32,
    pub cause: String,
    pub url: Option<String>,
    pub state: String,
    pub attempts: i32,
    pub at: Timestamp,
    pub expires_at: Timestamp,
    pub order_key: Option<String>,
    pub last_status: Option<i32>,
    pub last_failure: Option<String>,
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

const TABLE: &str = "webhook_deliveries";

impl TryFrom<Model> for Delivery {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let id = row.id.clone();
        let status = row.last_status.map(u16::try_from).transpose();
        // A word of a newer version is none that matters here.
        let failure = row.last_failure.as_deref().and_then(|word| word.parse().ok());
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at(TABLE, "merchant_id", &id)?,
                mode: row.mode.parse().at(TABLE, "mode", &id)?,
            },
            endpoint: row.endpoint_id.parse().at(TABLE, "endpoint_id", &id)?,
            key: BodyKey {
                event: row.event_id.parse().at(TABLE, "event_id", &id)?,
                body: row.payload.parse().at(TABLE, "payload", &id)?,
                api_version: row.api_version.parse().at(TABLE, "api_version", &id)?,
                name: row.name,
            },
            event_type: row.event_type.parse().ok(),
            is_alias: row.is_alias,
            subject: row.subject_id,
            run: u32::try_from(row.run).at(TABLE, "run", &id)?,
            cause: row.cause.parse().at(TABLE, "cause", &id)?,
            url: row
                .url
                .as_deref()
                .map(str::parse)
                .transpose()
                .at(TABLE, "url", &id)?,
            state: state(&row.state, row.attempts, row.at, &id)?,
            expires_at: row.expires_at,
            last_status: status.at(TABLE, "last_status", &id)?,
            last_failure: failure,
            created_at: row.created_at,
        })
    }
}

/// The state in the columns `state`, `attempts` and `at`.
///
/// # Errors
/// When they say no state.
pub fn state(word: &str, attempts: i32, at: Timestamp, id: &str) -> Result<DeliveryState, Inconsistency> {
    let attempts = u32::try_from(attempts).at(TABLE, "attempts", id)?;
    Ok(match word {
        "waiting" => DeliveryState::Waiting { attempts, at },
        "sending" => DeliveryState::Sending { attempts },
        "delivered" => DeliveryState::Delivered { attempts, at },
        "failed" => DeliveryState::Failed { attempts, at },
        "expired" => DeliveryState::Expired { attempts, at },
        "canceled" => DeliveryState::Canceled { attempts, at },
        _ => return Err("expected a state of deliveries".to_owned()).at(TABLE, "state", id),
    })
}

/// The word and the instant in the columns `state` and `at`; an attempt that is under way has the instant that it began, `now`.
#[must_use]
pub const fn columns(state: &DeliveryState, now: Timestamp) -> (&'static str, Timestamp) {
    match state {
        DeliveryState::Waiting { at, .. } => ("waiting", *at),
        DeliveryState::Sending { .. } => ("sending", now),
        DeliveryState::Delivered { at, .. } => ("delivered", *at),
        DeliveryState::Failed { at, .. } => ("failed", *at),
        DeliveryState::Expired { at, .. } => ("expired", *at),
        DeliveryState::Canceled { at, .. } => ("canceled", *at),
    }
}

/// The row of a new delivery. `order_key` is what waits for each other.
#[must_use]
pub fn insert(delivery: &Delivery, event_type: &str, order_key: Option<String>) -> ActiveModel {
    let (state, at) = columns(&delivery.state, delivery.created_at);
    ActiveModel {
        seq: sea_orm::NotSet,
        id: Set(delivery.id.to_string()),
        merchant_id: Set(delivery.tenant.merchant.to_string()),
        mode: Set(delivery.tenant.mode.to_string()),
        endpoint_id: Set(delivery.endpoint.to_string()),
        event_id: Set(delivery.key.event.to_string()),
        event_type: Set(event_type.to_owned()),
        is_alias: Set(delivery.is_alias),
        name: Set(delivery.key.name.clone()),
        payload: Set(delivery.key.body.to_string()),
        api_version: Set(delivery.key.api_version.to_string()),
        subject_id: Set(delivery.subject.clone()),
        run: Set(column::count(delivery.run)),
        cause: Set(delivery.cause.to_string()),
        url: Set(delivery.url.as_ref().map(ToString::to_string)),
        state: Set(state.to_owned()),
        attempts: Set(column::count(delivery.state.attempts())),
        at: Set(at),
        expires_at: Set(delivery.expires_at),
        order_key: Set(order_key),
        last_status: Set(delivery.last_status.map(i32::from)),
        last_failure: Set(delivery.last_failure.map(|failure| failure.to_string())),
        created_at: Set(delivery.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, delivery, row, start};

    fn kept(delivery: &Delivery) -> Model {
        let mut insert = insert(delivery, "payment.captured", None);
        insert.seq = Set(1);
        row(insert)
    }

    #[test]
    fn a_delivery_reads_back_in_every_state() {
        let (attempts, at) = (2, start());
        for state in [
            DeliveryState::Waiting { attempts, at },
            DeliveryState::Sending { attempts },
            DeliveryState::Delivered { attempts, at },
            DeliveryState::Failed { attempts, at },
            DeliveryState::Expired { attempts, at },
            DeliveryState::Canceled { attempts, at },
        ] {
            let delivery = Delivery { state, ..delivery() };
            assert_eq!(kept(&delivery).try_into(), Ok(delivery));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 13] = [
            ("id", |row| row.id = "pi_1".into()),
            ("merchant_id", |row| row.merchant_id = "op_1".into()),
            ("mode", |row| row.mode = "prod".into()),
            ("endpoint_id", |row| row.endpoint_id = "whd_1".into()),
            ("event_id", |row| row.event_id = "e".into()),
            ("payload", |row| row.payload = "fat".into()),
            ("api_version", |row| row.api_version = "v1".into()),
            ("run", |row| row.run = -1),
            ("cause", |row| row.cause = "whim".into()),
            ("url", |row| row.url = Some("hook".into())),
            ("state", |row| row.state = "lost".into()),
            ("attempts", |row| row.attempts = -1),
            ("last_status", |row| row.last_status = Some(-1)),
        ];
        for (column, damage) in broken {
            let mut row = kept(&delivery());
            damage(&mut row);
            let found = Delivery::try_from(row).unwrap_err();
            assert_eq!((found.table, found.column), ("webhook_deliveries", column));
        }
    }
}
