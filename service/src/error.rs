//! The one error of use cases. Doors map it once each to their codes and words.

use domain::actor::Forbidden;
use domain::card::CardRefusal;
use domain::credential::CredentialRefusal;
use domain::fee::FeeTermsRefusal;
use domain::idempotency::IdempotencyRefusal;
use domain::intent::{CancelRefusal, ConfirmRefusal, IntentRefusal};
use domain::merchant::NameRefused;
use domain::metadata::TextRefusal;
use domain::money::AmountRefusal;
use domain::operation::Contradiction;
use domain::payment::{
    AuthorizeRefusal, CaptureRefusal, ProcessingRefusal, RefundRefusal, StaleVersion, VoidRefusal,
};
use domain::payment_link::NewLinkRefusal;
use domain::promo_code::{NewPromoRefusal, PromoRefusal};
use domain::refund::WrongRefundState;
use domain::webhook::EndpointRefusal;
use entity::Inconsistency;
use sea_orm::DbErr;

/// Why a use case gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A business "no": the caller can read it, change something and ask again.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing by that id, in this merchant and mode. A foreign tenant's id gives exactly this.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Somebody else changed the same thing at the same time, more often than we try.
    #[error("the object is being changed by another request")]
    Conflict,
    /// A row that contradicts the rules: a defect or a hand in the database.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
    /// The database did not do it.
    #[error("storage: {0}")]
    Storage(#[from] DbErr),
    /// A part of this installation is missing or broken; the words say which.
    #[error("{0}")]
    Unavailable(&'static str),
}

/// A business "no", one variant a cause family; the domain's refusals name the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each variant is named after the domain refusal that it carries"
)]
pub enum Refusal {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error(transparent)]
    Amount(#[from] AmountRefusal),
    #[error("the card cannot be used")]
    Card(Vec<CardRefusal>),
    #[error("a card payment needs a card")]
    CardRequired,
    #[error("a wallet payment takes no card")]
    CardNotAllowed,
    #[error("this payment link takes no more payments")]
    LinkOver,
    #[error(transparent)]
    Text(#[from] TextRefusal),
    #[error(transparent)]
    Name(#[from] NameRefused),
    #[error(transparent)]
    FeeTerms(#[from] FeeTermsRefusal),
    #[error(transparent)]
    Idempotency(#[from] IdempotencyRefusal),
    #[error(transparent)]
    Authorize(#[from] AuthorizeRefusal),
    #[error(transparent)]
    Capture(#[from] CaptureRefusal),
    #[error(transparent)]
    Void(#[from] VoidRefusal),
    #[error(transparent)]
    Refund(#[from] RefundRefusal),
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    #[error(transparent)]
    Credential(#[from] CredentialRefusal),
    #[error(transparent)]
    Intent(#[from] IntentRefusal),
    #[error(transparent)]
    Confirm(#[from] ConfirmRefusal),
    #[error(transparent)]
    Cancel(#[from] CancelRefusal),
    #[error(transparent)]
    Promo(#[from] PromoRefusal),
    #[error(transparent)]
    NewPromo(#[from] NewPromoRefusal),
    #[error(transparent)]
    NewLink(#[from] NewLinkRefusal),
    #[error(transparent)]
    Webhook(#[from] EndpointRefusal),
}

macro_rules! refusals {
    ($($domain:ty),+ $(,)?) => {
        $(impl From<$domain> for Error {
            fn from(refusal: $domain) -> Self {
                Self::Refused(refusal.into())
            }
        })+
    };
}

refusals!(
    Forbidden,
    AmountRefusal,
    TextRefusal,
    NameRefused,
    FeeTermsRefusal,
    IdempotencyRefusal,
    AuthorizeRefusal,
    CaptureRefusal,
    VoidRefusal,
    RefundRefusal,
    StaleVersion,
    CredentialRefusal,
    IntentRefusal,
    ConfirmRefusal,
    CancelRefusal,
    PromoRefusal,
    NewPromoRefusal,
    NewLinkRefusal,
    EndpointRefusal,
);

impl From<Vec<CardRefusal>> for Error {
    fn from(refusals: Vec<CardRefusal>) -> Self {
        Self::Refused(Refusal::Card(refusals))
    }
}

// These say that our own record and the provider's word contradict each other: nothing a caller could mend.

impl From<Contradiction> for Error {
    fn from(contradiction: Contradiction) -> Self {
        tracing::error!(%contradiction, "an operation was answered twice, differently");
        Self::Conflict
    }
}

impl From<ProcessingRefusal> for Error {
    fn from(refusal: ProcessingRefusal) -> Self {
        tracing::error!(%refusal, "an answer does not fit the payment");
        Self::Conflict
    }
}

impl From<WrongRefundState> for Error {
    fn from(refusal: WrongRefundState) -> Self {
        tracing::error!(%refusal, "an answer does not fit the refund");
        Self::Conflict
    }
}
