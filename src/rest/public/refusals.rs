//! What the public door says when something goes wrong: S2's object of code and message.

use crate::rest::fault::Fault;
use crate::rest::v1::responses_in;
use domain::api_version::ApiVersion;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

/// Why a request of a payer was not answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicRefusal {
    /// Always false here.
    #[schema(example = false)]
    success: bool,
    /// Why.
    error: Cause,
    /// The id of this request, as in `X-Request-Id`.
    #[schema(example = "req_01KYEXAMPLE0000000000000000")]
    request_id: String,
}

/// Why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cause {
    /// For programs: the same code for the same cause on every door.
    #[schema(example = "PAYMENT_DECLINED")]
    code: &'static str,
    /// For people.
    #[schema(example = "card declined: insufficient funds")]
    message: String,
    /// How many attempts are left, of a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 3)]
    remaining_attempts: Option<u8>,
    /// Why not, for programs, of a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "insufficient_funds")]
    decline_reason: Option<&'static str>,
}

/// A fault in the shape of this door.
#[must_use]
pub fn shape(fault: &Fault, _: ApiVersion, request_id: &str) -> Vec<u8> {
    let declined = fault.declined.as_deref();
    let refusal = PublicRefusal {
        success: false,
        error: Cause {
            code: fault.code,
            message: fault.words.to_string(),
            remaining_attempts: declined.and_then(|declined| declined.remaining_attempts),
            decline_reason: declined.map(|declined| declined.reason.as_str()),
        },
        request_id: request_id.to_owned(),
    };
    serde_json::to_vec(&refusal).unwrap_or_default()
}

/// What any request of a payer may hear.
const ANY: [(&str, &str); 5] = [
    ("404", "There is no such payment intent."),
    (
        "429",
        "Too much at once from this address; `Retry-After` says when to ask again.",
    ),
    (
        "500",
        "A defect on our side; the cause is in our log under `request_id`.",
    ),
    (
        "503",
        "The database or a provider of the installation does not answer.",
    ),
    (
        "504",
        "It took too long. An attempt goes on: ask for the intent to hear what became of it.",
    ),
];

/// Of an intent that is looked at.
pub struct OfShowing;

impl IntoResponses for OfShowing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_in("PublicRefusal", &ANY)
    }
}

/// Of an attempt.
pub struct OfConfirming;

impl IntoResponses for OfConfirming {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let own = [
            ("400", "What is wrong with the request, all of it."),
            ("401", "`INVALID_CLIENT_SECRET`."),
            ("402", "`PAYMENT_DECLINED`, with `remaining_attempts`."),
            ("403", "The merchant may not use this gateway."),
            (
                "409",
                "An attempt is under way, the intent is paid, or the idempotency key stands for other data.",
            ),
            (
                "410",
                "`INTENT_EXPIRED`, also when the money came too late and goes back; `MAX_ATTEMPTS_REACHED` or `INTENT_CANCELED`.",
            ),
            ("408", "The body did not come in time."),
            ("413", "The body is too long."),
        ];
        let mut all = responses_in("PublicRefusal", &ANY);
        all.extend(responses_in("PublicRefusal", &own));
        all
    }
}
