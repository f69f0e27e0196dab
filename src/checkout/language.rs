//! In which language a page is shown.
//!
//! Invariant: what the reader chose comes first (`?lang=`, then the cookie that remembers it), what the browser prefers second, English
//! last. Nothing of it needs a script, and nothing but a language can come out.
//!
//! `Accept-Language` is read here because the kept crates compare whole tags: `ar-IQ` would not find `ar`, and `ku` would not find Sorani.

use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::language::Language;

/// The cookie that remembers the choice. It tells a language and nothing else, so scripts may read it.
const COOKIE_NAME: &str = "tahsil_lang";
/// How long it is remembered, in seconds: a year.
const REMEMBERED_SECONDS: u32 = 31_536_000;
/// Most ranges of an `Accept-Language` that are read.
const MAX_RANGES: usize = 20;

/// The language for a request, and whether the reader has just chosen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What to print in.
    pub language: Language,
    /// Chosen in this request: to be remembered with [`remember`].
    pub chosen_now: bool,
}

/// Decides from the value of `?lang=` and the headers.
#[must_use]
pub fn choose(asked: Option<&str>, headers: &HeaderMap) -> Choice {
    if let Some(language) = asked.and_then(|word| word.parse().ok()) {
        return Choice {
            language,
            chosen_now: true,
        };
    }
    Choice {
        language: remembered(headers)
            .or_else(|| preferred(headers))
            .unwrap_or(Language::English),
        chosen_now: false,
    }
}

/// The header that remembers `language`; behind https no plain connection carries it.
#[must_use]
pub fn remember(language: Language, https: bool) -> Option<(HeaderName, HeaderValue)> {
    let secure = if https { "; Secure" } else { "" };
    let text =
        format!("{COOKIE_NAME}={language}; Path=/; Max-Age={REMEMBERED_SECONDS}; SameSite=Lax{secure}");
    Some((SET_COOKIE, HeaderValue::from_str(&text).ok()?))
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .and_then(|(_, value)| value.parse().ok())
}

/// RFC 9110 12.5.4: the range of the highest weight that names a language of ours; of equal ones the first.
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let lines = headers
        .get_all(ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut best: Option<(u16, Language)> = None;
    for range in lines.flat_map(|line| line.split(',')).take(MAX_RANGES) {
        let (tag, weight) = match range.split_once(';') {
            Some((tag, parameter)) => (tag, weight(parameter)),
            None => (range, Some(1_000)),
        };
        let (Some(language), Some(weight)) = (spoken(tag.trim()), weight) else {
            continue;
        };
        // Nought means "not this one".
        if weight > 0 && best.is_none_or(|(best, _)| weight > best) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// A weight in thousandths: `q=0.8` is 800.
fn weight(parameter: &str) -> Option<u16> {
    let value = parameter
        .trim()
        .strip_prefix(['q', 'Q'])?
        .trim_start()
        .strip_prefix('=')?
        .trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "0" if digits => format!("{fraction:0<3}").parse().ok(),
        "1" if digits && fraction.bytes().all(|byte| byte == b'0') => Some(1_000),
        _ => None,
    }
}

/// The language of ours that readers of a tag read. `ku` says nothing about the script: here it is Sorani, unless it says Latin or Turkey.
fn spoken(tag: &str) -> Option<Language> {
    let mut parts = tag.split('-').map(str::to_ascii_lowercase);
    match parts.next()?.as_str() {
        "en" | "*" => Some(Language::English),
        "ar" => Some(Language::Arabic),
        "ckb" => Some(Language::Sorani),
        "ku" => (!parts.any(|part| matches!(part.as_str(), "latn" | "tr"))).then_some(Language::Sorani),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(accept: &str, cookie: &str) -> HeaderMap {
        let pair = |name, value: &str| Some((name, HeaderValue::from_str(value).ok()?));
        [pair(ACCEPT_LANGUAGE, accept), pair(COOKIE, cookie)]
            .into_iter()
            .flatten()
            .collect()
    }

    fn accepted(accept: &str) -> &'static str {
        choose(None, &headers(accept, "")).language.as_str()
    }

    #[test]
    fn weights_decide_and_the_first_of_equals_wins() {
        for (accept, language) in [
            ("", "en"),
            ("ar", "ar"),
            ("ar-IQ,ar;q=0.9,en;q=0.8", "ar"),
            ("en;q=0.5, ckb-IQ;q=0.9", "ckb"),
            ("fr-FR, de;q=0.9, ar;q=0.1", "ar"),
            ("ckb, ar", "ckb"),
            ("ar;q=0, en;q=0.1", "en"),
            ("ku-Arab-IQ", "ckb"),
            ("ku", "ckb"),
            ("ku-Latn, ar;q=0.5", "ar"),
            ("ku-TR", "en"),
            ("*", "en"),
            ("AR", "ar"),
            ("ar;q=1.001, ckb;q=0.2", "ckb"),
            ("ar;q=0.1234, ckb;q=0.2", "ckb"),
            ("ar ; q=0.3 , ckb ; q = 0.4", "ckb"),
            ("arabic", "en"),
        ] {
            assert_eq!(accepted(accept), language, "{accept}");
        }
    }

    #[test]
    fn what_the_reader_chose_comes_first_and_is_remembered() {
        let headers = headers("en", "a=1; tahsil_lang=ckb");
        assert_eq!(choose(None, &headers).language, Language::Sorani);
        let now = choose(Some("ar"), &headers);
        assert_eq!((now.language, now.chosen_now), (Language::Arabic, true));
        let (_, cookie) = remember(now.language, true).unwrap();
        assert_eq!(
            cookie,
            "tahsil_lang=ar; Path=/; Max-Age=31536000; SameSite=Lax; Secure"
        );
        let nonsense = choose(Some("ar\r\nSet-Cookie: a=b"), &headers);
        assert_eq!(
            (nonsense.language, nonsense.chosen_now),
            (Language::Sorani, false)
        );
    }

    proptest! {
        #[test]
        fn no_header_disturbs_the_choice(accept in "[ -~]{0,80}", cookie in "[ -~]{0,80}") {
            let choice = choose(None, &headers(&accept, &cookie));
            prop_assert!(Language::ALL.contains(&choice.language));
        }
    }
}
