//! Table `payment_links`. Read as [`domain::payment_link::PaymentLink`].
//!
//! Invariant: the database counts the payments of a link and refuses one too many.

use crate::column;
use crate::inconsistency::{At, Inconsistency};
use domain::intent::Collect;
use domain::merchant::Tenant;
use domain::payment_link::PaymentLink;
use domain::{Money, Timestamp};
use sea_orm::Set;
use sea_orm::entity::prelude::*;

/// A row.
#[expect(missing_docs, reason = "the migration says what each column means")]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub merchant_id: String,
    pub mode: String,
    pub currency: String,
    pub amount_minor: i64,
    pub title: String,
    pub description: Option<String>,
    pub merchant_reference: Option<String>,
    pub metadata: Json,
    pub gateways: String,
    pub collect_fee: bool,
    pub collect_email: bool,
    pub collect_phone: bool,
    pub allow_promo_code: bool,
    pub success_url: Option<String>,
    pub max_payments: Option<i32>,
    pub payments: i32,
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

const TABLE: &str = "payment_links";

impl TryFrom<Model> for PaymentLink {
    type Error = Inconsistency;

    fn try_from(row: Model) -> Result<Self, Inconsistency> {
        let currency = row.currency.parse().at(TABLE, "currency", &row.id)?;
        let success_url = row.success_url.as_deref().map(str::parse).transpose();
        let max_payments = row.max_payments.map(u32::try_from).transpose();
        Ok(Self {
            id: row.id.parse().at(TABLE, "id", &row.id)?,
            tenant: Tenant {
                merchant: row.merchant_id.parse().at(TABLE, "merchant_id", &row.id)?,
                mode: row.mode.parse().at(TABLE, "mode", &row.id)?,
            },
            amount: Money::new(row.amount_minor, currency),
            gateways: row.gateways.parse().at(TABLE, "gateways", &row.id)?,
            collect: Collect {
                fee: row.collect_fee,
                email: row.collect_email,
                phone: row.collect_phone,
                promo_code: row.allow_promo_code,
            },
            success_url: success_url.at(TABLE, "success_url", &row.id)?,
            max_payments: max_payments.at(TABLE, "max_payments", &row.id)?,
            payments: u32::try_from(row.payments).at(TABLE, "payments", &row.id)?,
            metadata: serde_json::from_value(row.metadata).at(TABLE, "metadata", &row.id)?,
            title: row.title,
            description: row.description,
            merchant_reference: row.merchant_reference,
            expires_at: row.expires_at,
            deactivated_at: row.deactivated_at,
            created_at: row.created_at,
        })
    }
}

/// The row of a new link.
#[must_use]
pub fn insert(link: &PaymentLink) -> ActiveModel {
    ActiveModel {
        id: Set(link.id.to_string()),
        merchant_id: Set(link.tenant.merchant.to_string()),
        mode: Set(link.tenant.mode.to_string()),
        currency: Set(link.amount.currency().to_string()),
        amount_minor: Set(link.amount.minor()),
        title: Set(link.title.clone()),
        description: Set(link.description.clone()),
        merchant_reference: Set(link.merchant_reference.clone()),
        metadata: Set(link.metadata.iter().collect()),
        gateways: Set(link.gateways.to_string()),
        collect_fee: Set(link.collect.fee),
        collect_email: Set(link.collect.email),
        collect_phone: Set(link.collect.phone),
        allow_promo_code: Set(link.collect.promo_code),
        success_url: Set(link.success_url.as_ref().map(ToString::to_string)),
        max_payments: Set(link.max_payments.map(column::count)),
        payments: Set(column::count(link.payments)),
        expires_at: Set(link.expires_at),
        deactivated_at: Set(link.deactivated_at),
        created_at: Set(link.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Damage, payment_link, row};

    #[test]
    fn a_link_reads_back() {
        let bare = PaymentLink {
            description: None,
            merchant_reference: None,
            metadata: Default::default(),
            collect: Collect::default(),
            success_url: None,
            max_payments: None,
            payments: 0,
            expires_at: None,
            deactivated_at: None,
            ..payment_link()
        };
        for link in [payment_link(), bare] {
            assert_eq!(row(insert(&link)).try_into(), Ok(link));
        }
    }

    #[test]
    fn a_count_that_no_column_holds_is_one_that_the_database_refuses() {
        let link = PaymentLink {
            max_payments: Some(u32::MAX),
            payments: u32::MAX,
            ..payment_link()
        };
        let row = row(insert(&link));
        assert_eq!((row.max_payments, row.payments), (Some(-1), -1));
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let broken: [(&str, Damage<Model>); 9] = [
            ("id", |row| row.id = "pi_1".into()),
            ("merchant_id", |row| row.merchant_id = "op_1".into()),
            ("mode", |row| row.mode = "prod".into()),
            ("currency", |row| row.currency = "XXX".into()),
            ("gateways", |row| row.gateways = "PAYPAL".into()),
            ("metadata", |row| row.metadata = Json::Null),
            ("success_url", |row| row.success_url = Some("shop".into())),
            ("max_payments", |row| row.max_payments = Some(-1)),
            ("payments", |row| row.payments = -1),
        ];
        for (column, damage) in broken {
            let mut row = row(insert(&payment_link()));
            damage(&mut row);
            let id = row.id.clone();
            let refused = PaymentLink::try_from(row).unwrap_err();
            assert_eq!(
                (refused.table, refused.column, refused.row),
                ("payment_links", column, id)
            );
        }
    }
}
