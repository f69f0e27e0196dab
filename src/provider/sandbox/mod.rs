//! A provider that moves no money: test cards, wallets, and faults on demand.
//!
//! Invariant: it is stateless. An answer depends only on what the sandbox is told (gateway, card, amount, currency, kind, faults in
//! the metadata), never on ids, on the time or on what was asked before, so a rehearsal, the real call and a question months
//! later agree. A real provider keeps its memory when our process is killed; a sandbox that remembered payments in our process
//! would forget them with it, and every test of crash recovery would test the sandbox. What it cannot know in exchange is
//! whether an operation ever arrived: asked about one, it answers as if it had, unless the fault says otherwise.
//!
//! The one thing made from an id is the provider reference, which has to be unique. For developers of merchants: docs/sandbox.md.

mod cards;
mod fault;
mod request;
#[cfg(test)]
mod tests;

pub use cards::{CARDS, TestCard, Verdict, verdict};
pub use fault::{Fault, fault_key};

use async_trait::async_trait;
use domain::operation::OperationKind;
use domain::provider::Answer;
use request::Request;
use service::provider::{Charge, FollowUp, Provider};

/// The sandbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sandbox;

impl Sandbox {
    /// Its name in tables and account codes.
    pub const NAME: &'static str = "sandbox";
}

#[async_trait]
impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn authorize(&self, charge: Charge<'_>) -> Answer {
        reply(&Request::charge(&charge, OperationKind::Authorize)).await
    }

    async fn sale(&self, charge: Charge<'_>) -> Answer {
        reply(&Request::charge(&charge, OperationKind::Sale)).await
    }

    async fn capture(&self, follow_up: FollowUp<'_>) -> Answer {
        reply(&Request::follow_up(&follow_up)).await
    }

    async fn void(&self, follow_up: FollowUp<'_>) -> Answer {
        reply(&Request::follow_up(&follow_up)).await
    }

    async fn refund(&self, follow_up: FollowUp<'_>) -> Answer {
        reply(&Request::follow_up(&follow_up)).await
    }

    async fn status(&self, follow_up: FollowUp<'_>) -> Answer {
        Request::follow_up(&follow_up).status(follow_up.asked)
    }

    fn rehearse_charge(&self, charge: &Charge<'_>) -> Option<Answer> {
        // Authorize and sale differ for wallets only, and a hold on a wallet is refused before anybody asks us.
        Some(rehearsed(&Request::charge(charge, OperationKind::Sale)))
    }

    fn rehearse_follow_up(&self, follow_up: &FollowUp<'_>) -> Option<Answer> {
        Some(rehearsed(&Request::follow_up(follow_up)))
    }
}

/// Answers, or stays silent until the caller loses patience.
async fn reply(request: &Request<'_>) -> Answer {
    match request.sent() {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

/// What the caller of [`reply`] will know in the end; silence ends as a lost answer.
fn rehearsed(request: &Request<'_>) -> Answer {
    request.sent().unwrap_or(Answer::Unknown)
}
