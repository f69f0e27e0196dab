//! Which row an account is.
//!
//! Accounts never change and are never removed, so what was looked up once is true for good. They are made in a transaction of
//! their own, before the one that posts to them: a row that a rollback takes away must not stay in memory.

use crate::db::{Db, sql};
use crate::{Error, Result};
use domain::Timestamp;
use domain::ledger::{self, AccountKey, Owner};
use domain::payment::Payment;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use std::sync::RwLock;

/// The accounts seen so far, by key.
#[derive(Default)]
pub(crate) struct Accounts(RwLock<HashMap<AccountKey, i64>>);

const OPEN: &str = "INSERT INTO ledger_accounts (code, kind, type, mode, currency, merchant_id, provider, created_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO NOTHING";

impl Accounts {
    /// The row id of an account that was [prepared](Self::prepare).
    pub(crate) fn id(&self, key: &AccountKey) -> Result<i64> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known
            .get(key)
            .copied()
            .ok_or(Error::Unavailable("a ledger account was not prepared"))
    }

    /// Makes sure that every account that `payment` can touch is there.
    pub(crate) async fn prepare(&self, db: &Db, payment: &Payment, now: Timestamp) -> Result<()> {
        let keys = ledger::accounts(payment.tenant, &payment.provider, payment.amount.currency());
        let missing: Vec<AccountKey> = {
            let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            keys.into_iter().filter(|key| !known.contains_key(key)).collect()
        };
        for key in missing {
            let id = open(db, key.clone(), now).await?;
            self.0
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .insert(key, id);
        }
        Ok(())
    }
}

async fn open(db: &Db, key: AccountKey, now: Timestamp) -> Result<i64> {
    if let Some(id) = find(db.reads(), db.is_postgres(), &key).await? {
        return Ok(id);
    }
    let postgres = db.is_postgres();
    db.in_txn(move |txn| {
        Box::pin(async move {
            let (merchant, provider) = match &key.owner {
                Owner::Merchant(merchant) => (Some(merchant.to_string()), None),
                Owner::Provider(provider) => (None, Some(provider.clone())),
                Owner::Platform => (None, None),
            };
            sql(postgres, OPEN)
                .bind(key.to_string())
                .bind(key.kind.as_str())
                .bind(key.kind.account_type().as_str())
                .bind(key.mode.as_str())
                .bind(key.currency.code())
                .bind(merchant)
                .bind(provider)
                .bind(now)
                .run(txn)
                .await?;
            find(txn, postgres, &key).await?.ok_or(Error::Conflict)
        })
    })
    .await
}

async fn find(on: &impl ConnectionTrait, postgres: bool, key: &AccountKey) -> Result<Option<i64>> {
    let row = sql(postgres, "SELECT id FROM ledger_accounts WHERE code = ?")
        .bind(key.to_string())
        .one(on)
        .await?;
    Ok(row.map(|row| row.try_get_by("id")).transpose()?)
}
