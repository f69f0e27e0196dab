//! What can be followed as it happens, and places in it as clients keep them.
//!
//! Invariant: a cursor is good for what it was given for, for the merchant and mode that it was given to, and for nothing and nobody else. It
//! cannot be made up, and it does not say how much others do: the place in it is hidden. One form serves subscriptions, lists, webhooks and
//! exports.

use crate::{App, Result, api_request, event};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::merchant::Tenant;
use subtle::ConstantTimeEq as _;

/// A log that can be followed, and whose part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Followed {
    /// The events of a merchant and mode.
    Events(Tenant),
    /// The requests that a key of this merchant and mode may look at: a live key those of both modes.
    Requests(Tenant),
}

/// A text that is no cursor here: malformed, of something else, of another merchant or mode, or made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no cursor of what is followed here: take one from the cursor beside your lists, or from what you received"
)]
pub struct UnknownCursor;

/// Why nothing can be read from a place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The oldest place from which it can.
    pub oldest: Place,
}

/// A place in a log: after the entry with this number, 0 before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub i64);

const PLACE_BYTES: usize = 8;

impl Followed {
    /// What its cursors begin with.
    const fn form(self) -> u8 {
        match self {
            Self::Events(_) => 1,
            Self::Requests(_) => 2,
        }
    }

    /// The cursor of a place.
    #[must_use]
    pub fn cursor(self, app: &App, place: Place) -> String {
        let proof = self.proof(app, place.0);
        let hidden = place.0 ^ app.keys().place_mask(proof);
        let bytes = [[self.form()].as_slice(), &hidden.to_be_bytes(), &proof].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor names.
    ///
    /// # Errors
    /// When it is none of this.
    pub fn place(self, app: &App, cursor: &str) -> std::result::Result<Place, UnknownCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| UnknownCursor)?;
        let (form, rest) = bytes.split_first().ok_or(UnknownCursor)?;
        let (hidden, proof) = rest.split_first_chunk::<PLACE_BYTES>().ok_or(UnknownCursor)?;
        let proof: [u8; 8] = proof.try_into().map_err(|_| UnknownCursor)?;
        let place = i64::from_be_bytes(*hidden) ^ app.keys().place_mask(proof);
        let is_ours = *form == self.form() && bool::from(proof.ct_eq(&self.proof(app, place)));
        is_ours.then_some(Place(place)).ok_or(UnknownCursor)
    }

    fn proof(self, app: &App, place: i64) -> [u8; 8] {
        let (Self::Events(tenant) | Self::Requests(tenant)) = self;
        let merchant = tenant.merchant.to_string();
        app.keys().place_proof([
            [self.form()].as_slice(),
            merchant.as_bytes(),
            tenant.mode.as_str().as_bytes(),
            &place.to_be_bytes(),
        ])
    }

    /// How far it has come, and the place from which on it is whole.
    async fn bounds(self, app: &App) -> Result<(Place, Place)> {
        let (last, oldest) = match self {
            Self::Events(tenant) => event::counters(app, tenant).await?,
            Self::Requests(_) => {
                let positions = api_request::positions(app).await?;
                (positions.last, positions.purged)
            }
        };
        Ok((Place(last), Place(oldest)))
    }

    /// The place after the last entry so far. Whatever is read after this has seen everything up to here.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn head(self, app: &App) -> Result<Place> {
        Ok(self.bounds(app).await?.0)
    }

    /// Whether everything after `place` is still there; `Ok(Err(_))` when it is not.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn resume(self, app: &App, place: Place) -> Result<std::result::Result<(), Expired>> {
        let (last, oldest) = self.bounds(app).await?;
        // A place that has not been is one of a database that was put back to an earlier state.
        let is_there = (oldest..=last).contains(&place);
        Ok(is_there.then_some(()).ok_or(Expired { oldest }))
    }
}
