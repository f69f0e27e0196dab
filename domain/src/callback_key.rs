//! The keys with which the callbacks of S3 are signed.
//!
//! Invariant: what is kept of the private half opens under one master key only, and says under which. Merchants hold the public half
//! against what they receive, so a key is never forgotten: what it has signed may still be on its way.

use crate::Timestamp;
use crate::id::CallbackKeyId;
use crate::merchant::Mode;

/// A P-521 key pair that signs callbacks (ES512).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackKey {
    /// Its id, by which a callback names it (S3: `keyId`).
    pub id: CallbackKeyId,
    /// The mode whose callbacks it signs.
    pub mode: Mode,
    /// The public half as `SubjectPublicKeyInfo` in DER.
    pub public: Vec<u8>,
    /// The private half, sealed.
    pub sealed: String,
    /// Names the master key that opens it.
    pub sealed_by: String,
    /// When it was made.
    pub created_at: Timestamp,
}
