//! A provider that holds its answers back until the test lets them go.

use async_trait::async_trait;
use domain::provider::Answer;
use service::provider::{Charge, FollowUp, Provider};
use std::sync::Arc;
use tahsil::provider::Sandbox;
use tokio::sync::Notify;

/// The sandbox behind a gate.
#[derive(Default)]
pub struct Gate {
    asked: Notify,
    open: Notify,
}

impl Gate {
    /// A closed gate.
    pub fn closed() -> Arc<Self> {
        Arc::default()
    }

    /// Waits until a request stands before the gate.
    pub async fn somebody_waits(&self) {
        self.asked.notified().await;
    }

    /// Lets one request through: the one that waits, or the next.
    pub fn let_one_through(&self) {
        self.open.notify_one();
    }

    async fn pass(&self) {
        self.asked.notify_one();
        self.open.notified().await;
    }
}

#[async_trait]
impl Provider for Gate {
    fn name(&self) -> &'static str {
        Sandbox::NAME
    }

    async fn authorize(&self, charge: Charge<'_>) -> Answer {
        self.pass().await;
        Sandbox.authorize(charge).await
    }

    async fn sale(&self, charge: Charge<'_>) -> Answer {
        self.pass().await;
        Sandbox.sale(charge).await
    }

    async fn capture(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass().await;
        Sandbox.capture(follow_up).await
    }

    async fn void(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass().await;
        Sandbox.void(follow_up).await
    }

    async fn refund(&self, follow_up: FollowUp<'_>) -> Answer {
        self.pass().await;
        Sandbox.refund(follow_up).await
    }

    async fn status(&self, follow_up: FollowUp<'_>) -> Answer {
        Sandbox.status(follow_up).await
    }

    fn rehearse_charge(&self, charge: &Charge<'_>) -> Option<Answer> {
        Sandbox.rehearse_charge(charge)
    }

    fn rehearse_follow_up(&self, follow_up: &FollowUp<'_>) -> Option<Answer> {
        Sandbox.rehearse_follow_up(follow_up)
    }
}
