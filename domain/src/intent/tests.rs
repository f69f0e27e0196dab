//! The whole state x event matrix of an intent, and what it asks a payer for.

mod bill;
mod life;
mod matrix;
mod money;

use super::*;
use crate::merchant::Mode;
use crate::operation::{Operation, OperationKind, OperationState};
use crate::payment::{AUTHORIZATION_LIVES, Finality, Hold, Payment, PaymentState, Release, Taken};
use crate::provider::{Approval, Decline, DeclineReason};
use uuid::Uuid;

fn iqd(dinars: i64) -> Money {
    Money::new(dinars * 1_000, Currency::Iqd)
}

fn start() -> Timestamp {
    "2026-06-15T10:00:00Z".parse().unwrap()
}

/// The instant at which the intent of these tests runs out.
fn end() -> Timestamp {
    start() + LIVES
}

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn attempt() -> Attempt {
    Attempt {
        payment: id(1),
        gateway: Gateway::CreditCard,
    }
}

fn decline(reason: DeclineReason) -> Decline {
    Decline {
        reason,
        response_code: None,
        message: "no".into(),
        provider_reference: None,
        fraud: None,
    }
}

fn paid(late: bool) -> Paid {
    Paid {
        payment: attempt().payment,
        via: Gateway::CreditCard,
        at: start(),
        payout: iqd(39),
        late,
    }
}

fn late(given_back: bool) -> IntentState {
    IntentState::Expired {
        at: end(),
        late: Some(LateMoney {
            payment: attempt().payment,
            gateway: Gateway::CreditCard,
            given_back,
        }),
    }
}

/// Every state.
fn states() -> Vec<(&'static str, IntentState)> {
    let no = decline(DeclineReason::InsufficientFunds);
    let held = |late| IntentState::RequiresCapture {
        attempt: attempt(),
        late,
        lapses_at: Some(hold().expires_at),
    };
    let canceled = |by| IntentState::Canceled { at: start(), by };
    vec![
        ("created", IntentState::Created { last_decline: None }),
        (
            "created again",
            IntentState::Created {
                last_decline: Some(no.clone()),
            },
        ),
        ("processing", IntentState::Processing { attempt: attempt() }),
        ("held", held(false)),
        ("held late", held(true)),
        ("paid", IntentState::Succeeded { paid: paid(false) }),
        ("paid late", IntentState::Succeeded { paid: paid(true) }),
        (
            "failed",
            IntentState::Failed {
                at: start(),
                decline: no,
            },
        ),
        ("canceled", canceled(CanceledBy::Merchant)),
        ("voided", canceled(CanceledBy::Void)),
        (
            "expired",
            IntentState::Expired {
                at: end(),
                late: None,
            },
        ),
        ("due back", late(false)),
        ("back", late(true)),
    ]
}

fn intent_in(name: &str) -> Intent {
    let (_, state) = states().into_iter().find(|(known, _)| *known == name).unwrap();
    let attempts = if name == "failed" { MAX_ATTEMPTS } else { 0 };
    Intent {
        state,
        attempts,
        ..intent()
    }
}

fn intent() -> Intent {
    Intent {
        id: id(7),
        tenant: Tenant {
            merchant: id(8),
            mode: Mode::Test,
        },
        source: Source::Api,
        amount: iqd(100),
        capture_method: CaptureMethod::Automatic,
        gateways: "CREDIT_CARD,FIB,NASS_WALLET".parse().unwrap(),
        collect: Collect::default(),
        title: None,
        description: None,
        merchant_reference: None,
        metadata: Metadata::default(),
        customer: Customer::default(),
        success_url: None,
        cancel_url: None,
        callback_url: None,
        promo: None,
        state: IntentState::Created { last_decline: None },
        attempts: 0,
        expires_at: end(),
        created_at: start(),
        updated_at: start(),
        version: 1,
    }
}

fn taken(captured: i64, refunded: i64) -> Taken {
    Taken::new(iqd(captured), iqd(refunded), iqd(0), start()).unwrap()
}

fn hold() -> Hold {
    Hold {
        authorized: iqd(100),
        at: start(),
        expires_at: start() + AUTHORIZATION_LIVES,
    }
}

/// Every state of a payment that an intent tells apart.
fn payments() -> Vec<(&'static str, PaymentState)> {
    let captured = |refunded| PaymentState::Captured {
        authorized: iqd(100),
        taken: taken(100, refunded),
    };
    let failed = |reason| PaymentState::Failed {
        at: start(),
        decline: decline(reason),
    };
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
        (
            "part",
            PaymentState::PartiallyCaptured {
                hold: hold(),
                taken: taken(40, 0),
            },
        ),
        ("captured", captured(0)),
        ("refunded in part", captured(60)),
        ("refunded", captured(100)),
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
        ("ran out", PaymentState::Expired { hold: hold() }),
        ("declined", failed(DeclineReason::DoNotHonor)),
        ("not sent", failed(DeclineReason::NotSent)),
    ]
}

fn payment_in(name: &str, gateway: Gateway) -> Payment {
    let (_, state) = payments().into_iter().find(|(known, _)| *known == name).unwrap();
    Payment {
        id: attempt().payment,
        tenant: intent().tenant,
        intent: Some(intent().id),
        amount: iqd(100),
        gateway,
        provider: "sandbox".into(),
        card: None,
        state,
        in_flight: None,
        customer: Customer::default(),
        description: None,
        merchant_reference: None,
        metadata: Metadata::default(),
        created_at: start(),
        updated_at: start(),
        version: 1,
    }
}

/// An operation that took `amount` for a fee of one dinar, if it succeeded.
fn operation(kind: OperationKind, amount: i64, succeeded: bool) -> Operation {
    let state = if succeeded {
        OperationState::Succeeded {
            at: start(),
            approval: Approval {
                provider_reference: "p".into(),
                auth_code: None,
                fraud: None,
            },
        }
    } else {
        OperationState::Failed {
            at: start(),
            decline: decline(DeclineReason::DoNotHonor),
        }
    };
    Operation {
        id: id(3),
        payment: attempt().payment,
        kind,
        amount: iqd(amount),
        fee: iqd(1),
        reserve: iqd(5),
        finality: Finality::Final,
        reason: None,
        idempotency_key: "key".parse().unwrap(),
        state,
        ask_again_at: None,
        created_at: start(),
    }
}

/// What a state says, in a word.
fn word(state: &IntentState) -> String {
    match state {
        IntentState::Canceled { by, .. } => format!("canceled by {}", by.as_str()),
        IntentState::Expired { late: Some(late), .. } if late.given_back => "back".into(),
        IntentState::Expired { late: Some(_), .. } => "due back".into(),
        state if state.is_late() => format!("{} late", state.status()),
        state => state.status().to_string(),
    }
}
