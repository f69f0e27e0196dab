//! Inputs of the money mutations.

use super::card::CardInput;
use super::customer::CustomerInput;
use super::enums::Gateway;
use super::metadata::Metadata;
use super::money::MoneyInput;
use super::user_error::{self, UserError, UserErrorCode};
use async_graphql::{ID, InputObject};
use domain::Timestamp;
use domain::card::{CardDetails, Expiry};
use domain::id::PaymentId;
use domain::idempotency::IdempotencyKey;
use domain::metadata::{self, MAX_DESCRIPTION, MAX_REASON, MAX_REFERENCE, TextRefusal};
use domain::payment::Finality;
use service::payment::{Capture, NewPayment, NewRefund, Void};

/// Longest e-mail address, in characters (RFC 5321's path of 256 without its brackets).
const MAX_EMAIL: usize = 254;
/// Longest phone number, in characters: 15 digits (E.164) and how people group them.
const MAX_PHONE: usize = 32;
/// Longest customer name, in characters.
const MAX_NAME: usize = 100;

/// Collects what is wrong with an input, so that a form can mark every field at once.
#[derive(Default)]
struct Reading(Vec<UserError>);

impl Reading {
    fn take<T>(&mut self, read: Result<T, UserError>) -> Option<T> {
        read.map_err(|error| self.0.push(error)).ok()
    }

    fn text(&mut self, name: &'static str, field: &str, text: Option<&str>, limit: usize) -> Option<String> {
        let text = text?;
        let refused = |refusal: TextRefusal| UserError::at(UserErrorCode::TextInvalid, refusal, field);
        self.take(metadata::text(name, text, limit).map_err(refused))
    }

    fn key(&mut self, key: &str) -> Option<IdempotencyKey> {
        let refused =
            |refusal| UserError::at(UserErrorCode::IdempotencyKeyInvalid, refusal, "idempotencyKey");
        self.take(key.parse().map_err(refused))
    }

    fn payment(&mut self, id: &ID) -> Option<PaymentId> {
        let refused = |refusal| UserError::at(UserErrorCode::IdMalformed, refusal, "id");
        self.take(id.parse().map_err(refused))
    }

    fn card(&mut self, card: Option<&CardInput>, now: Timestamp) -> Option<CardDetails> {
        let card = card?;
        // A month below zero is as wrong as month zero.
        let month = u32::try_from(card.exp_month).unwrap_or_default();
        let expiry = Expiry {
            year: card.exp_year,
            month,
        };
        match CardDetails::new(
            &card.number,
            card.cardholder_name.as_deref(),
            expiry,
            &card.cvv,
            now,
        ) {
            Ok(details) => Some(details),
            Err(refusals) => {
                self.0.extend(refusals.iter().map(user_error::card));
                None
            }
        }
    }

    /// The command, if nothing was wrong.
    fn finish<T>(self, command: Option<T>) -> Result<T, Vec<UserError>> {
        match command {
            Some(command) if self.0.is_empty() => Ok(command),
            _ => Err(self.0),
        }
    }
}

macro_rules! intake_input {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters.
            pub idempotency_key: String,
            /// How much.
            pub amount: MoneyInput,
            /// How the payer pays.
            #[graphql(default_with = "Gateway::CreditCard")]
            pub gateway: Gateway,
            /// The card, for `CREDIT_CARD` only.
            pub card: Option<CardInput>,
            /// Who pays.
            pub customer: Option<CustomerInput>,
            /// What it is for, shown to the payer; at most 255 characters.
            pub description: Option<String>,
            /// Your own number for it; at most 100 characters.
            pub merchant_reference: Option<String>,
            /// Your own notes.
            pub metadata: Option<Metadata>,
            /// Only rehearse: answer what would be, write nothing.
            #[graphql(default)]
            pub simulate: bool,
        }

        impl $name {
            /// The command, or everything that is wrong with it.
            pub fn read(self, now: Timestamp) -> Result<NewPayment, Vec<UserError>> {
                let customer = self.customer.unwrap_or_default();
                let mut reading = Reading::default();
                let key = reading.key(&self.idempotency_key);
                let amount = reading.take(self.amount.read());
                let card = reading.card(self.card.as_ref(), now);
                let email = reading.text("customer e-mail", "customer.email", customer.email.as_deref(), MAX_EMAIL);
                let name = reading.text("customer name", "customer.name", customer.name.as_deref(), MAX_NAME);
                let phone = reading.text("customer phone", "customer.phone", customer.phone.as_deref(), MAX_PHONE);
                let description =
                    reading.text("description", "description", self.description.as_deref(), MAX_DESCRIPTION);
                let merchant_reference = reading.text(
                    "merchant reference",
                    "merchantReference",
                    self.merchant_reference.as_deref(),
                    MAX_REFERENCE,
                );
                let metadata = metadata::Metadata::new(self.metadata.unwrap_or_default().0);
                let refused = |refusal: TextRefusal| UserError::at(UserErrorCode::TextInvalid, refusal, "metadata");
                let metadata = reading.take(metadata.map_err(refused));
                let parts = (key, amount, metadata);
                let command = if let (Some(idempotency_key), Some(amount), Some(metadata)) = parts {
                    Some(NewPayment {
                        idempotency_key,
                        amount,
                        gateway: self.gateway.into(),
                        card,
                        customer: domain::payment::Customer { email, name, phone },
                        description,
                        merchant_reference,
                        metadata,
                        simulate: self.simulate,
                    })
                } else {
                    None
                };
                reading.finish(command)
            }
        }
    };
}

intake_input! {
    /// Hold money for seven days.
    PaymentAuthorizeInput
}

intake_input! {
    /// Hold and take money in one step.
    PaymentSaleInput
}

/// Take money that an authorization holds.
#[derive(InputObject)]
pub struct PaymentCaptureInput {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters.
    pub idempotency_key: String,
    /// The payment, `pay_…`.
    pub id: ID,
    /// The version of the payment that you saw; the command is refused if it has changed since. Left out, it is not looked at.
    pub expected_version: Option<i32>,
    /// How much; everything that is held if not given.
    pub amount: Option<MoneyInput>,
    /// Whether what is left is released at once; otherwise it stays held for another capture.
    #[graphql(default = true)]
    pub final_capture: bool,
    /// Only rehearse: answer what would be, write nothing.
    #[graphql(default)]
    pub simulate: bool,
}

impl PaymentCaptureInput {
    /// The command, or everything that is wrong with it.
    pub fn read(self) -> Result<Capture, Vec<UserError>> {
        let mut reading = Reading::default();
        let key = reading.key(&self.idempotency_key);
        let payment = reading.payment(&self.id);
        let amount = self
            .amount
            .as_ref()
            .and_then(|amount| reading.take(amount.read()));
        let finality = if self.final_capture {
            Finality::Final
        } else {
            Finality::KeepRest
        };
        let command = key.zip(payment).map(|(idempotency_key, payment)| Capture {
            idempotency_key,
            payment,
            expected_version: self.expected_version.map(i64::from),
            amount,
            finality,
            simulate: self.simulate,
        });
        reading.finish(command)
    }
}

/// Give up what an authorization holds.
#[derive(InputObject)]
pub struct PaymentVoidInput {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters.
    pub idempotency_key: String,
    /// The payment, `pay_…`.
    pub id: ID,
    /// The version of the payment that you saw; the command is refused if it has changed since. Left out, it is not looked at.
    pub expected_version: Option<i32>,
    /// Why, for the audit log; at most 255 characters.
    pub reason: Option<String>,
    /// Only rehearse: answer what would be, write nothing.
    #[graphql(default)]
    pub simulate: bool,
}

impl PaymentVoidInput {
    /// The command, or everything that is wrong with it.
    pub fn read(self) -> Result<Void, Vec<UserError>> {
        let mut reading = Reading::default();
        let key = reading.key(&self.idempotency_key);
        let payment = reading.payment(&self.id);
        let reason = reading.text("reason", "reason", self.reason.as_deref(), MAX_REASON);
        let simulate = self.simulate;
        let command = key.zip(payment).map(|(idempotency_key, payment)| Void {
            idempotency_key,
            payment,
            expected_version: self.expected_version.map(i64::from),
            reason,
            simulate,
        });
        reading.finish(command)
    }
}

/// Give captured money back.
#[derive(InputObject)]
pub struct PaymentRefundInput {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters.
    pub idempotency_key: String,
    /// The payment, `pay_…`.
    pub id: ID,
    /// The version of the payment that you saw; the command is refused if it has changed since. Left out, it is not looked at.
    pub expected_version: Option<i32>,
    /// How much; everything that can still be refunded if not given.
    pub amount: Option<MoneyInput>,
    /// Why, for the audit log; at most 255 characters.
    pub reason: Option<String>,
    /// Only rehearse: answer what would be, write nothing.
    #[graphql(default)]
    pub simulate: bool,
}

impl PaymentRefundInput {
    /// The command, or everything that is wrong with it.
    pub fn read(self) -> Result<NewRefund, Vec<UserError>> {
        let mut reading = Reading::default();
        let key = reading.key(&self.idempotency_key);
        let payment = reading.payment(&self.id);
        let amount = self
            .amount
            .as_ref()
            .and_then(|amount| reading.take(amount.read()));
        let reason = reading.text("reason", "reason", self.reason.as_deref(), MAX_REASON);
        let command = key.zip(payment).map(|(idempotency_key, payment)| NewRefund {
            idempotency_key,
            payment,
            expected_version: self.expected_version.map(i64::from),
            amount,
            reason,
            simulate: self.simulate,
        });
        reading.finish(command)
    }
}
