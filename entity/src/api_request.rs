//! Table `api_requests`: the request log.
//!
//! Invariant: whatever a request holds becomes a row that both databases take, because rows are written in batches: text is cut and
//! cleaned here, and never refused.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::api_request::{ApiRequest, MAX_MADE, MAX_TEXT};
use domain::id::{CredentialId, OperatorId, RequestId, SessionId};
use domain::merchant::{Mode, Tenant};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// The table, for errors.
const TABLE: &str = "api_requests";
/// What stands for a character that PostgreSQL's text cannot hold.
const REPLACEMENT: &str = "\u{fffd}";

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "api_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: Option<String>,
    pub mode: Option<String>,
    pub credential_id: Option<String>,
    pub operator_id: Option<String>,
    pub session_id: Option<String>,
    pub way: String,
    pub method: String,
    pub path: String,
    pub operation: Option<String>,
    pub denial: Option<String>,
    pub rate_limit: String,
    pub drift_seconds: Option<i64>,
    pub body_sha256: Option<String>,
    pub idempotency_key: Option<String>,
    pub api_version: String,
    pub ip: String,
    pub user_agent: Option<String>,
    pub status: i32,
    pub error_code: Option<String>,
    pub duration_micros: i64,
    pub made: Json,
    #[serde(deserialize_with = "column::instant")]
    pub created_at: Timestamp,
    pub pos: Option<i64>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The only way to rows of tenants: a merchant sees its own, in one mode. Operators see all, also rows of nobody.
    pub fn of(tenant: Tenant) -> Select<Self> {
        Self::find()
            .filter(Column::MerchantId.eq(tenant.merchant.to_string()))
            .filter(Column::Mode.eq(tenant.mode.as_str()))
    }

    /// The rows of several tenants, which are one merchant's in both modes.
    pub fn of_each(tenants: &[Tenant]) -> Select<Self> {
        let own = |tenant: &Tenant| {
            Condition::all()
                .add(Column::MerchantId.eq(tenant.merchant.to_string()))
                .add(Column::Mode.eq(tenant.mode.as_str()))
        };
        // No tenants at all must find no rows; an empty "any" would find all.
        let nobody = Condition::any().add(Expr::value(false));
        Self::find().filter(tenants.iter().map(own).fold(nobody, Condition::add))
    }
}

/// A row as it is sent: one object of JSON whose names are those of the columns. Both databases take a batch of them in one value.
#[derive(Serialize)]
pub struct Row<'a> {
    id: RequestId,
    merchant_id: Option<domain::id::MerchantId>,
    mode: Option<&'static str>,
    credential_id: Option<CredentialId>,
    operator_id: Option<OperatorId>,
    session_id: Option<SessionId>,
    way: &'static str,
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    operation: Option<Cow<'a, str>>,
    denial: Option<&'static str>,
    rate_limit: &'static str,
    drift_seconds: Option<i64>,
    #[serde(serialize_with = "as_hex")]
    body_sha256: Option<&'a [u8; 32]>,
    idempotency_key: Option<Cow<'a, str>>,
    api_version: &'static str,
    ip: std::net::IpAddr,
    user_agent: Option<Cow<'a, str>>,
    status: u16,
    error_code: Option<Cow<'a, str>>,
    duration_micros: i64,
    #[serde(serialize_with = "as_texts")]
    made: &'a [String],
    #[serde(serialize_with = "as_text")]
    created_at: Timestamp,
}

impl<'a> From<&'a ApiRequest> for Row<'a> {
    fn from(request: &'a ApiRequest) -> Self {
        Self {
            id: request.id,
            merchant_id: request.tenant.map(|tenant| tenant.merchant),
            mode: request.tenant.map(|tenant| tenant.mode.as_str()),
            credential_id: request.credential,
            operator_id: request.operator,
            session_id: request.session,
            way: request.way.as_str(),
            method: kept(&request.method),
            path: kept(&request.path),
            operation: request.operation.as_deref().map(kept),
            denial: request.denial.map(domain::credential::Denial::as_str),
            rate_limit: request.rate_limit.as_str(),
            drift_seconds: request.drift_seconds,
            body_sha256: request.body_sha256.as_ref(),
            idempotency_key: request.idempotency_key.as_deref().map(kept),
            api_version: request.api_version.as_str(),
            ip: request.address,
            user_agent: request.user_agent.as_deref().map(kept),
            status: request.status,
            error_code: request.error_code.as_deref().map(kept),
            duration_micros: request.duration_micros,
            made: request.made.get(..MAX_MADE).unwrap_or(&request.made),
            created_at: request.at,
        }
    }
}

/// As much of a text as is kept, without the one character that PostgreSQL's text cannot hold.
fn kept(text: &str) -> Cow<'_, str> {
    // A text of so many bytes has no more characters, and almost every text is as short as that.
    let cut = if text.len() <= MAX_TEXT {
        text
    } else {
        let end = text.char_indices().nth(MAX_TEXT).map(|(at, _)| at);
        end.and_then(|end| text.get(..end)).unwrap_or(text)
    };
    if cut.contains('\0') {
        cut.replace('\0', REPLACEMENT).into()
    } else {
        cut.into()
    }
}

fn as_hex<S: Serializer>(hash: &Option<&[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
    match hash {
        None => serializer.serialize_none(),
        Some(hash) => {
            let mut text = [0; 64];
            hex::encode_to_slice(hash, &mut text).map_err(serde::ser::Error::custom)?;
            serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
        }
    }
}

fn as_texts<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| kept(text)))
}

/// As the driver of SQLite writes instants, so that all of a column compare as text.
fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339())
}

impl Model {
    fn tenant(&self) -> Result<Option<Tenant>, Inconsistency> {
        let Some(merchant) = &self.merchant_id else {
            return Ok(None);
        };
        let mode = self.mode.as_ref().at(TABLE, "mode", &self.id)?;
        Ok(Some(Tenant {
            merchant: merchant.parse().at(TABLE, "merchant_id", &self.id)?,
            mode: mode.parse::<Mode>().at(TABLE, "mode", &self.id)?,
        }))
    }

    fn body_sha256(&self) -> Result<Option<[u8; 32]>, Inconsistency> {
        let Some(text) = &self.body_sha256 else {
            return Ok(None);
        };
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).at(TABLE, "body_sha256", &self.id)?;
        Ok(Some(hash))
    }
}

impl TryFrom<Model> for ApiRequest {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let (tenant, body_sha256, id) = (row.tenant()?, row.body_sha256()?, &row.id);
        let session = row.session_id.as_deref().map(str::parse).transpose();
        let operator = row.operator_id.as_deref().map(str::parse).transpose();
        let credential = row.credential_id.as_deref().map(str::parse).transpose();
        let denial = row.denial.as_deref().map(str::parse).transpose();
        Ok(Self {
            at: row.created_at,
            tenant,
            credential: credential.at(TABLE, "credential_id", id)?,
            operator: operator.at(TABLE, "operator_id", id)?,
            session: session.at(TABLE, "session_id", id)?,
            way: row.way.parse().at(TABLE, "way", id)?,
            method: row.method,
            path: row.path,
            operation: row.operation,
            denial: denial.at(TABLE, "denial", id)?,
            rate_limit: row.rate_limit.parse().at(TABLE, "rate_limit", id)?,
            drift_seconds: row.drift_seconds,
            body_sha256,
            idempotency_key: row.idempotency_key,
            api_version: row.api_version.parse().at(TABLE, "api_version", id)?,
            address: row.ip.parse().at(TABLE, "ip", id)?,
            user_agent: row.user_agent,
            status: row.status.try_into().at(TABLE, "status", id)?,
            error_code: row.error_code,
            duration_micros: row.duration_micros,
            made: serde_json::from_value(row.made).at(TABLE, "made", id)?,
            id: id.parse().at(TABLE, "id", id)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, api_request};
    use domain::api_request::{RateLimitState, Way};
    use domain::api_version::ApiVersion;
    use domain::credential::Denial;

    /// The row that a table would hold.
    fn row(request: &ApiRequest) -> Model {
        serde_json::from_value(serde_json::to_value(Row::from(request)).unwrap()).unwrap()
    }

    #[test]
    fn a_request_reads_back() {
        assert_eq!(row(&api_request()).try_into(), Ok(api_request()));
        let bare = ApiRequest {
            tenant: None,
            credential: None,
            operator: None,
            session: None,
            operation: None,
            denial: None,
            drift_seconds: None,
            body_sha256: None,
            idempotency_key: None,
            user_agent: None,
            error_code: None,
            made: Vec::new(),
            ..api_request()
        };
        assert_eq!(row(&bare).try_into(), Ok(bare));
    }

    #[test]
    fn every_word_reads_back() {
        for way in Way::ALL {
            for denial in Denial::ALL {
                for rate_limit in RateLimitState::ALL {
                    for api_version in ApiVersion::ALL {
                        let request = ApiRequest {
                            way: *way,
                            denial: Some(*denial),
                            rate_limit: *rate_limit,
                            api_version,
                            ..api_request()
                        };
                        assert_eq!(row(&request).try_into(), Ok(request));
                    }
                }
            }
        }
    }

    #[test]
    fn what_no_table_can_hold_is_cut_and_cleaned() {
        let long = "م".repeat(MAX_TEXT + 1);
        let request = ApiRequest {
            path: long.clone(),
            user_agent: Some("a\0b".into()),
            made: vec!["pay_1".into(); MAX_MADE + 1],
            ..api_request()
        };
        let row = row(&request);
        assert_eq!(row.path, "م".repeat(MAX_TEXT));
        assert_eq!(row.user_agent.as_deref(), Some("a\u{fffd}b"));
        assert_eq!(row.made.as_array().unwrap().len(), MAX_MADE);
        assert_eq!(
            kept(&"x".repeat(MAX_TEXT)).len(),
            MAX_TEXT,
            "what fits is not cut"
        );
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 15] = [
            ("id", |row| row.id = "req_".into()),
            ("merchant_id", |row| row.merchant_id = Some("pay_1".into())),
            ("mode", |row| row.mode = Some("TEST".into())),
            ("mode", |row| row.mode = None),
            ("credential_id", |row| row.credential_id = Some("1".into())),
            ("operator_id", |row| row.operator_id = Some("1".into())),
            ("session_id", |row| row.session_id = Some("1".into())),
            ("way", |row| row.way = "carried".into()),
            ("denial", |row| row.denial = Some("disliked".into())),
            ("rate_limit", |row| row.rate_limit = "none".into()),
            ("body_sha256", |row| row.body_sha256 = Some("9ca2".into())),
            ("api_version", |row| row.api_version = "2027".into()),
            ("ip", |row| row.ip = "here".into()),
            ("status", |row| row.status = -1),
            ("made", |row| row.made = Json::Bool(true)),
        ];
        for (column, damage) in broken {
            let mut row = row(&api_request());
            damage(&mut row);
            let id = row.id.clone();
            let refused = ApiRequest::try_from(row).unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("api_requests", column, id)
            );
        }
    }
}
