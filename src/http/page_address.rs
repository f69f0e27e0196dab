//! Where the hosted pages are, as payers reach them.
//!
//! Invariant: every door prints the same address for the same page. The client secret stands in it only where a merchant is handed the
//! address for the first time; the page takes it out of the address bar at once.

use crate::config::PublicUrl;
use domain::id::{IntentId, PaymentLinkId};
use domain::intent::{Intent, Source};
use domain::merchant::Mode;
use uuid::Uuid;

/// Makes the addresses of pages.
#[derive(Clone, Debug)]
pub struct PageAddress(PublicUrl);

impl PageAddress {
    /// Pages below `public`.
    #[must_use]
    pub const fn new(public: PublicUrl) -> Self {
        Self(public)
    }

    /// Below what the pages are.
    #[must_use]
    pub const fn public(&self) -> &PublicUrl {
        &self.0
    }

    /// The page of an intent. With its client secret it opens for whoever has the address.
    #[must_use]
    pub fn checkout(&self, intent: IntentId, client_secret: Option<&str>) -> String {
        let page = self.0.link(&format!("/checkout/{intent}"));
        match client_secret {
            // A secret is letters, digits and underscores.
            Some(secret) => format!("{page}?client_secret={secret}"),
            None => page,
        }
    }

    /// The page of an intent of S3, which opens with its reference code.
    #[must_use]
    pub fn reference(&self, mode: Mode, reference: Uuid) -> String {
        self.0.link(&format!("/pay/{mode}/{reference}"))
    }

    /// The page of a payment link.
    #[must_use]
    pub fn link(&self, link: PaymentLinkId) -> String {
        self.0.link(&format!("/l/{link}"))
    }

    /// The page of `intent`, whichever door made it.
    #[must_use]
    pub fn of(&self, intent: &Intent, client_secret: Option<&str>) -> String {
        match intent.source {
            Source::Rasedi => self.reference(intent.tenant.mode, intent.id.reference()),
            Source::Api | Source::Link(_) => self.checkout(intent.id, client_secret),
        }
    }
}
