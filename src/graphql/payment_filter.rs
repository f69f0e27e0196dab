//! Selecting and sorting payments.

use super::enums::PaymentStatus;
use super::error::{Code, failure};
use super::money::{CurrencyCode, Decimal};
use super::time::DateTime;
use async_graphql::{Enum, InputObject, Result};
use domain::Currency;
use domain::money::parse_charge_or_zero;
use service::payment::{Filter, OrderBy, SortKey};

/// Which payments; every part that is given must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct PaymentFilter {
    /// One of these statuses, as of now.
    pub status: Option<Vec<PaymentStatus>>,
    /// In this currency.
    pub currency: Option<CurrencyCode>,
    /// Created at this instant or later.
    pub created_from: Option<DateTime>,
    /// Created before this instant.
    pub created_before: Option<DateTime>,
    /// Of at least this amount, in major units; needs `currency`.
    pub amount_min: Option<Decimal>,
    /// Of at most this amount, in major units; needs `currency`.
    pub amount_max: Option<Decimal>,
    /// With exactly this reference of the merchant.
    pub merchant_reference: Option<String>,
    /// Paid with a card that ends in these four digits.
    pub card_last4: Option<String>,
}

/// What payments are sorted by; the id breaks ties.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PaymentOrderField {
    /// When they were created.
    #[default]
    CreatedAt,
    /// Their amount in minor units.
    Amount,
}

/// Which way a list is sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OrderDirection {
    /// Smallest or oldest first.
    Asc,
    /// Largest or newest first.
    #[default]
    Desc,
}

/// How payments are sorted.
#[derive(InputObject, Clone, Copy, Debug, Default)]
pub struct PaymentOrder {
    /// By what.
    #[graphql(default)]
    pub field: PaymentOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

impl From<PaymentOrder> for OrderBy {
    fn from(order: PaymentOrder) -> Self {
        let key = match order.field {
            PaymentOrderField::CreatedAt => SortKey::CreatedAt,
            PaymentOrderField::Amount => SortKey::Amount,
        };
        Self {
            key,
            descending: order.direction == OrderDirection::Desc,
        }
    }
}

/// Most statuses in one filter.
const MAX_STATUSES: usize = 16;

impl PaymentFilter {
    /// The filter as the use case takes it.
    pub fn read(self) -> Result<Filter> {
        let currency = self.currency.map(|code| code.0.parse::<Currency>()).transpose();
        let currency = currency.map_err(|refusal| failure(Code::BadUserInput, refusal.to_string()))?;
        let amount = |decimal: Option<Decimal>| -> Result<Option<i64>> {
            let Some(Decimal(text)) = decimal else {
                return Ok(None);
            };
            let currency = currency
                .ok_or_else(|| failure(Code::BadUserInput, "amountMin and amountMax need currency"))?;
            let amount = parse_charge_or_zero(&text, currency);
            let amount = amount.map_err(|refusal| failure(Code::BadUserInput, refusal.to_string()))?;
            Ok(Some(amount.minor()))
        };
        if self
            .status
            .as_ref()
            .is_some_and(|statuses| statuses.len() > MAX_STATUSES)
        {
            return Err(failure(
                Code::BadUserInput,
                format!("status takes at most {MAX_STATUSES} values"),
            ));
        }
        // No payment holds such a text, and PostgreSQL cannot even be asked for one with a NUL.
        let texts = [&self.merchant_reference, &self.card_last4];
        if texts
            .into_iter()
            .flatten()
            .any(|text| text.chars().any(char::is_control))
        {
            let message = "merchantReference and cardLast4 must not hold control characters";
            return Err(failure(Code::BadUserInput, message));
        }
        Ok(Filter {
            statuses: self
                .status
                .map(|statuses| statuses.into_iter().map(Into::into).collect()),
            currency,
            created_from: self.created_from.map(|instant| instant.0),
            created_before: self.created_before.map(|instant| instant.0),
            amount_min: amount(self.amount_min)?,
            amount_max: amount(self.amount_max)?,
            merchant_reference: self.merchant_reference,
            card_last4: self.card_last4,
        })
    }
}
