//! Webhooks: how an event is told to a merchant's server, how it is signed, and how often it is tried.
//!
//! Invariant: what is signed is the bytes that are sent, and an attempt is counted before it is made. Sources: S1, S2, S3, S4,
//! Standard Webhooks; `reference/webhooks.md` 0 and 6.

mod delivery;
mod endpoint;
mod failure;
mod header;
mod health;
mod json;
mod naming;
mod request;
mod schedule;
mod secret;
mod signature;
mod state;
mod target;
mod target_refusal;
mod target_url;

pub use delivery::{Attempt, Body, BodyKey, Cause, Delivery, message_id};
pub use endpoint::{
    DeliveryOrder, DisabledReason, Endpoint, EndpointRefusal, EndpointSecrets, EndpointSettings,
    LONGEST_OVERLAP, MOST_ENDPOINTS, PayloadForm, SealedHeaders, SealedSecret, Slot, Standing,
};
pub use failure::FailureClass;
pub use header::{HeaderRefusal, MOST_STATIC_HEADERS, StaticHeader, StaticHeaders};
pub use health::{DISABLED_AFTER, Health, Notice};
pub use json::stable_json;
pub use naming::{EventPatterns, MOST_PATTERNS, Naming, PatternRefusal};
pub use request::Outgoing;
pub use schedule::{LONGEST_DELAY, LONGEST_LIFE, MOST_ATTEMPTS, RetrySchedule, ScheduleRefusal};
pub use secret::{SecretRefusal, WebhookSecret};
pub use signature::{
    FieldRefusal, Signed, hmac_signature, security_fields_hash, standard_signature, timestamped_signature,
};
pub use state::{Answer, DeliveryState, DeliveryStatus};
pub use target::{TargetPolicy, is_never_port};
pub use target_refusal::TargetRefusal;
pub use target_url::WebhookUrl;

use crate::word::words;

words! {
    /// How a delivery is shaped and signed. The headers of Standard Webhooks come with each.
    Dialect, "dialect" {
        /// S2 and S4: `X-Webhook-Signature`, HMAC-SHA256 of the body in hexadecimal.
        Hmac = "hmac",
        /// S1: `X-Webhook-Security-Fields` and `X-Webhook-Security-Hash`, SHA-256 of some values and the secret.
        SecurityFields = "security_fields",
        /// S3: the callback of one payment, with a JWT in its body.
        Callback = "callback",
        /// Standard Webhooks alone.
        Standard = "standard",
        /// The time and the HMAC-SHA256 of time and body in one header, as Stripe writes it.
        Timestamped = "timestamped",
    }
}

words! {
    /// Which answers of a server count as taken.
    SuccessRule, "success rule" {
        /// Any from 200 to 299 (S4).
        Any2xx = "2xx",
        /// 200 and no other (S2: "non-200 response"; S3: "200 OK").
        Only200 = "200",
    }
}

impl SuccessRule {
    /// Whether a server that answers so has taken the delivery.
    #[must_use]
    pub const fn takes(self, status: u16) -> bool {
        match self {
            Self::Any2xx => matches!(status, 200..=299),
            Self::Only200 => status == 200,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_never_success() {
        for rule in SuccessRule::ALL {
            assert!(rule.takes(200));
            for status in [100, 199, 300, 301, 302, 307, 308, 400, 410, 500] {
                assert!(!rule.takes(status), "{rule} {status}");
            }
        }
        assert!(SuccessRule::Any2xx.takes(204));
        assert!(!SuccessRule::Only200.takes(204));
    }
}
