//! One try on a payment: authorize, sale, capture, void or refund. S2 calls it transaction.
//!
//! Invariant: an operation is sent once and settled once. Between the two, and only there, its outcome may be unknown.
//! Source: `reference/payments.md` 2.1 and the processing rows of 2.3.

use crate::id::{OperationId, PaymentId};
use crate::idempotency::IdempotencyKey;
use crate::payment::Finality;
use crate::provider::{Answer, Approval, Decline};
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Hold money.
    Authorize,
    /// Hold and take money in one step.
    Sale,
    /// Take held money.
    Capture,
    /// Release held money.
    Void,
    /// Give taken money back.
    Refund,
}

impl OperationKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Authorize,
        Self::Sale,
        Self::Capture,
        Self::Void,
        Self::Refund,
    ];

    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Sale => "sale",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not an operation kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected authorize, sale, capture, void or refund")]
pub struct UnknownOperationKind;

impl FromStr for OperationKind {
    type Err = UnknownOperationKind;

    fn from_str(word: &str) -> Result<Self, UnknownOperationKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(UnknownOperationKind)
    }
}

/// How far an operation has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum OperationState {
    /// At the provider, no answer yet.
    Sent,
    /// At the provider, and the answer was lost. `asked` counts how often it was asked for since.
    OutcomeUnknown {
        /// Times that the provider was asked again.
        asked: u32,
    },
    /// It happened.
    Succeeded {
        /// When the answer arrived.
        at: Timestamp,
        /// What the provider said.
        approval: Approval,
    },
    /// It did not happen.
    Failed {
        /// When the answer arrived.
        at: Timestamp,
        /// What the provider said.
        decline: Decline,
    },
}

/// What a list shows of an operation; enough to know what was tried, on what, and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its id.
    pub id: OperationId,
    /// The payment it was tried on.
    pub payment: PaymentId,
    /// What was tried.
    pub kind: OperationKind,
    /// How far it has come.
    pub status: OperationStatus,
    /// How much.
    pub amount: Money,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When the answer arrived.
    pub settled_at: Option<Timestamp>,
}

/// The name of a state, as tables and clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationStatus {
    /// At the provider.
    Sent,
    /// At the provider, the answer was lost.
    OutcomeUnknown,
    /// It happened.
    Succeeded,
    /// It did not happen.
    Failed,
}

impl OperationStatus {
    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// What an answer made of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition<S> {
    /// The state changed.
    Applied(S),
    /// It was so already; nothing is to be done again.
    AlreadyApplied(S),
}

impl<S> Transition<S> {
    /// The state after the event, either way.
    pub fn into_state(self) -> S {
        match self {
            Self::Applied(state) | Self::AlreadyApplied(state) => state,
        }
    }

    /// The state if it changed.
    pub fn applied(self) -> Option<S> {
        match self {
            Self::Applied(state) => Some(state),
            Self::AlreadyApplied(_) => None,
        }
    }
}

/// Two answers that cannot both be true; somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider contradicts its earlier answer: the operation is {0:?} already")]
pub struct Contradiction(pub OperationStatus);

impl OperationState {
    /// The name of this state.
    #[must_use]
    pub const fn status(&self) -> OperationStatus {
        match self {
            Self::Sent => OperationStatus::Sent,
            Self::OutcomeUnknown { .. } => OperationStatus::OutcomeUnknown,
            Self::Succeeded { .. } => OperationStatus::Succeeded,
            Self::Failed { .. } => OperationStatus::Failed,
        }
    }

    /// Whether an answer has settled it.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Failed { .. })
    }

    /// Takes in what the provider answered. The first proof stands: the same proof again changes nothing.
    ///
    /// # Errors
    /// When a proof contradicts an earlier one.
    pub fn answered(self, answer: Answer, at: Timestamp) -> Result<Transition<Self>, Contradiction> {
        match (self, answer) {
            (Self::Sent, Answer::Unknown) => Ok(Transition::Applied(Self::OutcomeUnknown { asked: 0 })),
            (Self::OutcomeUnknown { asked }, Answer::Unknown) => {
                Ok(Transition::Applied(Self::OutcomeUnknown {
                    asked: asked.saturating_add(1),
                }))
            }
            (Self::Sent | Self::OutcomeUnknown { .. }, Answer::Approved(approval)) => {
                Ok(Transition::Applied(Self::Succeeded { at, approval }))
            }
            (Self::Sent | Self::OutcomeUnknown { .. }, Answer::Declined(decline)) => {
                Ok(Transition::Applied(Self::Failed { at, decline }))
            }
            (done @ Self::Succeeded { .. }, Answer::Approved(_) | Answer::Unknown)
            | (done @ Self::Failed { .. }, Answer::Declined(_) | Answer::Unknown) => {
                Ok(Transition::AlreadyApplied(done))
            }
            (done @ Self::Succeeded { .. }, Answer::Declined(_))
            | (done @ Self::Failed { .. }, Answer::Approved(_)) => Err(Contradiction(done.status())),
        }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id; the provider knows it as our idempotency key.
    pub id: OperationId,
    /// The payment it is tried on.
    pub payment: PaymentId,
    /// What was tried.
    pub kind: OperationKind,
    /// How much; for a void, what was released.
    pub amount: Money,
    /// What the platform keeps of a sale or capture; nothing for the others. Decided with the operation, so that new terms
    /// never change an old one.
    pub fee: Money,
    /// What is held back of a sale or capture; nothing for the others.
    pub reserve: Money,
    /// What a capture does with the rest of the hold.
    pub finality: Finality,
    /// Why, for a void.
    pub reason: Option<String>,
    /// The key under which the client asked for it; its answer is stored there.
    pub idempotency_key: IdempotencyKey,
    /// How far it has come.
    pub state: OperationState,
    /// When the provider is to be asked what became of it; `None` once it is settled.
    pub ask_again_at: Option<Timestamp>,
    /// When it was decided and sent.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::DeclineReason;

    fn approved() -> Answer {
        Answer::Approved(Approval {
            provider_reference: "p1".into(),
            auth_code: None,
            fraud: None,
        })
    }

    fn declined() -> Answer {
        Answer::Declined(Decline {
            reason: DeclineReason::DoNotHonor,
            response_code: Some("05".into()),
            message: "do not honor".into(),
            provider_reference: None,
            fraud: None,
        })
    }

    #[test]
    fn the_whole_matrix() {
        use OperationStatus::{Failed, OutcomeUnknown, Sent, Succeeded};
        let at = Timestamp::default();
        let settle = |answer: Answer| OperationState::Sent.answered(answer, at).unwrap().into_state();
        let states = [
            OperationState::Sent,
            OperationState::OutcomeUnknown { asked: 3 },
            settle(approved()),
            settle(declined()),
        ];
        let answers = [approved(), declined(), Answer::Unknown];
        // Some((changed, status)), or None where the answer contradicts.
        let expected = [
            (
                Sent,
                [
                    Some((true, Succeeded)),
                    Some((true, Failed)),
                    Some((true, OutcomeUnknown)),
                ],
            ),
            (
                OutcomeUnknown,
                [
                    Some((true, Succeeded)),
                    Some((true, Failed)),
                    Some((true, OutcomeUnknown)),
                ],
            ),
            (
                Succeeded,
                [Some((false, Succeeded)), None, Some((false, Succeeded))],
            ),
            (Failed, [None, Some((false, Failed)), Some((false, Failed))]),
        ];
        for (state, (status, row)) in states.into_iter().zip(expected) {
            assert_eq!(state.status(), status);
            for (answer, outcome) in answers.iter().zip(row) {
                let got = match state.clone().answered(answer.clone(), at) {
                    Ok(Transition::Applied(next)) => Some((true, next.status())),
                    Ok(Transition::AlreadyApplied(next)) => Some((false, next.status())),
                    Err(Contradiction(_)) => None,
                };
                assert_eq!(got, outcome, "{status:?} {answer:?}");
            }
        }
    }

    #[test]
    fn asking_again_is_counted() {
        let state = OperationState::OutcomeUnknown { asked: 3 };
        let next = state
            .answered(Answer::Unknown, Timestamp::default())
            .unwrap()
            .into_state();
        assert_eq!(next, OperationState::OutcomeUnknown { asked: 4 });
    }
}
