//! What an attempt brought.

use crate::App;
use domain::Timestamp;
use domain::id::WebhookAttemptId;
use domain::webhook::{Attempt, Delivery, DeliveryState, FailureClass, WebhookUrl};

use super::StoredBody;

/// An attempt that has ended.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What it belongs to, as it was claimed.
    pub delivery: Delivery,
    /// The body that was sent; `None` when it could not be made.
    pub body: Option<StoredBody>,
    /// What is logged.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub state: DeliveryState,
}

/// How it stands with a delivery after its attempt was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The delivery is as the attempt left it.
    Applied,
    /// Somebody else decides about it by now: another process, or a merchant who gave it up.
    Stale,
}

/// The attempt that was under way when whoever made it died: it began at `began`, and at `now` somebody found it.
pub(super) fn interrupted(
    app: &App,
    delivery: &Delivery,
    url: Option<&WebhookUrl>,
    began: Timestamp,
    now: Timestamp,
) -> Attempt {
    let id: WebhookAttemptId = app.id(now);
    Attempt {
        id,
        tenant: delivery.tenant,
        endpoint: delivery.endpoint,
        delivery: delivery.id,
        number: delivery.state.attempts(),
        url: delivery
            .url
            .as_ref()
            .or(url)
            .map(ToString::to_string)
            .unwrap_or_default(),
        started_at: began,
        duration_micros: now
            .signed_duration_since(began)
            .num_microseconds()
            .unwrap_or(i64::MAX)
            .max(0),
        is_success: false,
        status: None,
        failure: Some(FailureClass::Interrupted),
        detail: None,
        remote_address: None,
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        response_body: Vec::new(),
        is_truncated: false,
        body_sha256: None,
        secret_fingerprint: None,
    }
}
