//! What was paid, for the payer's own files.

use super::Page;
use super::frame::{Discount, Frame, Order};
use crate::checkout::text::Text;
use askama::Template;
use domain::card::CardBrand;
use domain::provider::Gateway;
use domain::{Money, Timestamp};

/// A payment as its payer sees it.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The id of the payment.
    pub payment: String,
    /// What for.
    pub order: Order,
    /// Before discount and fee.
    pub subtotal: Money,
    /// What a promo code took off.
    pub discount: Option<Discount>,
    /// What the payer paid for the way of paying.
    pub fee: Option<Money>,
    /// What was paid in all.
    pub total: Money,
    /// How.
    pub via: Gateway,
    /// With which card.
    pub card: Option<PaidCard>,
    /// When it was approved.
    pub at: Timestamp,
    /// Where the money is.
    pub taken: Taken,
}

/// As much of a card as may be shown.
#[derive(Clone, Debug)]
pub struct PaidCard {
    /// The scheme.
    pub brand: CardBrand,
    /// The last four digits.
    pub last4: Text,
}

/// Where the money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// With the merchant.
    Paid,
    /// On the card still, held for the merchant.
    Held,
    /// So much of it went back; all of it if it equals the total.
    Refunded(Money),
}

/// The receipt by itself, to be printed.
#[derive(Debug, Template)]
#[template(path = "receipt.html")]
pub struct ReceiptPage {
    /// Around it.
    pub frame: Frame,
    /// What was paid.
    pub receipt: Receipt,
    /// The page to go back to, on this server.
    pub back_path: Option<String>,
}

impl Page for ReceiptPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

// What templates ask for.
impl Receipt {
    pub(super) fn way(&self, frame: &Frame) -> String {
        let words = frame.words();
        match &self.card {
            Some(card) => {
                let brand = Text::new(words.brand(card.brand));
                // In the digits that are on the card.
                (words.card_ending)(&brand.isolated(), &card.last4.isolated())
            }
            None => (words.gateway)(self.via).to_owned(),
        }
    }

    pub(super) fn status(&self, frame: &Frame) -> &'static str {
        let words = frame.words();
        match self.taken {
            Taken::Paid => words.status_paid,
            Taken::Held => words.status_held,
            Taken::Refunded(amount) if amount == self.total => words.status_refunded,
            Taken::Refunded(_) => words.status_refunded_partly,
        }
    }

    pub(super) const fn refunded(&self) -> Option<Money> {
        match self.taken {
            Taken::Refunded(amount) => Some(amount),
            Taken::Paid | Taken::Held => None,
        }
    }

    pub(super) const fn is_held(&self) -> bool {
        matches!(self.taken, Taken::Held)
    }

    pub(super) const fn has_lines(&self) -> bool {
        self.discount.is_some() || self.fee.is_some()
    }
}
