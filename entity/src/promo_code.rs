//! Table `promo_codes`. Read as [`domain::promo_code::PromoCode`].
//!
//! Invariant: a code gives a share or an amount away, never both; the database counts its uses and refuses one too many.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::merchant::Tenant;
use domain::promo_code::{Discount, PromoCode};
use domain::{Money, Timestamp};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "promo_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub code: String,
    pub share_bps: Option<i32>,
    pub amount_minor: Option<i64>,
    pub currency: Option<String>,
    pub max_uses: Option<i32>,
    pub uses: i32,
    pub expires_at: Option<Timestamp>,
    pub deactivated_at: Option<Timestamp>,
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

const TABLE: &str = "promo_codes";

impl TryFrom<Model> for PromoCode {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let max_uses = row.max_uses.map(u32::try_from).transpose();
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &row.id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at(TABLE, "merchant_id", &row.id)?,
                mode: row.mode.parse().at(TABLE, "mode", &row.id)?,
            },
            code: row.code.parse().at(TABLE, "code", &row.id)?,
            discount: discount(&row)?,
            max_uses: max_uses.at(TABLE, "max_uses", &row.id)?,
            uses: u32::try_from(row.uses).at(TABLE, "uses", &row.id)?,
            expires_at: row.expires_at,
            deactivated_at: row.deactivated_at,
            created_at: row.created_at,
        })
    }
}

fn discount(row: &Model) -> Result<Discount, Inconsistency> {
    match (row.share_bps, row.amount_minor) {
        (Some(bps), None) => {
            let bps = u32::try_from(bps).at(TABLE, "share_bps", &row.id)?;
            Discount::share(bps).at(TABLE, "share_bps", &row.id)
        }
        (None, Some(minor)) => {
            let currency = row.currency.as_deref().at(TABLE, "currency", &row.id)?;
            let amount = Money::new(minor, currency.parse().at(TABLE, "currency", &row.id)?);
            Ok(Discount::Fixed { amount })
        }
        _ => Err("expected a share or an amount".to_owned()).at(TABLE, "share_bps", &row.id),
    }
}

/// The row of a new code.
#[must_use]
pub fn insert(promo: &PromoCode) -> ActiveModel {
    let (share, amount) = match promo.discount {
        Discount::Share { bps } => (Some(column::count(bps)), None),
        Discount::Fixed { amount } => (None, Some(amount)),
    };
    ActiveModel {
        id: Set(promo.id.to_string()),
        merchant_id: Set(promo.tenant.merchant.to_string()),
        mode: Set(promo.tenant.mode.to_string()),
        code: Set(promo.code.to_string()),
        share_bps: Set(share),
        amount_minor: Set(amount.map(Money::minor)),
        currency: Set(amount.map(|amount| amount.currency().to_string())),
        max_uses: Set(promo.max_uses.map(column::count)),
        uses: Set(column::count(promo.uses)),
        expires_at: Set(promo.expires_at),
        deactivated_at: Set(promo.deactivated_at),
        created_at: Set(promo.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, iqd, promo_code, row};

    #[test]
    fn a_code_reads_back() {
        let amount = iqd(10);
        let bare = PromoCode {
            discount: Discount::Fixed { amount },
            max_uses: None,
            uses: 0,
            expires_at: None,
            deactivated_at: None,
            ..promo_code()
        };
        for promo in [promo_code(), bare] {
            assert_eq!(row(insert(&promo)).try_into(), Ok(promo));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 11] = [
            ("id", |row| row.id = "pi_1".into()),
            ("merchant_id", |row| row.merchant_id = "op_1".into()),
            ("mode", |row| row.mode = "prod".into()),
            ("code", |row| row.code = "!".into()),
            ("share_bps", |row| row.share_bps = None),
            ("share_bps", |row| row.share_bps = Some(10_000)),
            ("share_bps", |row| row.share_bps = Some(-1)),
            ("share_bps", |row| row.amount_minor = Some(1_000)),
            ("currency", |row| {
                (row.share_bps, row.amount_minor) = (None, Some(1_000))
            }),
            ("max_uses", |row| row.max_uses = Some(-1)),
            ("uses", |row| row.uses = -1),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(&promo_code()));
            damage(&mut row);
            let id = row.id.clone();
            let refused = PromoCode::try_from(row).unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("promo_codes", column, id)
            );
        }
    }
}
