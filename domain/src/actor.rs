//! Who asks.
//!
//! Invariant: what an actor may do is decided here and asked in `service`, never in a door, so that no door can forget it.

use crate::credential::{Scope, Scopes};
use crate::id::{CredentialId, OperatorId};
use crate::merchant::{Merchant, Tenant};
use std::sync::Arc;

/// Somebody whose key was checked.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A merchant's server with a credential.
    Merchant(MerchantActor),
    /// An operator of the installation.
    Operator(OperatorId),
}

/// A merchant's server with a credential.
#[derive(Clone, Debug)]
pub struct MerchantActor {
    /// The credential that was shown.
    pub credential: CredentialId,
    /// Whose data it reaches, in which mode.
    pub tenant: Tenant,
    /// What it may do.
    pub scopes: Scopes,
    /// The merchant, as of the check of the key.
    pub merchant: Arc<Merchant>,
}

impl MerchantActor {
    /// The tenants whose records it may look after: a live key both modes of its merchant, a test key rehearsal only. Payments are
    /// always those of its own tenant.
    #[must_use]
    pub fn reach(&self) -> Vec<Tenant> {
        self.tenant.reach()
    }
}

/// Why an actor may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The credential lacks the scope.
    #[error("this credential lacks the scope {0}")]
    MissingScope(Scope),
    /// Only merchants do this.
    #[error("this needs the credential of a merchant")]
    MerchantOnly,
    /// Only operators do this.
    #[error("this needs an operator")]
    OperatorOnly,
}

impl Actor {
    /// The merchant's side of this actor, if its credential has `scope`.
    ///
    /// # Errors
    /// When the scope is missing, or the actor is an operator.
    pub fn may(&self, scope: Scope) -> Result<&MerchantActor, Forbidden> {
        match self {
            Self::Merchant(merchant) if merchant.scopes.contains(scope) => Ok(merchant),
            Self::Merchant(_) => Err(Forbidden::MissingScope(scope)),
            Self::Operator(_) => Err(Forbidden::MerchantOnly),
        }
    }

    /// The operator, if this is one.
    ///
    /// # Errors
    /// When the actor is a merchant.
    pub const fn operator(&self) -> Result<OperatorId, Forbidden> {
        match self {
            Self::Operator(operator) => Ok(*operator),
            Self::Merchant(_) => Err(Forbidden::OperatorOnly),
        }
    }
}
