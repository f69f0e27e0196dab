//! It is paid.

use super::Page;
use super::frame::Frame;
use super::receipt::Receipt;
use crate::checkout::destination::Destination;
use askama::Template;

/// The good end: what was paid, and the way back to the merchant, by link and by itself after a few seconds.
#[derive(Debug, Template)]
#[template(path = "success.html")]
pub struct SuccessPage {
    /// Around it.
    pub frame: Frame,
    /// What was paid.
    pub receipt: Receipt,
    /// The page with the receipt, on this server.
    pub receipt_path: String,
    /// The way back; none where the merchant named none.
    pub forward: Option<Forward>,
}

/// The way back to the merchant.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The merchant's address, its placeholders filled in.
    pub to: Destination,
    /// After how many seconds the browser goes by itself; never, if nothing. The reader can stop it where scripts run.
    pub after_seconds: Option<u32>,
}

impl SuccessPage {
    /// What is said while the seconds run out.
    fn countdown(&self, seconds: &u32) -> Vec<(u32, String)> {
        let line = |left: u32| (left, self.frame.forwarding(&left));
        (1..=*seconds).rev().map(line).collect()
    }
}

impl Page for SuccessPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}
