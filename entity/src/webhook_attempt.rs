//! Table `webhook_attempts`: one HTTP request of a delivery, and what came of it. Read as [`domain::webhook::Attempt`].
//!
//! Invariant: a row is written once, when the attempt has ended, and never changed.

use crate::inconsistency::{At, Inconsistency};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use domain::merchant::Tenant;
use domain::webhook::Attempt;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "webhook_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub endpoint_id: String,
    pub delivery_id: String,
    pub number: i32,
    pub url: String,
    #[serde(serialize_with = "crate::column::as_instant")]
    pub started_at: Timestamp,
    pub duration_micros: i64,
    pub is_success: bool,
    pub status: Option<i32>,
    pub failure: Option<String>,
    pub detail: Option<String>,
    pub remote_address: Option<String>,
    pub request_headers: Json,
    pub response_headers: Option<Json>,
    pub response_body: Option<String>,
    pub body_form: String,
    pub is_truncated: bool,
    pub body_sha256: Option<String>,
    pub secret_fingerprint: Option<String>,
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

const TABLE: &str = "webhook_attempts";

impl TryFrom<Model> for Attempt {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let id = row.id.clone();
        let body = match (row.body_form.as_str(), row.response_body) {
            ("none", None) => Vec::new(),
            ("text", Some(text)) => text.into_bytes(),
            ("base64", Some(text)) => STANDARD.decode(text).at(TABLE, "response_body", &id)?,
            _ => return Err("expected none, text or base64".to_owned()).at(TABLE, "body_form", &id),
        };
        let headers = row.response_headers.map(serde_json::from_value).transpose();
        let status = row.status.map(u16::try_from).transpose();
        let remote = row.remote_address.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at(TABLE, "merchant_id", &id)?,
                mode: row.mode.parse().at(TABLE, "mode", &id)?,
            },
            endpoint: row.endpoint_id.parse().at(TABLE, "endpoint_id", &id)?,
            delivery: row.delivery_id.parse().at(TABLE, "delivery_id", &id)?,
            number: u32::try_from(row.number).at(TABLE, "number", &id)?,
            url: row.url,
            started_at: row.started_at,
            duration_micros: row.duration_micros,
            is_success: row.is_success,
            status: status.at(TABLE, "status", &id)?,
            failure: row
                .failure
                .as_deref()
                .map(str::parse)
                .transpose()
                .at(TABLE, "failure", &id)?,
            detail: row.detail,
            remote_address: remote.at(TABLE, "remote_address", &id)?,
            request_headers: serde_json::from_value(row.request_headers).at(TABLE, "request_headers", &id)?,
            response_headers: headers.at(TABLE, "response_headers", &id)?.unwrap_or_default(),
            response_body: body,
            is_truncated: row.is_truncated,
            body_sha256: row.body_sha256,
            secret_fingerprint: row.secret_fingerprint,
        })
    }
}

/// The row of an attempt that has ended.
#[must_use]
pub fn row(attempt: &Attempt) -> Model {
    let (form, body) = match std::str::from_utf8(&attempt.response_body) {
        Ok("") => ("none", None),
        // PostgreSQL keeps no NUL in text.
        Ok(text) if !text.contains('\0') => ("text", Some(text.to_owned())),
        _ => ("base64", Some(STANDARD.encode(&attempt.response_body))),
    };
    Model {
        id: attempt.id.to_string(),
        merchant_id: attempt.tenant.merchant.to_string(),
        mode: attempt.tenant.mode.to_string(),
        endpoint_id: attempt.endpoint.to_string(),
        delivery_id: attempt.delivery.to_string(),
        number: crate::column::count(attempt.number),
        url: attempt.url.clone(),
        started_at: attempt.started_at,
        duration_micros: attempt.duration_micros,
        is_success: attempt.is_success,
        status: attempt.status.map(i32::from),
        failure: attempt.failure.map(|failure| failure.to_string()),
        detail: attempt.detail.clone(),
        remote_address: attempt.remote_address.map(|address| address.to_string()),
        request_headers: crate::column::json(&attempt.request_headers),
        response_headers: (!attempt.response_headers.is_empty())
            .then(|| crate::column::json(&attempt.response_headers)),
        response_body: body,
        body_form: form.to_owned(),
        is_truncated: attempt.is_truncated,
        body_sha256: attempt.body_sha256.clone(),
        secret_fingerprint: attempt.secret_fingerprint.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, attempt};

    #[test]
    fn an_attempt_reads_back_whatever_was_answered() {
        for body in [&b""[..], "قسط".as_bytes(), b"\0", b"\xff\xfe"] {
            let attempt = Attempt {
                response_body: body.to_vec(),
                ..attempt()
            };
            assert_eq!(row(&attempt).try_into(), Ok(attempt));
        }
        let bare = Attempt {
            status: None,
            detail: None,
            remote_address: None,
            response_headers: Vec::new(),
            ..attempt()
        };
        assert_eq!(row(&bare).try_into(), Ok(bare));
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 12] = [
            ("id", |row| row.id = "pi_1".into()),
            ("merchant_id", |row| row.merchant_id = "op_1".into()),
            ("mode", |row| row.mode = "prod".into()),
            ("endpoint_id", |row| row.endpoint_id = "whd_1".into()),
            ("delivery_id", |row| row.delivery_id = "e".into()),
            ("number", |row| row.number = -1),
            ("status", |row| row.status = Some(-1)),
            ("failure", |row| row.failure = Some("bad luck".into())),
            ("remote_address", |row| row.remote_address = Some("here".into())),
            ("request_headers", |row| {
                row.request_headers = serde_json::json!({})
            }),
            ("body_form", |row| row.response_body = None),
            ("response_body", |row| row.body_form = "base64".into()),
        ];
        for (column, damage) in broken {
            let mut row = row(&attempt());
            damage(&mut row);
            let found = Attempt::try_from(row).unwrap_err();
            assert_eq!((found.table, found.column), ("webhook_attempts", column));
        }
    }
}
