//! Why something cannot be done with a credential.

use super::{AllowlistRefusal, MAX_OVERLAP, MAX_SESSION, PublicKeyRefusal, Scope};
use crate::Timestamp;

/// A business "no" about credentials and sessions, one variant a cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialRefusal {
    /// A credential without a scope opens nothing.
    #[error("a credential needs at least one scope")]
    NoScope,
    /// Nobody gives away more than they have.
    #[error("you cannot give the scope {0}, which your own credential lacks")]
    ScopeNotHeld(Scope),
    /// A key of the test mode reaches nothing that is live.
    #[error("a test credential cannot manage live ones")]
    LiveFromTest,
    /// Operators have to say whose.
    #[error("name the merchant")]
    MerchantRequired,
    /// The end is not ahead.
    #[error("the expiry must lie in the future")]
    ExpiryPast,
    /// The allowlist cannot be used.
    #[error(transparent)]
    Allowlist(#[from] AllowlistRefusal),
    /// The public key cannot be used.
    #[error(transparent)]
    PublicKey(#[from] PublicKeyRefusal),
    /// The time in which both secrets go on cannot be used.
    #[error("the overlap is 0 minutes to {} days", MAX_OVERLAP.num_days())]
    OverlapTooLong,
    /// A second rotation would cut off whoever still uses the first secret.
    #[error("a rotation is going on until {}; end it with an overlap of 0", until.format("%FT%TZ"))]
    RotationInProgress {
        /// When it ends by itself.
        until: Timestamp,
    },
    /// A rotation that changes nothing.
    #[error("say what to rotate: the secret, the signing key, or both")]
    NothingToRotate,
    /// The secret is not known here, so nothing can be encrypted with it.
    #[error("an encrypted private key takes the new secret as its passphrase: rotate both")]
    PassphraseUnknown,
    /// It was revoked, which is for good.
    #[error("the credential is revoked")]
    Revoked,
    /// A pin only goes forward.
    #[error("the credential is at this version or a newer one already")]
    NotAnUpgrade,
    /// A session cannot open another.
    #[error("log in with a key, not with a session")]
    SessionFromSession,
    /// The life of a session cannot be used.
    #[error("a session lasts 1 minute to {} hours", MAX_SESSION.num_hours())]
    SessionTooLong,
}
