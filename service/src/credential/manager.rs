//! Who may look after which credentials.
//!
//! Invariant: nobody reaches beyond their merchant, from rehearsal into real money, or gives away a scope they lack; and a
//! credential out of reach is answered like one that does not exist.

use crate::{Error, Result};
use domain::actor::{Actor, MerchantActor};
use domain::credential::{Author, Credential, CredentialRefusal, Scope, Scopes};
use domain::id::MerchantId;
use domain::merchant::{Mode, Tenant};

/// Somebody who looks after credentials.
#[derive(Clone, Copy, Debug)]
pub enum Manager<'a> {
    /// Whoever owns the machine, by the command line: may do everything.
    Console,
    /// Somebody with a key: operators for every merchant, merchants with the scope `credentials:manage` for themselves.
    Actor(&'a Actor),
}

impl Manager<'_> {
    /// The merchant's side, with the scope that this takes.
    fn merchant(&self) -> Result<Option<&MerchantActor>> {
        match self {
            Self::Console | Self::Actor(Actor::Operator(_)) => Ok(None),
            Self::Actor(actor) => Ok(Some(actor.may(Scope::CredentialsManage)?)),
        }
    }

    /// Who does it, for the record.
    pub(super) fn author(&self) -> Author {
        match self {
            Self::Console => Author::Console,
            Self::Actor(Actor::Operator(operator)) => Author::Operator(*operator),
            Self::Actor(Actor::Merchant(merchant)) => Author::Credential(merchant.credential),
        }
    }

    /// The tenants whose credentials it sees; `None` is all of them. `merchant` narrows what operators see.
    pub(super) fn sees(&self, merchant: Option<MerchantId>) -> Result<Option<Vec<Tenant>>> {
        let both = |merchant| [Mode::Live, Mode::Test].map(|mode| Tenant { merchant, mode });
        Ok(match self.merchant()? {
            None => merchant.map(|merchant| both(merchant).to_vec()),
            Some(own) => Some(own.reach()),
        })
    }

    /// Whether it may revoke this credential: any within its reach, since that gives nobody anything.
    pub(super) fn may_revoke(&self, credential: &Credential) -> Result<()> {
        match self.merchant()? {
            Some(own) if !own.reach().contains(&credential.tenant) => Err(Error::NotFound("credential")),
            _ => Ok(()),
        }
    }

    /// Whether it may change this credential, or get new keys for it: who lacks one of its scopes would gain it.
    pub(super) fn may_change(&self, credential: &Credential) -> Result<()> {
        self.may_revoke(credential)?;
        self.may_give(credential.scopes)
    }

    /// Whether it may make a credential for `tenant`.
    pub(super) fn may_create_for(&self, tenant: Tenant) -> Result<()> {
        match self.merchant()? {
            None => Ok(()),
            Some(own) if own.tenant.merchant != tenant.merchant => Err(Error::NotFound("merchant")),
            Some(own) if !own.reach().contains(&tenant) => Err(CredentialRefusal::LiveFromTest.into()),
            Some(_) => Ok(()),
        }
    }

    /// Whether it may give these scopes away.
    pub(super) fn may_give(&self, scopes: Scopes) -> Result<()> {
        match self.merchant()?.and_then(|own| scopes.beyond(own.scopes)) {
            None => Ok(()),
            Some(scope) => Err(CredentialRefusal::ScopeNotHeld(scope).into()),
        }
    }
}
