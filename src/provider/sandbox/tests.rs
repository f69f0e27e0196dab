//! The sandbox as `service` sees it: cards, wallets, faults, and agreement between what was sent, asked and rehearsed.

use super::*;
use domain::card::{CardDetails, Expiry};
use domain::id::{MerchantId, OperationId};
use domain::merchant::{Mode, Tenant};
use domain::metadata::Metadata;
use domain::provider::{DeclineReason, Gateway};
use domain::{Currency, IdGenerator, Money, SeededIds, Timestamp};
use futures_util::FutureExt;
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-06-15T10:42:00Z".parse().unwrap()
}

fn card(number: &str) -> CardDetails {
    let expiry = Expiry {
        year: 2027,
        month: 12,
    };
    let cvv = if number.starts_with("37") { "1234" } else { "123" };
    CardDetails::new(number, None, expiry, cvv, now()).unwrap()
}

/// One operation, seen from every side.
struct Case {
    kind: OperationKind,
    gateway: Gateway,
    card: Option<CardDetails>,
    amount: Money,
    metadata: Metadata,
    tenant: Tenant,
    operation: OperationId,
}

impl Case {
    fn new(kind: OperationKind, gateway: Gateway, number: Option<&str>) -> Self {
        let ids = SeededIds::new(7);
        Self {
            kind,
            gateway,
            card: number.map(card),
            amount: Money::new(125_000_000, Currency::Iqd),
            metadata: Metadata::default(),
            tenant: Tenant {
                merchant: ids.id::<MerchantId>(now()),
                mode: Mode::Test,
            },
            operation: ids.id(now()),
        }
    }

    fn on_card(kind: OperationKind, number: &str) -> Self {
        Self::new(kind, Gateway::CreditCard, Some(number))
    }

    fn with(self, key: &str, word: &str) -> Self {
        let metadata = Metadata::new([(key.to_owned(), word.to_owned())]).unwrap();
        Self { metadata, ..self }
    }

    fn with_fault(self, fault: Fault) -> Self {
        let key = fault_key(self.kind);
        self.with(key, fault.as_str())
    }

    fn charge(&self) -> Charge<'_> {
        Charge {
            operation: self.operation,
            tenant: self.tenant,
            amount: self.amount,
            gateway: self.gateway,
            card: self.card.as_ref(),
            metadata: &self.metadata,
        }
    }

    fn follow_up(&self, asked: u32) -> FollowUp<'_> {
        FollowUp {
            operation: self.operation,
            kind: self.kind,
            tenant: self.tenant,
            amount: self.amount,
            gateway: self.gateway,
            intake_reference: None,
            card_last4: self.card.as_ref().map(CardDetails::last4),
            metadata: &self.metadata,
            asked,
        }
    }

    /// `None` is a line that stays silent.
    fn send(&self) -> Option<Answer> {
        match self.kind {
            OperationKind::Authorize => Sandbox.authorize(self.charge()).now_or_never(),
            OperationKind::Sale => Sandbox.sale(self.charge()).now_or_never(),
            OperationKind::Capture => Sandbox.capture(self.follow_up(0)).now_or_never(),
            OperationKind::Void => Sandbox.void(self.follow_up(0)).now_or_never(),
            OperationKind::Refund => Sandbox.refund(self.follow_up(0)).now_or_never(),
        }
    }

    fn status(&self, asked: u32) -> Answer {
        Sandbox.status(self.follow_up(asked)).now_or_never().unwrap()
    }

    fn rehearse(&self) -> Answer {
        let answer = match self.kind {
            OperationKind::Authorize | OperationKind::Sale => Sandbox.rehearse_charge(&self.charge()),
            _ => Sandbox.rehearse_follow_up(&self.follow_up(0)),
        };
        answer.unwrap()
    }
}

fn reason(answer: &Answer) -> Option<DeclineReason> {
    match answer {
        Answer::Declined(decline) => Some(decline.reason),
        _ => None,
    }
}

#[test]
fn each_test_card_has_its_answer() {
    use DeclineReason::{
        CvvMismatch, DoNotHonor, ExpiredCard, FraudRisk, InsufficientFunds, ProcessingError,
    };
    let declined = [
        ("4000000000000002", DoNotHonor, Some("05"), "do not honor"),
        (
            "4000000000009995",
            InsufficientFunds,
            Some("51"),
            "insufficient funds",
        ),
        ("4000000000000069", ExpiredCard, Some("54"), "expired card"),
        ("4000000000000127", CvvMismatch, Some("N7"), "CVV mismatch"),
        (
            "4000000000000119",
            ProcessingError,
            Some("96"),
            "processing error",
        ),
        ("4000000000000259", FraudRisk, None, "high fraud risk (score: 85)"),
    ];
    for (number, reason, code, message) in declined {
        for kind in [OperationKind::Authorize, OperationKind::Sale] {
            let Some(Answer::Declined(decline)) = Case::on_card(kind, number).send() else {
                panic!("{number} was not declined");
            };
            assert_eq!((decline.reason, decline.message.as_str()), (reason, message));
            assert_eq!(decline.response_code.as_deref(), code);
            assert_eq!(decline.fraud.unwrap().passes(), reason != FraudRisk, "{number}");
        }
    }
    for number in [
        "4242424242424242",
        "5555555555554444",
        "4012888888881881",
        "378282246310005",
    ] {
        let Some(Answer::Approved(approval)) = Case::on_card(OperationKind::Authorize, number).send() else {
            panic!("{number} was not approved");
        };
        let code = approval.auth_code.unwrap();
        assert!(
            code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
            "{code}"
        );
        assert!(approval.fraud.unwrap().score <= 40);
    }
}

#[test]
fn the_reference_is_the_body_of_the_operation_id() {
    let case = Case::on_card(OperationKind::Sale, "4242424242424242");
    let Some(Answer::Approved(approval)) = case.send() else {
        panic!("not approved");
    };
    let id = case.operation.to_string();
    assert_eq!(approval.provider_reference, id.replace("txn_", "sbx_"));
}

#[test]
fn wallets_sell_and_cannot_hold() {
    for gateway in Gateway::ALL
        .into_iter()
        .filter(|gateway| !gateway.capabilities().holds)
    {
        let Some(Answer::Approved(approval)) = Case::new(OperationKind::Sale, gateway, None).send() else {
            panic!("{gateway} was not approved");
        };
        assert_eq!((approval.auth_code, approval.fraud), (None, None));
        let hold = Case::new(OperationKind::Authorize, gateway, None);
        for answer in [hold.send().unwrap(), hold.status(0)] {
            assert_eq!(reason(&answer), Some(DeclineReason::NotSent), "{gateway}");
        }
    }
}

#[test]
fn a_lost_answer_is_found_by_asking() {
    for kind in OperationKind::ALL {
        let plain = Case::on_card(kind, "4242424242424242");
        let truth = plain.send().unwrap();
        let lost = Case::on_card(kind, "4242424242424242").with_fault(Fault::TimeoutAfterCharge);
        assert_eq!(lost.send(), Some(Answer::Unknown));
        assert_eq!(lost.status(0), truth);

        let hanging = Case::on_card(kind, "4242424242424242").with_fault(Fault::Hang);
        assert_eq!(hanging.send(), None, "silence, until the caller gives up");
        assert_eq!(hanging.rehearse(), Answer::Unknown);
        assert_eq!(hanging.status(0), truth);

        let late = Case::on_card(kind, "4242424242424242").with_fault(Fault::LateSuccess);
        assert_eq!(late.send(), Some(Answer::Unknown));
        assert_eq!(
            [late.status(0), late.status(1)],
            [Answer::Unknown, Answer::Unknown]
        );
        assert_eq!(late.status(2), truth);
    }
}

#[test]
fn a_lost_decline_is_a_decline_when_it_is_found() {
    let lost = Case::on_card(OperationKind::Sale, "4000000000009995").with_fault(Fault::LateSuccess);
    assert_eq!(lost.send(), Some(Answer::Unknown));
    assert_eq!(reason(&lost.status(2)), Some(DeclineReason::InsufficientFunds));
}

#[test]
fn what_never_arrived_is_proved_not_sent() {
    for kind in OperationKind::ALL {
        let lost = Case::on_card(kind, "4242424242424242").with_fault(Fault::TimeoutBeforeCharge);
        assert_eq!(lost.send(), Some(Answer::Unknown));
        assert_eq!(reason(&lost.status(0)), Some(DeclineReason::NotSent));

        let unreachable = Case::on_card(kind, "4242424242424242").with_fault(Fault::Unreachable);
        assert_eq!(reason(&unreachable.send().unwrap()), Some(DeclineReason::NotSent));
    }
}

#[test]
fn any_operation_can_be_declined() {
    for kind in OperationKind::ALL {
        let case = Case::on_card(kind, "4242424242424242").with_fault(Fault::Decline);
        let Some(Answer::Declined(decline)) = case.send() else {
            panic!("{kind} was not declined");
        };
        assert_eq!(decline.response_code.as_deref(), Some("05"));
    }
}

#[test]
fn a_misspelt_fault_is_declined_and_explained() {
    let case = Case::on_card(OperationKind::Sale, "4242424242424242").with("sandbox_fault", "late-success");
    let Some(Answer::Declined(decline)) = case.send() else {
        panic!("not declined");
    };
    assert_eq!(decline.reason, DeclineReason::ProcessingError);
    for fault in Fault::ALL {
        assert!(decline.message.contains(fault.as_str()), "{}", decline.message);
    }
    assert_eq!(case.status(0), Answer::Declined(decline));
}

#[test]
fn the_page_for_developers_lists_everything() {
    let page = include_str!("../../../docs/sandbox.md");
    for card in CARDS {
        assert!(page.contains(card.number), "{}", card.number);
        let words = match card.verdict {
            Verdict::Approved => "approved".to_owned(),
            Verdict::Declined { code, message, .. } => format!("`{code}` | {message}"),
            Verdict::FraudRisk { score } => format!("high fraud risk (score: {score})"),
        };
        assert!(page.contains(&words), "{words}");
    }
    for word in Fault::ALL.map(Fault::as_str) {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
    for kind in OperationKind::ALL {
        assert!(page.contains(&format!("`{}`", fault_key(kind))), "{kind}");
    }
    for gateway in Gateway::ALL {
        let able = gateway.capabilities();
        let holds = if able.holds { "yes" } else { "no" };
        let refunds = match able.refunds {
            domain::provider::RefundSupport::Partial => "any part, several times",
            domain::provider::RefundSupport::FullOnly => "whole amount only",
            domain::provider::RefundSupport::None => "none",
        };
        let row = format!("| `{gateway}` | {holds} | {holds} | {refunds} |");
        assert_eq!(able.holds, able.several_captures);
        assert!(page.contains(&row), "{row}");
    }
}

/// Fifteen digits and the sixteenth that makes them a card number.
fn any_card_number() -> impl Strategy<Value = String> {
    (4_u64 * 10_u64.pow(14)..5 * 10_u64.pow(14)).prop_map(|body| {
        let digits = body.to_string();
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
                (1, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            })
            .sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    })
}

fn any_number() -> impl Strategy<Value = String> {
    let test_card = proptest::sample::select(CARDS.map(|card| card.number.to_owned()).to_vec());
    prop_oneof![any_card_number(), test_card]
}

proptest! {
    /// A proof is never taken back, whoever asks, how often and when; and asking long enough always gives one.
    #[test]
    fn every_side_is_told_the_same(
        kind in proptest::sample::select(OperationKind::ALL.to_vec()),
        number in any_number(),
        fault in proptest::option::of(proptest::sample::select(Fault::ALL.to_vec())),
        minor in 1_i64..1_000_000_000_000,
        currency in proptest::sample::select(Currency::ALL.to_vec()),
        asked in 0_u32..10,
    ) {
        let mut case = Case::on_card(kind, &number);
        case.amount = Money::new(minor, currency);
        if let Some(fault) = fault {
            case = case.with_fault(fault);
        }
        let sent = case.send();
        prop_assert_eq!(&sent, &case.send());
        prop_assert_eq!(sent.clone().unwrap_or(Answer::Unknown), case.rehearse());
        let truth = case.status(fault::QUESTIONS_IN_VAIN);
        prop_assert_ne!(&truth, &Answer::Unknown);
        for told in [sent.unwrap_or(Answer::Unknown), case.status(asked)] {
            prop_assert!(told == Answer::Unknown || told == truth, "{:?} and {:?}", told, truth);
        }
    }

    /// Whether money is held or sold at once, the issuer sees the same.
    #[test]
    fn the_kind_of_the_first_operation_changes_nothing(number in any_number(), minor in 1_i64..1_000_000_000) {
        let of = |kind| {
            let mut case = Case::on_card(kind, &number);
            case.amount = Money::new(minor, Currency::Usd);
            case.send()
        };
        prop_assert_eq!(of(OperationKind::Authorize), of(OperationKind::Sale));
    }
}
