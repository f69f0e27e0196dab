//! Inputs of the money mutations.

use super::card::CardInput;
use super::customer::CustomerInput;
use super::enums::Gateway;
use super::metadata::Metadata;
use super::money::MoneyInput;
use super::reading::Reading;
use super::user_error::UserError;
use async_graphql::{ID, InputObject};
use domain::Timestamp;
use domain::metadata::{MAX_DESCRIPTION, MAX_REASON, MAX_REFERENCE};
use domain::payment::Finality;
use service::payment::{Capture, NewPayment, NewRefund, Void};

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
                let mut reading = Reading::default();
                let key = reading.key(&self.idempotency_key);
                let amount = reading.take(self.amount.read());
                let card = reading.card(self.card.as_ref(), now);
                let customer = reading.customer(self.customer);
                let description =
                    reading.text("description", "description", self.description.as_deref(), MAX_DESCRIPTION);
                let merchant_reference = reading.text(
                    "merchant reference",
                    "merchantReference",
                    self.merchant_reference.as_deref(),
                    MAX_REFERENCE,
                );
                let metadata = reading.metadata(self.metadata);
                let parts = (key, amount, metadata);
                let command = if let (Some(idempotency_key), Some(amount), Some(metadata)) = parts {
                    Some(NewPayment {
                        idempotency_key,
                        amount,
                        gateway: self.gateway.into(),
                        card,
                        customer,
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
        let payment = reading.id(&self.id, "id");
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
        let payment = reading.id(&self.id, "id");
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
        let payment = reading.id(&self.id, "id");
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
