//! What a payer typed, carried over the redirect that answers a form.
//!
//! Invariant: it is a cookie of this one page, for ten minutes, which no script reads; other browsers and other pages see nothing of it.
//! The number and the security code of a card are never in it, nor a text that holds a card number because it was typed into the wrong field.
//! Nothing relies on it: whoever changes it, or keeps no cookies, only has something else or nothing in the form.

use super::halt::Halt;
use super::place::cookie;
use super::typed::Typed;
use super::visit::{Fields, Reply, Visit, see};
use crate::checkout::view::Notice;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use domain::card::may_hold_card_number;
use domain::intent::Intent;
use domain::language::latin_digits;
use url::form_urlencoded::{Serializer, parse};

const COOKIE_NAME: &str = "tahsil_typed";
/// How long it is carried, in seconds.
const CARRIED_SECONDS: u32 = 600;
/// Longest text of a field that is carried, in characters: the longest e-mail address.
const MAX_FIELD: usize = 254;
/// Longest value that browsers surely keep, in bytes.
const MAX_VALUE: usize = 3_500;

/// The page, asked for anew, with what was typed and what has just been done.
pub fn carry(visit: &Visit, typed: &Typed, notice: Option<Notice>) -> Result<Reply, Halt> {
    let value = packed(typed, notice);
    kept(visit, &value, CARRIED_SECONDS)
}

/// The page, asked for anew, and nothing is carried any more.
pub fn forget(visit: &Visit) -> Result<Reply, Halt> {
    match cookie(COOKIE_NAME, visit.headers()) {
        Some(_) => kept(visit, "", 0),
        None => Ok(Reply::See(visit.here(""))),
    }
}

/// What the last form left, and what it did if `intent` still says so.
pub fn carried(visit: &Visit, intent: &Intent) -> (Typed, Option<Notice>) {
    let value = cookie(COOKIE_NAME, visit.headers()).unwrap_or_default();
    let (typed, notice) = unpacked(value);
    let stands = |notice: &Notice| match notice {
        Notice::PromoApplied => intent.promo.is_some(),
        _ => intent.promo.is_none(),
    };
    (typed, notice.filter(stands))
}

fn kept(visit: &Visit, value: &str, seconds: u32) -> Result<Reply, Halt> {
    let (page, secure) = (visit.here(""), if visit.is_https() { "; Secure" } else { "" });
    let text =
        format!("{COOKIE_NAME}={value}; Path={page}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::from_str(&text).map_err(|_| Halt::WentWrong)?;
    header.set_sensitive(true);
    let mut response = see(&page);
    response.headers_mut().append(SET_COOKIE, header);
    Ok(Reply::Raw(response))
}

/// As a form sends it, by the names of our fields.
fn packed(typed: &Typed, notice: Option<Notice>) -> String {
    let gateway = typed.gateway.map(|gateway| gateway.to_string());
    let told = match notice {
        Some(Notice::PromoApplied) => Some("applied"),
        Some(Notice::PromoRemoved) => Some("removed"),
        _ => None,
    };
    let phone = typed.phone.as_deref().filter(|phone| is_no_card(phone));
    let other = [
        ("email", typed.email.as_deref()),
        ("card_holder", Some(typed.card.holder.as_str())),
        ("card_expiry", Some(typed.card.expiry.as_str())),
    ];
    let harmless = |text: &&str| !may_hold_card_number(latin_digits(text).as_bytes());
    let typed = other
        .into_iter()
        .map(|(name, text)| (name, text.filter(harmless)))
        .chain([("phone", phone)]);
    let short = |text: &&str| !text.is_empty() && text.chars().count() <= MAX_FIELD;
    let mut all = Serializer::new(String::new());
    for (name, text) in typed {
        if let Some(text) = text.filter(short) {
            all.append_pair(name, text);
        }
    }
    for (name, word) in [("gateway", gateway.as_deref()), ("promo", told)] {
        if let Some(word) = word {
            all.append_pair(name, word);
        }
    }
    Some(all.finish())
        .filter(|value| value.len() <= MAX_VALUE)
        .unwrap_or_default()
}

/// Some long phone numbers would pass for the number of a card, but no card begins as they do.
fn is_no_card(text: &str) -> bool {
    text.starts_with(['+', '0', '9']) || !may_hold_card_number(text.as_bytes())
}

fn unpacked(value: &str) -> (Typed, Option<Notice>) {
    let fields: Fields = parse(value.as_bytes()).into_owned().collect();
    let notice = match fields.get("promo").map(String::as_str) {
        Some("applied") => Some(Notice::PromoApplied),
        Some("removed") => Some(Notice::PromoRemoved),
        _ => None,
    };
    (Typed::of(&fields), notice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::view::CardTyped;
    use domain::provider::Gateway;
    use proptest::prelude::*;

    fn typed(email: &str, phone: &str, holder: &str) -> Typed {
        Typed {
            gateway: Some(Gateway::Fib),
            email: Some(email.to_owned()),
            phone: Some(phone.to_owned()),
            card: CardTyped {
                holder: holder.to_owned(),
                expiry: "12 / 27".to_owned(),
            },
            ..Typed::default()
        }
    }

    #[test]
    fn what_was_typed_comes_back_in_any_script() {
        let before = typed("noor@example.iq", "+9647701234567", "زينب; السعدي");
        let value = packed(&before, Some(Notice::PromoApplied));
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';'));
        let (after, notice) = unpacked(&value);
        assert_eq!(
            (
                after.gateway,
                after.email,
                after.phone,
                after.card.holder,
                after.card.expiry
            ),
            (
                before.gateway,
                before.email,
                before.phone,
                before.card.holder,
                before.card.expiry
            )
        );
        assert_eq!(notice, Some(Notice::PromoApplied));
        assert_eq!(unpacked(&packed(&Typed::default(), None)).1, None);
    }

    #[test]
    fn a_card_number_in_a_wrong_field_is_not_carried() {
        for number in ["4242 4242 4242 4242", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "378282246310005"] {
            let value = packed(&typed(number, &latin_digits(number), number), None);
            assert_eq!(value, "card_expiry=12+%2F+27&gateway=FIB", "{number}");
        }
    }

    #[test]
    fn what_no_browser_would_keep_is_not_sent() {
        let long = "ب".repeat(255);
        let value = packed(&typed(&long, "0770", &long), None);
        assert_eq!(value, "card_expiry=12+%2F+27&phone=0770&gateway=FIB");
        let long = "ب".repeat(254);
        let value = packed(&typed(&long, &long, &long), None);
        assert_eq!(value, "");
    }

    proptest! {
        #[test]
        fn no_cookie_disturbs_the_page(value in "[ -~]{0,200}") {
            let (typed, _) = unpacked(&value);
            prop_assert!(HeaderValue::from_str(&packed(&typed, None)).is_ok());
        }
    }
}
