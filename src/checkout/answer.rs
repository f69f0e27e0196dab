//! A page as an HTTP answer.
//!
//! Invariant: every hosted page leaves through [`answer`], so none of them goes without its guards: nothing is cached, framed, or run that
//! is not a file of this server; no referrer tells a merchant's shop the secret in the address.
//!
//! How the payer gets back to the merchant: `form-action` also governs the redirect that answers a form (Chromium), so a 303 straight from
//! a form to a merchant's address would need that address in the policy. After a form this server therefore redirects to a page of its own,
//! and the way out is a link and a timed step on the page ([`super::view::SuccessPage`]), which `form-action` does not touch. Where a form
//! must lead straight to another site, as to a real wallet, its origin is passed in.
//!
//! With `no-referrer` browsers send `Origin: null` with a form, even to this server (Fetch, "append a request `Origin` header"): what guards
//! forms is the cookie, which forms of other sites do not carry, and `Sec-Fetch-Site`, not `Origin`.

use super::destination::Destination;
use super::view::Page;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// What every page carries besides its policy.
const GUARDS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::VARY, "accept-language, cookie"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), \
         payment=(), publickey-credentials-get=(), usb=()",
    ),
];

/// Most origins in one policy.
const MAX_ORIGINS: usize = 4;

/// Prints `page`. Its forms may lead to this server and, redirected, to `onward`.
#[must_use]
pub fn answer(page: &dyn Page, onward: &[Destination]) -> Response {
    let html = match page.html() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be printed");
            return (StatusCode::INTERNAL_SERVER_ERROR, GUARDS).into_response();
        }
    };
    let mut response = (page.status(), GUARDS, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(onward));
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(page.frame().language.as_str()),
    );
    if let Some(seconds) = page.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What is no page, a redirect for example, with the same guards.
#[must_use]
pub fn guarded(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The policy. `connect-src` is for the script's question whether a payment is done.
fn policy(onward: &[Destination]) -> HeaderValue {
    let origins: String = onward
        .iter()
        .take(MAX_ORIGINS)
        .map(|destination| format!(" {}", destination.origin()))
        .collect();
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'{origins}; frame-ancestors 'none'; base-uri 'none'"
    );
    // An origin is ASCII by construction; without it the policy is only stricter.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::view::samples;
    use super::*;
    use domain::language::Language;

    #[test]
    fn every_page_leaves_with_its_guards() {
        for (name, page) in samples::all(Language::Arabic) {
            let response = answer(&*page, &[]);
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(
                header("content-security-policy"),
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                 form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
                "{name}"
            );
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("x-frame-options"), "DENY");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin");
            assert!(header("permissions-policy").contains("payment=()"));
            assert_eq!(header("content-type"), "text/html; charset=utf-8");
            assert_eq!(header("content-language"), "ar");
        }
    }

    #[test]
    fn a_form_leads_to_this_server_and_where_it_is_told() {
        let wallet = Destination::parse("https://wallet.example/pay?x=1").unwrap();
        let text = policy(&[wallet]);
        assert!(
            text.to_str()
                .unwrap()
                .contains("form-action 'self' https://wallet.example; frame-ancestors"),
            "{text:?}"
        );
    }
}
