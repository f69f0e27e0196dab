//! The whole state x event matrix, and amounts under any sequence of events.

use super::*;
use crate::Currency;
use crate::operation::Transition;
use crate::provider::{Decline, DeclineReason};
use proptest::prelude::*;

fn iqd(dinars: i64) -> Money {
    Money::new(dinars * 1_000, Currency::Iqd)
}

fn start() -> Timestamp {
    "2026-06-15T10:00:00Z".parse().unwrap()
}

fn decline() -> Decline {
    Decline {
        reason: DeclineReason::InsufficientFunds,
        response_code: Some("51".into()),
        message: "insufficient funds".into(),
        provider_reference: None,
        fraud: None,
    }
}

fn hold() -> Hold {
    Hold {
        authorized: iqd(100),
        at: start(),
        expires_at: start() + AUTHORIZATION_LIVES,
    }
}

fn taken(captured: i64, refunded: i64, pending: i64) -> Taken {
    Taken::new(iqd(captured), iqd(refunded), iqd(pending), start()).unwrap()
}

/// Every state, with 100 dinars asked for.
fn states() -> Vec<(&'static str, PaymentState)> {
    let captured = |taken| PaymentState::Captured {
        authorized: iqd(100),
        taken,
    };
    let part = |taken| PaymentState::PartiallyCaptured { hold: hold(), taken };
    vec![
        (
            "processing",
            PaymentState::Processing {
                outcome_unknown: false,
            },
        ),
        (
            "unknown",
            PaymentState::Processing {
                outcome_unknown: true,
            },
        ),
        ("authorized", PaymentState::Authorized { hold: hold() }),
        ("part", part(taken(40, 0, 0))),
        ("part refunding", part(taken(40, 0, 40))),
        ("part refunded", part(taken(40, 40, 0))),
        ("captured", captured(taken(100, 0, 0))),
        ("refunding", captured(taken(100, 0, 60))),
        ("refunded in part", captured(taken(100, 60, 0))),
        ("refunded", captured(taken(100, 100, 0))),
        (
            "voided",
            PaymentState::Voided {
                hold: hold(),
                release: Release {
                    at: start(),
                    reason: None,
                },
            },
        ),
        ("expired", PaymentState::Expired { hold: hold() }),
        (
            "failed",
            PaymentState::Failed {
                at: start(),
                decline: decline(),
            },
        ),
    ]
}

type Event = fn(PaymentState) -> Result<Transition<PaymentState>, String>;

fn applied<E: std::fmt::Debug>(result: Result<PaymentState, E>) -> Result<Transition<PaymentState>, String> {
    result
        .map(Transition::Applied)
        .map_err(|refusal| format!("{refusal:?}"))
}

fn words<E: std::fmt::Debug>(
    result: Result<Transition<PaymentState>, E>,
) -> Result<Transition<PaymentState>, String> {
    result.map_err(|refusal| format!("{refusal:?}"))
}

/// Every event; the clock of the `late` ones stands at the end of the hold.
fn events() -> Vec<(&'static str, Event)> {
    vec![
        ("approve hold", |s| {
            words(s.approve(Intake::Authorize, iqd(100), start()))
        }),
        ("approve sale", |s| {
            words(s.approve(Intake::Sale, iqd(100), start()))
        }),
        ("decline", |s| words(s.decline(decline(), start()))),
        ("lose track", |s| words(s.lose_track())),
        ("capture 60", |s| {
            applied(s.capture(iqd(60), Finality::Final, start()))
        }),
        ("capture 30, keep", |s| {
            applied(s.capture(iqd(30), Finality::KeepRest, start()))
        }),
        ("capture 101", |s| {
            applied(s.capture(iqd(101), Finality::Final, start()))
        }),
        ("capture late", |s| {
            applied(s.capture(iqd(1), Finality::Final, start() + AUTHORIZATION_LIVES))
        }),
        ("void", |s| applied(s.void(None, start()))),
        ("void late", |s| {
            applied(s.void(None, start() + AUTHORIZATION_LIVES))
        }),
        ("expire", |s| Ok(s.expire(start() + AUTHORIZATION_LIVES))),
        ("refund 40", |s| applied(s.reserve_refund(iqd(40)))),
        ("refund 40 done", |s| applied(s.refund_succeeded(iqd(40)))),
        ("refund 40 failed", |s| applied(s.refund_failed(iqd(40)))),
        ("refund 40 reversed", |s| applied(s.refund_reversed(iqd(40)))),
    ]
}

/// What each event makes of each state: a status, `=` for "so already", or the start of the refusal.
const MATRIX: &[(&str, [&str; 15])] = &[
    (
        "processing",
        [
            "authorized",
            "captured",
            "failed",
            "processing",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "=",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
        ],
    ),
    (
        "unknown",
        [
            "authorized",
            "captured",
            "failed",
            "=",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "=",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
        ],
    ),
    (
        "authorized",
        [
            "=",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "captured",
            "partially_captured",
            "ExceedsAuthorized",
            "Expired",
            "voided",
            "Expired",
            "expired",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
        ],
    ),
    (
        "part",
        [
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "captured",
            "partially_captured",
            "ExceedsAuthorized",
            "Expired",
            "captured",
            "Expired",
            "captured",
            "partially_captured",
            "NotOpen",
            "NotOpen",
            "NotOpen",
        ],
    ),
    (
        "part refunding",
        [
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "captured",
            "partially_captured",
            "ExceedsAuthorized",
            "Expired",
            "captured",
            "Expired",
            "captured",
            "ExceedsAvailable",
            "partially_refunded",
            "partially_captured",
            "NotOpen",
        ],
    ),
    (
        "part refunded",
        [
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "partially_refunded",
            "partially_refunded",
            "ExceedsAuthorized",
            "Expired",
            "refunded",
            "Expired",
            "refunded",
            "AlreadyRefunded",
            "NotOpen",
            "NotOpen",
            "partially_captured",
        ],
    ),
    (
        "captured",
        [
            "ProcessingRefusal",
            "=",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "Captured",
            "Captured",
            "=",
            "captured",
            "NotOpen",
            "NotOpen",
            "NotOpen",
        ],
    ),
    (
        "refunding",
        [
            "ProcessingRefusal",
            "=",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "Captured",
            "Captured",
            "=",
            "captured",
            "partially_refunded",
            "captured",
            "NotOpen",
        ],
    ),
    (
        "refunded in part",
        [
            "ProcessingRefusal",
            "=",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "Captured",
            "Captured",
            "=",
            "partially_refunded",
            "NotOpen",
            "NotOpen",
            "partially_refunded",
        ],
    ),
    (
        "refunded",
        [
            "ProcessingRefusal",
            "=",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "AlreadyCaptured",
            "Captured",
            "Captured",
            "=",
            "AlreadyRefunded",
            "NotOpen",
            "NotOpen",
            "partially_refunded",
        ],
    ),
    (
        "voided",
        [
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "AlreadyVoided",
            "AlreadyVoided",
            "=",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
        ],
    ),
    (
        "expired",
        [
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "ProcessingRefusal",
            "Expired",
            "Expired",
            "Expired",
            "Expired",
            "Expired",
            "Expired",
            "=",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
        ],
    ),
    (
        "failed",
        [
            "ProcessingRefusal",
            "ProcessingRefusal",
            "=",
            "ProcessingRefusal",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "WrongState",
            "=",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
            "NotCaptured",
        ],
    ),
];

#[test]
fn the_whole_matrix() {
    assert_eq!(states().len(), MATRIX.len());
    for ((name, state), (row_name, row)) in states().into_iter().zip(MATRIX) {
        assert_eq!(name, *row_name);
        assert_eq!(events().len(), row.len());
        for ((event_name, event), expected) in events().into_iter().zip(row) {
            let outcome = match event(state.clone()) {
                Ok(Transition::Applied(next)) => next.status().to_string(),
                Ok(Transition::AlreadyApplied(same)) => {
                    assert_eq!(
                        same, state,
                        "{name} x {event_name}: \"already\" must change nothing"
                    );
                    "=".to_owned()
                }
                Err(refusal) => refusal.split(['(', ' ']).next().unwrap_or_default().to_owned(),
            };
            assert_eq!(outcome, *expected, "{name} x {event_name}");
        }
    }
}

#[test]
fn a_hold_ends_by_the_clock() {
    let state = PaymentState::Authorized { hold: hold() };
    let end = start() + AUTHORIZATION_LIVES;
    assert_eq!(
        state.status_at(end - chrono::Duration::microseconds(1)),
        PaymentStatus::Authorized
    );
    assert_eq!(state.status_at(end), PaymentStatus::Expired);
}

#[test]
fn amounts_that_contradict_each_other_cannot_be_written_down() {
    for (captured, refunded, pending) in [
        (0, 0, 0),
        (-1, 0, 0),
        (10, 11, 0),
        (10, 6, 5),
        (10, -1, 0),
        (10, 0, -1),
    ] {
        let broken = Taken::new(iqd(captured), iqd(refunded), iqd(pending), start());
        assert_eq!(broken, Err(BrokenAmounts), "{captured} {refunded} {pending}");
    }
}

fn any_event() -> impl Strategy<Value = (u8, i64)> {
    (0_u8..8, 1_i64..130)
}

proptest! {
    /// Whatever happens in whatever order, money neither appears nor vanishes.
    #[test]
    fn amounts_hold_under_any_history(history in proptest::collection::vec(any_event(), 0..40)) {
        let mut state = PaymentState::Authorized { hold: hold() };
        let mut open = Vec::new();
        for (event, amount) in history {
            let next = match event {
                0 => state.clone().capture(iqd(amount), Finality::Final, start()).ok(),
                1 | 2 => state.clone().capture(iqd(amount), Finality::KeepRest, start()).ok(),
                3 => state.clone().void(None, start()).ok(),
                4 | 5 => {
                    let next = state.clone().reserve_refund(iqd(amount)).ok();
                    if next.is_some() { open.push(amount); }
                    next
                }
                6 => open.pop().and_then(|amount| state.clone().refund_succeeded(iqd(amount)).ok()),
                _ => open.pop().and_then(|amount| state.clone().refund_failed(iqd(amount)).ok()),
            };
            let Some(next) = next else { continue };
            if let Some(taken) = next.taken() {
                let gone = taken.refunded().minor() + taken.refund_pending().minor();
                prop_assert!(taken.captured().minor() <= 100_000);
                prop_assert!(gone <= taken.captured().minor());
                prop_assert_eq!(taken.refund_pending(), iqd(open.iter().sum()));
            }
            state = next;
        }
    }
}
