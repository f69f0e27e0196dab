//! What became of an operation, in one word.

use domain::operation::{Operation, OperationKind, OperationStatus};
use entity::operation::Column;
use sea_orm::{ColumnTrait, Condition};

/// What became of an operation: S2's status of a transaction, which says what was tried and how it went in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It has no answer yet.
    Processing,
    /// It held money.
    Authorized,
    /// It took money.
    Captured,
    /// It released money.
    Voided,
    /// It gave money back.
    Refunded,
    /// It did not happen.
    Failed,
}

impl Became {
    /// Every word.
    pub const ALL: [Self; 6] = [
        Self::Processing,
        Self::Authorized,
        Self::Captured,
        Self::Voided,
        Self::Refunded,
        Self::Failed,
    ];

    /// What became of `operation`.
    #[must_use]
    pub const fn of(operation: &Operation) -> Self {
        match (operation.state.status(), operation.kind) {
            (OperationStatus::Sent | OperationStatus::OutcomeUnknown, _) => Self::Processing,
            (OperationStatus::Failed, _) => Self::Failed,
            (OperationStatus::Succeeded, OperationKind::Authorize) => Self::Authorized,
            (OperationStatus::Succeeded, OperationKind::Sale | OperationKind::Capture) => Self::Captured,
            (OperationStatus::Succeeded, OperationKind::Void) => Self::Voided,
            (OperationStatus::Succeeded, OperationKind::Refund) => Self::Refunded,
        }
    }

    /// The word of S2.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }

    /// The rows of which this is true.
    pub(super) fn condition(self) -> Condition {
        let succeeded = |kinds: &[OperationKind]| {
            Condition::all()
                .add(Column::Status.eq(OperationStatus::Succeeded.as_str()))
                .add(Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
        };
        match self {
            Self::Processing => Condition::all().add(Column::SettledAt.is_null()),
            Self::Failed => Condition::all().add(Column::Status.eq(OperationStatus::Failed.as_str())),
            Self::Authorized => succeeded(&[OperationKind::Authorize]),
            Self::Captured => succeeded(&[OperationKind::Sale, OperationKind::Capture]),
            Self::Voided => succeeded(&[OperationKind::Void]),
            Self::Refunded => succeeded(&[OperationKind::Refund]),
        }
    }
}
