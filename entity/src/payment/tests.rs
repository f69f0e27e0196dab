//! Payments in every state go into a row and come back; broken rows do not.

use super::*;
use crate::fixtures::{Damage, applied, decline, ids, iqd, payment, row, set_columns, start};
use chrono::Duration;
use domain::IdGenerator;
use domain::payment::AUTHORIZATION_LIVES;

fn hold() -> Hold {
    Hold {
        authorized: iqd(100),
        at: start() + Duration::seconds(1),
        expires_at: start() + Duration::seconds(1) + AUTHORIZATION_LIVES,
    }
}

fn taken(captured: i64, refunded: i64, pending: i64) -> Taken {
    let at = start() + Duration::seconds(2);
    Taken::new(iqd(captured), iqd(refunded), iqd(pending), at).unwrap()
}

fn voided(reason: Option<&str>) -> PaymentState {
    PaymentState::Voided {
        hold: hold(),
        release: Release {
            at: start() + Duration::seconds(3),
            reason: reason.map(str::to_owned),
        },
    }
}

/// Every state, with 100 dinars asked for.
fn states() -> Vec<(&'static str, PaymentState)> {
    let processing = |outcome_unknown| PaymentState::Processing { outcome_unknown };
    let part = |taken| PaymentState::PartiallyCaptured { hold: hold(), taken };
    let captured = |taken| PaymentState::Captured {
        authorized: iqd(100),
        taken,
    };
    let failed = PaymentState::Failed {
        at: start() + Duration::seconds(3),
        decline: decline(),
    };
    vec![
        ("processing", processing(false)),
        ("unknown", processing(true)),
        ("authorized", PaymentState::Authorized { hold: hold() }),
        ("part", part(taken(40, 0, 0))),
        ("part refunding", part(taken(40, 0, 40))),
        ("part refunded", part(taken(40, 40, 0))),
        ("captured", captured(taken(100, 0, 0))),
        ("captured in part", captured(taken(60, 0, 0))),
        ("refunding", captured(taken(100, 0, 60))),
        ("refunded in part", captured(taken(100, 60, 0))),
        ("refunded", captured(taken(100, 100, 0))),
        ("voided", voided(None)),
        ("voided for a reason", voided(Some("طلب الزبون"))),
        ("expired", PaymentState::Expired { hold: hold() }),
        ("failed", failed),
    ]
}

fn payment_in(name: &str) -> Payment {
    let (_, state) = states().into_iter().find(|(known, _)| *known == name).unwrap();
    Payment { state, ..payment() }
}

#[test]
fn every_state_reads_back() {
    for (name, state) in states() {
        let payment = Payment { state, ..payment() };
        assert_eq!(row(insert(&payment)).try_into(), Ok(payment), "{name}");
    }
}

#[test]
fn a_payment_of_which_the_merchant_says_nothing_reads_back() {
    let bare = Payment {
        card: None,
        in_flight: None,
        customer: Customer::default(),
        description: None,
        merchant_reference: None,
        metadata: Default::default(),
        ..payment_in("captured")
    };
    let row = row(insert(&bare));
    assert_eq!(row.metadata, serde_json::json!({}));
    assert_eq!(row.try_into(), Ok(bare));
}

#[test]
fn a_change_reads_back_whatever_stood_there() {
    for (from, before) in states() {
        for (to, after) in states() {
            let before = Payment {
                state: before.clone(),
                ..payment()
            };
            let after = Payment {
                state: after,
                in_flight: Some(ids(2).id(start())),
                updated_at: start() + Duration::days(1),
                version: before.version + 1,
                ..payment()
            };
            let row = applied(row(insert(&before)), &change(&after));
            assert_eq!(row.try_into(), Ok(after), "{from} -> {to}");
        }
    }
}

#[test]
fn a_change_touches_the_state_only() {
    let always = [
        "status",
        "authorized_minor",
        "captured_minor",
        "refunded_minor",
        "refund_pending_minor",
        "hold_open",
        "outcome_unknown",
        "in_flight_operation_id",
        "captured_at",
        "voided_at",
        "void_reason",
        "failed_at",
        "decline",
        "updated_at",
        "version",
    ];
    for (name, _) in states() {
        let mut touched = set_columns(&change(&payment_in(name)));
        touched.retain(|column| !column.starts_with("hold_at") && !column.starts_with("hold_expires"));
        assert_eq!(touched, always, "{name}");
    }
}

#[test]
fn a_capture_leaves_the_times_of_the_hold() {
    let row = applied(
        row(insert(&payment_in("authorized"))),
        &change(&payment_in("captured")),
    );
    assert!(!row.hold_open);
    assert_eq!(
        (row.hold_at, row.hold_expires_at),
        (Some(hold().at), Some(hold().expires_at))
    );
}

#[test]
fn a_sale_never_held() {
    let row = row(insert(&payment_in("captured")));
    assert_eq!((row.hold_at, row.hold_expires_at), (None, None));
}

#[test]
fn an_amount_of_another_currency_is_not_turned_into_ours() {
    let authorized = Money::new(100, Currency::Usd);
    let mut payment = payment_in("authorized");
    payment.state = PaymentState::Authorized {
        hold: Hold { authorized, ..hold() },
    };
    assert_eq!(row(insert(&payment)).authorized_minor, -1);
}

/// State, column that is to be named, damage.
type Broken = (&'static str, &'static str, Damage<Model>);

const BROKEN_WORDS: [Broken; 10] = [
    ("captured", "id", |row| row.id = "pay_".into()),
    ("captured", "merchant_id", |row| row.merchant_id = "op_1".into()),
    ("captured", "mode", |row| row.mode = "prod".into()),
    ("captured", "gateway", |row| row.gateway = "PAYPAL".into()),
    ("captured", "card_id", |row| row.card_id = Some("1".into())),
    ("captured", "currency", |row| row.currency = "XXX".into()),
    ("captured", "in_flight_operation_id", |row| {
        row.in_flight_operation_id = Some("pay_1".into());
    }),
    ("captured", "metadata", |row| row.metadata = Json::Null),
    ("captured", "metadata", |row| {
        row.metadata = serde_json::json!({ "order": 7 });
    }),
    ("failed", "decline", |row| {
        row.decline = Some(serde_json::json!({ "message": "declined" }));
    }),
];

const BROKEN_STATES: [Broken; 28] = [
    // A name that the rest does not bear out.
    ("processing", "status", |row| row.status = "captured".into()),
    ("captured", "status", |row| row.status = "CAPTURED".into()),
    ("captured", "status", |row| row.status = String::new()),
    // Amounts, times and flags that changed without the name.
    ("captured", "status", |row| row.refunded_minor = 1),
    ("refunded", "status", |row| row.refunded_minor -= 1),
    ("authorized", "status", |row| row.hold_open = false),
    ("part", "status", |row| row.hold_open = false),
    ("expired", "status", |row| row.hold_open = true),
    ("voided", "status", |row| row.voided_at = None),
    ("failed", "status", |row| row.failed_at = None),
    // What the state needs is not there.
    ("authorized", "hold_at", |row| row.hold_at = None),
    ("part", "hold_expires_at", |row| row.hold_expires_at = None),
    ("voided", "hold_at", |row| row.hold_at = None),
    ("expired", "hold_expires_at", |row| row.hold_expires_at = None),
    ("captured", "captured_at", |row| row.captured_at = None),
    ("authorized", "captured_at", |row| row.captured_minor = 1),
    ("failed", "decline", |row| row.decline = None),
    // Amounts that contradict each other.
    ("authorized", "authorized_minor", |row| row.amount_minor -= 1),
    ("authorized", "authorized_minor", |row| row.authorized_minor = -1),
    ("captured", "captured_minor", |row| row.authorized_minor -= 1),
    ("captured", "captured_minor", |row| row.captured_minor = -1),
    ("refunded", "refunded_minor", |row| row.refunded_minor += 1),
    ("refunding", "refunded_minor", |row| row.refunded_minor = i64::MAX),
    ("captured", "refunded_minor", |row| row.refunded_minor = -1),
    ("captured", "refund_pending_minor", |row| {
        row.refund_pending_minor = -1
    }),
    ("authorized", "refunded_minor", |row| row.refunded_minor = 1),
    ("authorized", "refund_pending_minor", |row| {
        row.refund_pending_minor = 1
    }),
    ("refunding", "refunded_minor", |row| {
        row.refunded_minor = row.captured_minor
    }),
];

#[test]
fn a_broken_row_names_its_column() {
    for (name, column, damage) in BROKEN_WORDS.into_iter().chain(BROKEN_STATES) {
        let mut row = row(insert(&payment_in(name)));
        damage(&mut row);
        let id = row.id.clone();
        let refused = Payment::try_from(row).unwrap_err();
        assert_eq!(
            (refused.table, refused.column, &refused.row),
            ("payments", column, &id),
            "{name}: {refused}"
        );
    }
}
