//! Intents in every state go into a row and come back; broken rows do not.

use super::*;
use crate::fixtures::{Damage, applied, decline, ids, intent, iqd, row, set_columns, start};
use chrono::Duration;
use domain::IdGenerator;
use domain::intent::{CanceledBy, CaptureMethod};
use domain::provider::Gateway;

fn attempt() -> Attempt {
    Attempt {
        payment: ids(3).id(start()),
        gateway: Gateway::Fib,
    }
}

fn late(given_back: bool) -> IntentState {
    let Attempt { payment, gateway } = attempt();
    IntentState::Expired {
        at: start() + Duration::hours(1),
        late: Some(LateMoney {
            payment,
            gateway,
            given_back,
        }),
    }
}

/// Every state.
fn states() -> Vec<(&'static str, IntentState)> {
    let at = start() + Duration::minutes(1);
    let paid = |late| IntentState::Succeeded {
        paid: Paid {
            payment: attempt().payment,
            via: attempt().gateway,
            at,
            payout: iqd(88),
            late,
        },
    };
    let held = |late| IntentState::RequiresCapture {
        attempt: attempt(),
        late,
        lapses_at: Some(at + Duration::days(7)),
    };
    let mut states = vec![
        ("created", IntentState::Created { last_decline: None }),
        (
            "created again",
            IntentState::Created {
                last_decline: Some(decline()),
            },
        ),
        ("processing", IntentState::Processing { attempt: attempt() }),
        ("held", held(false)),
        ("held late", held(true)),
        (
            "being captured",
            IntentState::RequiresCapture {
                attempt: attempt(),
                late: false,
                lapses_at: None,
            },
        ),
        ("paid", paid(false)),
        ("paid late", paid(true)),
        (
            "failed",
            IntentState::Failed {
                at,
                decline: decline(),
            },
        ),
        ("expired", IntentState::Expired { at, late: None }),
        ("due back", late(false)),
        ("back", late(true)),
    ];
    let canceled = CanceledBy::ALL.map(|by| ("canceled", IntentState::Canceled { at, by }));
    states.extend(canceled);
    states
}

fn intent_in(name: &str) -> Intent {
    let (_, state) = states().into_iter().find(|(known, _)| *known == name).unwrap();
    with(state)
}

fn with(state: IntentState) -> Intent {
    let attempts = match state {
        IntentState::Failed { .. } => MAX_ATTEMPTS,
        _ => 2,
    };
    Intent {
        state,
        attempts,
        ..intent()
    }
}

fn inserted(intent: &Intent) -> Model {
    row(insert(intent, Some("c".repeat(64))))
}

#[test]
fn every_state_reads_back() {
    for (name, state) in states() {
        let intent = with(state);
        assert_eq!(inserted(&intent).try_into(), Ok(intent), "{name}");
    }
}

#[test]
fn every_door_reads_back() {
    for source in [Source::Api, Source::Rasedi, Source::Link(ids(4).id(start()))] {
        for capture_method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
            let intent = Intent {
                source,
                capture_method,
                ..intent()
            };
            assert_eq!(inserted(&intent).try_into(), Ok(intent));
        }
    }
    let bare = Intent {
        collect: Collect::default(),
        title: None,
        description: None,
        merchant_reference: None,
        metadata: Default::default(),
        customer: Customer::default(),
        success_url: None,
        cancel_url: None,
        callback_url: None,
        promo: None,
        ..intent()
    };
    assert_eq!(row(insert(&bare, None)).try_into(), Ok(bare));
}

#[test]
fn a_change_reads_back_whatever_stood_there() {
    for (from, before) in states() {
        for (to, after) in states() {
            let before = with(before.clone());
            let after = Intent {
                promo: None,
                customer: Customer::default(),
                updated_at: start() + Duration::days(1),
                version: before.version + 1,
                ..with(after)
            };
            let row = applied(inserted(&before), &change(&after));
            assert_eq!(row.try_into(), Ok(after), "{from} -> {to}");
        }
    }
}

#[test]
fn what_the_merchant_asked_for_never_changes() {
    let changing = [
        "status",
        "customer_email",
        "customer_name",
        "customer_phone",
        "promo_code_id",
        "promo_code",
        "discount_minor",
        "attempts",
        "payment_id",
        "gateway",
        "last_decline",
        "paid_at",
        "payout_minor",
        "late",
        "give_back_due",
        "ended_at",
        "lapses_at",
        "canceled_by",
        "updated_at",
        "version",
    ];
    for (name, state) in states() {
        assert_eq!(set_columns(&change(&with(state))), changing, "{name}");
    }
}

#[test]
fn an_amount_of_another_currency_is_not_turned_into_ours() {
    let mut intent = intent_in("paid");
    intent.promo.as_mut().unwrap().discount = Money::new(100, Currency::Usd);
    if let IntentState::Succeeded { paid } = &mut intent.state {
        paid.payout = Money::new(100, Currency::Usd);
    }
    let row = inserted(&intent);
    assert_eq!((row.discount_minor, row.payout_minor), (-1, Some(-1)));
}

/// State, column that is to be named, damage.
type Broken = (&'static str, &'static str, Damage<Model>);

const BROKEN_WORDS: [Broken; 24] = [
    ("paid", "id", |row| row.id = "pay_1".into()),
    ("paid", "merchant_id", |row| row.merchant_id = "op_1".into()),
    ("paid", "mode", |row| row.mode = "prod".into()),
    ("paid", "source", |row| row.source = "shop".into()),
    ("paid", "source", |row| row.source = "api".into()),
    ("paid", "source", |row| row.link_id = None),
    ("paid", "link_id", |row| row.link_id = Some("pi_1".into())),
    ("paid", "status", |row| row.status = "PAID".into()),
    ("paid", "currency", |row| row.currency = "XXX".into()),
    ("paid", "capture_method", |row| {
        row.capture_method = "later".into()
    }),
    ("paid", "gateways", |row| row.gateways = String::new()),
    ("paid", "metadata", |row| row.metadata = Json::Null),
    ("paid", "success_url", |row| {
        row.success_url = Some("http://shop.iq".into())
    }),
    ("paid", "cancel_url", |row| {
        row.cancel_url = Some("javascript:x".into())
    }),
    ("paid", "callback_url", |row| {
        row.callback_url = Some("127.0.0.1".into())
    }),
    ("paid", "promo_code_id", |row| {
        row.promo_code_id = Some("pi_1".into())
    }),
    ("paid", "promo_code", |row| row.promo_code = None),
    ("paid", "promo_code", |row| row.promo_code = Some("!".into())),
    ("paid", "promo_code", |row| row.promo_code_id = None),
    ("paid", "discount_minor", |row| row.discount_minor = -1),
    ("paid", "discount_minor", |row| {
        row.discount_minor = row.amount_minor
    }),
    ("paid", "payment_id", |row| row.payment_id = Some("pi_1".into())),
    ("paid", "gateway", |row| row.gateway = Some("PAYPAL".into())),
    ("created again", "last_decline", |row| {
        row.last_decline = Some(serde_json::json!({ "message": "no" }));
    }),
];

const BROKEN_STATES: [Broken; 33] = [
    // What the state needs is not there.
    ("processing", "payment_id", |row| row.payment_id = None),
    ("processing", "gateway", |row| row.gateway = None),
    ("held", "payment_id", |row| row.payment_id = None),
    ("paid", "payment_id", |row| row.payment_id = None),
    ("paid", "gateway", |row| row.gateway = None),
    ("paid", "paid_at", |row| row.paid_at = None),
    ("paid", "payout_minor", |row| row.payout_minor = None),
    ("failed", "ended_at", |row| row.ended_at = None),
    ("failed", "last_decline", |row| row.last_decline = None),
    ("canceled", "ended_at", |row| row.ended_at = None),
    ("canceled", "canceled_by", |row| row.canceled_by = None),
    ("canceled", "canceled_by", |row| {
        row.canceled_by = Some("nobody".into())
    }),
    ("expired", "ended_at", |row| row.ended_at = None),
    ("due back", "payment_id", |row| row.payment_id = None),
    ("back", "gateway", |row| row.gateway = None),
    // What the state does not carry is there.
    ("created", "payment_id", |row| {
        row.payment_id = Some(attempt().payment.to_string())
    }),
    ("created", "gateway", |row| row.gateway = Some("FIB".into())),
    ("created", "paid_at", |row| row.paid_at = Some(start())),
    ("created", "late", |row| row.late = true),
    ("created", "ended_at", |row| row.ended_at = Some(start())),
    ("processing", "last_decline", |row| {
        row.last_decline = Some(column::decline_json(&decline()));
    }),
    ("processing", "late", |row| row.late = true),
    ("held", "payout_minor", |row| row.payout_minor = Some(1)),
    ("paid", "give_back_due", |row| row.give_back_due = true),
    ("paid", "canceled_by", |row| {
        row.canceled_by = Some("payer".into())
    }),
    ("failed", "gateway", |row| row.gateway = Some("FIB".into())),
    ("canceled", "late", |row| row.late = true),
    ("expired", "give_back_due", |row| row.give_back_due = true),
    ("due back", "payment_id", |row| row.late = false),
    // Attempts that the state contradicts.
    ("created", "attempts", |row| row.attempts = 5),
    ("created", "attempts", |row| row.attempts = -1),
    ("failed", "attempts", |row| row.attempts = 4),
    ("failed", "attempts", |row| row.attempts = 6),
];

#[test]
fn a_broken_row_names_its_column() {
    for (name, column, damage) in BROKEN_WORDS.into_iter().chain(BROKEN_STATES) {
        let mut row = inserted(&intent_in(name));
        damage(&mut row);
        let id = row.id.clone();
        let refused = Intent::try_from(row).unwrap_err();
        assert_eq!(
            (refused.table, refused.column, &refused.row),
            ("intents", column, &id),
            "{name}: {refused}"
        );
    }
}
