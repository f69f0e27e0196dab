//! Keys that were read a moment ago.
//!
//! Invariant: what a key is and may do is believed without asking the database for one second at most, and not at all after this
//! node changed it; its secret or signature is checked each time. Only keys that exist are remembered, so that a stranger cannot
//! fill the memory. See `docs/decisions/0005-keys-remembered.md`.

use crate::{App, Result};
use domain::Timestamp;
use domain::actor::{Actor, MerchantActor};
use domain::api_version::ApiVersion;
use domain::credential::{Credential, KeyKind, Operator, SecretHash, SigningKey};
use domain::id::MerchantId;
use domain::merchant::Merchant;
use entity::{credential, merchant, operator, signing_key};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, Select};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OnceCell, watch};

/// How long a key is believed.
const REMEMBERED: chrono::Duration = chrono::Duration::seconds(1);
/// Most keys; beyond, those that are no longer believed are forgotten, and then all.
const MOST: usize = 10_000;

/// A key as the database had it.
#[derive(Debug)]
pub struct KnownKey {
    /// Whose key it is.
    pub holder: Holder,
    hash: SecretHash,
    previous: Option<(SecretHash, Timestamp)>,
    signing_keys: OnceCell<Vec<SigningKey>>,
    read_at: Timestamp,
}

/// Whose key it is.
#[derive(Debug)]
pub enum Holder {
    /// A merchant's credential.
    Credential(Box<Credential>, Arc<Merchant>),
    /// An operator.
    Operator(Operator),
}

impl Holder {
    /// Who asks with this key.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Credential(credential, merchant) => Actor::Merchant(MerchantActor {
                credential: credential.id,
                tenant: credential.tenant,
                scopes: credential.scopes,
                merchant: Arc::clone(merchant),
            }),
            Self::Operator(operator) => Actor::Operator(operator.id),
        }
    }

    /// By which version it is answered unless it names one.
    pub fn api_version(&self) -> ApiVersion {
        match self {
            Self::Credential(credential, _) => credential.api_version,
            Self::Operator(_) => ApiVersion::NEWEST,
        }
    }
}

impl KnownKey {
    /// Whether a secret with this hash opens the key at `now`. Both hashes are compared, so that the time says nothing.
    pub fn opens(&self, hash: &SecretHash, now: Timestamp) -> bool {
        let current = self.hash == *hash;
        let previous = self
            .previous
            .is_some_and(|(previous, until)| previous == *hash && now < until);
        current | previous
    }

    /// The keys that verify its signed requests, read when they are first needed.
    pub async fn signing_keys(&self, app: &App) -> Result<&[SigningKey]> {
        let Holder::Credential(credential, _) = &self.holder else {
            return Ok(&[]);
        };
        let keys = self.signing_keys.get_or_try_init(async || {
            let rows = signing_key::Entity::of(&[credential.id])
                .all(app.db().reads())
                .await?;
            let keys: std::result::Result<Vec<_>, _> = rows.into_iter().map(TryInto::try_into).collect();
            Ok::<_, crate::Error>(keys?)
        });
        Ok(keys.await?)
    }
}

/// The keys that this node believes, by their token.
#[derive(Default)]
pub struct KnownKeys {
    entries: Mutex<HashMap<String, Arc<KnownKey>>>,
    /// Counts what was forgotten: a key that was read before it was revoked must not be put back after.
    forgotten: AtomicU64,
    /// Told whenever somebody's permission may have ended on this node.
    changed: watch::Sender<()>,
}

/// How much had been forgotten when a key was about to be read.
#[derive(Clone, Copy)]
struct Before(u64);

impl KnownKeys {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Arc<KnownKey>>> {
        // A panic elsewhere leaves whole entries behind.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key that was read a moment before `now`.
    pub fn get(&self, token: &str, now: Timestamp) -> Option<Arc<KnownKey>> {
        self.get_within(token, now, REMEMBERED)
    }

    /// A key that was read so long before `now` at most.
    pub fn get_within(
        &self,
        token: &str,
        now: Timestamp,
        at_most: chrono::Duration,
    ) -> Option<Arc<KnownKey>> {
        let entries = self.entries();
        let entry = entries.get(token)?;
        // A clock that went back makes no key believed for longer.
        let fresh = entry.read_at <= now && now - entry.read_at < at_most;
        fresh.then(|| Arc::clone(entry))
    }

    /// Whether this secret would have opened something on this node, however long ago.
    pub fn opened(&self, token: &str, hash: &SecretHash, now: Timestamp) -> bool {
        self.entries()
            .get(token)
            .is_some_and(|entry| entry.opens(hash, now))
    }

    fn before(&self) -> Before {
        Before(self.forgotten.load(Ordering::SeqCst))
    }

    /// Remembers a key, unless one was changed while it was read.
    fn put(&self, token: &str, key: Arc<KnownKey>, before: Before) {
        let mut entries = self.entries();
        if self.forgotten.load(Ordering::SeqCst) != before.0 {
            return;
        }
        let now = key.read_at;
        if entries.len() >= MOST {
            entries.retain(|_, entry| now - entry.read_at < REMEMBERED);
        }
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(token.to_owned(), key);
    }

    /// Believes a key no longer.
    pub fn forget(&self, token: &str) {
        let mut entries = self.entries();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        entries.remove(token);
        drop(entries);
        self.announce();
    }

    /// Has connections that stay open look whether they still may.
    pub fn announce(&self) {
        self.changed.send_replace(());
    }

    /// Told whenever somebody's permission may have ended on this node.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Believes what it knows of a merchant no longer.
    pub fn forget_merchant(&self, merchant: MerchantId) {
        let mut entries = self.entries();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        entries.retain(
            |_, entry| !matches!(entry.holder.actor(), Actor::Merchant(who) if who.merchant.id == merchant),
        );
        drop(entries);
        self.announce();
    }
}

/// Reads the key behind a token, if there is one, and remembers it.
pub async fn read(app: &App, token: &str, kind: KeyKind) -> Result<Option<Arc<KnownKey>>> {
    let before = app.known_keys().before();
    let found = match kind {
        KeyKind::Merchant(_) => {
            let query = credential::Entity::find().filter(credential::Column::Token.eq(token));
            of_merchant(app, query).await?
        }
        KeyKind::Operator => {
            let query = operator::Entity::find().filter(operator::Column::Token.eq(token));
            of_operator(app, query).await?
        }
        KeyKind::Session => None,
    };
    let found = found.map(Arc::new);
    if let Some(key) = &found {
        app.known_keys().put(token, Arc::clone(key), before);
    }
    Ok(found)
}

/// The key of somebody who was let in.
pub async fn of_actor(app: &App, actor: &Actor) -> Result<Option<KnownKey>> {
    match actor {
        Actor::Merchant(merchant) => {
            of_merchant(
                app,
                credential::Entity::find_by_id(merchant.credential.to_string()),
            )
            .await
        }
        Actor::Operator(id) => of_operator(app, operator::Entity::find_by_id(id.to_string())).await,
    }
}

/// The key of a merchant that `query` finds, with the merchant in the same statement.
pub async fn of_merchant(app: &App, query: Select<credential::Entity>) -> Result<Option<KnownKey>> {
    let owner = credential::Entity::belongs_to(merchant::Entity)
        .from(credential::Column::MerchantId)
        .to(merchant::Column::Id)
        .into();
    let read_at = app.now();
    let found = query
        .join(JoinType::InnerJoin, owner)
        .select_also(merchant::Entity)
        .one(app.db().reads())
        .await?;
    let Some((row, Some(merchant))) = found else {
        return Ok(None);
    };
    let (hash, previous) = (row.secret_hash()?, row.previous_secret_hash()?);
    let previous = previous.zip(row.rotating_until);
    Ok(Some(KnownKey {
        holder: Holder::Credential(Box::new(row.try_into()?), Arc::new(merchant.try_into()?)),
        hash,
        previous,
        signing_keys: OnceCell::new(),
        read_at,
    }))
}

/// The key of an operator that `query` finds.
pub async fn of_operator(app: &App, query: Select<operator::Entity>) -> Result<Option<KnownKey>> {
    let read_at = app.now();
    let Some(row) = query.one(app.db().reads()).await? else {
        return Ok(None);
    };
    Ok(Some(KnownKey {
        hash: row.secret_hash()?,
        holder: Holder::Operator(row.try_into()?),
        previous: None,
        signing_keys: OnceCell::new(),
        read_at,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use domain::id::{SeededIds, new_id};

    const HASH: SecretHash = SecretHash::from_bytes([1; 32]);
    const OTHER: SecretHash = SecretHash::from_bytes([2; 32]);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(1_781_517_600_000 + millis).unwrap()
    }

    fn key(read_at: Timestamp) -> Arc<KnownKey> {
        let operator = Operator {
            id: new_id(&SeededIds::new(1), at(0)),
            name: "Zainab".into(),
            token: "t".into(),
            revoked_at: None,
            created_at: at(0),
        };
        Arc::new(KnownKey {
            holder: Holder::Operator(operator),
            hash: HASH,
            previous: Some((OTHER, at(500))),
            signing_keys: OnceCell::new(),
            read_at,
        })
    }

    #[test]
    fn a_key_is_believed_for_a_second() {
        let known = KnownKeys::default();
        known.put("t", key(at(0)), known.before());
        for (millis, believed) in [(0, true), (999, true), (1_000, false), (-1, false)] {
            assert_eq!(known.get("t", at(millis)).is_some(), believed, "{millis}");
        }
        assert!(known.opened("t", &HASH, at(0) + Duration::days(1)));
        known.forget("t");
        assert!(known.get("t", at(0)).is_none() && !known.opened("t", &HASH, at(0)));
    }

    #[test]
    fn the_secret_before_opens_until_its_time_is_over_and_others_do_not() {
        let key = key(at(0));
        assert!(key.opens(&HASH, at(9_999)) && key.opens(&OTHER, at(499)));
        assert!(!key.opens(&OTHER, at(500)));
        assert!(!key.opens(&SecretHash::from_bytes([3; 32]), at(0)));
    }

    #[test]
    fn a_key_that_was_read_before_it_was_revoked_is_not_put_back() {
        let known = KnownKeys::default();
        let before = known.before();
        known.forget("t");
        known.put("t", key(at(0)), before);
        assert!(known.get("t", at(0)).is_none());
    }

    #[test]
    fn the_memory_is_bounded() {
        let known = KnownKeys::default();
        let key = key(at(0));
        for n in 0..MOST * 2 {
            known.put(&n.to_string(), Arc::clone(&key), known.before());
        }
        assert!(known.entries().len() <= MOST);
        assert!(known.get(&(MOST * 2 - 1).to_string(), at(0)).is_some());
    }
}
