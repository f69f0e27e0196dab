//! Operations in every state go into a row and come back; broken rows do not.

use super::*;
use crate::fixtures::{Damage, applied, decline, iqd, operation, row, set_columns, start, tenant};
use chrono::Duration;
use domain::operation::OperationKind;

fn approved(auth_code: Option<&str>, fraud: Option<u8>) -> OperationState {
    OperationState::Succeeded {
        at: start(),
        approval: Approval {
            provider_reference: "sbx_1".into(),
            auth_code: auth_code.map(str::to_owned),
            fraud: fraud.map(|score| FraudCheck { score }),
        },
    }
}

fn operations() -> Vec<Operation> {
    let open = [
        OperationState::Sent,
        OperationState::OutcomeUnknown { asked: 0 },
        OperationState::OutcomeUnknown { asked: 3 },
    ]
    .map(|state| Operation {
        state,
        ask_again_at: Some(start() + Duration::seconds(30)),
        ..operation()
    });
    let settled = [
        approved(Some("A1B2C3"), Some(12)),
        approved(None, None),
        OperationState::Failed {
            at: start(),
            decline: decline(),
        },
    ]
    .map(|state| Operation {
        state,
        ask_again_at: None,
        ..operation()
    });
    open.into_iter().chain(settled).collect()
}

#[test]
fn every_state_reads_back() {
    for operation in operations() {
        let row = row(insert(tenant(), &operation));
        assert_eq!(row.merchant_id, tenant().merchant.to_string());
        assert_eq!(row.mode, "test");
        assert_eq!(row.try_into(), Ok(operation));
    }
}

#[test]
fn every_kind_and_finality_reads_back() {
    for kind in OperationKind::ALL {
        for finality in [Finality::Final, Finality::KeepRest] {
            let operation = Operation {
                kind,
                finality,
                reason: Some("نفدت الكتب".into()),
                fee: iqd(2),
                reserve: iqd(5),
                ..operation()
            };
            assert_eq!(row(insert(tenant(), &operation)).try_into(), Ok(operation));
        }
    }
}

#[test]
fn a_change_reads_back_whatever_stood_there() {
    for before in operations() {
        for after in operations() {
            let row = applied(row(insert(tenant(), &before)), &change(&after));
            assert_eq!(row.try_into(), Ok(after));
        }
    }
}

#[test]
fn a_change_touches_the_state_only() {
    let always = [
        "status",
        "provider_reference",
        "auth_code",
        "fraud_score",
        "decline",
        "ask_again_at",
        "settled_at",
    ];
    for operation in operations() {
        let mut touched = set_columns(&change(&operation));
        let counts = touched.contains(&"asked");
        assert_eq!(
            counts,
            operation.state.status() == OperationStatus::OutcomeUnknown
        );
        touched.retain(|column| *column != "asked");
        assert_eq!(touched, always);
    }
}

#[test]
fn an_answer_leaves_the_count_of_questions() {
    let unknown = Operation {
        state: OperationState::OutcomeUnknown { asked: 3 },
        ..operation()
    };
    let settled = Operation {
        state: approved(None, None),
        ..operation()
    };
    let row = applied(row(insert(tenant(), &unknown)), &change(&settled));
    assert_eq!((row.asked, row.status.as_str()), (3, "succeeded"));
}

#[test]
fn a_broken_row_names_its_column() {
    use OperationStatus::{Failed, OutcomeUnknown, Sent, Succeeded};
    let broken: [(OperationStatus, &str, Damage<Model>); 14] = [
        (Sent, "id", |row| row.id = "pay_1".into()),
        (Sent, "payment_id", |row| row.payment_id = "txn_1".into()),
        (Sent, "kind", |row| row.kind = "payout".into()),
        (Sent, "status", |row| row.status = "pending".into()),
        (Sent, "currency", |row| row.currency = "XXX".into()),
        (Sent, "idempotency_key", |row| row.idempotency_key = "a b".into()),
        (OutcomeUnknown, "asked", |row| row.asked = -1),
        (Succeeded, "settled_at", |row| row.settled_at = None),
        (Succeeded, "provider_reference", |row| {
            row.provider_reference = None
        }),
        (Succeeded, "fraud_score", |row| row.fraud_score = Some(256)),
        (Succeeded, "fraud_score", |row| row.fraud_score = Some(-1)),
        (Failed, "settled_at", |row| row.settled_at = None),
        (Failed, "decline", |row| row.decline = None),
        (Failed, "decline", |row| row.decline = Some("declined".into())),
    ];
    for (status, column, damage) in broken {
        let operation = operations().into_iter().find(|o| o.state.status() == status);
        let mut row = row(insert(tenant(), &operation.unwrap()));
        damage(&mut row);
        let id = row.id.clone();
        let refused = Operation::try_from(row).unwrap_err();
        assert_eq!(
            (refused.table, refused.column, refused.row),
            ("operations", column, id)
        );
    }
}

#[test]
fn a_fee_in_another_currency_is_not_turned_into_ours() {
    let operation = Operation {
        fee: Money::new(2, Currency::Usd),
        ..operation()
    };
    assert_eq!(row(insert(tenant(), &operation)).fee_minor, -1);
}

fn in_brief(row: &Model) -> Brief {
    let row = row.clone();
    Brief {
        id: row.id,
        payment_id: row.payment_id,
        kind: row.kind,
        status: row.status,
        currency: row.currency,
        amount_minor: row.amount_minor,
        settled_at: row.settled_at,
        created_at: row.created_at,
    }
}

#[test]
fn in_brief_an_operation_says_the_same() {
    for operation in operations() {
        let read = operation::Brief::try_from(in_brief(&row(insert(tenant(), &operation)))).unwrap();
        let settled_at = match &operation.state {
            OperationState::Succeeded { at, .. } | OperationState::Failed { at, .. } => Some(*at),
            OperationState::Sent | OperationState::OutcomeUnknown { .. } => None,
        };
        let expected = operation::Brief {
            id: operation.id,
            payment: operation.payment,
            kind: operation.kind,
            status: operation.state.status(),
            amount: operation.amount,
            created_at: operation.created_at,
            settled_at,
        };
        assert_eq!(read, expected);
    }
}

#[test]
fn a_broken_row_names_its_column_in_brief_too() {
    let broken: [(&str, Damage<Brief>); 6] = [
        ("id", |row| row.id = "pay_1".into()),
        ("payment_id", |row| row.payment_id = String::new()),
        ("kind", |row| row.kind = "gift".into()),
        ("status", |row| row.status = "done".into()),
        ("currency", |row| row.currency = "iqd".into()),
        ("settled_at", |row| row.settled_at = None),
    ];
    let settled = Operation {
        state: approved(None, None),
        ..operation()
    };
    for (column, damage) in broken {
        let mut brief = in_brief(&row(insert(tenant(), &settled)));
        damage(&mut brief);
        let refused = operation::Brief::try_from(brief).unwrap_err();
        assert_eq!((refused.table, refused.column), ("operations", column));
    }
}
