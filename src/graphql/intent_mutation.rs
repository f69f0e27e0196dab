//! The commands on intents.
//!
//! Invariant: the client secret stands in the answer of the command that made the intent, and in its replays; no other answer has it.

use super::context::ContextExt;
use super::error::query_failure;
use super::intent::Intent;
use super::intent_input::{IntentCancelInput, IntentConfirmInput, IntentCreateInput};
use super::operation::Operation;
use super::payload::{Done, LedgerLine, note};
use super::payment::Payment;
use super::user_error::UserError;
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use service::intent::{self, Created};
use service::payment::{Outcome, Run};
use std::sync::Arc;

/// What became of a new intent.
#[derive(SimpleObject)]
pub struct IntentCreatePayload {
    /// The intent as it was made; null when it was refused.
    pub intent: Option<Intent>,
    /// Opens its page and lets whoever has it pay. It is shown here and in replays, and nowhere else.
    pub client_secret: Option<String>,
    /// The address of its page, with the client secret: send the payer there.
    pub checkout_url: Option<String>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    pub idempotent_replay: bool,
}

impl IntentCreatePayload {
    const fn refused(user_errors: Vec<UserError>) -> Self {
        Self {
            intent: None,
            client_secret: None,
            checkout_url: None,
            user_errors,
            idempotent_replay: false,
        }
    }

    fn made(ctx: &Context<'_>, created: Created) -> Result<Self> {
        let id = created.intent.id;
        ctx.note_made(id);
        let pages = ctx.pages()?;
        let now = as_of(created.run, created.intent.updated_at, ctx.app()?.now());
        Ok(Self {
            checkout_url: created
                .client_secret
                .as_deref()
                .map(|secret| pages.checkout(id, secret)),
            intent: Some(Intent::new(Arc::new(created.intent), now)),
            client_secret: created.client_secret,
            user_errors: Vec::new(),
            idempotent_replay: created.run == Run::Replayed,
        })
    }
}

/// What became of an attempt at an intent.
#[derive(SimpleObject)]
pub struct IntentConfirmPayload {
    /// The intent after the attempt; null when it was refused.
    pub intent: Option<Intent>,
    /// The payment that the attempt made; null when it was refused.
    pub payment: Option<Payment>,
    /// The operation that was sent; null when it was refused.
    pub operation: Option<Operation>,
    /// What the attempt has written into the books by now.
    pub ledger_lines: Vec<LedgerLine>,
    /// Why it was refused; empty when it was not. A decline is no refusal: it is a payment with a failure, and an intent with
    /// `lastDecline`.
    pub user_errors: Vec<UserError>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    pub idempotent_replay: bool,
}

impl IntentConfirmPayload {
    fn new(intent: Option<Intent>, done: Done) -> Self {
        Self {
            intent,
            payment: done.payment,
            operation: done.operation,
            ledger_lines: done.ledger_lines,
            user_errors: done.user_errors,
            idempotent_replay: done.run == Some(Run::Replayed),
        }
    }

    fn refused(user_errors: Vec<UserError>) -> Self {
        Self::new(None, Done::refused(user_errors))
    }

    async fn done(ctx: &Context<'_>, mut outcome: Outcome) -> Result<Self> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let now = app.now();
        let intent = match (outcome.answer.intent.take(), outcome.answer.payment.intent) {
            (Some(intent), _) => Some(*intent),
            // An answer that was looked for again and is still unknown has no intent beside it.
            (None, Some(id)) if may_read(actor) => {
                intent::get(app, actor, id).await.map_err(query_failure)?
            }
            (None, _) => None,
        };
        if let Some(intent) = &intent {
            ctx.note_made(intent.id);
        }
        note(ctx, &outcome);
        let intent = intent.map(|intent| {
            let now = as_of(outcome.run, intent.updated_at, now);
            Intent::new(Arc::new(intent), now)
        });
        Ok(Self::new(intent, Done::of(outcome, now)))
    }
}

fn may_read(actor: &Actor) -> bool {
    actor.may(Scope::PaymentsRead).is_ok()
}

/// The first answer stays: what has run out since was still open in it.
fn as_of(run: Run, then: Timestamp, now: Timestamp) -> Timestamp {
    match run {
        Run::Replayed => then,
        Run::Done | Run::Simulated => now,
    }
}

/// What became of a cancellation.
#[derive(SimpleObject)]
pub struct IntentCancelPayload {
    /// The intent after it; null when it was refused.
    pub intent: Option<Intent>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

impl IntentCancelPayload {
    const fn refused(user_errors: Vec<UserError>) -> Self {
        Self {
            intent: None,
            user_errors,
        }
    }
}

#[derive(Default)]
pub struct IntentMutation;

#[Object]
impl IntentMutation {
    /// Makes an intent with a page on which it is paid. Takes the scope `payments:create`.
    async fn intent_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: IntentCreateInput,
    ) -> Result<IntentCreatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let new = match input.read() {
            Ok(new) => new,
            Err(errors) => return Ok(IntentCreatePayload::refused(errors)),
        };
        ctx.note_key(&new.idempotency_key);
        match intent::create(app, actor, new).await {
            Ok(created) => IntentCreatePayload::made(ctx, created),
            Err(error) => Ok(IntentCreatePayload::refused(ctx.refused(error)?)),
        }
    }

    /// Tries to pay an intent. Each attempt is a payment; a decline is a payment with status FAILED, after which another attempt may
    /// be made, five in all. Takes the scope `payments:create`.
    async fn intent_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: IntentConfirmInput,
    ) -> Result<IntentConfirmPayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let attempt = match input.read(app.now()) {
            Ok(attempt) => attempt,
            Err(errors) => return Ok(IntentConfirmPayload::refused(errors)),
        };
        ctx.note_key(&attempt.key);
        match intent::confirm(app, actor, attempt.intent, attempt.key, attempt.with).await {
            Ok(outcome) => IntentConfirmPayload::done(ctx, outcome).await,
            Err(error) => Ok(IntentConfirmPayload::refused(ctx.refused(error)?)),
        }
    }

    /// Gives an intent up, so that nobody can pay it any more. Doing it twice does it once. Takes the scope `payments:create`.
    async fn intent_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: IntentCancelInput,
    ) -> Result<IntentCancelPayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let id = match input.read() {
            Ok(id) => id,
            Err(errors) => return Ok(IntentCancelPayload::refused(errors)),
        };
        match intent::cancel(app, actor, id).await {
            Ok(intent) => {
                ctx.note_made(intent.id);
                Ok(IntentCancelPayload {
                    intent: Some(Intent::new(Arc::new(intent), app.now())),
                    user_errors: Vec::new(),
                })
            }
            Err(error) => Ok(IntentCancelPayload::refused(ctx.refused(error)?)),
        }
    }
}
