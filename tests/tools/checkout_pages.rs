//! Serves every hosted page in every language, filled with samples, for people who change a template or a phrase:
//! `cargo run --example checkout_pages`, then open <http://127.0.0.1:8099>. Forms lead nowhere.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::language::Language;
use std::fmt::Write;
use std::io;
use tahsil::checkout::answer::answer;
use tahsil::checkout::assets_router;
use tahsil::checkout::view::samples;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let router = Router::new()
        .route("/", get(list))
        .route("/{language}/{name}", get(page))
        .merge(assets_router());
    axum::serve(TcpListener::bind("127.0.0.1:8099").await?, router).await
}

async fn list() -> Result<Html<String>, StatusCode> {
    let mut list = String::new();
    for (name, _) in samples::all(Language::English) {
        write!(list, "<p>{name}:").map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        for language in Language::ALL {
            write!(list, " <a href=\"/{language}/{name}\">{language}</a>")
                .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        }
    }
    Ok(Html(list))
}

async fn page(Path((language, name)): Path<(String, String)>) -> Response {
    let pages = language.parse().map(samples::all).unwrap_or_default();
    match pages.iter().find(|(known, _)| *known == name) {
        Some((_, page)) => answer(&**page, &[]),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
