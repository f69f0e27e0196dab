//! Table `cards`. Read as [`domain::card::Card`].

use crate::inconsistency::{At, Inconsistency};
use domain::Timestamp;
use domain::card::{Card, Expiry};
use domain::merchant::Tenant;
use sea_orm::Set;
use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "cards")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub brand: String,
    pub last4: String,
    pub exp_year: i32,
    pub exp_month: i32,
    pub holder: Option<String>,
    pub fingerprint: String,
    #[serde(deserialize_with = "crate::column::instant")]
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

impl TryFrom<Model> for Card {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        Ok(Self {
            id: row.id.parse().at("cards", "id", &row.id)?,
            brand: row.brand.parse().at("cards", "brand", &row.id)?,
            last4: row.last4,
            expiry: Expiry {
                year: row.exp_year,
                month: u32::try_from(row.exp_month).at("cards", "exp_month", &row.id)?,
            },
            holder: row.holder,
            fingerprint: row.fingerprint,
            created_at: row.created_at,
        })
    }
}

/// The row of a card that `tenant` sees for the first time.
#[must_use]
pub fn insert(tenant: Tenant, card: &Card) -> ActiveModel {
    ActiveModel {
        id: Set(card.id.to_string()),
        merchant_id: Set(tenant.merchant.to_string()),
        mode: Set(tenant.mode.to_string()),
        brand: Set(card.brand.to_string()),
        last4: Set(card.last4.clone()),
        exp_year: Set(card.expiry.year),
        // A month that does not fit is no month, and refused by the CHECK.
        exp_month: Set(i32::try_from(card.expiry.month).unwrap_or(i32::MAX)),
        holder: Set(card.holder.clone()),
        fingerprint: Set(card.fingerprint.clone()),
        created_at: Set(card.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, card, row, tenant};

    #[test]
    fn a_card_reads_back() {
        for holder in [None, Some("زينب حسن".to_owned())] {
            let card = Card { holder, ..card() };
            let row = row(insert(tenant(), &card));
            assert_eq!(row.merchant_id, tenant().merchant.to_string());
            assert_eq!(row.mode, "test");
            assert_eq!(row.try_into(), Ok(card));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 3] = [
            ("id", |row| row.id = "CARD_1".into()),
            ("brand", |row| row.brand = "Visa".into()),
            ("exp_month", |row| row.exp_month = -1),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(tenant(), &card()));
            damage(&mut row);
            let id = row.id.clone();
            let refused = Card::try_from(row).unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("cards", column, id)
            );
        }
    }
}
