//! Any object by its id.

use super::api_request::ApiRequest;
use super::card::Card;
use super::context::ContextExt;
use super::credential::Credential;
use super::error::{Code, failure, query_failure};
use super::event::Event;
use super::intent::Intent;
use super::load::Related;
use super::merchant::Merchant;
use super::operation::Operation;
use super::payment::{self, Payment};
use super::payment_link::PaymentLink;
use super::promo_code::PromoCode;
use super::refund::Refund;
use super::webhook_delivery::{WebhookAttempt, WebhookDelivery};
use super::webhook_endpoint::WebhookEndpoint;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Interface, Object, Result};
use domain::actor::Actor;
use domain::event::Subject;
use domain::id::{
    CardId, CredentialId, EventId, IntentId, MerchantId, OperationId, PaymentId, PaymentLinkId, PromoCodeId,
    RefundId, RequestId, WebhookAttemptId, WebhookDeliveryId, WebhookEndpointId,
};
use service::credential::Manager;
use std::collections::HashMap;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::Arc;

/// Most ids that one question names.
const MAX_IDS: usize = 100;

/// An object with an id of its own. The id says its kind and is the same string in webhooks, files and logs.
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id: a prefix and 26 characters."))]
pub enum Node {
    /// A merchant.
    Merchant(Merchant),
    /// A payment.
    Payment(Payment),
    /// An operation.
    Operation(Operation),
    /// A refund.
    Refund(Refund),
    /// A card.
    Card(Card),
    /// A credential.
    Credential(Credential),
    /// A request of the log.
    ApiRequest(ApiRequest),
    /// An intent.
    Intent(Intent),
    /// A payment link.
    PaymentLink(PaymentLink),
    /// A promo code.
    PromoCode(PromoCode),
    /// An event.
    Event(Event),
    /// A webhook endpoint.
    WebhookEndpoint(WebhookEndpoint),
    /// A webhook delivery.
    WebhookDelivery(WebhookDelivery),
    /// A webhook attempt.
    WebhookAttempt(WebhookAttempt),
}

#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object by this id; null when there is none here.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of any object.")] id: ID,
    ) -> Result<Option<Node>> {
        Ok(find(ctx, vec![id]).await?.into_iter().flatten().next())
    }

    /// The objects by these ids, in the order of the ids; null where there is none here.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of any objects, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MAX_IDS {
            return Err(failure(
                Code::BadUserInput,
                format!("ids takes at most {MAX_IDS} values"),
            ));
        }
        find(ctx, ids).await
    }
}

/// The object that an event is about, as it is now.
pub async fn related(ctx: &Context<'_>, kind: Subject, id: &str) -> Result<Option<Node>> {
    let now = ctx.app()?.now();
    match kind {
        Subject::Payment => Ok(one::<PaymentId, _>(ctx, id)
            .await?
            .map(|payment| Node::Payment(Payment::new(Arc::new(payment), now)))),
        Subject::Intent => Ok(one::<IntentId, _>(ctx, id)
            .await?
            .map(|intent| Node::Intent(Intent::new(Arc::new(intent), now)))),
        Subject::Refund => Ok(one::<RefundId, _>(ctx, id)
            .await?
            .map(|refund| Node::Refund(Refund::new(refund, None)))),
        Subject::PaymentLink => Ok(one::<PaymentLinkId, _>(ctx, id)
            .await?
            .map(|link| Node::PaymentLink(PaymentLink::new(link, now)))),
        Subject::PromoCode => Ok(one::<PromoCodeId, _>(ctx, id)
            .await?
            .map(|code| Node::PromoCode(code.into()))),
        Subject::Credential => Ok(one::<CredentialId, _>(ctx, id)
            .await?
            .map(|credential| Node::Credential(Credential::new(credential, now)))),
        Subject::Merchant => Ok(match ctx.actor()? {
            Actor::Merchant(own) if own.tenant.merchant.to_string() == id => Some(Node::Merchant(
                Merchant::new(&own.merchant, Some(own.tenant.mode)),
            )),
            _ => None,
        }),
    }
}

/// One object, together with the others that are asked for at the same time.
async fn one<K, V>(ctx: &Context<'_>, id: &str) -> Result<Option<V>>
where
    K: FromStr + Send + Sync + Hash + Eq + Clone + 'static,
    Related: Loader<K, Value = V, Error = Arc<service::Error>>,
    V: Send + Sync + Clone + 'static,
{
    match id.parse::<K>() {
        Ok(id) => ctx.loaders()?.load_one(id).await.map_err(payment::shared),
        Err(_) => Ok(None),
    }
}

/// The payment that an event is about, itself or through a refund.
pub async fn payment_of(ctx: &Context<'_>, event: &service::event::Event) -> Result<Option<Payment>> {
    match event.payment() {
        Some(id) => payment::related(ctx, id, None).await,
        None => Ok(None),
    }
}

/// Finds all objects of one kind in one statement.
async fn find(ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>> {
    let (app, actor) = (ctx.app()?, ctx.actor()?);
    let mut found: HashMap<String, Node> = HashMap::new();

    let payments: Vec<PaymentId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !payments.is_empty() {
        let relations = payment::relations(&[ctx.look_ahead()], false);
        let now = app.now();
        for whole in service::payment::get_many_whole(app, actor, &payments, relations)
            .await
            .map_err(query_failure)?
        {
            let payment = Payment::whole(whole, now);
            found.insert(payment.key(), Node::Payment(payment));
        }
    }
    let operations: Vec<OperationId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !operations.is_empty() {
        for operation in service::operation::get_many(app, actor, &operations)
            .await
            .map_err(query_failure)?
        {
            found.insert(
                operation.id.to_string(),
                Node::Operation(Operation::new(operation, None)),
            );
        }
    }
    let refunds: Vec<RefundId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !refunds.is_empty() {
        for refund in service::refund::get_many(app, actor, &refunds)
            .await
            .map_err(query_failure)?
        {
            found.insert(refund.id.to_string(), Node::Refund(Refund::new(refund, None)));
        }
    }
    let cards: Vec<CardId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !cards.is_empty() {
        for card in service::card::get_many(app, actor, &cards)
            .await
            .map_err(query_failure)?
        {
            found.insert(card.id.to_string(), Node::Card(card.into()));
        }
    }
    let credentials: Vec<CredentialId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !credentials.is_empty() {
        let now = app.now();
        for credential in service::credential::get_many(app, Manager::Actor(actor), &credentials)
            .await
            .map_err(query_failure)?
        {
            found.insert(
                credential.id.to_string(),
                Node::Credential(Credential::new(credential, now)),
            );
        }
    }
    let requests: Vec<RequestId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !requests.is_empty() {
        for request in service::api_request::get_many(app, actor, &requests)
            .await
            .map_err(query_failure)?
        {
            found.insert(request.id.to_string(), Node::ApiRequest(request.into()));
        }
    }
    checkout(ctx, &ids, &mut found).await?;
    webhooks(ctx, &ids, &mut found).await?;
    let events: Vec<EventId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !events.is_empty() {
        for event in service::event::get_many(app, actor, &events)
            .await
            .map_err(query_failure)?
        {
            let id = event.id.to_string();
            if let Some(event) = Event::new(Arc::new(event)) {
                found.insert(id, Node::Event(event));
            }
        }
    }
    if let Actor::Merchant(own) = actor {
        let asked = ids
            .iter()
            .any(|id| id.parse::<MerchantId>() == Ok(own.tenant.merchant));
        if asked {
            let merchant = Merchant::new(&own.merchant, Some(own.tenant.mode));
            found.insert(own.tenant.merchant.to_string(), Node::Merchant(merchant));
        }
    }
    Ok(ids.iter().map(|id| found.get(id.as_str()).cloned()).collect())
}

/// Webhook endpoints, deliveries and attempts.
async fn webhooks(ctx: &Context<'_>, ids: &[ID], found: &mut HashMap<String, Node>) -> Result<()> {
    let (app, actor) = (ctx.app()?, ctx.actor()?);
    let now = app.now();
    let endpoints: Vec<WebhookEndpointId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !endpoints.is_empty() {
        for endpoint in service::webhook::get_many(app, actor, &endpoints)
            .await
            .map_err(query_failure)?
        {
            let id = endpoint.id.to_string();
            found.insert(id, Node::WebhookEndpoint(WebhookEndpoint::new(endpoint, now)));
        }
    }
    let deliveries: Vec<WebhookDeliveryId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !deliveries.is_empty() {
        for delivery in service::webhook::deliveries_by_id(app, actor, &deliveries)
            .await
            .map_err(query_failure)?
        {
            let id = delivery.id.to_string();
            found.insert(id, Node::WebhookDelivery(WebhookDelivery::new(delivery, now)));
        }
    }
    let attempts: Vec<WebhookAttemptId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !attempts.is_empty() {
        for attempt in service::webhook::attempts_by_id(app, actor, &attempts)
            .await
            .map_err(query_failure)?
        {
            found.insert(attempt.id.to_string(), Node::WebhookAttempt(attempt.into()));
        }
    }
    Ok(())
}

/// Intents, payment links and promo codes.
async fn checkout(ctx: &Context<'_>, ids: &[ID], found: &mut HashMap<String, Node>) -> Result<()> {
    let (app, actor) = (ctx.app()?, ctx.actor()?);
    let now = app.now();
    let intents: Vec<IntentId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !intents.is_empty() {
        for intent in service::intent::get_many(app, actor, &intents)
            .await
            .map_err(query_failure)?
        {
            let id = intent.id.to_string();
            found.insert(id, Node::Intent(Intent::new(Arc::new(intent), now)));
        }
    }
    let links: Vec<PaymentLinkId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !links.is_empty() {
        for link in service::payment_link::get_many(app, actor, &links)
            .await
            .map_err(query_failure)?
        {
            let id = link.id.to_string();
            found.insert(id, Node::PaymentLink(PaymentLink::new(link, now)));
        }
    }
    let codes: Vec<PromoCodeId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if !codes.is_empty() {
        for code in service::promo_code::get_many(app, actor, &codes)
            .await
            .map_err(query_failure)?
        {
            found.insert(code.id.to_string(), Node::PromoCode(code.into()));
        }
    }
    Ok(())
}
