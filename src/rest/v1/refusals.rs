//! What this door says when something goes wrong, and which statuses its paths have.

use crate::rest::fault::Fault;
use domain::api_version::ApiVersion;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{Content, Header, Object, Ref, RefOr, Response, ResponseBuilder, Type};
use utoipa::{IntoResponses, ToSchema};

/// Why a request was not answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// Always false here.
    #[schema(example = false)]
    success: bool,
    /// Why, for people.
    #[schema(example = "capture amount exceeds authorized amount")]
    error: String,
    /// Why, for programs: the same code for the same cause on every door.
    #[schema(example = "CAPTURE_EXCEEDS_AUTHORIZED")]
    error_code: &'static str,
    /// The id of this request, as in `X-Request-Id` and in our log.
    #[schema(example = "req_01KYEXAMPLE0000000000000000")]
    request_id: String,
    /// The payment, of a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    payment_id: Option<String>,
    /// What was tried, of a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transaction_id: Option<String>,
    /// Why not, for programs, of a decline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "insufficient_funds")]
    decline_reason: Option<&'static str>,
}

/// A fault in the shape of this door.
#[must_use]
pub fn shape(fault: &Fault, _: ApiVersion, request_id: &str) -> Vec<u8> {
    let declined = fault.declined.as_deref();
    let refusal = Refusal {
        success: false,
        error: fault.words.to_string(),
        error_code: fault.code,
        request_id: request_id.to_owned(),
        payment_id: declined.map(|declined| declined.payment.to_string()),
        transaction_id: declined.map(|declined| declined.operation.to_string()),
        decline_reason: declined.map(|declined| declined.reason.as_str()),
    };
    serde_json::to_vec(&refusal).unwrap_or_default()
}

/// A status and when it comes.
type Row = (&'static str, &'static str);

/// What any request may hear.
const ANY: [Row; 6] = [
    ("401", "No key, or one that opens nothing."),
    ("403", "The key lacks the scope (`INSUFFICIENT_PERMISSIONS`)."),
    (
        "429",
        "Too much at once: `rate limit exceeded: 20 requests per second`. Nothing was done; `Retry-After` says when to ask again.",
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
        "It took too long. A command goes on: repeat it with its `Idempotency-Key` to hear what became of it.",
    ),
];

fn responses(rows: &[Row]) -> BTreeMap<String, RefOr<Response>> {
    let mut all = responses_in("Refusal", &ANY);
    all.extend(responses_in("Refusal", rows));
    all
}

/// Statuses and when they come, with bodies of `schema`.
pub fn responses_in(schema: &str, rows: &[Row]) -> BTreeMap<String, RefOr<Response>> {
    let refusal = || Content::new(Some(Ref::from_schema_name(schema)));
    let waits = || {
        let seconds = Object::builder().schema_type(Type::Integer);
        let mut header = Header::new(seconds.build());
        header.description = Some("After how many seconds the same may succeed.".to_owned());
        header
    };
    let response = |status: &str, text: &str| {
        let response = ResponseBuilder::new()
            .description(text)
            .content("application/json", refusal());
        if ["409", "429"].contains(&status) {
            response.header("Retry-After", waits())
        } else {
            response
        }
    };
    rows.iter()
        .map(|(status, text)| ((*status).to_owned(), response(status, text).build().into()))
        .collect()
}

/// Declares the refusals of a kind of path.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: [$(($status:literal, $text:literal)),+ $(,)?];)+) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    responses(&[$(($status, $text)),+])
                }
            }
        )+
    };
}

refusals! {
    /// Of authorize and sale.
    OfBeginning: [
        ("400", "`invalid request: …` with all that is wrong with it, or an unsupported currency."),
        ("402", "The payment was declined: `payment declined: insufficient funds (code: 51)`. It exists, with status `failed`."),
        ("409", "The idempotency key stands for other data, or its first request has no answer yet (`Retry-After`)."),
        ("408", "The body did not come in time."),
        ("413", "The body is too long."),
    ];
    /// Of capture, void and refund.
    OfFollowing: [
        ("400", "`invalid request: …`, or more than is available. By `2025-12-01.tigris` also a payment in the wrong state and an authorization that has run out."),
        ("402", "The provider said no: `capture declined: do not honor (code: 05)`. The payment is as it was."),
        ("404", "There is no such payment in this merchant and mode."),
        ("409", "The payment is in the wrong state, another operation on it is under way, or the idempotency key stands for other data."),
        ("410", "The authorization has run out (after seven days)."),
        ("408", "The body did not come in time."),
        ("413", "The body is too long."),
    ];
    /// Of a new intent.
    OfCreating: [
        ("400", "`invalid request: …` with all that is wrong with it, or an unsupported currency."),
        ("409", "The idempotency key stands for other data, or its first request has no answer yet (`Retry-After`)."),
        ("408", "The body did not come in time."),
        ("413", "The body is too long."),
    ];
    /// Of giving an intent up.
    OfCanceling: [
        ("400", "By `2025-12-01.tigris`: `cannot cancel completed payment intent`, or one that has run out. In any version: an unknown `X-API-Version`, or an `Idempotency-Key` that is none."),
        ("404", "There is no such payment intent in this merchant and mode."),
        ("409", "`cannot cancel completed payment intent`, an attempt to pay it is under way, or the idempotency key stands for another intent."),
        ("410", "It has run out, or all attempts were declined."),
    ];
    /// Of settings.
    OfSettingUp: [
        ("400", "`invalid request: …` with all that is wrong with it, or an unknown `X-API-Version`."),
        ("408", "The body did not come in time."),
        ("413", "The body is too long."),
    ];
    /// Of one object.
    OfShowing: [
        ("400", "An unknown `X-API-Version`."),
        ("404", "There is no such object in this merchant and mode."),
    ];
    /// Of a list.
    OfListing: [
        ("400", "A parameter that is not what it should be."),
    ];
}
