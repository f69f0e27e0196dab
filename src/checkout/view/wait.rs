//! While nobody knows yet.

use super::Page;
use super::frame::Frame;
use askama::Template;
use domain::Money;

/// The payment is in flight, or its outcome is unknown. The page asks again: with the script at `status_path`, without it by loading
/// `next_path` every few seconds.
///
/// `status_path` answers GET with JSON `{"settled": true}` as soon as there is a result; then the browser goes to `next_path`, which shows it.
#[derive(Debug, Template)]
#[template(path = "processing.html")]
pub struct ProcessingPage {
    /// Around it.
    pub frame: Frame,
    /// What is being paid.
    pub amount: Money,
    /// Where the script asks.
    pub status_path: String,
    /// The page that shows the result, or this one again.
    pub next_path: String,
    /// It takes longer than usual: says so, and asks less often.
    pub slow: bool,
}

impl Page for ProcessingPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

impl ProcessingPage {
    /// Seconds between two questions.
    const fn every(&self) -> u32 {
        if self.slow { 15 } else { 4 }
    }
}
