//! Pages on which there is nothing to pay, and the question before the payer closes one.

use super::Page;
use super::frame::{Form, Frame, Order};
use crate::checkout::destination::Destination;
use askama::Template;
use axum::http::StatusCode;
use domain::Money;

/// Every attempt was used.
#[derive(Clone, Debug)]
pub struct AttemptsUsedPage {
    /// Around it.
    pub frame: Frame,
    /// What was to be paid.
    pub order: Order,
    /// How much.
    pub amount: Money,
    /// The way back to the merchant.
    pub back: Option<Destination>,
}

/// The time to pay has run out.
#[derive(Clone, Debug)]
pub struct ExpiredPage {
    /// Around it.
    pub frame: Frame,
    /// What was to be paid.
    pub order: Order,
    /// How much.
    pub amount: Money,
    /// The way back to the merchant.
    pub back: Option<Destination>,
}

/// The payment link takes no more payments.
#[derive(Clone, Debug)]
pub struct LinkOverPage {
    /// Around it.
    pub frame: Frame,
    /// What it was for.
    pub order: Order,
}

/// The payer or the merchant canceled it.
#[derive(Clone, Debug)]
pub struct CanceledPage {
    /// Around it.
    pub frame: Frame,
    /// What was to be paid.
    pub order: Order,
    /// How much.
    pub amount: Money,
    /// The way back to the merchant.
    pub back: Option<Destination>,
}

/// Whether the payer means to cancel, which cannot be undone.
#[derive(Debug, Template)]
#[template(path = "cancel.html")]
pub struct CancelPage {
    /// Around it.
    pub frame: Frame,
    /// What is to be paid.
    pub order: Order,
    /// How much.
    pub amount: Money,
    /// Where to cancel.
    pub cancel: Form,
    /// The page that pays.
    pub back_path: String,
}

/// No such page, or not with this secret.
#[derive(Clone, Debug)]
pub struct NotFoundPage {
    /// Around it: no merchant, for whoever has no right secret learns nothing.
    pub frame: Frame,
}

/// Something stands in the way.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// Around it.
    pub frame: Frame,
    /// What.
    pub trouble: Trouble,
    /// A page on this server to try again.
    pub again_path: Option<String>,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Too many requests from there.
    TooMany {
        /// When to come back.
        after_seconds: u32,
    },
    /// The browser brings nothing that opens the page: it is another one, or it keeps no cookies.
    Cookies,
    /// The form does not come from our page, or did not arrive in time. Nothing was done.
    StaleForm,
    /// The form is longer than any of ours. Nothing was done.
    TooLong,
    /// A defect.
    WentWrong {
        /// The number under which the log has it.
        request: String,
    },
    /// The server cannot take payments now.
    Away,
}

/// The mark above the heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Clock,
    Cross,
    Warning,
    Question,
}

/// What all of these look like.
#[derive(Template)]
#[template(path = "closed.html")]
struct Closed<'a> {
    frame: &'a Frame,
    mark: Mark,
    heading: &'a str,
    notes: Vec<String>,
    order: Option<&'a Order>,
    amount: Option<&'a Money>,
    /// Label and value of a line for whoever asks for help.
    detail: Option<(&'a str, &'a str)>,
    back: Option<&'a Destination>,
    again_path: Option<&'a str>,
}

impl<'a> Closed<'a> {
    const fn new(frame: &'a Frame, mark: Mark, heading: &'a str, notes: Vec<String>) -> Self {
        Self {
            frame,
            mark,
            heading,
            notes,
            order: None,
            amount: None,
            detail: None,
            back: None,
            again_path: None,
        }
    }
}

impl Page for AttemptsUsedPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        StatusCode::GONE
    }

    fn html(&self) -> Result<String, askama::Error> {
        let words = self.frame.words();
        let notes = vec![
            (words.attempts_used_note)(&self.frame.name()),
            words.not_charged.to_owned(),
        ];
        Closed {
            order: Some(&self.order),
            amount: Some(&self.amount),
            back: self.back.as_ref(),
            ..Closed::new(&self.frame, Mark::Cross, words.attempts_used, notes)
        }
        .render()
    }
}

impl Page for ExpiredPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        StatusCode::GONE
    }

    fn html(&self) -> Result<String, askama::Error> {
        let words = self.frame.words();
        // A late answer of a wallet may still come, so nothing is said here about money.
        let notes = vec![(words.expired_note)(&self.frame.name())];
        Closed {
            order: Some(&self.order),
            amount: Some(&self.amount),
            back: self.back.as_ref(),
            ..Closed::new(&self.frame, Mark::Clock, words.expired, notes)
        }
        .render()
    }
}

impl Page for LinkOverPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        StatusCode::GONE
    }

    fn html(&self) -> Result<String, askama::Error> {
        let words = self.frame.words();
        let notes = vec![(words.link_over_note)(&self.frame.name())];
        Closed {
            order: Some(&self.order),
            ..Closed::new(&self.frame, Mark::Clock, words.link_over, notes)
        }
        .render()
    }
}

impl Page for CanceledPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        StatusCode::GONE
    }

    fn html(&self) -> Result<String, askama::Error> {
        let words = self.frame.words();
        let notes = vec![words.canceled_note.to_owned(), words.not_charged.to_owned()];
        Closed {
            order: Some(&self.order),
            amount: Some(&self.amount),
            back: self.back.as_ref(),
            ..Closed::new(&self.frame, Mark::Cross, words.canceled, notes)
        }
        .render()
    }
}

impl Page for CancelPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

impl Page for NotFoundPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        StatusCode::NOT_FOUND
    }

    fn html(&self) -> Result<String, askama::Error> {
        let words = self.frame.words();
        Closed::new(
            &self.frame,
            Mark::Question,
            words.not_found,
            vec![words.not_found_note.to_owned()],
        )
        .render()
    }
}

impl Page for ErrorPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        match self.trouble {
            Trouble::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Trouble::Cookies | Trouble::StaleForm => StatusCode::FORBIDDEN,
            Trouble::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::WentWrong { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Trouble::Away => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn retry_after_seconds(&self) -> Option<u32> {
        match self.trouble {
            Trouble::TooMany { after_seconds } => Some(after_seconds.max(1)),
            _ => None,
        }
    }

    fn html(&self) -> Result<String, askama::Error> {
        let words = self.frame.words();
        let (mark, heading, note, detail) = match &self.trouble {
            Trouble::TooMany { after_seconds } => {
                let note = (words.too_many_note)((*after_seconds).max(1));
                (Mark::Clock, words.too_many, note, None)
            }
            Trouble::Cookies => (Mark::Warning, words.cookies, words.cookies_note.to_owned(), None),
            Trouble::StaleForm => (
                Mark::Clock,
                words.stale_form,
                words.stale_form_note.to_owned(),
                None,
            ),
            Trouble::TooLong => (
                Mark::Warning,
                words.too_long,
                words.too_long_note.to_owned(),
                None,
            ),
            Trouble::WentWrong { request } => {
                let detail = Some((words.request_number, request.as_str()));
                (
                    Mark::Warning,
                    words.went_wrong,
                    words.went_wrong_note.to_owned(),
                    detail,
                )
            }
            Trouble::Away => (Mark::Warning, words.away, words.away_note.to_owned(), None),
        };
        Closed {
            detail,
            again_path: self.again_path.as_deref(),
            ..Closed::new(&self.frame, mark, heading, vec![note])
        }
        .render()
    }
}
