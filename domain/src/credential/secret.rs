//! The text of keys.
//!
//! `epk_test_` + 16 characters is the public token; the secret is `esk_test_` + the same 16 characters + 32 secret ones + a
//! checksum of 6. The token inside the secret makes the look-up one index probe; the checksum lets a leak scanner tell a real
//! key from a string that looks like one, and lets a typo be refused without asking the database.

use crate::merchant::Mode;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN: usize = 16;
const HIDDEN: usize = 32;
const CHECKSUM: usize = 6;

/// Random bytes that one secret takes: enough that the rejected ones never run out in practice.
pub const fn secret_entropy() -> usize {
    2 * (TOKEN + HIDDEN)
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A merchant's credential in one mode.
    Merchant(Mode),
    /// An operator's token.
    Operator,
    /// The cookie of a dashboard session.
    Session,
}

impl KeyKind {
    const ALL: [Self; 4] = [
        Self::Merchant(Mode::Live),
        Self::Merchant(Mode::Test),
        Self::Operator,
        Self::Session,
    ];

    const fn secret_prefix(self) -> &'static str {
        match self {
            Self::Merchant(Mode::Live) => "esk_live_",
            Self::Merchant(Mode::Test) => "esk_test_",
            Self::Operator => "eok_",
            Self::Session => "ess_",
        }
    }

    const fn token_prefix(self) -> &'static str {
        match self {
            Self::Merchant(Mode::Live) => "epk_live_",
            Self::Merchant(Mode::Test) => "epk_test_",
            Self::Operator => "eop_",
            Self::Session => "esp_",
        }
    }
}

/// The public half of a key: finds it, proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    kind: KeyKind,
    body: String,
}

impl Token {
    /// Whose key it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.token_prefix(), self.body)
    }
}

impl FromStr for Token {
    type Err = MalformedSecret;

    fn from_str(text: &str) -> Result<Self, MalformedSecret> {
        let of_kind = |kind: KeyKind| Some((kind, text.strip_prefix(kind.token_prefix())?));
        let (kind, body) = KeyKind::ALL
            .into_iter()
            .find_map(of_kind)
            .ok_or(MalformedSecret)?;
        if body.len() != TOKEN || !body.bytes().all(|byte| BASE62.contains(&byte)) {
            return Err(MalformedSecret);
        }
        let body = body.to_owned();
        Ok(Self { kind, body })
    }
}

/// A whole key in clear. Prints as its token only; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret {
    #[zeroize(skip)]
    token: Token,
    text: String,
}

/// Text that cannot be one of our secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a key of this service: expected esk_live_…, esk_test_… or eok_… as it was shown")]
pub struct MalformedSecret;

impl Secret {
    /// Makes a key of `kind` from `entropy`, which must be fresh random bytes, [`secret_entropy`] of them.
    ///
    /// # Errors
    /// When the bytes do not give enough characters; draw new ones.
    pub fn issue(kind: KeyKind, entropy: &[u8]) -> Result<Self, MalformedSecret> {
        // Bytes from 248 on are rejected: 248 is the largest multiple of 62, so every character is equally likely.
        let mut symbols = entropy
            .iter()
            .filter(|byte| **byte < 248)
            .filter_map(|byte| BASE62.get(usize::from(byte % 62)).copied());
        let body: String = symbols.by_ref().take(TOKEN).map(char::from).collect();
        let hidden: String = symbols.take(HIDDEN).map(char::from).collect();
        if hidden.len() < HIDDEN {
            return Err(MalformedSecret);
        }
        let mut text = format!("{}{body}{hidden}", kind.secret_prefix());
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self {
            token: Token { kind, body },
            text,
        })
    }

    /// Makes another key behind the token of one that there is, from as much entropy.
    ///
    /// # Errors
    /// When `token` is none, or the bytes do not give enough characters.
    pub fn reissue(token: &str, entropy: &[u8]) -> Result<Self, MalformedSecret> {
        let token: Token = token.parse()?;
        let fresh = Self::issue(token.kind, entropy)?;
        let hidden = fresh
            .text
            .get(token.kind.secret_prefix().len() + TOKEN..)
            .ok_or(MalformedSecret)?;
        let hidden = hidden.get(..HIDDEN).ok_or(MalformedSecret)?;
        let mut text = format!("{}{}{hidden}", token.kind.secret_prefix(), token.body);
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Self { token, text })
    }

    /// The public half.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The key in clear, to show once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The hash that is kept. `pepper` never stands in the database, so a stolen table alone opens nothing; the secret has 190
    /// random bits, so no slow hash is needed.
    #[must_use]
    pub fn hash(&self, pepper: &[u8; 32]) -> SecretHash {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes a key of any length");
        mac.update(self.text.as_bytes());
        SecretHash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.token)
    }
}

impl FromStr for Secret {
    type Err = MalformedSecret;

    fn from_str(text: &str) -> Result<Self, MalformedSecret> {
        let kind = KeyKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.secret_prefix()))
            .ok_or(MalformedSecret)?;
        let body = text.strip_prefix(kind.secret_prefix()).ok_or(MalformedSecret)?;
        if body.len() != TOKEN + HIDDEN + CHECKSUM || !body.bytes().all(|byte| BASE62.contains(&byte)) {
            return Err(MalformedSecret);
        }
        let (key, given) = text
            .split_at_checked(text.len() - CHECKSUM)
            .ok_or(MalformedSecret)?;
        if checksum(key) != given {
            return Err(MalformedSecret);
        }
        let token = Token {
            kind,
            body: body.chars().take(TOKEN).collect(),
        };
        Ok(Self {
            token,
            text: text.to_owned(),
        })
    }
}

/// CRC-32 of the key in base62, padded: for scanners and typos, not for security.
fn checksum(key: &str) -> String {
    let mut rest = crc32fast::hash(key.as_bytes());
    let mut digits = Vec::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        let digit = usize::try_from(rest % 62)
            .ok()
            .and_then(|index| BASE62.get(index))
            .copied();
        digits.push(char::from(digit.unwrap_or(b'0')));
        rest /= 62;
    }
    digits.iter().rev().collect()
}

/// A keyed hash of a secret. Equality takes the same time whatever differs.
#[derive(Clone, Copy, Debug)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash as it was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(kind: KeyKind) -> Secret {
        let entropy: Vec<u8> = (0..secret_entropy())
            .map(|i| u8::try_from(i * 37 % 251).unwrap())
            .collect();
        Secret::issue(kind, &entropy).unwrap()
    }

    #[test]
    fn a_secret_reads_back_and_carries_its_token() {
        for kind in KeyKind::ALL {
            let secret = secret(kind);
            let read: Secret = secret.reveal().parse().unwrap();
            assert_eq!(read.token(), secret.token());
            assert_eq!(read.token().kind(), kind);
            assert_eq!(read.hash(&[1; 32]), secret.hash(&[1; 32]));
            assert_ne!(read.hash(&[1; 32]), secret.hash(&[2; 32]));
        }
    }

    #[test]
    fn another_secret_stands_behind_the_same_token() {
        let first = secret(KeyKind::Merchant(Mode::Live));
        let entropy: Vec<u8> = (0..secret_entropy())
            .map(|i| u8::try_from(i * 41 % 240).unwrap())
            .collect();
        let second = Secret::reissue(&first.token().to_string(), &entropy).unwrap();
        assert_eq!(second.token(), first.token());
        assert_ne!(second.hash(&[1; 32]), first.hash(&[1; 32]));
        assert_eq!(second.reveal().parse::<Secret>().unwrap().token(), first.token());
        assert!(Secret::reissue(first.reveal(), &entropy).is_err());
    }

    #[test]
    fn one_wrong_character_is_refused() {
        let text = secret(KeyKind::Merchant(Mode::Test)).reveal().to_owned();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(changed.parse::<Secret>().is_err(), "{place}");
        }
        assert!("".parse::<Secret>().is_err());
        assert!("esk_test_".parse::<Secret>().is_err());
        assert!(format!("{text}0").parse::<Secret>().is_err());
    }

    #[test]
    fn debug_output_shows_the_token_only() {
        let secret = secret(KeyKind::Merchant(Mode::Live));
        let shown = format!("{secret:?}");
        assert!(shown.starts_with("Secret(epk_live_"));
        assert!(!shown.contains(&secret.reveal()[secret.reveal().len() - 38..]));
    }

    #[test]
    fn too_little_entropy_is_refused() {
        assert_eq!(
            Secret::issue(KeyKind::Operator, &[255; 200]).err(),
            Some(MalformedSecret)
        );
    }
}
