//! Addresses without their passwords.
//!
//! Invariant: errs towards hiding. A password may hold any character, so everything between the first colon and the last
//! `@` goes, even where an address is malformed: that is when it ends up in an error message.

const MASK: &str = "***";

/// `text` with the password of an address, and values of parameters such as `password=`, replaced by `***`.
#[must_use]
pub fn mask_password(text: &str) -> String {
    mask_parameters(&mask_user(text))
}

fn mask_user(text: &str) -> String {
    let (scheme, rest) = text
        .split_once("://")
        .map_or(("", text), |(scheme, rest)| (scheme, rest));
    let Some((user, host)) = rest.rsplit_once('@') else {
        return text.to_owned();
    };
    let Some((name, _password)) = user.split_once(':') else {
        return text.to_owned();
    };
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{name}:{MASK}@{host}")
}

fn mask_parameters(text: &str) -> String {
    text.split_inclusive(['?', '&', ';', ' '])
        .map(mask_parameter)
        .collect()
}

fn mask_parameter(piece: &str) -> String {
    let Some((name, value)) = piece.split_once('=') else {
        return piece.to_owned();
    };
    let lower = name.to_ascii_lowercase();
    if !lower.contains("pass") && !lower.contains("secret") {
        return piece.to_owned();
    }
    let delimiter = value
        .chars()
        .next_back()
        .filter(|last| ['?', '&', ';', ' '].contains(last));
    format!(
        "{name}={MASK}{}",
        delimiter.map_or_else(String::new, String::from)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_the_rest_is_kept() {
        for (given, shown) in [
            (
                "postgres://tahsil:hunter2@db:5432/tahsil",
                "postgres://tahsil:***@db:5432/tahsil",
            ),
            (
                "postgres://tahsil:p@ss:w/ord?@db/tahsil",
                "postgres://tahsil:***@db/tahsil",
            ),
            (
                "postgres://db/tahsil?user=a&password=hunter2&sslmode=require",
                "postgres://db/tahsil?user=a&password=***&sslmode=require",
            ),
            ("postgres:tahsil:hunter2@db", "postgres:***@db"),
            ("host=db password=hunter2 user=a", "host=db password=*** user=a"),
            ("postgres://tahsil@db/tahsil", "postgres://tahsil@db/tahsil"),
            ("sqlite://tahsil.db", "sqlite://tahsil.db"),
            ("info,sqlx=warn", "info,sqlx=warn"),
        ] {
            assert_eq!(mask_password(given), shown);
        }
    }
}
