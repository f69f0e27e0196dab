//! What this door adds to the OpenAPI document. Its bodies are read by hand, in the words of S3, so they are described by hand too.

use super::payment::{__path_cancel, __path_create, __path_status};
use super::public_keys::__path_list;
use super::refused::Body;
use super::shown::Shown;
use crate::rest::openapi::GatewayWord;
use crate::rest::v1::responses_in;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document, RefOr, Response};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

/// The path of create, and its other name.
const CREATE: [&str; 2] = ["/v1/payment/rest/{mode}/create", "/v1/payment/rest/{mode}/init"];

/// What this door adds to the document.
#[derive(OpenApi)]
#[openapi(
    paths(create, status, cancel, list),
    components(schemas(Body, Shown, PublicKey, Mode)),
    modifiers(&Ways),
    tags((name = "rasedi", description = "For programs that were written for Rasedi. Amounts are text in hundredths of a dinar."))
)]
pub struct Api;

/// How programs of S3 show who they are, and the other name of create.
struct Ways;

impl Modify for Ways {
    fn modify(&self, document: &mut Document) {
        let header = |name: &str, what: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, what)))
        };
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("x_id", header("x-id", "The secret of a credential."));
        components.add_security_scheme(
            "x_signature",
            header(
                "x-signature",
                "Base64 of an Ed25519 signature over `METHOD || SECRET || PATH`.",
            ),
        );
        let [create, init] = CREATE;
        if let Some(item) = document.paths.paths.get(create).cloned() {
            let mut item = item;
            if let Some(post) = item.post.as_mut() {
                post.operation_id = Some("initRasediPayment".to_owned());
                post.summary = Some("Create payment, by the name that S3's example uses.".to_owned());
            }
            document.paths.paths.insert(init.to_owned(), item);
        }
    }
}

/// What to pay, and how it may be paid.
#[derive(ToSchema)]
#[schema(as = RasediPaymentRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the document what is read field by field")]
pub struct Request {
    /// Hundredths of a dinar as text, whole dinars: `"150000"` is 1,500 IQD.
    #[schema(pattern = "^[1-9][0-9]{0,11}00$", example = "150000")]
    amount: String,
    /// How the customer may pay.
    #[schema(min_items = 1, example = json!(["FAST_PAY", "FIB"]))]
    gateways: Vec<GatewayWord>,
    /// What it is for, in a few words.
    #[schema(max_length = 63, example = "Order #1241")]
    title: String,
    /// The same at length.
    #[schema(max_length = 255, example = "Payment for premium subscription")]
    description: String,
    /// Whether the gateway's fee is put on top.
    collect_fee_from_customer: bool,
    /// Whether the customer must give an e-mail address.
    collect_customer_email: bool,
    /// Whether the customer must give a phone number.
    collect_customer_phone_number: bool,
    /// Where the customer goes when it is paid: https.
    #[schema(max_length = 2048, example = "https://merchant.com/payment/success")]
    redirect_url: String,
    /// Where each change of status is reported: https, publicly reachable.
    #[schema(max_length = 2048, example = "https://merchant.com/api/payment/callback")]
    callback_url: String,
    /// Whether the customer may use a promo code; false if not given.
    allow_promo_code: Option<bool>,
}

/// The mode of a key.
#[derive(Serialize, ToSchema)]
#[schema(as = RasediMode)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "says in the document which words there are")]
pub enum Mode {
    /// Money.
    Live,
    /// Rehearsal.
    Test,
}

/// A key with which callbacks are checked.
#[derive(Serialize, ToSchema)]
#[schema(as = RasediPublicKey)]
pub struct PublicKey {
    /// Its id, `keyId` of a callback.
    id: String,
    /// The key, SPKI in PEM: ES512.
    key: String,
}

/// Declares the refusals of a kind of path.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: [$(($status:literal, $text:literal)),+ $(,)?];)+) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let mut all = responses_in("RasediRefusal", &ANY);
                    all.extend(responses_in("RasediRefusal", &[$(($status, $text)),+]));
                    all
                }
            }
        )+
    };
}

/// What any request may hear.
const ANY: [(&str, &str); 5] = [
    ("400", "What is wrong with the request, all of it."),
    (
        "401",
        "`INVALID_CREDENTIALS` or `INVALID_SIGNATURE`: secret, signature, mode or address do not fit.",
    ),
    ("403", "`INSUFFICIENT_PERMISSIONS`: the key lacks the scope."),
    (
        "429",
        "`RATE_LIMIT_EXCEEDED`; `Retry-After` says when to ask again.",
    ),
    (
        "500",
        "`INTERNAL_ERROR`: our fault, or a part of the installation does not answer in time.",
    ),
];

refusals! {
    /// Of create.
    OfCreating: [
        ("403", "`INSUFFICIENT_PERMISSIONS`, or `GATEWAY_NOT_ENABLED`."),
        ("409", "`IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_PROGRESS` or `CONFLICT`."),
        ("408", "`REQUEST_TIMEOUT`."),
        ("413", "`PAYLOAD_TOO_LARGE`."),
        ("422", "`INVALID_URL`: an address that can be read and not used."),
    ];
    /// Of status.
    OfShowing: [("404", "`NOT_FOUND`.")];
    /// Of cancel.
    OfCanceling: [
        ("400", "`PAYMENT_NOT_CANCELABLE`, or what is wrong with the request."),
        ("404", "`NOT_FOUND`."),
        ("409", "`CONFLICT`."),
    ];
    /// Of the keys.
    OfListing: [("404", "`NOT_FOUND`.")];
}
