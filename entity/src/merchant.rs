//! Table `merchants`. Read as [`domain::merchant::Merchant`].
//!
//! Merchants are the tenants, so there is no finder that takes one: a merchant is found by the id in a checked key, or by an
//! operator.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::fee::{FeeTerms, FeeTermsRefusal, WHOLE_BPS};
use domain::merchant::{Checkout, Merchant};
use domain::{Currency, Money, Timestamp};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "merchants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub currency: String,
    pub fee_bps: i32,
    pub fee_fixed_minor: i64,
    pub reserve_bps: i32,
    pub gateways: String,
    pub card_surcharge: bool,
    pub late_success: String,
    pub brand_name: Option<String>,
    pub brand_color: Option<String>,
    pub created_at: Timestamp,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Merchant {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let currency: Currency = row.currency.parse().at("merchants", "currency", &row.id)?;
        Ok(Self {
            id: row.id.parse().at("merchants", "id", &row.id)?,
            currency,
            fees: fees(&row, currency)?,
            checkout: checkout(&row)?,
            name: row.name,
            created_at: row.created_at,
        })
    }
}

fn fees(row: &Model, currency: Currency) -> Result<FeeTerms, Inconsistency> {
    let terms = FeeTerms {
        fee_bps: u32::try_from(row.fee_bps).at("merchants", "fee_bps", &row.id)?,
        fixed: (row.fee_fixed_minor != 0).then(|| Money::new(row.fee_fixed_minor, currency)),
        reserve_bps: u32::try_from(row.reserve_bps).at("merchants", "reserve_bps", &row.id)?,
    };
    terms.checked(currency).or_else(|refusal| {
        let column = match refusal {
            FeeTermsRefusal::TooMuch if terms.fee_bps > WHOLE_BPS => "fee_bps",
            FeeTermsRefusal::TooMuch => "reserve_bps",
            FeeTermsRefusal::BadFixedFee => "fee_fixed_minor",
        };
        Err(refusal).at("merchants", column, &row.id)
    })
}

fn checkout(row: &Model) -> Result<Checkout, Inconsistency> {
    let color = row.brand_color.as_deref().map(str::parse).transpose();
    Ok(Checkout {
        gateways: row.gateways.parse().at("merchants", "gateways", &row.id)?,
        card_surcharge: row.card_surcharge,
        late_success: row
            .late_success
            .parse()
            .at("merchants", "late_success", &row.id)?,
        brand_name: row.brand_name.clone(),
        brand_color: color.at("merchants", "brand_color", &row.id)?,
    })
}

/// The row of a new merchant. The table keeps the fixed fee in the merchant's own currency and refuses any other.
#[must_use]
pub fn insert(merchant: &Merchant) -> ActiveModel {
    ActiveModel {
        id: Set(merchant.id.to_string()),
        currency: Set(merchant.currency.to_string()),
        created_at: Set(merchant.created_at),
        ..change(merchant)
    }
}

/// What an operator may change of a merchant.
#[must_use]
pub fn change(merchant: &Merchant) -> ActiveModel {
    let fees = merchant.fees;
    // No share is above one hundred per cent; what does not fit the column is far above, and refused by its CHECK.
    let bps = |share: u32| i32::try_from(share).unwrap_or(i32::MAX);
    ActiveModel {
        name: Set(merchant.name.clone()),
        fee_bps: Set(bps(fees.fee_bps)),
        fee_fixed_minor: Set(column::minor(fees.fixed, merchant.currency)),
        reserve_bps: Set(bps(fees.reserve_bps)),
        gateways: Set(merchant.checkout.gateways.to_string()),
        card_surcharge: Set(merchant.checkout.card_surcharge),
        late_success: Set(merchant.checkout.late_success.to_string()),
        brand_name: Set(merchant.checkout.brand_name.clone()),
        brand_color: Set(merchant
            .checkout
            .brand_color
            .as_ref()
            .map(|color| color.as_str().to_owned())),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, merchant, row};

    #[test]
    fn a_merchant_reads_back() {
        for fixed in [None, Some(Money::new(500_000, Currency::Iqd))] {
            let mut school = merchant();
            school.fees.fixed = fixed;
            assert_eq!(row(insert(&school)).try_into(), Ok(school));
        }
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 10] = [
            ("id", |row| row.id = "op_1".into()),
            ("currency", |row| row.currency = "XXX".into()),
            ("fee_bps", |row| row.fee_bps = -1),
            ("fee_bps", |row| row.fee_bps = 10_001),
            ("reserve_bps", |row| row.reserve_bps = 10_001),
            ("fee_fixed_minor", |row| row.fee_fixed_minor = -1_000),
            ("fee_fixed_minor", |row| row.fee_fixed_minor = 1),
            ("gateways", |row| row.gateways = "PAYPAL".into()),
            ("late_success", |row| row.late_success = "keep".into()),
            ("brand_color", |row| row.brand_color = Some("green".into())),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(&merchant()));
            damage(&mut row);
            let id = row.id.clone();
            let refused = Merchant::try_from(row).unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("merchants", column, id)
            );
        }
    }

    #[test]
    fn a_fixed_fee_in_another_currency_is_not_turned_into_ours() {
        let mut school = merchant();
        school.fees.fixed = Some(Money::new(500, Currency::Usd));
        assert_eq!(row(insert(&school)).fee_fixed_minor, -1);
    }
}
