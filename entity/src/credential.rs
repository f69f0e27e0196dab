//! Table `credentials`. Read as [`domain::credential::Credential`]; the hash of its secret is read apart, by the check of keys only.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::credential::{Credential, SecretHash};
use domain::merchant::Tenant;
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub name: String,
    pub token: String,
    pub secret_hash: String,
    pub scopes: String,
    pub signing_public_key: String,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The only way to rows of tenants: a merchant sees its own, in one mode.
    ///
    /// The check of a key is the exception, because it is what finds out who asks: it looks for the unique token.
    pub fn of(tenant: Tenant) -> Select<Self> {
        Self::find()
            .filter(Column::MerchantId.eq(tenant.merchant.to_string()))
            .filter(Column::Mode.eq(tenant.mode.as_str()))
    }
}

impl Model {
    /// The keyed hash of the secret.
    ///
    /// # Errors
    /// When the column does not hold one.
    pub fn secret_hash(&self) -> Result<SecretHash, Inconsistency> {
        column::secret_hash(&self.secret_hash, "credentials", &self.id)
    }
}

impl TryFrom<Model> for Credential {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        Ok(Self {
            id: row.id.parse().at("credentials", "id", &row.id)?,
            tenant: Tenant {
                merchant: row
                    .merchant_id
                    .parse()
                    .at("credentials", "merchant_id", &row.id)?,
                mode: row.mode.parse().at("credentials", "mode", &row.id)?,
            },
            name: row.name,
            token: row.token,
            scopes: row.scopes.parse().at("credentials", "scopes", &row.id)?,
            signing_public_key: row.signing_public_key,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        })
    }
}

/// The row of a new credential.
#[must_use]
pub fn insert(credential: &Credential, secret_hash: &SecretHash) -> ActiveModel {
    ActiveModel {
        id: Set(credential.id.to_string()),
        merchant_id: Set(credential.tenant.merchant.to_string()),
        mode: Set(credential.tenant.mode.to_string()),
        name: Set(credential.name.clone()),
        token: Set(credential.token.clone()),
        secret_hash: Set(column::secret_hash_hex(secret_hash)),
        scopes: Set(credential.scopes.to_string()),
        signing_public_key: Set(credential.signing_public_key.clone()),
        revoked_at: Set(credential.revoked_at),
        created_at: Set(credential.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, credential, row, start};

    const HASH: SecretHash = SecretHash::from_bytes([7; 32]);

    #[test]
    fn a_credential_and_its_hash_read_back() {
        for revoked_at in [None, Some(start())] {
            for scopes in ["all", "payments:read", "payments:create,refunds:create"] {
                let credential = Credential {
                    scopes: scopes.parse().unwrap(),
                    revoked_at,
                    ..credential()
                };
                let row = row(insert(&credential, &HASH));
                assert_eq!(row.secret_hash(), Ok(HASH));
                assert_eq!(row.try_into(), Ok(credential));
            }
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 6] = [
            ("id", |row| row.id = "cred_".into()),
            ("merchant_id", |row| row.merchant_id = "pay_1".into()),
            ("mode", |row| row.mode = "TEST".into()),
            ("scopes", |row| row.scopes = String::new()),
            ("scopes", |row| row.scopes = "payments:read,root".into()),
            ("secret_hash", |row| row.secret_hash = "esk_test_".into()),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(&credential(), &HASH));
            damage(&mut row);
            let id = row.id.clone();
            let refused = row
                .secret_hash()
                .and_then(|_| Credential::try_from(row))
                .unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("credentials", column, id)
            );
        }
    }
}
