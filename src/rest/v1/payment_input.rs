//! Bodies of the commands, and what they become.

use crate::graphql::UserErrorCode;
use crate::rest::fault::Fault;
use crate::rest::openapi::{CurrencyCode, GatewayWord};
use crate::rest::problems::Problems;
use domain::api_version::ApiVersion;
use domain::card::{CardDetails, CardRefusal, Expiry};
use domain::idempotency::IdempotencyKey;
use domain::metadata::{self, MAX_DESCRIPTION, MAX_REASON, MAX_REFERENCE};
use domain::money::{WireRefusal, from_hundredths};
use domain::provider::Gateway;
use domain::{Currency, Money, Timestamp};
use serde::Deserialize;
use service::payment;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Longest e-mail address, in characters (RFC 5321's path of 256 without its brackets).
const MAX_EMAIL: usize = 254;
/// Longest phone number, in characters: 15 digits (E.164) and how people group them.
const MAX_PHONE: usize = 32;
/// Longest customer name, in characters.
const MAX_NAME: usize = 100;

/// Notes of a merchant, as a body writes them.
pub type Metadata = BTreeMap<String, String>;

/// What to charge, and how.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentRequest)]
pub struct NewPayment {
    /// How much, in hundredths of the major unit whatever the currency: 9999 is 99.99 USD, 150000 is 1,500 IQD. Iraqi dinars are
    /// charged whole, so their amounts are multiples of 100. Nothing is rounded.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 9999)]
    amount: i64,
    /// ISO 4217: IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR or EGP.
    #[schema(value_type = CurrencyCode, example = "USD")]
    currency: String,
    /// The card, for the gateway `CREDIT_CARD`.
    card: Option<CardInput>,
    /// How the payer pays: `CREDIT_CARD` if not given, or `FAST_PAY`, `FIB`, `ZAIN`, `ASIA_PAY`, `NASS_WALLET`, which take no card and
    /// cannot be authorized, only sold.
    #[schema(value_type = Option<GatewayWord>, example = "CREDIT_CARD")]
    gateway: Option<String>,
    /// Who pays.
    customer: Option<Customer>,
    /// What it is for, shown to the payer.
    #[schema(max_length = 255, example = "Order #12345 - Premium Plan")]
    description: Option<String>,
    /// Your own number for it.
    #[schema(max_length = 100)]
    merchant_reference: Option<String>,
    /// Your own notes: at most 20 keys of 40 characters, with texts of 500.
    #[schema(example = json!({ "order_id": "12345", "plan": "premium" }))]
    metadata: Option<Metadata>,
}

/// A card as the payer types it. It is checked, passed to the provider and forgotten, but for brand, last four digits, expiry, name and a
/// keyed fingerprint.
#[derive(Deserialize, ToSchema)]
#[schema(as = Card)]
pub struct CardInput {
    /// 12 to 19 digits; spaces and dashes are ignored.
    #[schema(pattern = "^[0-9 -]{12,}$", example = "4242424242424242")]
    number: String,
    /// The name on the card.
    #[schema(max_length = 100, example = "John Doe")]
    cardholder_name: Option<String>,
    /// Last month in which it works.
    #[schema(minimum = 1, maximum = 12, example = 12)]
    exp_month: i64,
    /// Year of that month.
    #[schema(minimum = 2000, maximum = 9999, example = 2027)]
    exp_year: i64,
    /// Three digits, four for American Express.
    #[schema(pattern = "^[0-9]{3,4}$", example = "123")]
    cvv: String,
}

/// Who pays, as the merchant says.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = Customer)]
pub struct Customer {
    /// E-mail address.
    #[schema(max_length = 254, example = "john@example.com")]
    email: Option<String>,
    /// Name.
    #[schema(max_length = 100, example = "John Doe")]
    name: Option<String>,
    /// Phone number.
    #[schema(max_length = 32)]
    phone: Option<String>,
}

/// How much to take.
#[derive(Deserialize, ToSchema)]
#[schema(as = CaptureRequest)]
pub struct Capture {
    /// How much, in hundredths of the major unit; at most what is authorized. The rest is released at once.
    #[schema(minimum = 1, example = 9999)]
    pub amount: i64,
}

/// Why to give up.
#[derive(Deserialize, ToSchema)]
#[schema(as = VoidRequest)]
pub struct Void {
    /// Why, for the audit log.
    #[schema(max_length = 255, example = "Customer requested order cancellation")]
    reason: String,
}

/// How much to give back, and why.
#[derive(Deserialize, ToSchema)]
#[schema(as = RefundRequest)]
pub struct Refund {
    /// How much, in hundredths of the major unit; at most what is left of the capture.
    #[schema(minimum = 1, example = 2500)]
    pub amount: i64,
    /// Why, for the audit log.
    #[schema(max_length = 255, example = "Product damaged - partial refund")]
    reason: String,
}

impl Problems {
    fn text(&mut self, name: &'static str, text: Option<&str>, limit: usize) -> Option<String> {
        self.take(UserErrorCode::TextInvalid, metadata::text(name, text?, limit))
    }

    fn amount(&mut self, hundredths: i64, currency: Option<Currency>) -> Option<Money> {
        let read = match currency {
            Some(currency) => from_hundredths(hundredths, currency),
            // Of an unknown currency no more can be said.
            None if hundredths > 0 => return None,
            None => Err(WireRefusal::NotPositive { least: 1 }),
        };
        read.map_err(|refusal| self.add(wire_code(refusal), refusal)).ok()
    }

    fn card(&mut self, card: Option<CardInput>, now: Timestamp) -> Option<CardDetails> {
        let card = card?;
        // A month or year beyond these types is as wrong as month zero.
        let expiry = Expiry {
            year: i32::try_from(card.exp_year).unwrap_or_default(),
            month: u32::try_from(card.exp_month).unwrap_or_default(),
        };
        let read = CardDetails::new(
            &card.number,
            card.cardholder_name.as_deref(),
            expiry,
            &card.cvv,
            now,
        );
        read.map_err(|refusals| {
            for refusal in refusals {
                self.add(card_code(&refusal), refusal);
            }
        })
        .ok()
    }
}

const fn wire_code(refusal: WireRefusal) -> UserErrorCode {
    match refusal {
        WireRefusal::Malformed => UserErrorCode::AmountMalformed,
        WireRefusal::NotPositive { .. } => UserErrorCode::AmountNotPositive,
        WireRefusal::TooPrecise { .. } => UserErrorCode::AmountTooPrecise,
        WireRefusal::TooLarge { .. } => UserErrorCode::AmountTooLarge,
    }
}

const fn card_code(refusal: &CardRefusal) -> UserErrorCode {
    match refusal {
        CardRefusal::InvalidNumber => UserErrorCode::CardNumberInvalid,
        CardRefusal::InvalidExpiry => UserErrorCode::CardExpiryInvalid,
        CardRefusal::Expired => UserErrorCode::CardExpired,
        CardRefusal::InvalidCvv { .. } => UserErrorCode::CardCvvInvalid,
        CardRefusal::InvalidHolder(_) => UserErrorCode::CardholderNameInvalid,
    }
}

/// S2's words about a currency. The older version keeps to them literally; the newer says in the same form what is supported here.
fn unsupported(version: ApiVersion) -> String {
    let listed = match version {
        ApiVersion::Tigris => "USD, EUR, and MAD".to_owned(),
        ApiVersion::Basra => {
            let codes = Currency::ALL.map(Currency::code);
            match codes.split_last() {
                Some((last, others)) => format!("{}, and {last}", others.join(", ")),
                None => String::new(),
            }
        }
    };
    format!("unsupported currency (only {listed} supported)")
}

impl NewPayment {
    /// The command, or everything that is wrong with it.
    pub fn read(
        self,
        idempotency_key: IdempotencyKey,
        version: ApiVersion,
        now: Timestamp,
    ) -> Result<payment::NewPayment, Fault> {
        let mut problems = Problems::default();
        let customer = self.customer.unwrap_or_default();
        let amount = money(&mut problems, self.amount, &self.currency, version);
        let gateway = gateway(&mut problems, self.gateway.as_deref());
        let card = problems.card(self.card, now);
        let email = problems.text("customer email", customer.email.as_deref(), MAX_EMAIL);
        let phone = problems.text("customer phone", customer.phone.as_deref(), MAX_PHONE);
        let name = problems.text("customer name", customer.name.as_deref(), MAX_NAME);
        let description = problems.text("description", self.description.as_deref(), MAX_DESCRIPTION);
        let merchant_reference = self.merchant_reference.as_deref();
        let merchant_reference = problems.text("merchant_reference", merchant_reference, MAX_REFERENCE);
        let metadata = metadata::Metadata::new(self.metadata.unwrap_or_default());
        let metadata = problems.take(UserErrorCode::TextInvalid, metadata);
        let read = match (amount, gateway, metadata) {
            (Some(amount), Some(gateway), Some(metadata)) => Some(payment::NewPayment {
                idempotency_key,
                amount,
                gateway,
                card,
                customer: domain::payment::Customer { email, name, phone },
                description,
                merchant_reference,
                metadata,
                simulate: false,
            }),
            _ => None,
        };
        problems.finish(read)
    }
}

/// An amount and its currency.
pub fn money(problems: &mut Problems, hundredths: i64, currency: &str, version: ApiVersion) -> Option<Money> {
    let currency: Option<Currency> = currency.parse().ok();
    let amount = problems.amount(hundredths, currency);
    if currency.is_none() {
        problems.add(UserErrorCode::CurrencyUnsupported, unsupported(version));
    }
    amount
}

/// A gateway; a card if none is named.
pub fn gateway(problems: &mut Problems, word: Option<&str>) -> Option<Gateway> {
    let gateway = word.map_or(Ok(Gateway::CreditCard), str::parse);
    let gateway = gateway.map_err(|_| format!("gateway must be one of {}", gateways()));
    problems.take(UserErrorCode::TextInvalid, gateway)
}

/// A card, if there is one.
pub fn read_card(problems: &mut Problems, card: Option<CardInput>, now: Timestamp) -> Option<CardDetails> {
    problems.card(card, now)
}

/// A text, if there is one.
pub fn texts(
    problems: &mut Problems,
    name: &'static str,
    text: Option<&str>,
    limit: usize,
) -> Option<String> {
    problems.text(name, text, limit)
}

fn gateways() -> String {
    Gateway::ALL.map(Gateway::as_str).join(", ")
}

/// An amount in the currency of its payment.
pub fn amount_of(hundredths: i64, currency: Currency) -> Result<Money, Fault> {
    let mut problems = Problems::default();
    let amount = problems.amount(hundredths, Some(currency));
    problems.finish(amount)
}

impl Void {
    /// The reason, if it can be kept.
    pub fn reason(&self) -> Result<String, Fault> {
        reason(&self.reason)
    }
}

impl Refund {
    /// The reason, if it can be kept.
    pub fn reason(&self) -> Result<String, Fault> {
        reason(&self.reason)
    }
}

fn reason(text: &str) -> Result<String, Fault> {
    let mut problems = Problems::default();
    let reason = problems.text("reason", Some(text), MAX_REASON);
    problems.finish(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_about_a_currency_follow_the_version() {
        assert_eq!(
            unsupported(ApiVersion::Tigris),
            "unsupported currency (only USD, EUR, and MAD supported)"
        );
        assert_eq!(
            unsupported(ApiVersion::Basra),
            "unsupported currency (only IQD, USD, EUR, MAD, AED, SAR, KWD, BHD, JOD, QAR, OMR, and EGP supported)"
        );
    }
}
