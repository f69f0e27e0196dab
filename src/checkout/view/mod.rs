//! What stands on each hosted page, as plain values.
//!
//! Invariant: a value here says what is shown, in no language and with every amount computed; [`Page::html`] prints it. Which status a
//! page has is told by the page, so that a door cannot answer "paid" where the page says "expired".
//!
//! | Page | Status |
//! |---|---|
//! | [`CheckoutPage`] | 200; 402 after a decline, 422 with wrong fields, 409 while another attempt runs, 503 without its gateway |
//! | [`WalletPage`], [`CancelPage`], [`ProcessingPage`], [`SuccessPage`], [`ReceiptPage`], [`LinkPage`], [`SharePage`] | 200 |
//! | [`AttemptsUsedPage`], [`ExpiredPage`], [`LinkOverPage`], [`CanceledPage`] | 410: it was here, and will not come back |
//! | [`NotFoundPage`] | 404, for a wrong secret too |
//! | [`ErrorPage`] | 429, 403 (no cookie, stale form), 413, 500, 503 |

mod checkout;
mod closed;
mod frame;
mod link;
mod outcome;
mod receipt;
#[cfg(test)]
mod tests;
mod wait;
mod wallet;

pub mod samples;

pub use checkout::{CardTyped, CheckoutPage, Contact, Notice, Offer, Problem, Promo, PromoProblem};
pub use closed::{
    AttemptsUsedPage, CancelPage, CanceledPage, ErrorPage, ExpiredPage, LinkOverPage, NotFoundPage, Trouble,
};
pub use frame::{Discount, Form, Frame, Hidden, Merchant, Order};
pub use link::{LinkPage, SharePage};
pub use outcome::{Forward, SuccessPage};
pub use receipt::{PaidCard, Receipt, ReceiptPage, Taken};
pub use wait::ProcessingPage;
pub use wallet::WalletPage;

use axum::http::StatusCode;

/// A page of the hosted pages.
pub trait Page {
    /// What stands around it.
    fn frame(&self) -> &Frame;

    /// Its HTTP status.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    /// For how long nobody should ask again, in seconds.
    fn retry_after_seconds(&self) -> Option<u32> {
        None
    }

    /// The whole document.
    ///
    /// # Errors
    /// When a value cannot be printed, which is a defect.
    fn html(&self) -> Result<String, askama::Error>;
}
