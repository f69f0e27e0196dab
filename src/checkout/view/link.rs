//! Payment links: where a payer lands, and what a merchant shares.

use super::Page;
use super::frame::{Form, Frame, Order};
use crate::checkout::phrases::Shared;
use crate::checkout::qr::QrCode;
use askama::Template;
use domain::Money;
use std::fmt::Write;

/// Where a payment link leads: says who asks for what. Going on makes an intent, so it is a form.
#[derive(Debug, Template)]
#[template(path = "link.html")]
pub struct LinkPage {
    /// Around it.
    pub frame: Frame,
    /// What is paid for.
    pub order: Order,
    /// How much.
    pub amount: Money,
    /// Where to go on.
    pub proceed: Form,
}

/// What a merchant shows or sends: the link, its code to scan, and a message that is ready to send.
#[derive(Debug, Template)]
#[template(path = "share.html")]
pub struct SharePage {
    /// Around it.
    pub frame: Frame,
    /// What is paid for.
    pub order: Order,
    /// How much.
    pub amount: Money,
    /// The whole address of the link.
    pub url: String,
    /// The address as a code.
    pub code: QrCode,
}

impl Page for LinkPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

impl Page for SharePage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

impl SharePage {
    fn whatsapp(&self) -> String {
        let merchant = self
            .frame
            .merchant
            .as_ref()
            .map_or("", |merchant| merchant.name.as_str());
        let amount = self.frame.money(&self.amount).to_string();
        let text = (self.frame.words().whatsapp_text)(&Shared {
            merchant,
            title: self.order.title.as_ref().map(|title| title.as_str()),
            amount: Some(&amount),
            url: &self.url,
        });
        whatsapp_link(&text)
    }
}

/// The address that opens `WhatsApp` with `text` ready to send.
#[must_use]
pub fn whatsapp_link(text: &str) -> String {
    let mut link = "https://wa.me/?text=".to_owned();
    for byte in text.bytes() {
        let written = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                link.push(char::from(byte));
                Ok(())
            }
            _ => write!(link, "%{byte:02X}"),
        };
        // Writing to a string does not fail.
        if written.is_err() {
            break;
        }
    }
    link
}
