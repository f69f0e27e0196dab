//! Loading related objects in batches.
//!
//! Invariant: however many objects of a page ask for their relations, each relation costs one statement. A page that knows from its
//! selection what will be asked for puts it into the objects beforehand; whatever is asked for beyond that meets in a loader.

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use domain::actor::Actor;
use domain::card::Card;
use domain::credential::SigningKey;
use domain::id::{CardId, CredentialId, IntentId, PaymentId, PaymentLinkId};
use domain::intent::Intent;
use domain::operation::Operation;
use domain::payment::Payment;
use domain::payment_link::PaymentLink;
use domain::refund::Refund;
use service::{App, Error};
use std::collections::HashMap;
use std::hash::Hash;
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
