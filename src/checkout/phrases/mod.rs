//! Every word on the hosted pages, in every language.
//!
//! Invariant: a page has no words of its own. A language is one value of [`Phrases`], so a phrase that is missing in one of them
//! does not compile. Names of merchants come in isolated ([`super::text`]), amounts too: a phrase only puts them where they belong.

mod ar;
mod ckb;
mod en;

use domain::card::CardBrand;
use domain::language::Language;
use domain::provider::{DeclineReason, Gateway};

/// A phrase with one name, amount or moment in it.
pub(super) type With = fn(&str) -> String;
/// A phrase with a number in it: the number decides about its form.
pub(super) type Counted = fn(u32) -> String;

/// What went wrong and what the reader can do about it.
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    /// What happened.
    pub what: &'static str,
    /// What helps.
    pub help: &'static str,
}

/// The words of one language.
#[expect(missing_docs, reason = "a field is called after what it says")]
pub struct Phrases {
    // Every page
    pub language: &'static str,
    pub test_mode: &'static str,
    pub test_mode_note: &'static str,
    pub page_by: &'static str,
    pub back_to: With,
    pub back: &'static str,

    // What is paid
    pub pay_to: With,
    pub reference: &'static str,
    pub subtotal: &'static str,
    pub discount_with: With,
    pub fee: &'static str,
    pub no_fee: &'static str,
    pub fee_by_way: &'static str,
    pub total: &'static str,
    pub pay_until: With,
    pub time_left: &'static str,
    pub minutes_left: Counted,
    pub time_is_up: &'static str,

    // How it is paid
    pub how_to_pay: &'static str,
    pub gateway: fn(Gateway) -> &'static str,
    pub gateway_note: fn(Gateway) -> &'static str,
    pub card_number: &'static str,
    pub card_holder: &'static str,
    pub card_expiry: &'static str,
    pub card_expiry_form: &'static str,
    pub card_cvv: &'static str,
    pub card_cvv_note: &'static str,
    pub card_promise: &'static str,
    pub your_details: &'static str,
    pub email: &'static str,
    pub phone: &'static str,
    pub passed_on: With,
    pub promo_code: &'static str,
    pub promo_ask: &'static str,
    pub promo_apply: &'static str,
    pub promo_remove: &'static str,
    pub pay: &'static str,
    pub pay_amount: With,
    pub paying: &'static str,
    pub cancel: &'static str,
    pub cancel_ask: &'static str,
    pub cancel_note: &'static str,
    pub go_back: &'static str,
    pub test_cards: &'static str,

    // What is wrong with a field
    pub please_check: &'static str,
    pub gateway_missing: &'static str,
    pub email_missing: &'static str,
    pub email_invalid: &'static str,
    pub phone_missing: &'static str,
    pub phone_invalid: &'static str,
    pub promo_unknown: &'static str,
    pub promo_over: &'static str,
    pub card_number_invalid: &'static str,
    pub card_holder_missing: &'static str,
    pub card_expiry_invalid: &'static str,
    pub card_expired: &'static str,
    pub card_cvv_invalid: &'static str,

    // What happened to an attempt
    pub not_paid: &'static str,
    pub decline: fn(DeclineReason) -> Advice,
    pub attempts_left: Counted,
    pub in_progress: Advice,
    pub gateway_away: Advice,
    pub price_changed: Advice,
    pub promo_applied: With,
    pub promo_removed: &'static str,

    // The simulated wallet
    pub simulation: &'static str,
    pub simulation_note: &'static str,
    pub wallet_asks: With,
    pub approve: &'static str,
    pub decline_it: &'static str,
    pub not_enough: &'static str,

    // Waiting
    pub confirming: &'static str,
    pub confirming_note: &'static str,
    pub confirming_slow: &'static str,
    pub check_again: &'static str,

    // The end
    pub paid: &'static str,
    pub paid_note: With,
    pub held: &'static str,
    pub held_note: With,
    pub forwarding: fn(&str, u32) -> String,
    pub stay_here: &'static str,
    pub view_receipt: &'static str,
    pub receipt: &'static str,
    pub paid_to: &'static str,
    pub paid_for: &'static str,
    pub paid_via: &'static str,
    pub paid_at: &'static str,
    pub baghdad_time: &'static str,
    pub status_paid: &'static str,
    pub status_held: &'static str,
    pub status_refunded: &'static str,
    pub status_refunded_partly: &'static str,
    pub refunded: &'static str,
    pub payment_number: &'static str,
    pub other_card: &'static str,
    pub card_ending: fn(&str, &str) -> String,
    pub print: &'static str,
    pub not_a_receipt: &'static str,

    // Nothing to pay here
    pub attempts_used: &'static str,
    pub attempts_used_note: With,
    pub expired: &'static str,
    pub expired_note: With,
    pub link_over: &'static str,
    pub link_over_note: With,
    pub canceled: &'static str,
    pub canceled_note: &'static str,
    pub not_charged: &'static str,
    pub not_found: &'static str,
    pub not_found_note: &'static str,
    pub too_many: &'static str,
    pub too_many_note: Counted,
    pub cookies: &'static str,
    pub cookies_note: &'static str,
    pub stale_form: &'static str,
    pub stale_form_note: &'static str,
    pub too_long: &'static str,
    pub too_long_note: &'static str,
    pub went_wrong: &'static str,
    pub went_wrong_note: &'static str,
    pub away: &'static str,
    pub away_note: &'static str,
    pub request_number: &'static str,
    pub try_again: &'static str,

    // Payment links
    pub payment_from: With,
    pub continue_to_pay: &'static str,
    pub share: &'static str,
    pub share_note: &'static str,
    pub scan: &'static str,
    pub link: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub whatsapp: &'static str,
    pub whatsapp_text: fn(&Shared<'_>) -> String,
}

/// What a shared link says.
pub struct Shared<'a> {
    /// Who asks.
    pub merchant: &'a str,
    /// What for.
    pub title: Option<&'a str>,
    /// How much, if the link says.
    pub amount: Option<&'a str>,
    /// Where to pay.
    pub url: &'a str,
}

impl Phrases {
    /// The words of `language`.
    #[must_use]
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::WORDS,
            Language::Arabic => &ar::WORDS,
            Language::Sorani => &ckb::WORDS,
        }
    }

    /// What a scheme is called: by its own name in every language.
    #[must_use]
    pub const fn brand(&self, brand: CardBrand) -> &'static str {
        match brand {
            CardBrand::Visa => "Visa",
            CardBrand::Mastercard => "Mastercard",
            CardBrand::Amex => "American Express",
            CardBrand::Other => self.other_card,
        }
    }
}

/// The lines of a shared link, empty ones left out.
fn lines(parts: &[Option<&str>]) -> String {
    let lines: Vec<&str> = parts.iter().copied().flatten().collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
