//! The GraphQL editor, carried in the binary.
//!
//! Invariant: the page works without the internet and talks to this server only; its policy allows scripts from files
//! alone. Inline styles have to be allowed: an open dialog adds a `<style>` element to keep the page from scrolling.
//! `scripts/vendor-graphiql.sh` builds the files.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = "index.html";

/// A file of the page.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    tag: String,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Self {
        Self {
            name,
            content_type,
            content,
            tag: format!("\"{}\"", hex::encode(Sha256::digest(content))),
        }
    }
}

fn assets() -> Vec<Asset> {
    macro_rules! file {
        ($name:literal, $content_type:literal) => {
            Asset::new(
                $name,
                $content_type,
                include_bytes!(concat!("../../assets/graphiql/", $name)),
            )
        };
    }
    vec![
        file!("index.html", "text/html; charset=utf-8"),
        file!("graphiql.js", "text/javascript; charset=utf-8"),
        file!("graphiql.css", "text/css; charset=utf-8"),
        file!("LICENSES", "text/plain; charset=utf-8"),
    ]
}

/// `GET /graphiql` and its files. The page posts to `/graphql` and opens its subscriptions there.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/{asset}", get(asset))
        .with_state(Arc::<[Asset]>::from(assets()))
}

async fn page(State(assets): State<Arc<[Asset]>>, headers: HeaderMap) -> Response {
    serve(&assets, PAGE, &headers)
}

async fn asset(State(assets): State<Arc<[Asset]>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&assets, &name, &headers)
}

fn serve(assets: &[Asset], name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Names do not change between releases, so a browser asks each time, and mostly hears that nothing changed.
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, asset.tag.as_str()),
    ];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.contains(&asset.tag)) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (
        fixed,
        [(header::CONTENT_TYPE, asset.content_type)],
        Bytes::from_static(asset.content),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    async fn fetch(path: &str, known: &str) -> Response {
        let request = Request::get(path)
            .header(header::IF_NONE_MATCH, known)
            .body(Body::empty())
            .unwrap();
        router().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn the_page_allows_scripts_from_files_of_this_server_only() {
        let response = fetch("/graphiql", "").await;
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("default-src 'none'; script-src 'self';"),
            "{policy}"
        );

        let html = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let html = str::from_utf8(&html).unwrap();
        assert!(
            !html.contains("http://") && !html.contains("https://") && !html.contains("style="),
            "{html}"
        );
        assert!(
            html.split("<script")
                .skip(1)
                .all(|script| script.contains("src=\"/graphiql/")),
            "{html}"
        );
    }

    #[tokio::test]
    async fn every_file_that_the_page_names_is_served_with_its_type() {
        let html = to_bytes(fetch("/graphiql", "").await.into_body(), usize::MAX)
            .await
            .unwrap();
        let html = str::from_utf8(&html).unwrap();
        let named: Vec<_> = html
            .split('"')
            .filter(|part| part.starts_with("/graphiql/"))
            .collect();
        assert_eq!(named, ["/graphiql/graphiql.css", "/graphiql/graphiql.js"]);
        for (path, content_type) in named.into_iter().zip(["text/css", "text/javascript"]) {
            let response = fetch(path, "").await;
            assert_eq!(
                response.headers()[header::CONTENT_TYPE],
                format!("{content_type}; charset=utf-8")
            );
        }
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let first = fetch("/graphiql/graphiql.js", "").await;
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let again = fetch("/graphiql/graphiql.js", &format!("W/{tag}")).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(to_bytes(again.into_body(), 1).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn only_files_of_the_list_are_served() {
        for path in ["/graphiql/Cargo.toml", "/graphiql/..%2FCargo.toml", "/graphiql/"] {
            assert_eq!(fetch(path, "").await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
