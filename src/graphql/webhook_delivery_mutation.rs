//! Sending webhooks again, and trying endpoints out.

use super::context::ContextExt;
use super::event::EventType;
use super::reading::Reading;
use super::user_error::UserError;
use super::webhook_delivery::WebhookDelivery;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::webhook::Delivery;
use service::webhook;

/// Send a delivery again.
#[derive(InputObject)]
pub struct WebhookDeliveryReplayInput {
    /// The delivery, `whd_…`.
    pub id: ID,
}

/// Try an endpoint out.
#[derive(InputObject)]
pub struct WebhookEndpointTestInput {
    /// The endpoint, `whend_…`.
    pub id: ID,
    /// Of which event an example is sent.
    pub event_type: EventType,
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The new delivery; null when it was refused. Ask for it again to see what became of it.
            webhook_delivery: Option<WebhookDelivery>,
            /// Why it was refused; empty when it was not.
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn of(ctx: &Context<'_>, result: service::Result<Delivery>) -> Result<Self> {
                let (webhook_delivery, user_errors) = match result {
                    Ok(delivery) => {
                        ctx.note_made(delivery.id);
                        (Some(WebhookDelivery::new(delivery, ctx.app()?.now())), Vec::new())
                    }
                    Err(error) => (None, ctx.refused(error)?),
                };
                Ok(Self { webhook_delivery, user_errors })
            }

            fn refused(user_errors: Vec<UserError>) -> Self {
                Self { webhook_delivery: None, user_errors }
            }
        }
    };
}

payload! {
    /// What became of a replay.
    WebhookDeliveryReplayPayload
}

payload! {
    /// What became of a test.
    WebhookEndpointTestPayload
}

#[derive(Default)]
pub struct WebhookDeliveryMutation;

#[Object]
impl WebhookDeliveryMutation {
    /// Sends a delivery again, whatever became of it: the same bytes and the same `webhook-id`, a new signature and a new request UUID. Takes
    /// the scope `webhooks:manage`.
    async fn webhook_delivery_replay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookDeliveryReplayInput,
    ) -> Result<WebhookDeliveryReplayPayload> {
        let mut reading = Reading::default();
        let id = reading.id(&input.id, "id");
        match reading.finish(id) {
            Ok(id) => {
                let again = webhook::replay(ctx.app()?, ctx.actor()?, id).await;
                WebhookDeliveryReplayPayload::of(ctx, again)
            }
            Err(errors) => Ok(WebhookDeliveryReplayPayload::refused(errors)),
        }
    }

    /// Sends an example of an event to an endpoint, once: made-up data in the form and with the signatures of real ones, and
    /// `X-Webhook-Cause: test`. Takes the scope `webhooks:manage`.
    async fn webhook_endpoint_test(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookEndpointTestInput,
    ) -> Result<WebhookEndpointTestPayload> {
        let mut reading = Reading::default();
        let id = reading.id(&input.id, "id");
        match reading.finish(id) {
            Ok(id) => {
                let sent = webhook::test(ctx.app()?, ctx.actor()?, id, input.event_type.into()).await;
                WebhookEndpointTestPayload::of(ctx, sent)
            }
            Err(errors) => Ok(WebhookEndpointTestPayload::refused(errors)),
        }
    }
}
