//! Table `callback_keys`. Read as [`domain::callback_key::CallbackKey`].
//!
//! A key belongs to the installation, one for each mode and master key; merchants see the public half.

use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::callback_key::CallbackKey;
use domain::merchant::Mode;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Set};

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callback_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub mode: String,
    pub public_key: String,
    pub sealed_key: String,
    pub sealed_by: String,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The keys of a mode, newest first.
    pub fn of(mode: Mode) -> Select<Self> {
        Self::find()
            .filter(Column::Mode.eq(mode.as_str()))
            .order_by_desc(Column::Id)
    }
}

const TABLE: &str = "callback_keys";

impl TryFrom<Model> for CallbackKey {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &row.id)?,
            mode: row.mode.parse().at(TABLE, "mode", &row.id)?,
            public: hex::decode(&row.public_key).at(TABLE, "public_key", &row.id)?,
            sealed: row.sealed_key,
            sealed_by: row.sealed_by,
            created_at: row.created_at,
        })
    }
}

/// The row of a new key.
#[must_use]
pub fn insert(key: &CallbackKey) -> ActiveModel {
    ActiveModel {
        id: Set(key.id.to_string()),
        mode: Set(key.mode.as_str().to_owned()),
        public_key: Set(hex::encode(&key.public)),
        sealed_key: Set(key.sealed.clone()),
        sealed_by: Set(key.sealed_by.clone()),
        created_at: Set(key.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, ids, row, start};
    use domain::IdGenerator;

    fn key() -> CallbackKey {
        CallbackKey {
            id: ids(1).id(start()),
            mode: Mode::Live,
            public: vec![0x30, 0x81],
            sealed: "v1.00112233.00".into(),
            sealed_by: "00112233".into(),
            created_at: start(),
        }
    }

    #[test]
    fn a_key_reads_back() {
        assert_eq!(CallbackKey::try_from(row(insert(&key()))), Ok(key()));
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 3] = [
            ("id", |row| row.id = "skey_1".into()),
            ("mode", |row| row.mode = "rehearsal".into()),
            ("public_key", |row| row.public_key = "0".into()),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(&key()));
            damage(&mut row);
            assert_eq!(CallbackKey::try_from(row).unwrap_err().column, column);
        }
    }
}
