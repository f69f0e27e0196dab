//! Client secrets of intents.
//!
//! Invariant: only the hash is kept. The secret can be made again from the id, so a repeated request gets the one that the first
//! got; under another master key it cannot, and nothing is said then.

use crate::App;
use domain::id::IntentId;
use subtle::ConstantTimeEq;

/// The client secret of an intent whose hash is kept, if the master key is still the one that made it.
pub(super) fn again(app: &App, intent: IntentId, kept: Option<&str>) -> Option<String> {
    let secret = app.keys().client_secret(intent);
    kept.filter(|kept| fits(app, &secret, kept)).map(|_| secret)
}

/// Whether a secret is the one whose hash is kept; takes the same time whatever differs.
pub(super) fn fits(app: &App, secret: &str, kept: &str) -> bool {
    let hash = app.keys().client_secret_hash(secret);
    hash.as_bytes().ct_eq(kept.as_bytes()).into()
}
