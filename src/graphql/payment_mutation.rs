//! Money commands.

use super::context::ContextExt;
use super::payload::{
    PaymentAuthorizePayload, PaymentCapturePayload, PaymentRefundPayload, PaymentSalePayload,
    PaymentVoidPayload,
};
use super::payment_input::{
    PaymentAuthorizeInput, PaymentCaptureInput, PaymentRefundInput, PaymentSaleInput, PaymentVoidInput,
};
use async_graphql::{Context, Object, Result};
use service::payment;

#[derive(Default)]
pub struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Holds money for seven days. Refusals come back as userErrors; a decline is a payment with status FAILED.
    async fn payment_authorize(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentAuthorizeInput,
    ) -> Result<PaymentAuthorizePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match input.read(app.now()) {
            Ok(command) => {
                ctx.note_key(&command.idempotency_key);
                PaymentAuthorizePayload::of(ctx, payment::authorize(app, actor, command).await)
            }
            Err(errors) => Ok(PaymentAuthorizePayload::refused(errors)),
        }
    }

    /// Holds and takes money in one step. Refusals come back as userErrors; a decline is a payment with status FAILED.
    async fn payment_sale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentSaleInput,
    ) -> Result<PaymentSalePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match input.read(app.now()) {
            Ok(command) => {
                ctx.note_key(&command.idempotency_key);
                PaymentSalePayload::of(ctx, payment::sale(app, actor, command).await)
            }
            Err(errors) => Ok(PaymentSalePayload::refused(errors)),
        }
    }

    /// Takes money that an authorization holds. Refusals come back as userErrors; a replay of the same key gives the first
    /// answer.
    async fn payment_capture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentCaptureInput,
    ) -> Result<PaymentCapturePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match input.read() {
            Ok(command) => {
                ctx.note_key(&command.idempotency_key);
                PaymentCapturePayload::of(ctx, payment::capture(app, actor, command).await)
            }
            Err(errors) => Ok(PaymentCapturePayload::refused(errors)),
        }
    }

    /// Gives up what an authorization holds. A partly captured payment keeps what was captured and closes.
    async fn payment_void(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentVoidInput,
    ) -> Result<PaymentVoidPayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match input.read() {
            Ok(command) => {
                ctx.note_key(&command.idempotency_key);
                PaymentVoidPayload::of(ctx, payment::void(app, actor, command).await)
            }
            Err(errors) => Ok(PaymentVoidPayload::refused(errors)),
        }
    }

    /// Gives captured money back, all or part of it, in one or several refunds.
    async fn payment_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PaymentRefundInput,
    ) -> Result<PaymentRefundPayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match input.read() {
            Ok(command) => {
                ctx.note_key(&command.idempotency_key);
                PaymentRefundPayload::of(ctx, payment::refund(app, actor, command).await)
            }
            Err(errors) => Ok(PaymentRefundPayload::refused(errors)),
        }
    }
}
