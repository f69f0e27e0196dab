//! Table `credentials`. Read as [`domain::credential::Credential`]; the hashes of its secrets are read apart, by the check of keys
//! only.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::credential::{Credential, IpAllowlist, LastAction, LastUse, SecretHash};
use domain::merchant::Tenant;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, Set};

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
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub ip_allowlist: String,
    pub api_version: String,
    pub expires_at: Option<Timestamp>,
    pub previous_secret_hash: Option<String>,
    pub rotating_until: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<String>,
    pub last_action: String,
    pub last_action_at: Option<Timestamp>,
    pub last_action_by: String,
    pub created_by: String,
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

impl Model {
    /// The keyed hash of the secret.
    ///
    /// # Errors
    /// When the column does not hold one.
    pub fn secret_hash(&self) -> Result<SecretHash, Inconsistency> {
        column::secret_hash(&self.secret_hash, "credentials", &self.id)
    }

    /// The keyed hash of the secret before this one, if there is one.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn previous_secret_hash(&self) -> Result<Option<SecretHash>, Inconsistency> {
        let hash = self.previous_secret_hash.as_deref();
        hash.map(|hash| column::secret_hash(hash, "credentials", &self.id))
            .transpose()
    }

    fn last_use(&self) -> Result<Option<LastUse>, Inconsistency> {
        let (Some(at), Some(address)) = (self.last_used_at, &self.last_used_ip) else {
            return Ok(None);
        };
        let address = address.parse().at("credentials", "last_used_ip", &self.id)?;
        Ok(Some(LastUse { at, address }))
    }

    fn allowlist(&self) -> Result<IpAllowlist, Inconsistency> {
        let entries = serde_json::from_str(&self.ip_allowlist).at("credentials", "ip_allowlist", &self.id)?;
        Ok(IpAllowlist::from_stored(entries))
    }
}

impl TryFrom<Model> for Credential {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let (allowlist, last_used) = (row.allowlist()?, row.last_use()?);
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
            allowlist,
            api_version: row
                .api_version
                .parse()
                .at("credentials", "api_version", &row.id)?,
            expires_at: row.expires_at,
            rotating_until: row.rotating_until,
            revoked_at: row.revoked_at,
            last_used,
            last_action: LastAction {
                action: row
                    .last_action
                    .parse()
                    .at("credentials", "last_action", &row.id)?,
                at: row.last_action_at.unwrap_or(row.created_at),
                by: row
                    .last_action_by
                    .parse()
                    .at("credentials", "last_action_by", &row.id)?,
            },
            created_by: row.created_by.parse().at("credentials", "created_by", &row.id)?,
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
        revoked_at: Set(credential.revoked_at),
        created_at: Set(credential.created_at),
        ip_allowlist: Set(allowlist_json(&credential.allowlist)),
        api_version: Set(credential.api_version.to_string()),
        expires_at: Set(credential.expires_at),
        previous_secret_hash: Set(None),
        rotating_until: Set(credential.rotating_until),
        last_used_at: Set(credential.last_used.map(|last| last.at)),
        last_used_ip: Set(credential.last_used.map(|last| last.address.to_string())),
        last_action: Set(credential.last_action.action.as_str().to_owned()),
        last_action_at: Set(Some(credential.last_action.at)),
        last_action_by: Set(credential.last_action.by.to_string()),
        created_by: Set(credential.created_by.to_string()),
    }
}

/// What the column `ip_allowlist` holds.
fn allowlist_json(allowlist: &IpAllowlist) -> String {
    Json::from_iter(allowlist.entries()).to_string()
}

/// What changes in a row: everything but what it is and what it proves.
#[must_use]
pub fn changed(credential: &Credential) -> ActiveModel {
    ActiveModel {
        name: Set(credential.name.clone()),
        scopes: Set(credential.scopes.to_string()),
        ip_allowlist: Set(allowlist_json(&credential.allowlist)),
        api_version: Set(credential.api_version.to_string()),
        expires_at: Set(credential.expires_at),
        revoked_at: Set(credential.revoked_at),
        last_action: Set(credential.last_action.action.as_str().to_owned()),
        last_action_at: Set(Some(credential.last_action.at)),
        last_action_by: Set(credential.last_action.by.to_string()),
        ..Default::default()
    }
}

/// What changes when a new secret takes the place of `previous`, which goes on until `rotating_until` if that is given.
#[must_use]
pub fn rotated(
    secret_hash: &SecretHash,
    previous: &SecretHash,
    rotating_until: Option<Timestamp>,
) -> ActiveModel {
    ActiveModel {
        secret_hash: Set(column::secret_hash_hex(secret_hash)),
        previous_secret_hash: Set(rotating_until.map(|_| column::secret_hash_hex(previous))),
        rotating_until: Set(rotating_until),
        ..Default::default()
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
        let broken: [(&str, Damage<Model>); 12] = [
            ("id", |row| row.id = "cred_".into()),
            ("merchant_id", |row| row.merchant_id = "pay_1".into()),
            ("mode", |row| row.mode = "TEST".into()),
            ("scopes", |row| row.scopes = String::new()),
            ("scopes", |row| row.scopes = "payments:read,root".into()),
            ("secret_hash", |row| row.secret_hash = "esk_test_".into()),
            ("secret_hash", |row| {
                row.previous_secret_hash = Some("esk_test_".into())
            }),
            ("ip_allowlist", |row| row.ip_allowlist = "10.0.0.0/8".into()),
            ("api_version", |row| row.api_version = "2027".into()),
            ("last_used_ip", |row| row.last_used_ip = Some("here".into())),
            ("last_action", |row| row.last_action = "stolen".into()),
            ("created_by", |row| row.created_by = "Zainab".into()),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(&credential(), &HASH));
            damage(&mut row);
            let id = row.id.clone();
            let refused = row
                .secret_hash()
                .and_then(|_| row.previous_secret_hash())
                .and_then(|_| Credential::try_from(row))
                .unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("credentials", column, id)
            );
        }
    }
}
