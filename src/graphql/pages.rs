//! Where payers reach the pages of intents and links.

use crate::config::PublicUrl;
use domain::id::{IntentId, PaymentLinkId};
use domain::intent::{Intent, Source};
use domain::merchant::Mode;

/// The addresses of pages, below the address at which this server is reached.
pub struct Pages(PublicUrl);

impl Pages {
    /// Pages at `address`.
    pub const fn at(address: PublicUrl) -> Self {
        Self(address)
    }

    /// The page of an intent that opens with this client secret.
    pub fn checkout(&self, intent: IntentId, client_secret: &str) -> String {
        self.0
            .link(&format!("/checkout/{intent}?client_secret={client_secret}"))
    }

    /// The page of an intent that opens without a secret: those of S3 do, by their reference code.
    pub fn open(&self, intent: &Intent) -> Option<String> {
        let mode = match intent.tenant.mode {
            Mode::Live => "live",
            Mode::Test => "test",
        };
        (intent.source == Source::Rasedi)
            .then(|| self.0.link(&format!("/pay/{mode}/{}", intent.id.reference())))
    }

    /// The page of a payment link.
    pub fn link(&self, id: PaymentLinkId) -> String {
        self.0.link(&format!("/l/{id}"))
    }
}
