//! The door of the hosted pages: `/checkout/:intent`, `/pay/{live,test}/:reference`, `/l/:link`.
//!
//! Invariant: a page of an intent opens for whoever has its client secret (S2, S0) or its reference code (S3), and for nobody else; a
//! secret in an address is put into a cookie of that one page, which no script reads, and the address is shown without it. What is
//! sent twice is done once: a form says which attempt it is, and what it changed is shown by a page that is asked for anew. No
//! other site sends our forms: the cookie stays away from them (`SameSite`), and a browser that says where a form comes from
//! (`Sec-Fetch-Site`) is believed. Rules are in `service`; here a request is read and a page is chosen.

mod cancel;
mod carried;
mod halt;
mod link;
mod pay;
mod place;
mod promo;
mod show;
mod typed;
mod visit;
mod wallet;

use crate::http::admission::Gate;
use crate::http::page_address::PageAddress;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
use std::time::Duration;

/// What the pages need.
#[derive(Clone)]
pub struct Pages {
    /// The installation, what was used of the limits, whose word about addresses counts.
    pub gate: Gate,
    /// Where the pages are, as payers reach them.
    pub address: PageAddress,
    /// How long a form may take to arrive.
    pub patience: Duration,
}

/// The routes, each as text, so that the walk of all routes finds it. Where only forms lead, a browser that asks by itself is shown the page of the form.
pub fn router<S: Clone + Send + Sync + 'static>(pages: Pages) -> Router<S> {
    Router::new()
        .route("/checkout/{intent}", get(show::page).post(pay::pay))
        .route("/checkout/{intent}/wallet", get(show::back).post(wallet::answer))
        .route("/checkout/{intent}/promo", get(show::back).post(promo::apply))
        .route(
            "/checkout/{intent}/promo/remove",
            get(show::back).post(promo::remove),
        )
        .route("/checkout/{intent}/cancel", get(cancel::ask).post(cancel::cancel))
        .route("/checkout/{intent}/status", get(show::status))
        .route("/checkout/{intent}/receipt", get(show::receipt))
        .route("/pay/{mode}/{reference}", get(show::page).post(pay::pay))
        .route(
            "/pay/{mode}/{reference}/wallet",
            get(show::back).post(wallet::answer),
        )
        .route(
            "/pay/{mode}/{reference}/promo",
            get(show::back).post(promo::apply),
        )
        .route(
            "/pay/{mode}/{reference}/promo/remove",
            get(show::back).post(promo::remove),
        )
        .route(
            "/pay/{mode}/{reference}/cancel",
            get(cancel::ask).post(cancel::cancel),
        )
        .route("/pay/{mode}/{reference}/status", get(show::status))
        .route("/pay/{mode}/{reference}/receipt", get(show::receipt))
        .route("/l/{link}", get(link::page).post(link::begin))
        .route("/l/{link}/share", get(link::share))
        .with_state(Arc::new(pages))
}
