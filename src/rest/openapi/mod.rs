//! The OpenAPI document of the REST doors, made from their code.
//!
//! Invariant: a path stands in the document if and only if it is served, and each door contributes its own (`tests/it/rest/openapi.rs`).
//! The document is the same text every time it is made.

mod page;
mod words;

pub use page::router;
pub use words::{ApiVersionWord, CaptureMethodWord, CurrencyCode, GatewayWord};

use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document};
use utoipa::{IntoParams, Modify, OpenApi};

/// What every path of a merchant may be asked with.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "says in the document which headers are read")]
pub struct VersionHeader {
    /// By which version to answer: `2026-06-14.basra` or `2025-12-01.tigris`. Left out, the pin of the key decides.
    #[param(rename = "X-API-Version", value_type = ApiVersionWord, required = false, example = "2026-06-14.basra")]
    version: Option<String>,
}

/// What a command may be asked with.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "says in the document which headers are read")]
pub struct CommandHeaders {
    /// Makes asking twice safe: within 24 hours the same key gives the first answer, with `Idempotent-Replayed: true`. 1 to 255 visible
    /// ASCII characters. Left out, every request is done.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]*$",
        example = "order-12345-auth"
    )]
    idempotency_key: Option<String>,
    /// By which version to answer: `2026-06-14.basra` or `2025-12-01.tigris`. Left out, the pin of the key decides.
    #[param(rename = "X-API-Version", value_type = ApiVersionWord, required = false, example = "2026-06-14.basra")]
    version: Option<String>,
}

/// What does not belong to one door.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tahsil REST API",
        description = "Payments for Iraqi and MENA merchants. Amounts are whole hundredths of the major unit in every currency: 150000 is \
                       1,500 IQD. The GraphQL API beside it can do more; both share keys, limits and idempotency keys.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    security(
        ("api_key" = []),
        ("bearer" = []),
        ("signed_key" = [], "signed_timestamp" = [], "signed_nonce" = [], "signature" = [])
    ),
    components(schemas(ApiVersionWord)),
    modifiers(&WaysIn)
)]
struct Shared;

/// How merchants show who they are.
struct WaysIn;

impl Modify for WaysIn {
    fn modify(&self, document: &mut Document) {
        let header = |name: &str, what: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, what)))
        };
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("The same secret as in X-API-Key."));
        let components = document.components.get_or_insert_with(Components::new);
        for (name, scheme) in [
            (
                "api_key",
                header(
                    "X-API-Key",
                    "The secret of a credential, `esk_test_…` or `esk_live_…`.",
                ),
            ),
            ("bearer", SecurityScheme::Http(bearer.build())),
            (
                "signed_key",
                header(
                    "X-Tahsil-Key",
                    "A signed request: the public token of the credential, `epk_…`.",
                ),
            ),
            (
                "signed_timestamp",
                header(
                    "X-Tahsil-Timestamp",
                    "A signed request: when, in RFC 3339; at most 300 seconds away.",
                ),
            ),
            (
                "signed_nonce",
                header("X-Tahsil-Nonce", "A signed request: taken once."),
            ),
            (
                "signature",
                header(
                    "X-Tahsil-Signature",
                    "A signed request: `ed25519=…` or `hmac-sha256=…` over method, path, time, nonce, version and body. HTTP Message \
                     Signatures (RFC 9421) are taken in place of these headers.",
                ),
            ),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The doors that have a part in the document.
const DOORS: [fn() -> Document; 5] = [
    super::v1::Api::openapi,
    super::v2::Api::openapi,
    super::public::Api::openapi,
    super::native::Api::openapi,
    super::rasedi::Api::openapi,
];

/// The whole document.
#[must_use]
pub fn document() -> Document {
    let mut document = Shared::openapi();
    for door in DOORS {
        document.merge(door());
    }
    document
}

/// The whole document as text, the same every time.
///
/// # Errors
/// When it cannot be written as JSON, which is a defect.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = document().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// `GET /openapi.json`.
async fn json() -> Response {
    match text() {
        Ok(text) => {
            let headers = [
                (axum::http::header::CONTENT_TYPE, "application/json"),
                (CACHE_CONTROL, "no-cache"),
            ];
            (headers, text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the OpenAPI document cannot be written");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
