//! What every money command begins with.

use super::Answer;
use crate::idempotency::{self, Claim, Claimed};
use crate::provider::ask;
use crate::{App, Result, Txn};
use domain::Timestamp;
use domain::actor::MerchantActor;
use domain::fee::{Breakdown, CaptureOrder};
use domain::id::{OperationId, PaymentId};
use domain::merchant::{Merchant, Tenant};
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::Finality;
use domain::provider::Answer as ProviderAnswer;
use domain::{Money, idempotency::IdempotencyKey};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How much longer than a provider's time-out an operation may be without an answer before somebody else asks: the process
/// that sent it must have had its chance.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose payment it is, and on which terms.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) tenant: Tenant,
    pub(crate) merchant: Arc<Merchant>,
}

impl From<&MerchantActor> for Account {
    fn from(who: &MerchantActor) -> Self {
        Self {
            tenant: who.tenant,
            merchant: Arc::clone(&who.merchant),
        }
    }
}

/// What a reserving transaction ends with.
pub(crate) enum Reserved {
    /// The key has an answer already.
    Replay(Box<Answer>),
    /// The operation is reserved and goes to the provider.
    New(Box<Answer>),
}

/// Claims the key, or says what it stands for.
pub(crate) async fn claim(
    txn: &Txn,
    wanted: &Claim,
    operation: OperationId,
    now: Timestamp,
) -> Result<Option<Reserved>> {
    match idempotency::claim::<Answer>(txn, wanted, operation, now).await? {
        Claimed::New => Ok(None),
        Claimed::Answered(answer) => Ok(Some(Reserved::Replay(answer))),
    }
}

/// What an operation is about, besides its kind.
pub(crate) struct Terms {
    pub(crate) payment: PaymentId,
    pub(crate) amount: Money,
    pub(crate) finality: Finality,
    pub(crate) reason: Option<String>,
    pub(crate) key: IdempotencyKey,
    pub(crate) parts: Option<Breakdown>,
}

/// A new operation, as it is sent.
pub(crate) fn operation(
    app: &App,
    id: OperationId,
    kind: OperationKind,
    terms: Terms,
    now: Timestamp,
) -> Operation {
    let nothing = Money::zero(terms.amount.currency());
    let patience = app.provider_timeout().saturating_add(PATIENCE);
    Operation {
        id,
        payment: terms.payment,
        kind,
        amount: terms.amount,
        fee: terms.parts.map_or(nothing, |parts| parts.fee),
        reserve: terms.parts.map_or(nothing, |parts| parts.reserve),
        finality: terms.finality,
        reason: terms.reason,
        idempotency_key: terms.key,
        state: OperationState::Sent,
        ask_again_at: Some(
            now + chrono::Duration::from_std(patience).unwrap_or_else(|_| chrono::Duration::minutes(1)),
        ),
        created_at: now,
    }
}

/// What the merchant gets of `gross`.
pub(crate) fn price(merchant: &Merchant, gross: Money, order: CaptureOrder) -> Result<Breakdown> {
    merchant.fees.apply(gross, order).map_err(|error| {
        tracing::error!(%error, merchant = %merchant.id, "fee terms do not apply");
        crate::Error::Unavailable("the fee terms of this merchant are broken")
    })
}

/// Sends a reserved operation to the provider, if that is still safe.
///
/// A process that was held up (a busy database, a sleeping machine) may come to this point when others already ask what became of
/// the operation. They would hear that it never arrived and settle it so; sent after that, it would take money that nobody expects.
/// Only this process sends it, so what is not sent here never was: that is proof, and no question has to be asked.
pub(crate) async fn send<F>(
    app: &App,
    operation: &Operation,
    to_provider: impl FnOnce() -> F,
) -> ProviderAnswer
where
    F: Future<Output = ProviderAnswer> + Send,
{
    let timeout = app.provider_timeout();
    if !may_send(operation, timeout, app.now()) {
        tracing::warn!(operation = %operation.id, "an operation came too late to its provider and was not sent");
        return ProviderAnswer::not_sent("not sent: the time for it was over");
    }
    ask(timeout, to_provider()).await
}

/// Whether the provider's time-out ends before anybody may ask what became of the operation.
fn may_send(operation: &Operation, timeout: Duration, now: Timestamp) -> bool {
    let over = chrono::Duration::from_std(timeout)
        .ok()
        .and_then(|timeout| now.checked_add_signed(timeout));
    match (over, operation.ask_again_at) {
        (Some(over), Some(asked)) => over < asked,
        _ => false,
    }
}
