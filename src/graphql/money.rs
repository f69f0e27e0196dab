//! Money at the edge: decimal text in and out, never a JSON number.
//!
//! Invariant: a value that its scalar does not take stops the whole operation before anything of it runs (`is_valid`): the second
//! command of a mutation must not fail over its input after the first one took money.

use super::plain::plain;
use super::shown::Shown;
use super::user_error::{self, UserError, UserErrorCode};
use async_graphql::{Description, InputObject, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::money::{self, MoneyText, parse_charge};

/// A decimal number as text: "125000", "12.50". Exact: no float is ever made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(pub String);

/// A decimal number as text: "125000", "12.50". Exact: no float is ever made of it.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            _ => Err(InputValueError::custom(
                "write the decimal as a string, for example \"125000\"",
            )),
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A whole number of any size as text, because a JSON number loses digits above 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// A whole number of any size as text, because a JSON number loses digits above 2^53.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text
                .parse()
                .map(Self)
                .map_err(|_| InputValueError::custom("expected a whole number of 64 bits")),
            _ => Err(InputValueError::custom("write the whole number as a string")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An ISO 4217 currency code, three capital letters. Which codes can be charged is a matter of the command, not of the syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyCode(pub String);

/// An ISO 4217 currency code, three capital letters. Which codes can be charged is a matter of the command, not of the syntax.
#[Scalar(
    name = "CurrencyCode",
    specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html"
)]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match value {
            Value::String(text) => text,
            // In a document, IQD may be written like an enum value.
            Value::Enum(name) => name.to_string(),
            _ => {
                return Err(InputValueError::custom(
                    "expected a currency code such as \"IQD\"",
                ));
            }
        };
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err(InputValueError::custom(
                "expected a currency code of three capital letters such as \"IQD\"",
            ))
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An amount of money.
#[derive(Description, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(domain::Money);

plain! {
    Money as this {
        /// In major units: dinars, dollars.
        amount: Shown<Decimal, MoneyText> = Shown::new(this.0.decimal());
        /// The currency.
        currency: Shown<CurrencyCode, &'static str> = Shown::new(this.0.currency().code());
        /// In minor units of ISO 4217: fils (1000 to the Iraqi dinar), cents.
        minor: Shown<BigInt, i64> = Shown::new(this.0.minor());
    }
}

impl From<domain::Money> for Money {
    fn from(money: domain::Money) -> Self {
        Self(money)
    }
}

/// An amount of money to be charged or given back.
#[derive(InputObject, Clone, Debug, PartialEq, Eq)]
pub struct MoneyInput {
    /// In major units; more digits than the currency is charged in are refused, never rounded.
    pub amount: Decimal,
    /// The currency.
    pub currency: CurrencyCode,
}

impl MoneyInput {
    /// The amount, if it can be charged.
    pub fn read(&self) -> Result<domain::Money, UserError> {
        self.read_at("amount")
    }

    /// The same of another field.
    pub fn read_at(&self, field: &str) -> Result<domain::Money, UserError> {
        let currency = currency_at(&self.currency, &format!("{field}.currency"))?;
        parse_charge(&self.amount.0, currency).map_err(|refusal| {
            UserError::at(user_error::amount(&refusal), refusal, &format!("{field}.amount"))
        })
    }
}

/// The currency behind a code, if it can be charged.
pub fn currency(code: &CurrencyCode) -> Result<money::Currency, UserError> {
    currency_at(code, "amount.currency")
}

fn currency_at(code: &CurrencyCode, field: &str) -> Result<money::Currency, UserError> {
    let refused = |refusal| UserError::at(UserErrorCode::CurrencyUnsupported, refusal, field);
    code.0.parse().map_err(refused)
}
