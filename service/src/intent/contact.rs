//! What a payer says of themselves.

use domain::intent::{Collect, ConfirmRefusal, Intent};
use domain::payment::Customer;

/// Longest e-mail address (RFC 5321, 4.5.3.1).
const MAX_EMAIL: usize = 254;

/// The customer with what the payer typed now; what was known before stays where nothing was typed.
///
/// # Errors
/// When something is missing that the merchant asked for, or cannot be what it claims to be. What nobody asked for is kept as
/// it was typed.
pub(super) fn merged(
    known: &Customer,
    typed: &Customer,
    collect: Collect,
) -> Result<Customer, ConfirmRefusal> {
    let filled = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let merged = Customer {
        email: filled(&typed.email).or_else(|| known.email.clone()),
        name: filled(&typed.name).or_else(|| known.name.clone()),
        phone: filled(&typed.phone).or_else(|| known.phone.clone()),
    };
    match &merged.email {
        None if collect.email => return Err(ConfirmRefusal::EmailRequired),
        Some(email) if collect.email && !is_email(email) => return Err(ConfirmRefusal::EmailInvalid),
        _ => {}
    }
    match &merged.phone {
        None if collect.phone => return Err(ConfirmRefusal::PhoneRequired),
        Some(phone) if collect.phone && !is_phone(phone) => return Err(ConfirmRefusal::PhoneInvalid),
        _ => {}
    }
    Ok(merged)
}

/// That a payer has said of themselves what an intent asks for, or that it is known.
///
/// # Errors
/// What is missing or cannot be.
pub fn check_contact(intent: &Intent, typed: &Customer) -> Result<(), ConfirmRefusal> {
    merged(&intent.customer, typed, intent.collect).map(drop)
}

/// Whether a message could be sent there: something, one `@`, a host below a domain. Whether it arrives, only sending tells.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let below = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    plain(local) && plain(host) && below && text.len() <= MAX_EMAIL
}

/// Whether it has as many digits as a phone number can have (E.164: at most 15), however people group them.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let grouping = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.');
    (7..=15).contains(&digits) && text.len() <= 32 && rest.chars().all(grouping)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_written_to_is_an_address() {
        for good in ["noor@example.iq", "a+b@sub.example.com", "نور@example.iq"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "noor",
            "@example.iq",
            "noor@",
            "a@b@c",
            "a b@example.iq",
            "a@.iq",
            "a@iq.",
            "a@b",
            "x@localhost",
            &format!("{}@x.iq", "a".repeat(250)),
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in ["+964 770 123 4567", "07701234567", "(0770) 123-4567"] {
            assert!(is_phone(good), "{good}");
        }
        for bad in [
            "",
            "123456",
            "1234567890123456",
            "0770+1234567",
            "٠٧٧٠١٢٣٤٥٦٧",
            "call me 1234567",
        ] {
            assert!(!is_phone(bad), "{bad}");
        }
    }

    #[test]
    fn what_was_known_stays_and_what_is_missing_is_asked_for() {
        let known = Customer {
            email: Some("noor@example.iq".into()),
            ..Customer::default()
        };
        let typed = Customer {
            email: Some("  ".into()),
            phone: Some(" 07701234567 ".into()),
            ..Customer::default()
        };
        let both = Collect {
            email: true,
            phone: true,
            ..Collect::default()
        };
        let all = merged(&known, &typed, both).unwrap();
        assert_eq!(
            (all.email.as_deref(), all.phone.as_deref()),
            (Some("noor@example.iq"), Some("07701234567"))
        );
        assert_eq!(merged(&known, &known, both), Err(ConfirmRefusal::PhoneRequired));
        assert_eq!(merged(&typed, &typed, both), Err(ConfirmRefusal::EmailInvalid));
        assert_eq!(
            merged(&Customer::default(), &Customer::default(), both),
            Err(ConfirmRefusal::EmailRequired)
        );
    }
}
