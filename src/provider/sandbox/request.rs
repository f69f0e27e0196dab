//! What the sandbox decides, and from what.
//!
//! Invariant: everything here is a function of [`Request`]. A proof that was sent is the proof that every later question gets.

use super::cards::{Verdict, verdict};
use super::fault::{Fault, QUESTIONS_IN_VAIN};
use domain::Money;
use domain::id::OperationId;
use domain::metadata::Metadata;
use domain::operation::OperationKind;
use domain::provider::{Answer, Approval, Decline, DeclineReason, FraudCheck, Gateway};
use service::provider::{Charge, FollowUp};
use sha2::{Digest, Sha256};

/// Scores of approved cards are below this, well under what is let through.
const APPROVED_SCORES: u8 = 41;

/// All that the sandbox is told about an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    operation: OperationId,
    kind: OperationKind,
    gateway: Gateway,
    last4: Option<&'a str>,
    amount: Money,
    metadata: &'a Metadata,
}

/// What the fraud check and the issuer say of an approved card.
struct Marks {
    auth_code: String,
    fraud: FraudCheck,
}

impl<'a> Request<'a> {
    /// The first operation of a payment.
    pub(super) fn charge(charge: &Charge<'a>, kind: OperationKind) -> Self {
        Self {
            operation: charge.operation,
            kind,
            gateway: charge.gateway,
            last4: charge.card.map(|card| card.last4()),
            amount: charge.amount,
            metadata: charge.metadata,
        }
    }

    /// A later operation, or a question about any.
    pub(super) fn follow_up(follow_up: &FollowUp<'a>) -> Self {
        Self {
            operation: follow_up.operation,
            kind: follow_up.kind,
            gateway: follow_up.gateway,
            last4: follow_up.card_last4,
            amount: follow_up.amount,
            metadata: follow_up.metadata,
        }
    }

    /// What the sender is answered; `None` is a line that stays silent.
    pub(super) fn sent(&self) -> Option<Answer> {
        match Fault::asked_for(self.metadata, self.kind) {
            Ok(Some(Fault::Hang)) => None,
            Ok(Some(Fault::TimeoutAfterCharge | Fault::TimeoutBeforeCharge | Fault::LateSuccess)) => {
                Some(Answer::Unknown)
            }
            fault => Some(self.outcome(fault)),
        }
    }

    /// What a question about the operation is answered, after `asked` earlier ones.
    pub(super) fn status(&self, asked: u32) -> Answer {
        match Fault::asked_for(self.metadata, self.kind) {
            Ok(Some(Fault::LateSuccess)) if asked < QUESTIONS_IN_VAIN => Answer::Unknown,
            fault => self.outcome(fault),
        }
    }

    /// What became of the operation, whoever knows it.
    fn outcome(&self, fault: Result<Option<Fault>, String>) -> Answer {
        match fault {
            Err(typo) => self.declined(DeclineReason::ProcessingError, None, typo, None),
            Ok(Some(Fault::TimeoutBeforeCharge)) => Answer::not_sent("the provider never got the request"),
            Ok(Some(Fault::Unreachable)) => Answer::not_sent("the provider cannot be reached"),
            Ok(Some(Fault::Decline)) => {
                self.declined(DeclineReason::DoNotHonor, Some("05"), "do not honor", None)
            }
            Ok(Some(Fault::InsufficientFunds)) => self.declined(
                DeclineReason::InsufficientFunds,
                Some("51"),
                "insufficient funds",
                None,
            ),
            Ok(None | Some(Fault::TimeoutAfterCharge | Fault::LateSuccess | Fault::Hang)) => self.decided(),
        }
    }

    /// What the other side decides when nothing goes wrong on the way.
    fn decided(&self) -> Answer {
        match (self.kind, self.gateway, self.last4) {
            (OperationKind::Capture | OperationKind::Void | OperationKind::Refund, ..) => self.approved(None),
            (_, Gateway::CreditCard, Some(last4)) => self.card(last4),
            (_, Gateway::CreditCard, None) => Answer::not_sent("a card payment needs a card"),
            (OperationKind::Authorize, wallet, _) => {
                Answer::not_sent(format!("{wallet} cannot hold money: use a sale"))
            }
            (OperationKind::Sale, ..) => self.approved(None),
        }
    }

    fn card(&self, last4: &str) -> Answer {
        let marks = self.marks(last4);
        match verdict(last4) {
            Verdict::Approved => self.approved(Some(marks)),
            // The fraud check runs before the issuer is asked, and let this one through.
            Verdict::Declined {
                reason,
                code,
                message,
            } => self.declined(reason, Some(code), message, Some(marks.fraud)),
            Verdict::FraudRisk { score } => {
                let message = format!("high fraud risk (score: {score})");
                self.declined(
                    DeclineReason::FraudRisk,
                    None,
                    message,
                    Some(FraudCheck { score }),
                )
            }
        }
    }

    /// The kind of the operation stays out: a sale and a hold of the same money look alike to an issuer.
    fn marks(&self, last4: &str) -> Marks {
        let told = format!("{last4}|{}|{}", self.amount.minor(), self.amount.currency());
        let [a, b, c, d, e, ..]: [u8; 32] = Sha256::digest(told.as_bytes()).into();
        Marks {
            auth_code: format!("{:06}", u32::from_be_bytes([a, b, c, d]) % 1_000_000),
            fraud: FraudCheck {
                score: e % APPROVED_SCORES,
            },
        }
    }

    fn approved(&self, marks: Option<Marks>) -> Answer {
        let (auth_code, fraud) = marks.map(|marks| (marks.auth_code, marks.fraud)).unzip();
        Answer::Approved(Approval {
            provider_reference: self.reference(),
            auth_code,
            fraud,
        })
    }

    fn declined(
        &self,
        reason: DeclineReason,
        code: Option<&str>,
        message: impl Into<String>,
        fraud: Option<FraudCheck>,
    ) -> Answer {
        Answer::Declined(Decline {
            reason,
            response_code: code.map(str::to_owned),
            message: message.into(),
            provider_reference: Some(self.reference()),
            fraud,
        })
    }

    /// Unique, as a provider's reference must be, and found again after a restart: made from our id of the operation.
    fn reference(&self) -> String {
        let id = self.operation.to_string();
        let body = id.split_once('_').map_or(id.as_str(), |(_, body)| body);
        format!("sbx_{body}")
    }
}
