//! Each event in each state.

use super::*;
use crate::merchant::LateSuccess;
use crate::operation::Transition;

const HEARD: [Heard; 2] = [Heard::InTime, Heard::Later];
const POLICIES: [LateSuccess; 2] = [LateSuccess::Accept, LateSuccess::GiveBack];

/// What each payment makes of each intent, in the order of [`payments`]; `=` for nothing.
const FOLLOWED: &[(&str, [&str; 11])] = &[
    ("created", ["="; 11]),
    ("created again", ["="; 11]),
    (
        "held",
        [
            "=",
            "=",
            "=",
            "succeeded",
            "succeeded",
            "succeeded",
            "succeeded",
            "canceled by void",
            "canceled by authorization_expired",
            "=",
            "=",
        ],
    ),
    (
        "held late",
        [
            "=",
            "=",
            "=",
            "succeeded late",
            "succeeded late",
            "succeeded late",
            "succeeded late",
            "canceled by void",
            "canceled by authorization_expired",
            "=",
            "=",
        ],
    ),
    ("paid", ["="; 11]),
    ("paid late", ["="; 11]),
    ("failed", ["="; 11]),
    ("canceled", ["="; 11]),
    ("voided", ["="; 11]),
    ("expired", ["="; 11]),
    (
        "due back",
        [
            "=", "=", "=", "=", "=", "=", "back", "back", "back", "back", "back",
        ],
    ),
    // Somebody took a refund back: it is due again.
    (
        "back",
        [
            "due back", "due back", "due back", "due back", "due back", "due back", "=", "=", "=", "=", "=",
        ],
    ),
];

/// An intent that waits for an answer: in time or while it lives, late and accepted, late and given back.
const ANSWERED: [(&str, [&str; 3]); 11] = [
    ("processing", ["=", "=", "="]),
    ("unknown", ["=", "=", "="]),
    (
        "authorized",
        ["requires_capture", "requires_capture late", "due back"],
    ),
    ("part", ["succeeded", "succeeded late", "due back"]),
    ("captured", ["succeeded", "succeeded late", "due back"]),
    ("refunded in part", ["succeeded", "succeeded late", "due back"]),
    ("refunded", ["succeeded", "succeeded late", "back"]),
    ("voided", ["canceled by void", "canceled by void", "back"]),
    (
        "ran out",
        [
            "canceled by authorization_expired",
            "canceled by authorization_expired",
            "back",
        ],
    ),
    ("declined", ["created", "created", "created"]),
    ("not sent", ["created", "created", "created"]),
];

fn followed(
    before: &Intent,
    payment: &Payment,
    heard: Heard,
    policy: LateSuccess,
    now: Timestamp,
) -> Option<Intent> {
    let void = operation(OperationKind::Void, 100, true);
    match before.follow(payment, Some(&void), heard, policy, now) {
        Followed::Unchanged => None,
        Followed::Moved(after) => Some(*after),
    }
}

fn said(before: &Intent, after: Option<Intent>) -> String {
    match after {
        None => "=".into(),
        Some(after) => {
            assert_ne!(after, *before, "moved means changed");
            word(&after.state)
        }
    }
}

#[test]
fn an_intent_that_waits_for_no_answer_follows_its_payment_whenever_it_is_heard_of() {
    let waiting = states().into_iter().filter(|(name, _)| *name != "processing");
    assert!(
        waiting
            .map(|(name, _)| name)
            .eq(FOLLOWED.iter().map(|(name, _)| *name))
    );
    for (name, row) in FOLLOWED {
        let before = intent_in(name);
        for ((payment, _), expected) in payments().into_iter().zip(row) {
            let payment = payment_in(payment, Gateway::CreditCard);
            for (heard, policy) in HEARD.into_iter().flat_map(|h| POLICIES.map(|p| (h, p))) {
                for now in [start(), end(), end() + LONGEST_LIFE] {
                    let after = followed(&before, &payment, heard, policy, now);
                    let status = payment.state.status();
                    assert_eq!(
                        said(&before, after),
                        *expected,
                        "{name} {status} {heard:?} {policy:?} {now}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_answer_is_late_when_it_is_heard_later_and_the_intent_has_run_out() {
    let before = intent_in("processing");
    let before_end = end() - Duration::microseconds(1);
    for ((name, _), (row, [in_time, accepted, given_back])) in payments().into_iter().zip(ANSWERED) {
        assert_eq!(name, row);
        let payment = payment_in(name, Gateway::CreditCard);
        let is = |heard, policy, now, expected: &str| {
            let after = followed(&before, &payment, heard, policy, now);
            assert_eq!(
                said(&before, after),
                expected,
                "{name} {heard:?} {policy:?} {now}"
            );
        };
        for policy in POLICIES {
            is(Heard::InTime, policy, start(), in_time);
            is(Heard::InTime, policy, end() + LIVES, in_time);
            is(Heard::Later, policy, before_end, in_time);
        }
        is(Heard::Later, LateSuccess::Accept, end(), accepted);
        is(Heard::Later, LateSuccess::GiveBack, end(), given_back);
    }
}

#[test]
fn late_money_that_no_gateway_gives_back_counts_as_paid() {
    for gateway in Gateway::ALL {
        let processing = IntentState::Processing {
            attempt: Attempt { gateway, ..attempt() },
        };
        let before = Intent {
            state: processing,
            ..intent()
        };
        let payment = payment_in("captured", gateway);
        let after = followed(&before, &payment, Heard::Later, LateSuccess::GiveBack, end());
        let expected = match gateway {
            Gateway::NassWallet => "succeeded late",
            _ => "due back",
        };
        assert_eq!(said(&before, after), expected, "{gateway}");
    }
}

#[test]
fn only_the_attempt_that_the_intent_knows_moves_it() {
    for (name, _) in states() {
        for (payment, _) in payments() {
            let stranger = Payment {
                id: id(2),
                ..payment_in(payment, Gateway::CreditCard)
            };
            let after = followed(
                &intent_in(name),
                &stranger,
                Heard::InTime,
                LateSuccess::Accept,
                start(),
            );
            assert_eq!(after, None, "{name} {payment}");
        }
    }
}

/// Refusal of a confirm before and after the end; empty for none.
const CONFIRMED: [(&str, &str, &str); 13] = [
    ("created", "", "Expired"),
    ("created again", "", "Expired"),
    ("processing", "AttemptInProgress", "AttemptInProgress"),
    ("held", "Completed", "Completed"),
    ("held late", "Completed", "Completed"),
    ("paid", "Completed", "Completed"),
    ("paid late", "Completed", "Completed"),
    ("failed", "NoAttemptLeft", "NoAttemptLeft"),
    ("canceled", "Canceled", "Canceled"),
    ("voided", "Canceled", "Canceled"),
    ("expired", "Expired", "Expired"),
    ("due back", "Expired", "Expired"),
    ("back", "Expired", "Expired"),
];

#[test]
fn a_confirm_in_each_state() {
    for ((name, _), (row, living, over)) in states().into_iter().zip(CONFIRMED) {
        assert_eq!(name, row);
        for (now, expected) in [
            (end() - Duration::microseconds(1), living),
            (end(), over),
            (end() + LIVES, over),
        ] {
            let before = intent_in(name);
            match before.clone().confirm(attempt(), now) {
                Ok(after) => {
                    assert_eq!(expected, "", "{name} {now}");
                    assert_eq!(after.state, IntentState::Processing { attempt: attempt() });
                    assert_eq!(after.attempts, before.attempts, "counted when it is declined");
                }
                Err(refusal) => {
                    let said = format!("{refusal:?}");
                    assert!(
                        !expected.is_empty() && said.starts_with(expected),
                        "{name} {now}: {said}"
                    );
                }
            }
        }
    }
    let stranger = Attempt {
        gateway: Gateway::Zain,
        ..attempt()
    };
    assert_eq!(
        intent().confirm(stranger, start()),
        Err(ConfirmRefusal::GatewayNotOffered {
            gateway: Gateway::Zain
        })
    );
}

/// What a cancellation makes of each state, before and after the end: a word, `=` for "so already", or the start of the refusal.
const CANCELED: [(&str, &str, &str); 13] = [
    ("created", "canceled by payer", "Ended"),
    ("created again", "canceled by payer", "Ended"),
    ("processing", "AttemptInProgress", "AttemptInProgress"),
    ("held", "Completed", "Completed"),
    ("held late", "Completed", "Completed"),
    ("paid", "Completed", "Completed"),
    ("paid late", "Completed", "Completed"),
    ("failed", "Ended", "Ended"),
    ("canceled", "=", "="),
    ("voided", "=", "="),
    ("expired", "Ended", "Ended"),
    ("due back", "Ended", "Ended"),
    ("back", "Ended", "Ended"),
];

#[test]
fn a_cancellation_in_each_state() {
    for ((name, _), (row, living, over)) in states().into_iter().zip(CANCELED) {
        assert_eq!(name, row);
        for (now, expected) in [(start(), living), (end(), over)] {
            let before = intent_in(name);
            let said = match before.clone().cancel(CanceledBy::Payer, now) {
                Ok(Transition::Applied(after)) => word(&after.state),
                Ok(Transition::AlreadyApplied(after)) => {
                    assert_eq!(after, before);
                    "=".into()
                }
                Err(refusal) => format!("{refusal:?}"),
            };
            assert!(said.starts_with(expected), "{name} {now}: {said}");
        }
    }
}

#[test]
fn only_what_waits_for_a_payer_runs_out_and_only_at_its_end() {
    for (name, _) in states() {
        let waits = name.starts_with("created");
        let before = intent_in(name);
        let early = end() - Duration::microseconds(1);
        assert_eq!(
            before.clone().expire(early),
            Transition::AlreadyApplied(before.clone()),
            "{name}"
        );
        match before.clone().expire(end()) {
            Transition::Applied(after) => {
                assert!(waits, "{name}");
                let expired = IntentState::Expired {
                    at: end(),
                    late: None,
                };
                assert_eq!(after.state, expired);
            }
            Transition::AlreadyApplied(after) => assert_eq!((after, waits), (before, false), "{name}"),
        }
        // The clock decides, not the sweep.
        let stored = intent_in(name).state.status();
        let seen = if waits { IntentStatus::Expired } else { stored };
        assert_eq!(intent_in(name).status_at(early), stored, "{name}");
        assert_eq!(intent_in(name).status_at(end()), seen, "{name}");
    }
}

#[test]
fn a_hold_that_ended_is_over_by_the_clock() {
    let ends = hold().expires_at;
    for name in ["held", "held late"] {
        let held = intent_in(name);
        let before = ends - Duration::microseconds(1);
        assert_eq!(held.status_at(before), IntentStatus::RequiresCapture, "{name}");
        assert_eq!(held.state.canceled_by(before), None, "{name}");
        assert_eq!(held.status_at(ends), IntentStatus::Canceled, "{name}");
        assert_eq!(
            held.state.canceled_by(ends),
            Some(CanceledBy::AuthorizationExpired),
            "{name}"
        );
        assert_eq!(
            held.may_confirm(Gateway::CreditCard, ends),
            Err(ConfirmRefusal::Canceled)
        );
        assert_eq!(
            held.clone().cancel(CanceledBy::Merchant, ends),
            Ok(Transition::AlreadyApplied(held))
        );
    }
}

#[test]
fn a_hold_does_not_end_by_the_clock_while_a_capture_has_no_answer() {
    let (held, ends) = (intent_in("held"), hold().expires_at);
    let mut payment = payment_in("authorized", Gateway::CreditCard);
    payment.in_flight = Some(id(3));
    let follow = |intent: &Intent, payment: &Payment| match intent.follow(
        payment,
        None,
        Heard::InTime,
        LateSuccess::Accept,
        start(),
    ) {
        Followed::Unchanged => panic!("not moved"),
        Followed::Moved(moved) => *moved,
    };
    let asked = follow(&held, &payment);
    assert_eq!(asked.status_at(ends), IntentStatus::RequiresCapture);
    assert_eq!(asked.state.canceled_by(ends), None);

    // Refused: the hold is as it was.
    payment.in_flight = None;
    assert_eq!(follow(&asked, &payment), held);
}
