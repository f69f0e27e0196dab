//! Idempotency records: stored with the effect, or not at all.
//!
//! Invariant: the row is claimed in the transaction that reserves the effect and answered in the one that settles it. The
//! primary key makes the second of two racing requests wait for the first and then see its claim.

use crate::db::{Txn, sql};
use crate::{Error, Result};
use chrono::Duration;
use domain::Timestamp;
use domain::idempotency::{IdempotencyKey, IdempotencyRefusal, KEY_LIVES_HOURS};
use domain::merchant::Tenant;
use domain::operation::OperationKind;
use entity::inconsistency::At;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a key was sent with: one key may stand for one request of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// An operation on a payment.
    Operation(OperationKind),
    /// An attempt at an intent.
    IntentConfirm,
    /// A new intent.
    IntentCreate,
    /// An intent given up.
    IntentCancel,
    /// A new payment link.
    PaymentLinkCreate,
}

impl Command {
    /// The word in the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Operation(kind) => kind.as_str(),
            Self::IntentConfirm => "intent_confirm",
            Self::IntentCreate => "intent_create",
            Self::IntentCancel => "intent_cancel",
            Self::PaymentLinkCreate => "payment_link_create",
        }
    }
}

/// One claim: who asks, for what, under which key, with which input.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) tenant: Tenant,
    pub(crate) command: Command,
    pub(crate) key: IdempotencyKey,
    pub(crate) input_hash: String,
}

/// What a key stands for.
pub(crate) enum Claimed<A> {
    /// It was free and is ours now.
    New,
    /// It has an answer.
    Answered(Box<A>),
}

/// A key that ran out is taken over in place, so it is new again without waiting for a purge.
const CLAIM: &str = "INSERT INTO idempotency_records \
     (merchant_id, mode, command, key, input_hash, subject_id, answer, created_at, expires_at) \
     VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?) \
     ON CONFLICT (merchant_id, mode, command, key) DO UPDATE SET \
     input_hash = excluded.input_hash, subject_id = excluded.subject_id, answer = NULL, \
     created_at = excluded.created_at, expires_at = excluded.expires_at \
     WHERE idempotency_records.expires_at <= excluded.created_at";

const READ: &str = "SELECT input_hash, answer FROM idempotency_records \
     WHERE merchant_id = ? AND mode = ? AND command = ? AND key = ?";

const ANSWER: &str = "UPDATE idempotency_records SET answer = ? \
     WHERE merchant_id = ? AND mode = ? AND command IN (?, ?) AND key = ? AND subject_id = ?";

/// Claims a key for `subject`, the id of what the command makes.
///
/// # Errors
/// When the key stands for another input, or for a request without an answer yet.
pub(crate) async fn claim<A: DeserializeOwned>(
    txn: &Txn,
    claim: &Claim,
    subject: impl ToString,
    now: Timestamp,
) -> Result<Claimed<A>> {
    let claimed = sql(postgres(txn), CLAIM)
        .bind(claim.tenant.merchant.to_string())
        .bind(claim.tenant.mode.as_str())
        .bind(claim.command.as_str())
        .bind(claim.key.as_str())
        .bind(claim.input_hash.as_str())
        .bind(subject.to_string())
        .bind(now)
        .bind(now + Duration::hours(KEY_LIVES_HOURS))
        .run(txn)
        .await?;
    if claimed == 1 {
        return Ok(Claimed::New);
    }
    match read(txn, claim).await? {
        Some(answer) => Ok(Claimed::Answered(Box::new(answer))),
        None => Err(IdempotencyRefusal::InProgress.into()),
    }
}

/// The answer of a known key, if it has one.
pub(crate) async fn read<A: DeserializeOwned>(on: &impl ConnectionTrait, claim: &Claim) -> Result<Option<A>> {
    let postgres = on.get_database_backend() == sea_orm::DbBackend::Postgres;
    let row = sql(postgres, READ)
        .bind(claim.tenant.merchant.to_string())
        .bind(claim.tenant.mode.as_str())
        .bind(claim.command.as_str())
        .bind(claim.key.as_str())
        .one(on)
        .await?
        .ok_or(Error::Conflict)?;
    // The input is compared before the answer is looked at: a foreign input must not learn that there is one.
    if row.try_get_by::<String, _>("input_hash")? != claim.input_hash {
        return Err(IdempotencyRefusal::Reused.into());
    }
    let answer: Option<Value> = row.try_get_by("answer")?;
    let read =
        |answer| serde_json::from_value(answer).at("idempotency_records", "answer", claim.key.as_str());
    Ok(answer.map(read).transpose()?)
}

/// Stores the answer under the key of `subject`, whichever of `commands` it was sent with. A key that has meanwhile run out and
/// stands for something else is left alone, and a subject that nobody named a key for has none.
pub(crate) async fn answer(
    txn: &Txn,
    tenant: Tenant,
    commands: [Command; 2],
    key: &IdempotencyKey,
    subject: impl ToString,
    answer: &impl Serialize,
) -> Result<()> {
    let stored =
        serde_json::to_value(answer).map_err(|_| Error::Unavailable("the answer cannot be stored"))?;
    let [one, other] = commands;
    sql(postgres(txn), ANSWER)
        .bind(stored)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .bind(one.as_str())
        .bind(other.as_str())
        .bind(key.as_str())
        .bind(subject.to_string())
        .run(txn)
        .await?;
    Ok(())
}

fn postgres(txn: &Txn) -> bool {
    txn.get_database_backend() == sea_orm::DbBackend::Postgres
}
