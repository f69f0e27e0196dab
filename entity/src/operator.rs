//! Table `operators`. Read as [`domain::credential::Operator`]; the hash of its secret is read apart, by the check of keys only.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::credential::{Operator, SecretHash};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "operators")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub token: String,
    pub secret_hash: String,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The keyed hash of the secret.
    ///
    /// # Errors
    /// When the column does not hold one.
    pub fn secret_hash(&self) -> Result<SecretHash, Inconsistency> {
        column::secret_hash(&self.secret_hash, "operators", &self.id)
    }
}

impl TryFrom<Model> for Operator {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        Ok(Self {
            id: row.id.parse().at("operators", "id", &row.id)?,
            name: row.name,
            token: row.token,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        })
    }
}

/// The row of a new operator.
#[must_use]
pub fn insert(operator: &Operator, secret_hash: &SecretHash) -> ActiveModel {
    ActiveModel {
        id: Set(operator.id.to_string()),
        name: Set(operator.name.clone()),
        token: Set(operator.token.clone()),
        secret_hash: Set(column::secret_hash_hex(secret_hash)),
        revoked_at: Set(operator.revoked_at),
        created_at: Set(operator.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{operator, row, start};

    const HASH: SecretHash = SecretHash::from_bytes([7; 32]);

    #[test]
    fn an_operator_and_its_hash_read_back() {
        for revoked_at in [None, Some(start())] {
            let operator = Operator {
                revoked_at,
                ..operator()
            };
            let row = row(insert(&operator, &HASH));
            assert_eq!(row.secret_hash(), Ok(HASH));
            assert_eq!(row.try_into(), Ok(operator));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let mut row = row(insert(&operator(), &HASH));
        row.secret_hash.push('0');
        assert_eq!(row.secret_hash().unwrap_err().column, "secret_hash");
        row.id = "mer_1".into();
        assert_eq!(Operator::try_from(row).unwrap_err().column, "id");
    }
}
