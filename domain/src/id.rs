//! Typed ids: a prefix that says what the thing is, and 26 characters of Crockford base32 over a UUIDv7.
//!
//! Invariant: one thing has exactly one spelling of its id, the lower-case one, in GraphQL, REST, webhooks, CSV, logs and
//! tables; text in any other spelling is no id. Ids of one kind sort by creation time. Source: design.md 2.

use crate::Timestamp;
use serde::{Deserialize, Serialize, de};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fmt, str::FromStr};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What each byte of the alphabet stands for.
const FIVE_BITS: [Option<u8>; 256] = {
    let mut table = [None; 256];
    let mut value = 0;
    while value < 32 {
        #[expect(
            clippy::indexing_slicing,
            reason = "both indices are below the length, checked at compile time"
        )]
        let symbol = ALPHABET[value as usize];
        #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 places")]
        {
            table[symbol as usize] = Some(value);
        }
        value += 1;
    }
    table
};
/// Characters after the prefix: 26 x 5 bits hold 128.
const BODY: usize = 26;

/// Where use cases take new ids from.
pub trait IdGenerator: Send + Sync + 'static {
    /// Ten random bytes that make ids of one millisecond distinct.
    fn entropy(&self) -> [u8; 10];

    /// A new id of kind `I`, born at `now`.
    fn id<I: From<Uuid>>(&self, now: Timestamp) -> I
    where
        Self: Sized,
    {
        new_id(self, now)
    }
}

/// A new id of kind `I`, born at `now`; what [`IdGenerator::id`] does, for trait objects.
pub fn new_id<I: From<Uuid>>(ids: &(impl IdGenerator + ?Sized), now: Timestamp) -> I {
    let millis = now.timestamp_millis().unsigned_abs();
    uuid::Builder::from_unix_timestamp_millis(millis, &ids.entropy())
        .into_uuid()
        .into()
}

/// The smallest id that something born at `at` can have: ids from here on are those of this millisecond and later ones.
#[must_use]
pub fn first_id<I: From<Uuid>>(at: Timestamp) -> I {
    // An id has 48 bits of milliseconds since 1970.
    let millis = at.timestamp_millis().clamp(0, (1 << 48) - 1).unsigned_abs();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10])
        .into_uuid()
        .into()
}

/// Ids that repeat from run to run: for tests and demo data. Not for secrets.
#[derive(Debug)]
pub struct SeededIds(AtomicU64);

impl SeededIds {
    /// The sequence of ids that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        // splitmix64: each step of the counter gives 64 well mixed bits.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl IdGenerator for SeededIds {
    fn entropy(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let words = self
            .next()
            .to_be_bytes()
            .into_iter()
            .chain(self.next().to_be_bytes());
        bytes
            .iter_mut()
            .zip(words)
            .for_each(|(byte, random)| *byte = random);
        bytes
    }
}

/// Text that is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}_ and 26 characters of 0-9 a-z without i, l, o, u")]
pub struct MalformedId {
    /// The prefix of the kind that was expected.
    pub prefix: &'static str,
}

fn print(f: &mut fmt::Formatter<'_>, prefix: &str, id: Uuid) -> fmt::Result {
    let bits = id.as_u128();
    let mut body = [0_u8; BODY];
    for (place, byte) in body.iter_mut().rev().enumerate() {
        let five = (bits >> (5 * place)) & 31;
        *byte = usize::try_from(five)
            .ok()
            .and_then(|index| ALPHABET.get(index))
            .copied()
            .unwrap_or(b'0');
    }
    write!(f, "{prefix}_{}", std::str::from_utf8(&body).unwrap_or_default())
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, MalformedId> {
    let refused = MalformedId { prefix };
    let body = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(refused.clone())?;
    // The first character carries three bits only; a larger one would be a second spelling of a smaller id.
    if body.len() != BODY || body.as_bytes().first().is_none_or(|first| *first > b'7') {
        return Err(refused);
    }
    let mut bits = 0_u128;
    for byte in body.bytes() {
        let five = FIVE_BITS
            .get(usize::from(byte))
            .copied()
            .flatten()
            .ok_or(refused.clone())?;
        bits = (bits << 5) | u128::from(five);
    }
    Ok(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Uuid);

            impl $name {
                /// The prefix of the printed id, without the underscore.
                pub const PREFIX: &'static str = $prefix;
            }

            impl From<Uuid> for $name {
                fn from(id: Uuid) -> Self {
                    Self(id)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    print(f, $prefix, self.0)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    print(f, $prefix, self.0)
                }
            }

            impl FromStr for $name {
                type Err = MalformedId;

                fn from_str(text: &str) -> Result<Self, MalformedId> {
                    parse($prefix, text).map(Self)
                }
            }

            impl Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                }
            }
        )+
    };
}

ids! {
    /// A merchant: the tenant.
    MerchantId = "mer",
    /// An operator of the installation.
    OperatorId = "op",
    /// A credential.
    CredentialId = "cred",
    /// A key that verifies signed requests of a credential.
    SigningKeyId = "skey",
    /// A key that signs callbacks (S3).
    CallbackKeyId = "cbk",
    /// A dashboard session.
    SessionId = "ses",
    /// One API request.
    RequestId = "req",
    /// A payment.
    PaymentId = "pay",
    /// An intent: what is to be paid.
    IntentId = "pi",
    /// The page session of an intent: the same id under the name that S0 gives it.
    CheckoutSessionId = "cs",
    /// A payment link.
    PaymentLinkId = "plink",
    /// A promo code of a merchant.
    PromoCodeId = "promo",
    /// An operation on a payment; S2 calls it transaction.
    OperationId = "txn",
    /// A refund.
    RefundId = "re",
    /// A vaulted card.
    CardId = "card",
    /// An event of the outbox.
    EventId = "evt",
    /// A journal of the ledger.
    JournalId = "jrn",
    /// Where webhooks go.
    WebhookEndpointId = "whend",
    /// One event to one endpoint.
    WebhookDeliveryId = "whd",
    /// One HTTP request of a delivery.
    WebhookAttemptId = "wha",
}

impl IntentId {
    /// The page session of this intent.
    #[must_use]
    pub const fn session(self) -> CheckoutSessionId {
        CheckoutSessionId(self.0)
    }

    /// The reference code of this intent, by which S3 knows it: the same id, spelled as a UUID.
    #[must_use]
    pub const fn reference(self) -> Uuid {
        self.0
    }

    /// The intent with this reference code. A code has one spelling, the one that [`Self::reference`] prints.
    #[must_use]
    pub fn from_reference(text: &str) -> Option<Self> {
        let code = Uuid::try_parse(text).ok()?;
        (code.hyphenated().to_string() == text).then_some(Self(code))
    }
}

impl WebhookAttemptId {
    /// The same id spelled as a UUID, as receivers see it in `X-Webhook-Request-UUID` (S1).
    #[must_use]
    pub const fn request_uuid(self) -> Uuid {
        self.0
    }

    /// The attempt with this request UUID, in any of its spellings.
    #[must_use]
    pub fn from_request_uuid(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl CheckoutSessionId {
    /// The intent of this page session.
    #[must_use]
    pub const fn intent(self) -> IntentId {
        IntentId(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_range_of_time_is_a_range_of_ids() {
        let ids = SeededIds::new(42);
        let at: Timestamp = "2026-06-15T10:42:07.123456Z".parse().unwrap();
        let millisecond = chrono::Duration::milliseconds(1);
        for _ in 0..100 {
            let id: PaymentId = ids.id(at);
            assert!(first_id::<PaymentId>(at) <= id && id < first_id(at + millisecond));
        }
        assert!(first_id::<PaymentId>(Timestamp::MIN_UTC) < first_id(at));
        assert!(first_id::<PaymentId>(Timestamp::MAX_UTC) > first_id(at));
    }

    #[test]
    fn an_id_says_its_kind_and_time() {
        let ids = SeededIds::new(42);
        let now: Timestamp = "2026-06-15T10:42:07Z".parse().unwrap();
        let earlier: PaymentId = ids.id(now);
        let later: PaymentId = ids.id(now + chrono::Duration::milliseconds(1));
        assert!(earlier.to_string().starts_with("pay_01"));
        assert_eq!(earlier.to_string().len(), 30);
        assert!(earlier < later && earlier.to_string() < later.to_string());
    }

    #[test]
    fn seeds_repeat() {
        let now = Timestamp::default();
        let (a, b): (PaymentId, PaymentId) = (SeededIds::new(7).id(now), SeededIds::new(7).id(now));
        assert_eq!(a, b);
    }

    #[test]
    fn other_spellings_are_no_ids() {
        let id = PaymentId::from(Uuid::from_u128(u128::MAX)).to_string();
        assert_eq!(id, "pay_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        for text in [
            "",
            "pay_",
            "pay",
            "re_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            "PAY_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            "pay_7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "pay_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "pay_7zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "pay_7zzzzzzzzzzzzzzzzzzzzzzzzi",
            "pay_7zzzzzzzzzzzzzzzzzzzzzzz'; --",
        ] {
            assert!(text.parse::<PaymentId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_reference_code_has_one_spelling() {
        let id: IntentId = SeededIds::new(42).id(Timestamp::default());
        let code = id.reference().to_string();
        assert_eq!(IntentId::from_reference(&code), Some(id));
        for other in [
            String::new(),
            code.to_uppercase(),
            code.replace('-', ""),
            format!("{{{code}}}"),
            format!("urn:uuid:{code}"),
            format!("{code} "),
            id.to_string(),
            "PAY_XXXXXX".to_owned(),
        ] {
            assert_eq!(IntentId::from_reference(&other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_id_round_trips(bits in any::<u128>()) {
            let id = RefundId::from(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<RefundId>(&json).unwrap(), id);
        }
    }
}
