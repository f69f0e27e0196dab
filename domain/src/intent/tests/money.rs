//! Attempts and what they leave to the merchant.

use super::*;
use crate::merchant::LateSuccess;

fn after(before: &Intent, payment: &Payment, operation: Option<&Operation>) -> Intent {
    match before.follow(payment, operation, Heard::InTime, LateSuccess::Accept, start()) {
        Followed::Moved(after) => *after,
        Followed::Unchanged => before.clone(),
    }
}

fn tried(before: Intent, payment: &str) -> Intent {
    let trying = before.confirm(attempt(), start()).unwrap();
    after(&trying, &payment_in(payment, Gateway::CreditCard), None)
}

#[test]
fn five_declines_lock_an_intent_and_what_never_left_counts_for_nothing() {
    let mut intent = intent();
    for left in (1..MAX_ATTEMPTS).rev() {
        intent = tried(tried(intent, "not sent"), "declined");
        assert_eq!(intent.remaining_attempts(), left);
        assert_eq!(intent.state.status(), IntentStatus::Created);
        let why = intent.state.last_decline().map(|decline| decline.reason);
        assert_eq!(why, Some(DeclineReason::DoNotHonor));
    }
    intent = tried(intent, "not sent");
    assert_eq!(
        (intent.attempts, intent.state.status()),
        (MAX_ATTEMPTS - 1, IntentStatus::Created)
    );
    intent = tried(intent, "declined");
    assert_eq!(
        (intent.remaining_attempts(), intent.state.status()),
        (0, IntentStatus::Failed)
    );
    assert_eq!(
        intent.confirm(attempt(), start()).unwrap_err().to_string(),
        "maximum payment attempts reached (5)"
    );
}

#[test]
fn a_decline_after_the_end_leaves_an_intent_that_is_over() {
    let before = intent_in("processing");
    let declined = payment_in("declined", Gateway::CreditCard);
    let Followed::Moved(after) = before.follow(&declined, None, Heard::Later, LateSuccess::GiveBack, end())
    else {
        panic!("a decline is counted whenever it comes");
    };
    assert_eq!(
        (after.attempts, after.status_at(end())),
        (1, IntentStatus::Expired)
    );
}

#[test]
fn the_payout_is_what_all_captures_leave() {
    let part = payment_in("part", Gateway::CreditCard);
    let paid = |intent: &Intent| intent.state.paid().unwrap().payout;

    let first = operation(OperationKind::Capture, 40, true);
    let mut intent = after(&intent_in("held"), &part, Some(&first));
    assert_eq!(paid(&intent), iqd(39));
    for (kind, amount, succeeded, payout) in [
        (OperationKind::Capture, 30, true, 68),
        (OperationKind::Capture, 20, false, 68),
        (OperationKind::Refund, 40, true, 68),
        (OperationKind::Void, 30, true, 68),
        (OperationKind::Capture, 30, true, 97),
    ] {
        intent = after(&intent, &part, Some(&operation(kind, amount, succeeded)));
        assert_eq!(paid(&intent), iqd(payout), "{kind} {amount}");
    }

    let sale = operation(OperationKind::Sale, 100, true);
    let captured = payment_in("captured", Gateway::CreditCard);
    assert_eq!(
        paid(&after(&intent_in("processing"), &captured, Some(&sale))),
        iqd(99)
    );
}

#[test]
fn what_is_paid_says_by_which_way_and_when() {
    let sale = operation(OperationKind::Sale, 100, true);
    let before = intent_in("processing");
    let captured = payment_in("captured", Gateway::CreditCard);
    let at = start() + Duration::minutes(1);
    let Followed::Moved(after) =
        before.follow(&captured, Some(&sale), Heard::InTime, LateSuccess::Accept, at)
    else {
        panic!("money moves an intent");
    };
    let expected = Paid {
        payment: attempt().payment,
        via: Gateway::CreditCard,
        at,
        payout: iqd(99),
        late: false,
    };
    assert_eq!(after.state.paid(), Some(&expected));
    assert_eq!(after.state.payment(), Some(attempt().payment));
}
