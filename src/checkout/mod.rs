//! Hosted pages: where a payer meets a payment.
//!
//! Invariant: a page is a function of a plain value in [`view`], which holds what is shown and nothing else. Amounts come in computed; a
//! page adds nothing up. Everything works without a script; the script counts down, groups digits and asks again by itself.
//!
//! No page carries inline styles or scripts ([`answer`] forbids them), so text of a merchant that slipped through could run nothing.

pub mod answer;
mod assets;
pub mod colour;
pub mod destination;
mod door;
pub mod language;
pub mod phrases;
pub mod qr;
pub mod text;
pub mod view;

pub use door::{Pages, router};

use axum::Router;

/// The files of the pages. They need no database and no key.
pub fn assets_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    assets::router()
}
