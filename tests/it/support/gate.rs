//! A provider that lets the test decide when it answers.

use super::wait::until;
use async_trait::async_trait;
use domain::provider::Answer;
use service::provider::{Charge, FollowUp, Provider};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tahsil::provider::Sandbox;
use tokio::sync::Barrier;

/// Longest wait for others.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is held back at a [`Gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Authorizations and sales.
    Charges,
    /// Captures, voids and refunds.
    FollowUps,
    /// Questions about what became of an operation.
    Questions,
}

/// The sandbox behind a gate. Calls of one kind wait there until so many have arrived, so that they are all in flight at once.
///
/// Use it with a patient application, or the wait counts as a lost answer.
pub struct Gate {
    holds: Held,
    opens: Barrier,
    reached: AtomicUsize,
}

impl Gate {
    /// A gate that opens each time that `callers` have arrived.
    pub fn new(holds: Held, callers: usize) -> Self {
        Self {
            holds,
            opens: Barrier::new(callers),
            reached: AtomicUsize::new(0),
        }
    }

    /// Waits until a call has come to the gate: it is at the provider then, and no longer on its way.
    pub async fn reached(&self) {
        until("a call is at the provider", async || {
            self.reached.load(Ordering::SeqCst) > 0
        })
        .await;
    }

    /// Arrives at the gate as one of the callers. Who waits for others in vain says so, rather than for ever.
    pub async fn arrive(&self) {
        let others = tokio::time::timeout(PATIENCE, self.opens.wait()).await;
        assert!(others.is_ok(), "nobody else came to the gate");
    }

    async fn pass(&self, held: Held) {
        if self.holds == held {
            self.reached.fetch_add(1, Ordering::SeqCst);
            self.arrive().await;
        }
    }
}

#[async_trait]
impl Provider for Gate {
    fn name(&self) -> &'static str {
        Sandbox::NAME
    }

    async fn authorize(&self, charge: Charge<'_>) -> Answer {
        self.pass(Held::Charges).await;
        Sandbox.authorize(charge).await
    }

    async fn sale(&self, charge: Charge<'_>) -> Answer {
        self.pass(Held::Charges).await;
        Sandbox.sale(charge).await
    }

    async fn capture(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass(Held::FollowUps).await;
        Sandbox.capture(follow_up).await
    }

    async fn void(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass(Held::FollowUps).await;
        Sandbox.void(follow_up).await
    }

    async fn refund(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass(Held::FollowUps).await;
        Sandbox.refund(follow_up).await
    }

    async fn status(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass(Held::Questions).await;
        Sandbox.status(follow_up).await
    }
}
