//! Cursors: a place among the events of one merchant and mode, as clients keep it.
//!
//! Invariant: a cursor is good for the merchant and mode that it was given to and for nobody else, and cannot be made up. One form serves
//! subscriptions, `Query.events`, webhooks and exports. It says nothing of how much others do.

use crate::App;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::merchant::Tenant;
use subtle::ConstantTimeEq as _;

/// What a cursor begins with: its form.
const FORM: u8 = 1;
const PLACE_BYTES: usize = 8;
const PROOF_BYTES: usize = 8;

/// A text that is no cursor here: malformed, of another merchant or mode, or made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of your events: take one from eventCursor, or from an event that you received")]
pub struct UnknownCursor;

/// A place among the events of a merchant and mode: after the event with this sequence, 0 before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub i64);

impl Place {
    /// The cursor of this place for `tenant`.
    #[must_use]
    pub fn cursor(self, app: &App, tenant: Tenant) -> String {
        let mut bytes = [0; 1 + PLACE_BYTES + PROOF_BYTES];
        let (form, rest) = bytes.split_at_mut(1);
        let (place, proof) = rest.split_at_mut(PLACE_BYTES);
        form.fill(FORM);
        place.copy_from_slice(&self.0.to_be_bytes());
        proof.copy_from_slice(&app.keys().event_place_proof(tenant, self.0));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor of `tenant` names.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(app: &App, tenant: Tenant, cursor: &str) -> Result<Self, UnknownCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| UnknownCursor)?;
        let (form, rest) = bytes.split_first().ok_or(UnknownCursor)?;
        let (place, proof) = rest.split_first_chunk::<PLACE_BYTES>().ok_or(UnknownCursor)?;
        let place = i64::from_be_bytes(*place);
        let expected = app.keys().event_place_proof(tenant, place);
        let is_ours = *form == FORM && bool::from(proof.ct_eq(&expected));
        is_ours.then_some(Self(place)).ok_or(UnknownCursor)
    }
}
