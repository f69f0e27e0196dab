//! Table `signing_keys`. Read as [`domain::credential::SigningKey`].
//!
//! A signing key belongs to a credential, which is found first, so its finder takes one.

use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::credential::{KeyMaterial, PublicKey, SigningAlgorithm, SigningKey};
use domain::id::CredentialId;
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub credential_id: String,
    pub algorithm: String,
    pub public_key: Option<String>,
    pub sealed_key: Option<String>,
    pub fingerprint: Option<String>,
    pub valid_until: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The keys of these credentials, oldest first.
    pub fn of(credentials: &[CredentialId]) -> Select<Self> {
        let credentials = credentials.iter().map(ToString::to_string);
        sea_orm::QueryOrder::order_by_asc(
            Self::find().filter(Column::CredentialId.is_in(credentials)),
            Column::Id,
        )
    }
}

impl Model {
    /// Whose key it is.
    ///
    /// # Errors
    /// When the column holds no id.
    pub fn credential(&self) -> Result<CredentialId, Inconsistency> {
        self.credential_id
            .parse()
            .at("signing_keys", "credential_id", &self.id)
    }
}

impl TryFrom<Model> for SigningKey {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let algorithm: SigningAlgorithm = row.algorithm.parse().at("signing_keys", "algorithm", &row.id)?;
        let (material, fingerprint) = if algorithm == SigningAlgorithm::HmacSha256 {
            let sealed = row.sealed_key.at("signing_keys", "sealed_key", &row.id)?;
            let fingerprint = row.fingerprint.at("signing_keys", "fingerprint", &row.id)?;
            (KeyMaterial::Sealed(sealed), fingerprint)
        } else {
            let hex_der = row.public_key.at("signing_keys", "public_key", &row.id)?;
            let der = hex::decode(hex_der).at("signing_keys", "public_key", &row.id)?;
            let key = PublicKey::from_spki(&der).at("signing_keys", "public_key", &row.id)?;
            let fingerprint = key.fingerprint();
            (KeyMaterial::Public(key), fingerprint)
        };
        Ok(Self {
            id: row.id.parse().at("signing_keys", "id", &row.id)?,
            algorithm,
            material,
            fingerprint,
            valid_until: row.valid_until,
            created_at: row.created_at,
        })
    }
}

/// The row of a new signing key.
#[must_use]
pub fn insert(credential: CredentialId, key: &SigningKey) -> ActiveModel {
    let (public_key, sealed_key, fingerprint) = match &key.material {
        KeyMaterial::Public(public) => (Some(hex::encode(public.to_spki())), None, None),
        KeyMaterial::Sealed(sealed) => (None, Some(sealed.clone()), Some(key.fingerprint.clone())),
    };
    ActiveModel {
        id: Set(key.id.to_string()),
        credential_id: Set(credential.to_string()),
        algorithm: Set(key.algorithm.to_string()),
        public_key: Set(public_key),
        sealed_key: Set(sealed_key),
        fingerprint: Set(fingerprint),
        valid_until: Set(key.valid_until),
        created_at: Set(key.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, credential, ids, row, start};
    use domain::IdGenerator;

    fn keys() -> [SigningKey; 2] {
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----";
        let public = PublicKey::from_pem(pem).unwrap();
        let fingerprint = public.fingerprint();
        [
            SigningKey {
                id: ids(1).id(start()),
                algorithm: SigningAlgorithm::Ed25519,
                material: KeyMaterial::Public(public),
                fingerprint,
                valid_until: None,
                created_at: start(),
            },
            SigningKey {
                id: ids(2).id(start()),
                algorithm: SigningAlgorithm::HmacSha256,
                material: KeyMaterial::Sealed("v1.00".into()),
                fingerprint: "ab".repeat(32),
                valid_until: Some(start()),
                created_at: start(),
            },
        ]
    }

    #[test]
    fn a_key_reads_back() {
        for key in keys() {
            let row = row(insert(credential().id, &key));
            assert_eq!(row.credential(), Ok(credential().id));
            assert_eq!(row.try_into(), Ok(key));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 4] = [
            ("algorithm", |row| row.algorithm = "none".into()),
            ("public_key", |row| row.public_key = None),
            ("public_key", |row| row.public_key = Some("302a".into())),
            ("id", |row| row.id = "cred_1".into()),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(credential().id, &keys()[0]));
            damage(&mut row);
            assert_eq!(SigningKey::try_from(row).unwrap_err().column, column);
        }
    }
}
