//! Inputs of the commands on intents.

use super::card::CardInput;
use super::checkout_enums::CaptureMethod;
use super::customer::CustomerInput;
use super::enums::Gateway;
use super::intent_parts::CollectInput;
use super::metadata::Metadata;
use super::money::MoneyInput;
use super::reading::Reading;
use super::user_error::UserError;
use async_graphql::{ID, InputObject};
use chrono::Duration;
use domain::Timestamp;
use domain::id::IntentId;
use domain::idempotency::IdempotencyKey;
use domain::intent::MAX_TITLE;
use domain::metadata::{MAX_DESCRIPTION, MAX_REFERENCE};
use service::intent::{Confirm, Door, NewIntent};

/// Make an intent.
#[derive(InputObject)]
pub struct IntentCreateInput {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters.
    pub idempotency_key: String,
    /// How much.
    pub amount: MoneyInput,
    /// When the money is taken.
    #[graphql(default_with = "CaptureMethod::Automatic")]
    pub capture_method: CaptureMethod,
    /// How the payer may pay; every way that fits if left out.
    pub gateways: Option<Vec<Gateway>>,
    /// What the payer is asked for besides money, and what is put on top.
    pub collect: Option<CollectInput>,
    /// What it is for, in a few words; at most 63 characters.
    pub title: Option<String>,
    /// The same at length, shown to the payer; at most 255 characters.
    pub description: Option<String>,
    /// Your own number for it; at most 100 characters.
    pub merchant_reference: Option<String>,
    /// Your own notes.
    pub metadata: Option<Metadata>,
    /// Who pays, as far as you know.
    pub customer: Option<CustomerInput>,
    /// Where the payer goes when it is paid: https, or http on their own machine; `{CHECKOUT_SESSION_ID}` in it is filled in.
    pub success_url: Option<String>,
    /// Where the payer goes when they give up; `successUrl` if left out.
    pub cancel_url: Option<String>,
    /// Where each change of status is reported: https, publicly reachable.
    pub callback_url: Option<String>,
    /// How long it lives, 5 minutes to 7 days (10,080); an hour if left out.
    pub expires_in_minutes: Option<i32>,
}

impl IntentCreateInput {
    /// The command, or everything that is wrong with it.
    pub fn read(self) -> Result<NewIntent, Vec<UserError>> {
        let mut reading = Reading::default();
        let key = reading.key(&self.idempotency_key);
        let amount = reading.take(self.amount.read());
        let gateways = reading.gateways(self.gateways);
        let title = reading.text("title", "title", self.title.as_deref(), MAX_TITLE);
        let description = reading.text(
            "description",
            "description",
            self.description.as_deref(),
            MAX_DESCRIPTION,
        );
        let merchant_reference = reading.text(
            "merchant reference",
            "merchantReference",
            self.merchant_reference.as_deref(),
            MAX_REFERENCE,
        );
        let metadata = reading.metadata(self.metadata);
        let customer = reading.customer(self.customer);
        let success_url = reading.url("successUrl", self.success_url.as_deref());
        let cancel_url = reading.url("cancelUrl", self.cancel_url.as_deref());
        let callback_url = reading.url("callbackUrl", self.callback_url.as_deref());
        let parts = (key, amount, metadata);
        let command = if let (Some(idempotency_key), Some(amount), Some(metadata)) = parts {
            Some(NewIntent {
                idempotency_key,
                door: Door::Api,
                amount,
                capture_method: self.capture_method.into(),
                gateways,
                collect: self.collect.unwrap_or_default().into(),
                title,
                description,
                merchant_reference,
                metadata,
                customer,
                success_url,
                cancel_url,
                callback_url,
                expires_in: self
                    .expires_in_minutes
                    .map(|minutes| Duration::minutes(minutes.into())),
            })
        } else {
            None
        };
        reading.finish(command)
    }
}

/// Try to pay an intent.
#[derive(InputObject)]
pub struct IntentConfirmInput {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer. 1 to 255 visible ASCII characters. Another
    /// attempt after a decline takes another key.
    pub idempotency_key: String,
    /// The intent, `pi_…`.
    pub id: ID,
    /// How the payer pays.
    #[graphql(default_with = "Gateway::CreditCard")]
    pub gateway: Gateway,
    /// The card, for `CREDIT_CARD` only.
    pub card: Option<CardInput>,
    /// What the payer says of themselves; what is known already need not be said again.
    pub customer: Option<CustomerInput>,
    /// The total that the payer saw; the attempt is refused if it has changed since. Left out, it is not looked at.
    pub expected_total: Option<MoneyInput>,
}

/// An attempt at an intent, under its key.
pub struct Attempt {
    /// The intent.
    pub intent: IntentId,
    /// The key.
    pub key: IdempotencyKey,
    /// What is paid with.
    pub with: Confirm,
}

impl IntentConfirmInput {
    /// The command, or everything that is wrong with it.
    pub fn read(self, now: Timestamp) -> Result<Attempt, Vec<UserError>> {
        let mut reading = Reading::default();
        let key = reading.key(&self.idempotency_key);
        let intent = reading.id(&self.id, "id");
        let card = reading.card(self.card.as_ref(), now);
        let customer = reading.customer(self.customer);
        let expected_total = self
            .expected_total
            .as_ref()
            .and_then(|total| reading.take(total.read_at("expectedTotal")));
        let command = key.zip(intent).map(|(key, intent)| Attempt {
            intent,
            key,
            with: Confirm {
                gateway: self.gateway.into(),
                card,
                customer,
                expected_total,
                notes: Vec::new(),
            },
        });
        reading.finish(command)
    }
}

/// Give an intent up.
#[derive(InputObject)]
pub struct IntentCancelInput {
    /// The intent, `pi_…`.
    pub id: ID,
}

impl IntentCancelInput {
    /// The intent, or what is wrong with its id.
    pub fn read(self) -> Result<IntentId, Vec<UserError>> {
        let mut reading = Reading::default();
        let intent = reading.id(&self.id, "id");
        reading.finish(intent)
    }
}
