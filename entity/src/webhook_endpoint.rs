//! Table `webhook_endpoints`: where events go. Read as [`domain::webhook::Endpoint`].
//!
//! Invariant: secrets and the values of a merchant's own headers stand here sealed only, secrets beside a keyed hash of each.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::merchant::Tenant;
use domain::webhook::{
    DisabledReason, Endpoint, EndpointSecrets, EndpointSettings, SealedHeaders, SealedSecret, Standing,
};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub slot: Option<String>,
    pub url: Option<String>,
    pub description: String,
    pub dialect: String,
    pub naming: String,
    pub payload: String,
    pub security_fields: String,
    pub events: Json,
    pub success: String,
    pub timeout_ms: i32,
    pub schedule: Json,
    pub rate_per_second: Option<i32>,
    pub max_in_flight: i32,
    pub ordering: String,
    pub api_version: String,
    pub header_names: Json,
    pub sealed_headers: Option<String>,
    pub signs: bool,
    pub paused_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
    pub disabled_reason: Option<String>,
    pub sealed_secret: String,
    pub secret_fingerprint: String,
    pub next_sealed_secret: Option<String>,
    pub next_fingerprint: Option<String>,
    pub next_from: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The only way to rows: a merchant sees its own, in one mode. Those that were deleted are among them.
    pub fn of(tenant: Tenant) -> Select<Self> {
        Self::find()
            .filter(Column::MerchantId.eq(tenant.merchant.to_string()))
            .filter(Column::Mode.eq(tenant.mode.as_str()))
    }
}

const TABLE: &str = "webhook_endpoints";

impl TryFrom<Model> for Endpoint {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let id = row.id.clone();
        let settings = settings(&row)?;
        let names: Vec<String> = serde_json::from_value(row.header_names).at(TABLE, "header_names", &id)?;
        let headers = match (row.sealed_headers, names.is_empty()) {
            (None, true) => None,
            (Some(sealed), false) => Some(SealedHeaders { names, sealed }),
            _ => return Err("expected names of sealed headers".to_owned()).at(TABLE, "sealed_headers", &id),
        };
        let next = match (row.next_sealed_secret, row.next_fingerprint, row.next_from) {
            (None, None, None) => None,
            (Some(sealed), Some(fingerprint), Some(from)) => {
                Some((SealedSecret { sealed, fingerprint }, from))
            }
            _ => return Err("expected all of a secret".to_owned()).at(TABLE, "next_sealed_secret", &id),
        };
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at(TABLE, "merchant_id", &id)?,
                mode: row.mode.parse().at(TABLE, "mode", &id)?,
            },
            slot: row
                .slot
                .as_deref()
                .map(str::parse)
                .transpose()
                .at(TABLE, "slot", &id)?,
            settings,
            headers,
            standing: standing(
                row.paused_at,
                row.disabled_at,
                row.disabled_reason.as_deref(),
                &id,
            )?,
            secrets: EndpointSecrets {
                current: SealedSecret {
                    sealed: row.sealed_secret,
                    fingerprint: row.secret_fingerprint,
                },
                next,
            },
            signs: row.signs,
            deleted_at: row.deleted_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn settings(row: &Model) -> Result<EndpointSettings, Inconsistency> {
    let id = &row.id;
    let rate = row.rate_per_second.map(u32::try_from).transpose();
    Ok(EndpointSettings {
        url: row
            .url
            .as_deref()
            .map(str::parse)
            .transpose()
            .at(TABLE, "url", id)?,
        description: row.description.clone(),
        dialect: row.dialect.parse().at(TABLE, "dialect", id)?,
        naming: row.naming.parse().at(TABLE, "naming", id)?,
        payload: row.payload.parse().at(TABLE, "payload", id)?,
        security_fields: row.security_fields.split(',').map(str::to_owned).collect(),
        events: serde_json::from_value(row.events.clone()).at(TABLE, "events", id)?,
        success: row.success.parse().at(TABLE, "success", id)?,
        timeout_ms: u32::try_from(row.timeout_ms).at(TABLE, "timeout_ms", id)?,
        schedule: serde_json::from_value(row.schedule.clone()).at(TABLE, "schedule", id)?,
        rate_per_second: rate.at(TABLE, "rate_per_second", id)?,
        max_in_flight: u32::try_from(row.max_in_flight).at(TABLE, "max_in_flight", id)?,
        order: row.ordering.parse().at(TABLE, "ordering", id)?,
        api_version: row.api_version.parse().at(TABLE, "api_version", id)?,
    })
}

/// A switched-off endpoint stays so whether or not it is held back too.
fn standing(
    paused: Option<Timestamp>,
    disabled: Option<Timestamp>,
    reason: Option<&str>,
    id: &str,
) -> Result<Standing, Inconsistency> {
    Ok(match (disabled, paused) {
        (Some(at), _) => {
            let reason: DisabledReason =
                reason
                    .unwrap_or_default()
                    .parse()
                    .at(TABLE, "disabled_reason", id)?;
            Standing::Disabled { at, reason }
        }
        (None, Some(at)) => Standing::Paused { at },
        (None, None) => Standing::Enabled,
    })
}

/// The row of an endpoint: new, or as a whole instead of what is there.
#[must_use]
pub fn row(endpoint: &Endpoint) -> ActiveModel {
    let settings = &endpoint.settings;
    let (paused, disabled) = match endpoint.standing {
        Standing::Enabled => (None, None),
        Standing::Paused { at } => (Some(at), None),
        Standing::Disabled { at, reason } => (None, Some((at, reason))),
    };
    let next = endpoint.secrets.next.as_ref();
    let names = endpoint.headers.as_ref().map(|headers| headers.names.as_slice());
    ActiveModel {
        id: Set(endpoint.id.to_string()),
        merchant_id: Set(endpoint.tenant.merchant.to_string()),
        mode: Set(endpoint.tenant.mode.to_string()),
        slot: Set(endpoint.slot.map(|slot| slot.to_string())),
        url: Set(settings.url.as_ref().map(ToString::to_string)),
        description: Set(settings.description.clone()),
        dialect: Set(settings.dialect.to_string()),
        naming: Set(settings.naming.to_string()),
        payload: Set(settings.payload.to_string()),
        security_fields: Set(settings.security_fields.join(",")),
        events: Set(column::json(&settings.events)),
        success: Set(settings.success.to_string()),
        timeout_ms: Set(column::count(settings.timeout_ms)),
        schedule: Set(column::json(&settings.schedule)),
        rate_per_second: Set(settings.rate_per_second.map(column::count)),
        max_in_flight: Set(column::count(settings.max_in_flight)),
        ordering: Set(settings.order.to_string()),
        api_version: Set(settings.api_version.to_string()),
        header_names: Set(column::json(&names.unwrap_or_default())),
        sealed_headers: Set(endpoint.headers.as_ref().map(|headers| headers.sealed.clone())),
        signs: Set(endpoint.signs),
        paused_at: Set(paused),
        disabled_at: Set(disabled.map(|(at, _)| at)),
        disabled_reason: Set(disabled.map(|(_, reason)| reason.to_string())),
        sealed_secret: Set(endpoint.secrets.current.sealed.clone()),
        secret_fingerprint: Set(endpoint.secrets.current.fingerprint.clone()),
        next_sealed_secret: Set(next.map(|(secret, _)| secret.sealed.clone())),
        next_fingerprint: Set(next.map(|(secret, _)| secret.fingerprint.clone())),
        next_from: Set(next.map(|(_, from)| *from)),
        deleted_at: Set(endpoint.deleted_at),
        created_at: Set(endpoint.created_at),
        updated_at: Set(endpoint.updated_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, endpoint, row as stored, start};

    #[test]
    fn an_endpoint_reads_back() {
        let bare = Endpoint {
            slot: None,
            headers: None,
            standing: Standing::Enabled,
            secrets: EndpointSecrets {
                next: None,
                ..endpoint().secrets
            },
            ..endpoint()
        };
        let paused = Endpoint {
            standing: Standing::Paused { at: start() },
            ..endpoint()
        };
        for endpoint in [endpoint(), bare, paused] {
            assert_eq!(stored(row(&endpoint)).try_into(), Ok(endpoint));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 17] = [
            ("id", |row| row.id = "pi_1".into()),
            ("merchant_id", |row| row.merchant_id = "op_1".into()),
            ("mode", |row| row.mode = "prod".into()),
            ("slot", |row| row.slot = Some("main".into())),
            ("url", |row| row.url = Some("hook".into())),
            ("dialect", |row| row.dialect = "md5".into()),
            ("naming", |row| row.naming = "own".into()),
            ("payload", |row| row.payload = "fat".into()),
            ("events", |row| row.events = serde_json::json!({})),
            ("success", |row| row.success = "3xx".into()),
            ("timeout_ms", |row| row.timeout_ms = -1),
            ("schedule", |row| row.schedule = serde_json::json!({})),
            ("max_in_flight", |row| row.max_in_flight = -1),
            ("ordering", |row| row.ordering = "fifo".into()),
            ("api_version", |row| row.api_version = "v1".into()),
            ("sealed_headers", |row| row.sealed_headers = None),
            ("disabled_reason", |row| row.disabled_reason = None),
        ];
        for (column, damage) in broken {
            let mut row = stored(row(&endpoint()));
            damage(&mut row);
            let found = Endpoint::try_from(row).unwrap_err();
            assert_eq!((found.table, found.column), ("webhook_endpoints", column));
        }
    }
}
