//! Loading related objects in batches.
//!
//! Invariant: however many objects of a page ask for their relations, each relation costs one statement. A page that knows from its
//! selection what will be asked for puts it into the objects beforehand; whatever is asked for beyond that meets in a loader.

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use domain::actor::Actor;
use domain::api_version::ApiVersion;
use domain::card::Card;
use domain::credential::{Credential, SigningKey};
use domain::id::{
    CardId, CredentialId, IntentId, PaymentId, PaymentLinkId, PromoCodeId, RefundId, WebhookDeliveryId,
};
use domain::intent::Intent;
use domain::operation::Operation;
use domain::payment::Payment;
use domain::payment_link::PaymentLink;
use domain::promo_code::PromoCode;
use domain::refund::Refund;
use domain::webhook::{Attempt, Delivery};
use service::credential::Manager;
use service::event::Event;
use service::webhook::StoredBody;
use service::{App, Error};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The loaders of one request.
pub type Loaders = DataLoader<Related>;

/// What the loaders load from: one installation, seen by one actor.
pub struct Related {
    app: App,
    actor: Actor,
}

/// New loaders for a request of `actor`.
pub fn loaders(app: App, actor: Actor) -> Loaders {
    DataLoader::new(
        Related { app, actor },
        TokioSpawner::current(),
        TokioTimer::default(),
    )
}

/// Key: the operations of this payment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationsOf(pub PaymentId);

/// Key: the refunds of this payment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefundsOf(pub PaymentId);

/// Key: the payments that were tried for this intent.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptsOf(pub IntentId);

/// Key: the signing keys of this credential.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SigningKeysOf(pub CredentialId);

/// Key: the attempts of this webhook delivery.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptsOfDelivery(pub WebhookDeliveryId);

/// Key: what this webhook delivery sends.
#[derive(Clone)]
pub struct BodyOf(pub Arc<Delivery>);

impl PartialEq for BodyOf {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for BodyOf {}

impl Hash for BodyOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// Key: what this event carries, as a version shows it.
#[derive(Clone)]
pub struct PayloadOf {
    /// The event.
    pub event: Arc<Event>,
    /// The version.
    pub version: ApiVersion,
}

impl PartialEq for PayloadOf {
    fn eq(&self, other: &Self) -> bool {
        (self.event.id, self.version) == (other.event.id, other.version)
    }
}

impl Eq for PayloadOf {}

impl Hash for PayloadOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.event.id, self.version).hash(state);
    }
}

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

/// Sorts rows under their keys; a key without rows has an empty list.
pub fn grouped<K: Copy + Eq + Hash, T>(
    keys: &[K],
    rows: Vec<T>,
    key: impl Fn(&T) -> K,
) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = keys.iter().map(|key| (*key, Vec::new())).collect();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

impl Loader<OperationsOf> for Related {
    type Value = Vec<Operation>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[OperationsOf]) -> Loaded<OperationsOf, Vec<Operation>> {
        let payments: Vec<PaymentId> = keys.iter().map(|key| key.0).collect();
        let rows = service::operation::of_payments(&self.app, &self.actor, &payments)
            .await
            .map_err(Arc::new)?;
        Ok(grouped(keys, rows, |operation| OperationsOf(operation.payment)))
    }
}

impl Loader<RefundsOf> for Related {
    type Value = Vec<Refund>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[RefundsOf]) -> Loaded<RefundsOf, Vec<Refund>> {
        let payments: Vec<PaymentId> = keys.iter().map(|key| key.0).collect();
        let rows = service::refund::of_payments(&self.app, &self.actor, &payments)
            .await
            .map_err(Arc::new)?;
        Ok(grouped(keys, rows, |refund| RefundsOf(refund.payment)))
    }
}

impl Loader<SigningKeysOf> for Related {
    type Value = Vec<SigningKey>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SigningKeysOf]) -> Loaded<SigningKeysOf, Vec<SigningKey>> {
        let ids: Vec<CredentialId> = keys.iter().map(|key| key.0).collect();
        let found = service::credential::signing_keys(&self.app, &self.actor, &ids)
            .await
            .map_err(Arc::new)?;
        Ok(found
            .into_iter()
            .map(|(id, keys)| (SigningKeysOf(id), keys))
            .collect())
    }
}

impl Loader<AttemptsOfDelivery> for Related {
    type Value = Vec<Attempt>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[AttemptsOfDelivery]) -> Loaded<AttemptsOfDelivery, Vec<Attempt>> {
        let ids: Vec<WebhookDeliveryId> = keys.iter().map(|key| key.0).collect();
        let rows = service::webhook::attempts_of(&self.app, &self.actor, &ids)
            .await
            .map_err(Arc::new)?;
        Ok(grouped(keys, rows, |attempt| {
            AttemptsOfDelivery(attempt.delivery)
        }))
    }
}

impl Loader<BodyOf> for Related {
    type Value = StoredBody;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[BodyOf]) -> Loaded<BodyOf, StoredBody> {
        let deliveries: Vec<Delivery> = keys.iter().map(|key| key.0.as_ref().clone()).collect();
        let bodies = service::webhook::bodies(&self.app, &deliveries)
            .await
            .map_err(Arc::new)?;
        let body = |key: &BodyOf| Some((key.clone(), bodies.get(&key.0.key)?.clone()));
        Ok(keys.iter().filter_map(body).collect())
    }
}

impl Loader<CardId> for Related {
    type Value = Card;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CardId]) -> Loaded<CardId, Card> {
        let cards = service::card::get_many(&self.app, &self.actor, keys)
            .await
            .map_err(Arc::new)?;
        Ok(cards.into_iter().map(|card| (card.id, card)).collect())
    }
}

impl Loader<PaymentId> for Related {
    type Value = Payment;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PaymentId]) -> Loaded<PaymentId, Payment> {
        let payments = service::payment::get_many(&self.app, &self.actor, keys)
            .await
            .map_err(Arc::new)?;
        Ok(payments
            .into_iter()
            .map(|payment| (payment.id, payment))
            .collect())
    }
}

impl Loader<IntentId> for Related {
    type Value = Intent;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[IntentId]) -> Loaded<IntentId, Intent> {
        let intents = service::intent::get_many(&self.app, &self.actor, keys)
            .await
            .map_err(Arc::new)?;
        Ok(intents.into_iter().map(|intent| (intent.id, intent)).collect())
    }
}

impl Loader<AttemptsOf> for Related {
    type Value = Vec<Payment>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[AttemptsOf]) -> Loaded<AttemptsOf, Vec<Payment>> {
        let intents: Vec<IntentId> = keys.iter().map(|key| key.0).collect();
        let rows = service::intent::attempts_of(&self.app, &self.actor, &intents)
            .await
            .map_err(Arc::new)?;
        let mut groups: HashMap<AttemptsOf, Vec<Payment>> =
            keys.iter().map(|key| (*key, Vec::new())).collect();
        for payment in rows {
            if let Some(intent) = payment.intent {
                groups.entry(AttemptsOf(intent)).or_default().push(payment);
            }
        }
        Ok(groups)
    }
}

impl Loader<PaymentLinkId> for Related {
    type Value = PaymentLink;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PaymentLinkId]) -> Loaded<PaymentLinkId, PaymentLink> {
        let links = service::payment_link::get_many(&self.app, &self.actor, keys)
            .await
            .map_err(Arc::new)?;
        Ok(links.into_iter().map(|link| (link.id, link)).collect())
    }
}

impl Loader<RefundId> for Related {
    type Value = Refund;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[RefundId]) -> Loaded<RefundId, Refund> {
        let refunds = service::refund::get_many(&self.app, &self.actor, keys)
            .await
            .map_err(Arc::new)?;
        Ok(refunds.into_iter().map(|refund| (refund.id, refund)).collect())
    }
}

impl Loader<PromoCodeId> for Related {
    type Value = PromoCode;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PromoCodeId]) -> Loaded<PromoCodeId, PromoCode> {
        let codes = service::promo_code::get_many(&self.app, &self.actor, keys)
            .await
            .map_err(Arc::new)?;
        Ok(codes.into_iter().map(|code| (code.id, code)).collect())
    }
}

impl Loader<CredentialId> for Related {
    type Value = Credential;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CredentialId]) -> Loaded<CredentialId, Credential> {
        let credentials = service::credential::get_many(&self.app, Manager::Actor(&self.actor), keys)
            .await
            .map_err(Arc::new)?;
        Ok(credentials.into_iter().map(|key| (key.id, key)).collect())
    }
}

impl Loader<PayloadOf> for Related {
    type Value = serde_json::Value;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PayloadOf]) -> Loaded<PayloadOf, serde_json::Value> {
        let mut found = HashMap::new();
        // A request is answered by one version.
        for version in ApiVersion::ALL {
            let of_it: Vec<&PayloadOf> = keys.iter().filter(|key| key.version == version).collect();
            if of_it.is_empty() {
                continue;
            }
            let events: Vec<Arc<Event>> = of_it.iter().map(|key| Arc::clone(&key.event)).collect();
            let rendered = service::event::render(&self.app, &events, version).await;
            let rendered = rendered.map_err(Arc::new)?;
            found.extend(of_it.into_iter().cloned().zip(rendered));
        }
        Ok(found)
    }
}
