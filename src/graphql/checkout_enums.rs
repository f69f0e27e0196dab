//! Enums of intents, payment links and of how a merchant's payers pay.

use super::enums::{mirrored, name_of};
use async_graphql::Enum;
use domain::intent::Source;

mirrored! {
    /// How far an intent has come, as of now.
    IntentStatus = domain::intent::IntentStatus {
        /// Waits for the payer.
        Created,
        /// A charge is at the provider.
        Processing,
        /// Money is held: capture or void the payment.
        RequiresCapture,
        /// Paid.
        Succeeded,
        /// The last attempt was declined.
        Failed,
        /// Given up.
        Canceled,
        /// Nobody paid in time.
        Expired,
    }
}

mirrored! {
    /// When money that was authorized is taken.
    CaptureMethod = domain::intent::CaptureMethod {
        /// At once.
        Automatic,
        /// When the merchant says so, within seven days.
        Manual,
    }
}

mirrored! {
    /// Who gave an intent up, or what did.
    IntentCanceledBy = domain::intent::CanceledBy {
        /// The merchant canceled it.
        Merchant,
        /// The payer canceled it on the page.
        Payer,
        /// The merchant voided the authorization.
        Void,
        /// The authorization ran out after seven days.
        AuthorizationExpired,
    }
}

mirrored! {
    /// Whether a payment link takes payments, as of now.
    PaymentLinkStatus = domain::payment_link::PaymentLinkStatus {
        /// It does.
        Active,
        /// The merchant ended it.
        Deactivated,
        /// Its time is over.
        Expired,
        /// It took as many payments as it may.
        UsedUp,
    }
}

mirrored! {
    /// What becomes of money that arrives after its intent has run out.
    LateSuccess = domain::merchant::LateSuccess {
        /// The intent counts as paid.
        Accept,
        /// The money goes back to the payer.
        GiveBack,
    }
}

/// Which door made an intent.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentSource {
    /// GraphQL or the Payment API: its page opens with the client secret.
    Api,
    /// The Rasedi door: its page opens with the reference code.
    Rasedi,
    /// A payment link; its page opens with the client secret.
    Link,
}

super::plain::leaf! {
    IntentSource = |value, out| super::plain::text(name_of(*value)?, out);
}

impl From<Source> for IntentSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Api => Self::Api,
            Source::Rasedi => Self::Rasedi,
            Source::Link(_) => Self::Link,
        }
    }
}
