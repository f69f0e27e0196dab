//! The page on which a payment is paid.

use super::Page;
use super::frame::{Discount, Form, Frame, Order};
use crate::checkout::phrases::{Advice, Phrases};
use askama::Template;
use axum::http::StatusCode;
use domain::provider::{DeclineReason, Gateway};
use domain::{Money, Timestamp};

/// Pay, here and now. One form pays; the promo code has a form of its own, and canceling a page of its own.
///
/// The form sends `gateway`, and as far as they are asked for `email`, `phone`, `card_number`, `card_holder`, `card_expiry` (`MM / YY`, as
/// typed) and `card_cvv`. Digits may come as ١٢٣: `domain::language::latin_digits` reads them.
#[derive(Debug, Template)]
#[template(path = "checkout.html")]
pub struct CheckoutPage {
    /// Around it.
    pub frame: Frame,
    /// What is paid for.
    pub order: Order,
    /// Before discount and fee.
    pub subtotal: Money,
    /// What a promo code takes off.
    pub discount: Option<Discount>,
    /// The ways to pay, in the order in which they are shown; at least one.
    pub offers: Vec<Offer>,
    /// Which of them is chosen at first; else the first.
    pub chosen: Option<Gateway>,
    /// The present.
    pub now: Timestamp,
    /// When the page closes.
    pub expires_at: Timestamp,
    /// How often the payer may still try.
    pub attempts_left: u32,
    /// What happened before.
    pub notice: Option<Notice>,
    /// What is wrong with what was typed.
    pub problems: Vec<Problem>,
    /// Asked for if given.
    pub email: Option<Contact>,
    /// Asked for if given.
    pub phone: Option<Contact>,
    /// Asked for if given.
    pub promo: Option<Promo>,
    /// What of the card may be shown again.
    pub card: CardTyped,
    /// Where to pay.
    pub pay: Form,
    /// The page that asks whether to cancel; without it there is no such link.
    pub cancel_path: Option<String>,
}

/// A way to pay and its price.
#[derive(Clone, Debug)]
pub struct Offer {
    /// How.
    pub gateway: Gateway,
    /// What the payer pays for it; nothing where the merchant bears it.
    pub fee: Option<Money>,
    /// What is paid in all.
    pub total: Money,
}

/// Something about the payer: what is in the field at first.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// As known or typed.
    pub value: String,
}

/// What of a card comes back into the form. Number and verification value never do.
#[derive(Clone, Debug, Default)]
pub struct CardTyped {
    /// The name on it.
    pub holder: String,
    /// The expiry as typed.
    pub expiry: String,
}

/// Promo codes: the form sends `promo_code`; the one that is applied is in `CheckoutPage::discount`.
#[derive(Clone, Debug)]
pub struct Promo {
    /// Where to send a code.
    pub apply: Form,
    /// Where to ask to take it off again.
    pub remove: Form,
    /// What was typed, if it was wrong.
    pub typed: String,
    /// Why it was wrong.
    pub problem: Option<PromoProblem>,
}

/// Why a promo code does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromoProblem {
    /// There is none, or not for this payment.
    Unknown,
    /// It has ended or is used up.
    Over,
}

/// What happened before this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The last attempt was declined.
    Declined(DeclineReason),
    /// Another attempt has no answer yet.
    InProgress,
    /// The gateway that was chosen cannot be used now.
    GatewayAway,
    /// The price is not the one that was shown before.
    PriceChanged,
    /// The promo code of the discount was just applied.
    PromoApplied,
    /// The promo code was just removed.
    PromoRemoved,
}

/// What is wrong with a field, one variant a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No way to pay was chosen, or none that is offered.
    GatewayMissing,
    /// No e-mail address.
    EmailMissing,
    /// Not an e-mail address.
    EmailInvalid,
    /// No phone number.
    PhoneMissing,
    /// Not a phone number.
    PhoneInvalid,
    /// Not a card number.
    CardNumber,
    /// No name.
    CardHolder,
    /// Not a month and a year.
    CardExpiry,
    /// The month is over.
    CardExpired,
    /// Not three or four digits.
    CardCvv,
}

impl Problem {
    /// Every problem, in the order of the fields on the page.
    pub const ALL: [Self; 10] = [
        Self::GatewayMissing,
        Self::EmailMissing,
        Self::EmailInvalid,
        Self::PhoneMissing,
        Self::PhoneInvalid,
        Self::CardNumber,
        Self::CardExpiry,
        Self::CardExpired,
        Self::CardCvv,
        Self::CardHolder,
    ];

    /// The id of the field.
    const fn field(self) -> &'static str {
        match self {
            Self::GatewayMissing => "ways",
            Self::EmailMissing | Self::EmailInvalid => "email",
            Self::PhoneMissing | Self::PhoneInvalid => "phone",
            Self::CardNumber => "card_number",
            Self::CardHolder => "card_holder",
            Self::CardExpiry | Self::CardExpired => "card_expiry",
            Self::CardCvv => "card_cvv",
        }
    }

    const fn words(self, words: &Phrases) -> &'static str {
        match self {
            Self::GatewayMissing => words.gateway_missing,
            Self::EmailMissing => words.email_missing,
            Self::EmailInvalid => words.email_invalid,
            Self::PhoneMissing => words.phone_missing,
            Self::PhoneInvalid => words.phone_invalid,
            Self::CardNumber => words.card_number_invalid,
            Self::CardHolder => words.card_holder_missing,
            Self::CardExpiry => words.card_expiry_invalid,
            Self::CardExpired => words.card_expired,
            Self::CardCvv => words.card_cvv_invalid,
        }
    }
}

impl Page for CheckoutPage {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn status(&self) -> StatusCode {
        let wrong = !self.problems.is_empty() || self.promo_problem().is_some();
        match self.notice {
            Some(Notice::Declined(_)) => StatusCode::PAYMENT_REQUIRED,
            Some(Notice::InProgress | Notice::PriceChanged) => StatusCode::CONFLICT,
            Some(Notice::GatewayAway) => StatusCode::SERVICE_UNAVAILABLE,
            _ if wrong => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::OK,
        }
    }

    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

// What the template asks for.
impl CheckoutPage {
    fn has_card(&self) -> bool {
        self.offers
            .iter()
            .any(|offer| offer.gateway == Gateway::CreditCard)
    }

    fn card_only(&self) -> bool {
        self.has_card() && self.offers.len() == 1
    }

    fn is_chosen(&self, gateway: &Gateway) -> bool {
        let offered = |chosen: &Gateway| self.offers.iter().any(|offer| offer.gateway == *chosen);
        let first = self.offers.first().map(|offer| offer.gateway);
        self.chosen.filter(offered).or(first) == Some(*gateway)
    }

    /// The total, if it is the same whatever the way.
    fn one_total(&self) -> Option<Money> {
        let first = self.offers.first()?.total;
        self.offers
            .iter()
            .all(|offer| offer.total == first)
            .then_some(first)
    }

    /// Whether lines besides the total say anything.
    fn has_lines(&self) -> bool {
        self.discount.is_some() || self.has_fees()
    }

    fn has_fees(&self) -> bool {
        self.offers.iter().any(|offer| offer.fee.is_some())
    }

    fn seconds_left(&self) -> i64 {
        (self.expires_at - self.now).num_seconds().max(0)
    }

    fn problem(&self, field: &str) -> Option<&'static str> {
        let found = self.problems.iter().find(|problem| problem.field() == field)?;
        Some(found.words(self.frame.words()))
    }

    fn wrong_fields(&self) -> Vec<(&'static str, &'static str)> {
        let words = self.frame.words();
        self.problems
            .iter()
            .map(|problem| (problem.field(), problem.words(words)))
            .collect()
    }

    fn promo_problem(&self) -> Option<&'static str> {
        let words = self.frame.words();
        match self.promo.as_ref()?.problem? {
            PromoProblem::Unknown => Some(words.promo_unknown),
            PromoProblem::Over => Some(words.promo_over),
        }
    }

    /// What is told loudly, and whether attempts are counted there.
    fn alarm(&self) -> Option<(Advice, bool)> {
        let words = self.frame.words();
        match self.notice? {
            Notice::Declined(reason) => Some(((words.decline)(reason), true)),
            Notice::InProgress => Some((words.in_progress, false)),
            Notice::GatewayAway => Some((words.gateway_away, false)),
            Notice::PriceChanged => Some((words.price_changed, false)),
            Notice::PromoApplied | Notice::PromoRemoved => None,
        }
    }

    /// What is told quietly.
    fn remark(&self) -> Option<String> {
        let words = self.frame.words();
        match (self.notice?, &self.discount) {
            (Notice::PromoApplied, Some(discount)) => Some((words.promo_applied)(&discount.code.isolated())),
            (Notice::PromoRemoved, _) => Some(words.promo_removed.to_owned()),
            _ => None,
        }
    }

    /// Minutes at which the time that is left is said aloud, and the words.
    fn announcements(&self) -> [(u32, String); 2] {
        [5, 1].map(|minutes| (minutes * 60, (self.frame.words().minutes_left)(minutes)))
    }
}
