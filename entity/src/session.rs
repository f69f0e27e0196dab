//! Table `sessions`. Read as [`domain::credential::Session`]; the hash of its cookie is read apart, by the check of sessions only.
//!
//! A session is found by the unique token in its cookie, or as one of its holder's.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::credential::{SecretHash, Session, SessionHolder};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub token: String,
    pub secret_hash: String,
    pub credential_id: Option<String>,
    pub operator_id: Option<String>,
    pub ip: String,
    pub user_agent: Option<String>,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The sessions of one holder.
    pub fn of(holder: SessionHolder) -> Select<Self> {
        Self::find().filter(match holder {
            SessionHolder::Credential(id) => Column::CredentialId.eq(id.to_string()),
            SessionHolder::Operator(id) => Column::OperatorId.eq(id.to_string()),
        })
    }
}

impl Model {
    /// The keyed hash of the cookie.
    ///
    /// # Errors
    /// When the column does not hold one.
    pub fn secret_hash(&self) -> Result<SecretHash, Inconsistency> {
        column::secret_hash(&self.secret_hash, "sessions", &self.id)
    }
}

impl TryFrom<Model> for Session {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let holder = match (&row.credential_id, &row.operator_id) {
            (Some(id), _) => {
                SessionHolder::Credential(id.parse().at("sessions", "credential_id", &row.id)?)
            }
            (None, id) => {
                let id = id.as_ref().at("sessions", "operator_id", &row.id)?;
                SessionHolder::Operator(id.parse().at("sessions", "operator_id", &row.id)?)
            }
        };
        Ok(Self {
            id: row.id.parse().at("sessions", "id", &row.id)?,
            token: row.token,
            holder,
            address: row.ip.parse().at("sessions", "ip", &row.id)?,
            user_agent: row.user_agent,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        })
    }
}

/// The row of a new session.
#[must_use]
pub fn insert(session: &Session, secret_hash: &SecretHash) -> ActiveModel {
    let (credential, operator) = match session.holder {
        SessionHolder::Credential(id) => (Some(id.to_string()), None),
        SessionHolder::Operator(id) => (None, Some(id.to_string())),
    };
    ActiveModel {
        id: Set(session.id.to_string()),
        token: Set(session.token.clone()),
        secret_hash: Set(column::secret_hash_hex(secret_hash)),
        credential_id: Set(credential),
        operator_id: Set(operator),
        ip: Set(session.address.to_string()),
        user_agent: Set(session.user_agent.clone()),
        expires_at: Set(session.expires_at),
        revoked_at: Set(session.revoked_at),
        created_at: Set(session.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{credential, ids, operator, row, start};
    use domain::IdGenerator;

    #[test]
    fn a_session_reads_back_and_a_broken_row_names_its_column() {
        const HASH: SecretHash = SecretHash::from_bytes([7; 32]);
        for holder in [
            SessionHolder::Credential(credential().id),
            SessionHolder::Operator(operator().id),
        ] {
            let session = Session {
                id: ids(1).id(start()),
                token: "esp_0123456789abcdef".into(),
                holder,
                address: "2001:db8::1".parse().unwrap(),
                user_agent: Some("browser".into()),
                expires_at: start(),
                revoked_at: Some(start()),
                created_at: start(),
            };
            let mut row = row(insert(&session, &HASH));
            assert_eq!(row.secret_hash(), Ok(HASH));
            assert_eq!(row.clone().try_into(), Ok(session));
            (row.credential_id, row.operator_id) = (None, None);
            assert_eq!(Session::try_from(row).unwrap_err().column, "operator_id");
        }
    }
}
