//! Who may look after which credentials.
//!
//! Invariant: nobody reaches beyond their merchant, from rehearsal into real money, or gives away a scope they lack; and a
//! credential out of reach is answered like one that does not exist.

use crate::{Error, Result};
use domain::actor::Actor;
use domain::credential::{Author, Credential, CredentialRefusal, Scope, Scopes};
use domain::id::MerchantId;
use domain::merchant::Tenant;

/// Somebody who looks after credentials.
#[derive(Clone, Copy, Debug)]
pub enum Manager<'a> {
    /// Whoever owns the machine, by the command line: may do everything.
    Console,
    /// Somebody with a key: operators for every merchant, merchants with the scope `credentials:manage` for themselves.
    Actor(&'a Actor),
}

impl Manager<'_> {
    /// What it may do with credentials.
    ///
    /// # Errors
    /// When a merchant's key lacks the scope that this takes.
    pub(super) fn authority(&self) -> Result<Authority> {
        Ok(match self {
            Self::Console => Authority {
                author: Author::Console,
                own: None,
            },
            Self::Actor(Actor::Operator(operator)) => Authority {
                author: Author::Operator(*operator),
                own: None,
            },
            Self::Actor(actor) => {
                let merchant = actor.may(Scope::CredentialsManage)?;
                Authority {
                    author: Author::Credential(merchant.credential),
                    own: Some((merchant.tenant, merchant.scopes)),
                }
            }
        })
    }
}

/// What a manager may do. It goes along into the transaction, so that it is held against the credential as it is under its lock: one
/// that grew stronger a moment ago is not given away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authority {
    /// Who it is, for the record.
    pub(super) author: Author,
    /// The tenant and scopes of a merchant's key; `None` may do everything.
    own: Option<(Tenant, Scopes)>,
}

impl Authority {
    /// The tenants whose credentials it sees; `None` is all of them. `merchant` narrows what operators see.
    pub(super) fn sees(&self, merchant: Option<MerchantId>) -> Option<Vec<Tenant>> {
        match self.own {
            None => merchant.map(|merchant| Tenant::both(merchant).to_vec()),
            Some((own, _)) => Some(own.reach()),
        }
    }

    /// Whether it may revoke this credential: any within its reach, since that gives nobody anything.
    pub(super) fn may_revoke(&self, credential: &Credential) -> Result<()> {
        match self.own {
            Some((own, _)) if !own.reach().contains(&credential.tenant) => Err(Error::NotFound("credential")),
            _ => Ok(()),
        }
    }

    /// Whether it may change this credential, or get new keys for it: who lacks one of its scopes would gain it. Nobody changes one
    /// that is revoked.
    pub(super) fn may_change(&self, credential: &Credential) -> Result<()> {
        self.may_revoke(credential)?;
        self.may_give(credential.scopes)?;
        match credential.revoked_at {
            Some(_) => Err(CredentialRefusal::Revoked.into()),
            None => Ok(()),
        }
    }

    /// Whether it may make a credential for `tenant`.
    pub(super) fn may_create_for(&self, tenant: Tenant) -> Result<()> {
        match self.own {
            Some((own, _)) if own.merchant != tenant.merchant => Err(Error::NotFound("merchant")),
            Some((own, _)) if !own.reach().contains(&tenant) => Err(CredentialRefusal::LiveFromTest.into()),
            _ => Ok(()),
        }
    }

    /// Whether it may give these scopes away.
    pub(super) fn may_give(&self, scopes: Scopes) -> Result<()> {
        match self.own.and_then(|(_, own)| scopes.beyond(own)) {
            None => Ok(()),
            Some(scope) => Err(CredentialRefusal::ScopeNotHeld(scope).into()),
        }
    }
}
