//! Setting up, changing and deleting webhook endpoints.
//!
//! Invariant: a secret stands in the payload of the command that was asked for it, and nowhere else.

use super::context::ContextExt;
use super::reading::Reading;
use super::time::DateTime;
use super::user_error::UserError;
use super::webhook_endpoint::WebhookEndpoint;
use super::webhook_endpoint_input::{
    WebhookEndpointCreateInput, WebhookEndpointDeleteInput, WebhookEndpointRevealSecretInput,
    WebhookEndpointRotateSecretInput, WebhookEndpointUpdateInput,
};
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::id::WebhookEndpointId;
use domain::webhook::{Endpoint, WebhookSecret};
use service::webhook::{self, Revealed};

/// A payload with the secrets of an endpoint.
macro_rules! secret_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject, Default)]
        pub struct $name {
            /// The endpoint; null when it was refused.
            webhook_endpoint: Option<WebhookEndpoint>,
            /// The secret in force.
            secret: Option<String>,
            /// The one that takes its place.
            next_secret: Option<String>,
            /// When it does.
            next_secret_from: Option<DateTime>,
            /// Why it was refused; empty when it was not.
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn of(ctx: &Context<'_>, result: service::Result<Revealed>) -> Result<Self> {
                match result {
                    Ok(revealed) => {
                        ctx.note_made(revealed.endpoint.id);
                        let next = revealed.next.as_ref();
                        Ok(Self {
                            secret: Some(revealed.current.reveal().to_owned()),
                            next_secret: next.map(|(secret, _)| secret.reveal().to_owned()),
                            next_secret_from: next.map(|(_, from)| DateTime(*from)),
                            webhook_endpoint: Some(WebhookEndpoint::new(revealed.endpoint, ctx.app()?.now())),
                            user_errors: Vec::new(),
                        })
                    }
                    Err(error) => Ok(Self { user_errors: ctx.refused(error)?, ..Self::default() }),
                }
            }

            fn refused(user_errors: Vec<UserError>) -> Self {
                Self { user_errors, ..Self::default() }
            }
        }
    };
}

/// A payload with an endpoint alone.
macro_rules! endpoint_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The endpoint after it; null when it was refused.
            webhook_endpoint: Option<WebhookEndpoint>,
            /// Why it was refused; empty when it was not.
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn of(ctx: &Context<'_>, result: service::Result<Endpoint>) -> Result<Self> {
                let (webhook_endpoint, user_errors) = match result {
                    Ok(endpoint) => {
                        ctx.note_made(endpoint.id);
                        (Some(WebhookEndpoint::new(endpoint, ctx.app()?.now())), Vec::new())
                    }
                    Err(error) => (None, ctx.refused(error)?),
                };
                Ok(Self { webhook_endpoint, user_errors })
            }

            fn refused(user_errors: Vec<UserError>) -> Self {
                Self { webhook_endpoint: None, user_errors }
            }
        }
    };
}

secret_payload! {
    /// What became of a new endpoint.
    WebhookEndpointCreatePayload
}

secret_payload! {
    /// The secrets of an endpoint.
    WebhookEndpointRevealSecretPayload
}

secret_payload! {
    /// What became of a new secret.
    WebhookEndpointRotateSecretPayload
}

endpoint_payload! {
    /// What became of a change to an endpoint.
    WebhookEndpointUpdatePayload
}

endpoint_payload! {
    /// What became of an endpoint that was deleted.
    WebhookEndpointDeletePayload
}

fn id(id: &async_graphql::ID) -> std::result::Result<WebhookEndpointId, Vec<UserError>> {
    let mut reading = Reading::default();
    let read = reading.id(id, "id");
    reading.finish(read)
}

/// The secrets of an endpoint that was just made.
fn revealed(created: webhook::Created) -> Revealed {
    let current: WebhookSecret = created.secret;
    Revealed {
        endpoint: created.endpoint,
        current,
        next: None,
    }
}

#[derive(Default)]
pub struct WebhookEndpointMutation;

#[Object]
impl WebhookEndpointMutation {
    /// Sets up an endpoint. It is told of everything that happens from now on. Takes the scope `webhooks:manage`, and whoever has it sees
    /// what events carry.
    async fn webhook_endpoint_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookEndpointCreateInput,
    ) -> Result<WebhookEndpointCreatePayload> {
        match input.read() {
            Ok(new) => {
                let created = webhook::create(ctx.app()?, ctx.actor()?, new).await;
                WebhookEndpointCreatePayload::of(ctx, created.map(revealed))
            }
            Err(errors) => Ok(WebhookEndpointCreatePayload::refused(errors)),
        }
    }

    /// Changes an endpoint, holds its deliveries back or lets them go. What waits keeps its body; where it goes and how it is signed follows
    /// the endpoint. Takes the scope `webhooks:manage`.
    async fn webhook_endpoint_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookEndpointUpdateInput,
    ) -> Result<WebhookEndpointUpdatePayload> {
        match input.read() {
            Ok((id, change)) => {
                let updated = webhook::update(ctx.app()?, ctx.actor()?, id, change).await;
                WebhookEndpointUpdatePayload::of(ctx, updated)
            }
            Err(errors) => Ok(WebhookEndpointUpdatePayload::refused(errors)),
        }
    }

    /// Deletes an endpoint and gives up what waits for it; the log keeps what was. Takes the scope `webhooks:manage`.
    async fn webhook_endpoint_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookEndpointDeleteInput,
    ) -> Result<WebhookEndpointDeletePayload> {
        match id(&input.id) {
            Ok(id) => {
                let deleted = webhook::delete(ctx.app()?, ctx.actor()?, id).await;
                WebhookEndpointDeletePayload::of(ctx, deleted)
            }
            Err(errors) => Ok(WebhookEndpointDeletePayload::refused(errors)),
        }
    }

    /// Shows the secrets of an endpoint. That they were asked for stands in the request log. Takes the scope `webhooks:manage`.
    async fn webhook_endpoint_reveal_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookEndpointRevealSecretInput,
    ) -> Result<WebhookEndpointRevealSecretPayload> {
        match id(&input.id) {
            Ok(id) => {
                let shown = webhook::reveal(ctx.app()?, ctx.actor()?, id).await;
                WebhookEndpointRevealSecretPayload::of(ctx, shown)
            }
            Err(errors) => Ok(WebhookEndpointRevealSecretPayload::refused(errors)),
        }
    }

    /// Gives an endpoint a new secret. While both sign, headers that hold one signature keep that of the old one; `webhook-signature` has
    /// both, and headers that end in `-Next` have the new one. Takes the scope `webhooks:manage`.
    async fn webhook_endpoint_rotate_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WebhookEndpointRotateSecretInput,
    ) -> Result<WebhookEndpointRotateSecretPayload> {
        match input.read() {
            Ok((id, secret, overlap)) => {
                let rotated = webhook::rotate(ctx.app()?, ctx.actor()?, id, secret, overlap).await;
                WebhookEndpointRotateSecretPayload::of(ctx, rotated)
            }
            Err(errors) => Ok(WebhookEndpointRotateSecretPayload::refused(errors)),
        }
    }
}
