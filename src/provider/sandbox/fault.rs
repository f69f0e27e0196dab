//! Faults on demand: a merchant asks for one in the metadata of its payment and sees how its own code takes it.
//!
//! Invariant: a word that is misspelt is declined aloud, never ignored: who rehearses a fault must not pass because it did
//! not happen.

use domain::metadata::Metadata;
use domain::operation::OperationKind;

/// What every key of a fault begins with.
const PREFIX: &str = "sandbox_fault";

/// How often an operation with [`Fault::LateSuccess`] is asked about in vain.
pub(super) const QUESTIONS_IN_VAIN: u32 = 2;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The operation happens, its answer is lost; a later question gets it.
    TimeoutAfterCharge,
    /// The operation is lost on its way; a later question learns that it never arrived.
    TimeoutBeforeCharge,
    /// The answer is lost, and two questions find the operation still open before the third gets the answer.
    LateSuccess,
    /// The provider cannot be reached: nothing was sent, and that is known at once.
    Unreachable,
    /// The issuer says no, whatever the card.
    Decline,
    /// There is not enough money, whatever the card.
    InsufficientFunds,
    /// No answer comes at all; a later question gets it.
    Hang,
}

impl Fault {
    /// Every fault, in the order in which documents list them.
    pub const ALL: [Self; 7] = [
        Self::TimeoutAfterCharge,
        Self::TimeoutBeforeCharge,
        Self::LateSuccess,
        Self::Unreachable,
        Self::Decline,
        Self::InsufficientFunds,
        Self::Hang,
    ];

    /// The word that asks for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimeoutAfterCharge => "timeout_after_charge",
            Self::TimeoutBeforeCharge => "timeout_before_charge",
            Self::LateSuccess => "late_success",
            Self::Unreachable => "unreachable",
            Self::Decline => "decline",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Hang => "hang",
        }
    }

    /// The fault that `metadata` asks for in an operation of `kind`, or what is wrong with how it asks.
    pub(super) fn asked_for(metadata: &Metadata, kind: OperationKind) -> Result<Option<Self>, String> {
        // The first operation answers for misspelt keys too: a later one may never come.
        if matches!(kind, OperationKind::Authorize | OperationKind::Sale)
            && let Some(key) = metadata.iter().map(|(key, _)| key).find(|key| is_stray(key))
        {
            return Err(format!("unknown metadata key {key}, known: {}", known(&keys())));
        }
        let key = fault_key(kind);
        let Some(word) = metadata.get(key) else {
            return Ok(None);
        };
        match Self::ALL.into_iter().find(|fault| fault.as_str() == word) {
            Some(fault) => Ok(Some(fault)),
            None => Err(format!(
                "unknown fault in metadata key {key}, known: {}",
                known(&Self::ALL.map(Self::as_str))
            )),
        }
    }
}

/// The metadata key that asks for a fault in an operation of `kind`.
#[must_use]
pub const fn fault_key(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Authorize | OperationKind::Sale => PREFIX,
        OperationKind::Capture => "sandbox_fault_capture",
        OperationKind::Void => "sandbox_fault_void",
        OperationKind::Refund => "sandbox_fault_refund",
    }
}

fn keys() -> [&'static str; 4] {
    use OperationKind::{Capture, Refund, Sale, Void};
    [Sale, Capture, Void, Refund].map(fault_key)
}

fn is_stray(key: &str) -> bool {
    key.starts_with(PREFIX) && !keys().contains(&key)
}

fn known(words: &[&str]) -> String {
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(key: &str, word: &str, kind: OperationKind) -> Result<Option<Fault>, String> {
        let pairs = [(key.to_owned(), word.to_owned()), ("grade".into(), "7".into())];
        Fault::asked_for(&Metadata::new(pairs).unwrap(), kind)
    }

    #[test]
    fn each_operation_has_its_own_key() {
        for kind in OperationKind::ALL {
            for fault in Fault::ALL {
                assert_eq!(asked(fault_key(kind), fault.as_str(), kind), Ok(Some(fault)));
            }
        }
        let only_the_refund = asked("sandbox_fault_refund", "decline", OperationKind::Capture);
        assert_eq!(only_the_refund, Ok(None));
        assert_eq!(asked("note", "decline", OperationKind::Sale), Ok(None));
    }

    #[test]
    fn a_misspelt_word_is_reported_with_the_known_ones() {
        for word in ["timeout", "Decline", ""] {
            let report = asked("sandbox_fault_void", word, OperationKind::Void).unwrap_err();
            assert_eq!(
                report,
                "unknown fault in metadata key sandbox_fault_void, known: timeout_after_charge, \
                 timeout_before_charge, late_success, unreachable, decline, insufficient_funds, hang"
            );
        }
    }

    #[test]
    fn a_misspelt_key_is_reported_by_the_first_operation() {
        let report = asked("sandbox_fault_refunds", "decline", OperationKind::Authorize).unwrap_err();
        assert!(report.contains("sandbox_fault_refunds, known: sandbox_fault, sandbox_fault_capture"));
        assert_eq!(
            asked("sandbox_fault_refunds", "decline", OperationKind::Refund),
            Ok(None)
        );
    }
}
