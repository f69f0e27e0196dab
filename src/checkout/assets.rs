//! The files of the hosted pages, carried in the binary.
//!
//! Invariant: an address names its content (the hash is in the path), so a browser keeps a file for ever and never has the wrong one.
//! The style sheet of a colour is computed from the six digits in its name and from nothing else.

use super::colour::Colour;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const CSS: &[u8] = include_bytes!("static/checkout.css");
const SCRIPT: &[u8] = include_bytes!("static/checkout.js");
const ICON: &[u8] = include_bytes!("static/icon.svg");

/// Raised when [`Colour::stylesheet`] writes something else: browsers keep what they have for a year.
const BRAND_EDITION: u32 = 1;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// What every file carries. An icon that is opened by itself runs nothing.
const GUARDS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Where the pages find their files.
pub(super) struct Addresses {
    pub(super) css: String,
    pub(super) script: String,
    pub(super) icon: String,
    hash: String,
}

static ADDRESSES: LazyLock<Addresses> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for file in [CSS, SCRIPT, ICON] {
        all.update(file);
    }
    let mut hash = hex::encode(all.finalize());
    hash.truncate(16);
    let address = |name: &str| format!("/checkout-assets/{hash}/{name}");
    Addresses {
        css: address("checkout.css"),
        script: address("checkout.js"),
        icon: address("icon.svg"),
        hash,
    }
});

/// Where the pages find their files.
pub(super) fn addresses() -> &'static Addresses {
    &ADDRESSES
}

/// Where the style sheet of `colour` is.
pub(super) fn brand_css(colour: Colour) -> String {
    format!("/checkout-assets/brand/{BRAND_EDITION}/{colour}.css")
}

/// `GET /checkout-assets/{hash}/{file}` and the style sheets of colours.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/checkout-assets/{hash}/{name}", get(file))
        .route("/checkout-assets/brand/{edition}/{name}", get(brand))
}

/// Content type and content of a file.
fn named(name: &str) -> Option<(&'static str, &'static [u8])> {
    match name {
        "checkout.css" => Some(("text/css; charset=utf-8", CSS)),
        "checkout.js" => Some(("text/javascript; charset=utf-8", SCRIPT)),
        "icon.svg" => Some(("image/svg+xml", ICON)),
        _ => None,
    }
}

async fn file(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some((content_type, content)) = named(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A page of the release before this one still gets its file, but nobody may keep it under that name.
    let caching = if hash == ADDRESSES.hash {
        IMMUTABLE
    } else {
        "no-store"
    };
    (GUARDS, kinds(content_type, caching), content).into_response()
}

async fn brand(Path((edition, name)): Path<(u32, String)>) -> Response {
    let colour = name
        .strip_suffix(".css")
        .filter(|digits| !digits.starts_with('#'));
    let Some(Ok(colour)) = colour.map(str::parse::<Colour>) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let caching = if edition == BRAND_EDITION {
        IMMUTABLE
    } else {
        "no-store"
    };
    (
        GUARDS,
        kinds("text/css; charset=utf-8", caching),
        colour.stylesheet(),
    )
        .into_response()
}

fn kinds(content_type: &'static str, caching: &'static str) -> [(HeaderName, HeaderValue); 2] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    async fn get(path: &str) -> Response {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn files_are_kept_for_ever_under_their_own_address_only() {
        for path in [&ADDRESSES.css, &ADDRESSES.script, &ADDRESSES.icon] {
            let response = get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], IMMUTABLE);
            let other = get(&path.replace(&ADDRESSES.hash, "0000")).await;
            assert_eq!(other.headers()[header::CACHE_CONTROL], "no-store");
        }
        assert_eq!(
            get("/checkout-assets/0/Cargo.toml").await.status(),
            StatusCode::NOT_FOUND
        );
    }

    #[tokio::test]
    async fn a_style_sheet_of_a_colour_holds_a_colour() {
        let response = get(&brand_css("#0B6E4F".parse().unwrap())).await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], IMMUTABLE);
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        assert!(body.starts_with(b":root{--brand:#0b6e4f;"));
        for name in [
            "red.css",
            "%230b6e4f.css",
            "0b6e4f",
            "0b6e4f;}.css",
            "0b6e4f%7D.css",
        ] {
            let path = format!("/checkout-assets/brand/1/{name}");
            assert_eq!(get(&path).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn the_files_stay_small() {
        assert!(SCRIPT.len() < 8_000, "{}", SCRIPT.len());
        assert!(CSS.len() < 20_000, "{}", CSS.len());
    }
}
