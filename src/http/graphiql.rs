//! The GraphQL editor, carried in the binary.
//!
//! Invariant: the page works without the internet and talks to this server only; its policy allows scripts and styles from
//! files alone. `make graphiql` builds the files; a binary that was built without them says how to get them.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What every answer carries.
const GUARDS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    // Names do not change between releases, so a browser asks each time, and mostly hears that nothing changed.
    (header::CACHE_CONTROL, "no-cache"),
];

const PAGE: &str = "index.html";

/// A file of the page.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    tag: String,
}

impl Asset {
    fn new(&(name, content_type, content): &File) -> Self {
        Self {
            name,
            content_type,
            content,
            tag: format!("\"{}\"", hex::encode(Sha256::digest(content))),
        }
    }
}

/// Name, content type and content of a file.
type File = (&'static str, &'static str, &'static [u8]);

/// The files of the page as `make graphiql` left them.
#[cfg(graphiql_is_built)]
const BUILT: &[File] = &[
    (
        PAGE,
        "text/html; charset=utf-8",
        include_bytes!("../../assets/graphiql/index.html"),
    ),
    (
        "graphiql.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../assets/graphiql/graphiql.js"),
    ),
    (
        "graphiql.css",
        "text/css; charset=utf-8",
        include_bytes!("../../assets/graphiql/graphiql.css"),
    ),
    (
        "LICENSES",
        "text/plain; charset=utf-8",
        include_bytes!("../../assets/graphiql/LICENSES"),
    ),
];

/// None: the files were not there when this was built.
#[cfg(not(graphiql_is_built))]
const BUILT: &[File] = &[];

/// `GET /graphiql` and its files. The page posts to `/graphql` and opens its subscriptions there.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    serving(BUILT)
}

fn serving<S: Clone + Send + Sync + 'static>(files: &[File]) -> Router<S> {
    let assets: Arc<[Asset]> = files.iter().map(Asset::new).collect();
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/{asset}", get(asset))
        .with_state(assets)
}

async fn page(State(assets): State<Arc<[Asset]>>, headers: HeaderMap) -> Response {
    if assets.is_empty() {
        let how = (
            StatusCode::SERVICE_UNAVAILABLE,
            GUARDS,
            Html(include_str!("../../assets/graphiql-is-not-built.html")),
        );
        return how.into_response();
    }
    serve(&assets, PAGE, &headers)
}

async fn asset(State(assets): State<Arc<[Asset]>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&assets, &name, &headers)
}

fn serve(assets: &[Asset], name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = [(header::ETAG, asset.tag.as_str())];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.contains(&asset.tag)) {
        return (StatusCode::NOT_MODIFIED, GUARDS, tag).into_response();
    }
    (
        GUARDS,
        tag,
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

    /// The page as it is, and stand-ins for what npm makes of it.
    const FILES: &[File] = &[
        (
            PAGE,
            "text/html; charset=utf-8",
            include_bytes!("../../scripts/graphiql/index.html"),
        ),
        ("graphiql.js", "text/javascript; charset=utf-8", b"export {};"),
        ("graphiql.css", "text/css; charset=utf-8", b"body {}"),
    ];

    async fn ask(router: Router, path: &str, known: &str) -> Response {
        let request = Request::get(path)
            .header(header::IF_NONE_MATCH, known)
            .body(Body::empty())
            .unwrap();
        router.oneshot(request).await.unwrap()
    }

    async fn fetch(path: &str, known: &str) -> Response {
        ask(serving(FILES), path, known).await
    }

    async fn text(response: Response) -> String {
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_build_without_the_files_says_how_to_make_them() {
        let response = ask(serving(&[]), "/graphiql", "").await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
        let html = text(response).await;
        assert!(html.contains("<pre>make graphiql</pre>"), "{html}");
        // The policy would block all of these.
        assert!(
            !html.contains("<script") && !html.contains("<style") && !html.contains("style="),
            "{html}"
        );

        let script = ask(serving(&[]), "/graphiql/graphiql.js", "").await;
        assert_eq!(script.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_binary_carries_the_whole_page_or_none_of_it() {
        let response = ask(router(), "/graphiql", "").await;
        if BUILT.is_empty() {
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            return;
        }
        assert_eq!(response.status(), StatusCode::OK);
        for name in ["graphiql.js", "graphiql.css", "LICENSES"] {
            let response = ask(router(), &format!("/graphiql/{name}"), "").await;
            assert_eq!(response.status(), StatusCode::OK, "{name}");
            assert!(!text(response).await.is_empty(), "{name}");
        }
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
            policy.contains("default-src 'none'; script-src 'self'; style-src 'self';")
                && !policy.contains("unsafe"),
            "{policy}"
        );

        let html = text(response).await;
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
        let html = text(fetch("/graphiql", "").await).await;
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
