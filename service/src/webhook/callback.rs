//! What S3 reports to the address that a payment carries.
//!
//! Invariant: one body serves both readers there are: its plugin reads the plain fields, its SDKs the signed `content`, whose claims are the
//! same three (`reference/webhooks.md` 0, trap 5).

use super::fan_out::Told;
use crate::callback_key;
use crate::event::Event;
use crate::{App, Error, Result};
use domain::Timestamp;
use domain::event::{EventType, Subject};
use domain::intent::{CanceledBy, Intent, IntentState, IntentStatus};
use domain::webhook::WebhookUrl;
use entity::inconsistency::At as _;
use serde::Serialize;

/// The five words of S3 (`EXTERNAL_PAYMENT_STATUS`) for an intent as of `now`.
#[must_use]
pub fn status(intent: &Intent, now: Timestamp) -> &'static str {
    match (intent.status_at(now), &intent.state) {
        (IntentStatus::Created | IntentStatus::Processing | IntentStatus::RequiresCapture, _) => "PENDING",
        (IntentStatus::Succeeded, _) => "PAID",
        (IntentStatus::Failed, _) => "FAILED",
        // Somebody did pay, too late, and gets the money back.
        (IntentStatus::Expired, IntentState::Expired { late: Some(_), .. }) => "CANCELED",
        (IntentStatus::Canceled, state)
            if state.canceled_by(now) != Some(CanceledBy::AuthorizationExpired) =>
        {
            "CANCELED"
        }
        (IntentStatus::Canceled | IntentStatus::Expired, _) => "TIMED_OUT",
    }
}

/// Where `event` is reported to, if it changes what S3 calls the status of a payment that carries an address.
pub(super) fn address(event: &Told<'_>) -> Option<WebhookUrl> {
    let changes = matches!(
        event.event_type,
        EventType::IntentSucceeded
            | EventType::IntentFailed
            | EventType::IntentCanceled
            | EventType::IntentExpired
    );
    let url = changes.then(|| event.data.get("callback_url")?.as_str());
    url.flatten()?.parse().ok()
}

/// The three fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    reference_code: String,
    status: &'static str,
    payout_amount: Option<String>,
}

/// The three fields with what proves them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    #[serde(flatten)]
    plain: &'a Plain,
    key_id: String,
    content: String,
}

/// The body that reports `event`. Its signature is made with a random number, so another call gives other bytes.
pub(super) async fn body(app: &App, event: &Event) -> Result<String> {
    let known = event.event_type.is_some_and(|it| it.subject() == Subject::Intent);
    if !known {
        return Err(Error::Unavailable(
            "only intents are reported to the address of a payment",
        ));
    }
    let id = event.id.to_string();
    let intent: Intent = serde_json::from_str(&event.data).at("outbox_events", "data", &id)?;
    let payout = intent
        .state
        .paid()
        .map(|paid| paid.payout.hundredths())
        .transpose();
    let plain = Plain {
        reference_code: intent.id.reference().to_string(),
        status: status(&intent, event.occurred_at),
        payout_amount: payout
            .at("outbox_events", "data", &id)?
            .map(|hundredths| hundredths.to_string()),
    };
    let signed = callback_key::sign(app, event.tenant.mode, &plain).await?;
    let report = Report {
        plain: &plain,
        key_id: signed.key.to_string(),
        content: signed.content,
    };
    serde_json::to_string(&report).map_err(|_| Error::Unavailable("a callback cannot be printed"))
}
