//! Who moves the money.
//!
//! Invariant: a provider answers yes, no or "unknown", and "no" is proof. Everything that is not proof, a time-out above all, is
//! "unknown", and is asked about again by the same operation id, which the provider must treat as an idempotency key.

use crate::{Error, Result};
use async_trait::async_trait;
use domain::Money;
use domain::card::CardDetails;
use domain::id::OperationId;
use domain::merchant::{Mode, Tenant};
use domain::metadata::Metadata;
use domain::operation::OperationKind;
use domain::provider::{Answer, Gateway};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The first operation of a payment, as a provider sees it.
#[derive(Debug)]
pub struct Charge<'a> {
    /// Our id of the operation: the provider's idempotency key.
    pub operation: OperationId,
    /// Whose payment.
    pub tenant: Tenant,
    /// How much.
    pub amount: Money,
    /// Through which gateway.
    pub gateway: Gateway,
    /// The card, for card payments.
    pub card: Option<&'a CardDetails>,
    /// The merchant's notes.
    pub metadata: &'a Metadata,
}

/// An operation on a payment that the provider knows, or a question about one.
#[derive(Clone, Debug)]
pub struct FollowUp<'a> {
    /// Our id of the operation: the provider's idempotency key.
    pub operation: OperationId,
    /// What kind it is.
    pub kind: OperationKind,
    /// Whose payment.
    pub tenant: Tenant,
    /// How much.
    pub amount: Money,
    /// Through which gateway.
    pub gateway: Gateway,
    /// The provider's reference of the first operation, once there is one.
    pub intake_reference: Option<&'a str>,
    /// Last four digits of the card, for card payments.
    pub card_last4: Option<&'a str>,
    /// The merchant's notes on the payment.
    pub metadata: &'a Metadata,
    /// How often the provider was asked about this operation before.
    pub asked: u32,
}

/// A provider.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Its name in tables and account codes; never changes.
    fn name(&self) -> &'static str;

    /// Holds money.
    async fn authorize(&self, charge: Charge<'_>) -> Answer;

    /// Takes money at once.
    async fn sale(&self, charge: Charge<'_>) -> Answer;

    /// Takes held money.
    async fn capture(&self, follow_up: FollowUp<'_>) -> Answer;

    /// Releases held money.
    async fn void(&self, follow_up: FollowUp<'_>) -> Answer;

    /// Gives taken money back.
    async fn refund(&self, follow_up: FollowUp<'_>) -> Answer;

    /// What became of an operation that was sent before.
    async fn status(&self, follow_up: FollowUp<'_>) -> Answer;

    /// What the provider would answer, if it can tell without doing it; `None` is taken for a yes.
    fn rehearse_charge(&self, _charge: &Charge<'_>) -> Option<Answer> {
        None
    }

    /// As [`Provider::rehearse_charge`], for the later operations.
    fn rehearse_follow_up(&self, _follow_up: &FollowUp<'_>) -> Option<Answer> {
        None
    }
}

/// The providers of this installation.
#[derive(Clone, Default)]
pub struct Providers {
    by_name: BTreeMap<&'static str, Arc<dyn Provider>>,
    test: Option<&'static str>,
    live: Option<&'static str>,
}

impl Providers {
    /// Adds a provider that takes the payments of `mode`.
    #[must_use]
    pub fn with(mut self, mode: Mode, provider: Arc<dyn Provider>) -> Self {
        let slot = match mode {
            Mode::Live => &mut self.live,
            Mode::Test => &mut self.test,
        };
        *slot = Some(provider.name());
        self.by_name.insert(provider.name(), provider);
        self
    }

    /// The provider for new payments of `mode`.
    ///
    /// # Errors
    /// When none is set up.
    pub(crate) fn for_mode(&self, mode: Mode) -> Result<Arc<dyn Provider>> {
        let name = match mode {
            Mode::Live => self.live,
            Mode::Test => self.test,
        };
        name.and_then(|name| self.by_name.get(name).cloned())
            .ok_or(Error::Unavailable("no payment provider is set up for this mode"))
    }

    /// The provider of an existing payment.
    ///
    /// # Errors
    /// When it is not set up any more.
    pub(crate) fn named(&self, name: &str) -> Result<Arc<dyn Provider>> {
        self.by_name
            .get(name)
            .cloned()
            .ok_or(Error::Unavailable("the payment's provider is not set up"))
    }
}

/// Waits for an answer, but not for ever: past `timeout` nobody knows.
pub(crate) async fn ask(timeout: Duration, answer: impl Future<Output = Answer> + Send) -> Answer {
    tokio::time::timeout(timeout, answer)
        .await
        .unwrap_or(Answer::Unknown)
}
