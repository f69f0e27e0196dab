//! English.

use super::{Advice, Phrases, lines};
use domain::provider::{DeclineReason, Gateway};

pub(super) const WORDS: Phrases = Phrases {
    language: "Language",
    test_mode: "Test mode",
    test_mode_note: "This is a rehearsal. No real money moves.",
    page_by: "Payment page by Tahsil",
    back_to: |merchant| format!("Back to {merchant}"),
    back: "Back",

    pay_to: |merchant| format!("Pay {merchant}"),
    reference: "Reference",
    subtotal: "Subtotal",
    discount_with: |code| format!("Discount ({code})"),
    fee: "Service fee",
    no_fee: "No fee",
    fee_by_way: "Depends on how you pay",
    total: "Total",
    pay_until: |moment| format!("Pay by {moment} (Baghdad time)"),
    time_left: "Time left",
    minutes_left: |minutes| match minutes {
        1 => "1 minute left to pay".to_owned(),
        _ => format!("{minutes} minutes left to pay"),
    },
    time_is_up: "The time to pay has run out",

    how_to_pay: "Payment method",
    gateway: |gateway| match gateway {
        Gateway::CreditCard => "Card",
        Gateway::FastPay => "FastPay",
        Gateway::Fib => "First Iraqi Bank (FIB)",
        Gateway::Zain => "ZainCash",
        Gateway::AsiaPay => "AsiaPay",
        Gateway::NassWallet => "Nass Wallet",
    },
    gateway_note: |gateway| match gateway {
        Gateway::CreditCard => "Visa · Mastercard · American Express",
        Gateway::Fib | Gateway::FastPay | Gateway::Zain | Gateway::AsiaPay | Gateway::NassWallet => {
            "You confirm on the next page"
        }
    },
    card_number: "Card number",
    card_holder: "Name on card",
    card_expiry: "Expiry date",
    card_expiry_form: "MM / YY",
    card_cvv: "Security code",
    card_cvv_note: "3 digits on the back of the card; on American Express, 4 on the front",
    card_promise: "Your card number and security code are never stored.",
    your_details: "Your details",
    email: "E-mail",
    phone: "Mobile number",
    passed_on: |merchant| format!("Shared with {merchant} only"),
    promo_code: "Promo code",
    promo_ask: "Add a promo code",
    promo_apply: "Apply",
    promo_remove: "Remove",
    pay: "Pay",
    pay_amount: |amount| format!("Pay {amount}"),
    paying: "Processing…",
    cancel: "Cancel payment",
    cancel_ask: "Cancel this payment?",
    cancel_note: "Once canceled, it can no longer be paid.",
    go_back: "Go back",
    test_cards: "Test card: 4242 4242 4242 4242, any future date, any 3 digits.",

    please_check: "Please check these fields",
    gateway_missing: "Choose how you want to pay",
    email_missing: "Enter your e-mail address",
    email_invalid: "Enter an e-mail address like name@example.com",
    phone_missing: "Enter your mobile number",
    phone_invalid: "Enter a mobile number like 0770 123 4567",
    promo_unknown: "This promo code is not valid for this payment",
    promo_over: "This promo code has ended",
    card_number_invalid: "Check the card number",
    card_holder_missing: "Enter the name on the card",
    card_expiry_invalid: "Enter the expiry date as month and year, like 08 / 29",
    card_expired: "This card has expired",
    card_cvv_invalid: "Check the security code",

    not_paid: "Your payment did not go through",
    decline: |reason| match reason {
        DeclineReason::DoNotHonor => Advice {
            what: "Your bank declined the payment.",
            help: "Try another card or way to pay, or ask your bank for the reason.",
        },
        DeclineReason::InsufficientFunds => Advice {
            what: "There is not enough money in this account.",
            help: "Add money and try again, or pay another way.",
        },
        DeclineReason::ExpiredCard => Advice {
            what: "This card has expired.",
            help: "Check the expiry date, or use another card.",
        },
        DeclineReason::CvvMismatch => Advice {
            what: "The security code does not match the card.",
            help: "Check the code on your card and enter it again.",
        },
        DeclineReason::ProcessingError => Advice {
            what: "The payment could not be processed.",
            help: "Try again in a moment, or pay another way.",
        },
        DeclineReason::FraudRisk => Advice {
            what: "The payment was stopped by a security check.",
            help: "Use another card or way to pay.",
        },
        DeclineReason::NotSent => Advice {
            what: "The payment service could not be reached.",
            help: "Nothing was sent. Try again in a moment.",
        },
    },
    attempts_left: |left| match left {
        0 => "No attempts left.".to_owned(),
        1 => "You have 1 attempt left.".to_owned(),
        _ => format!("You have {left} attempts left."),
    },
    in_progress: Advice {
        what: "A payment is already being processed.",
        help: "Wait a moment before you try again, so that you do not pay twice.",
    },
    gateway_away: Advice {
        what: "This way to pay is not available right now.",
        help: "Choose another one, or try again later.",
    },
    price_changed: Advice {
        what: "The total has changed.",
        help: "Please look at the new total, then pay.",
    },
    promo_applied: |code| format!("Promo code {code} applied"),
    promo_removed: "Promo code removed",

    simulation: "Simulation",
    simulation_note: "This page stands in for the wallet while payments are tested. Nothing is charged.",
    wallet_asks: |merchant| format!("Payment request from {merchant}"),
    approve: "Approve payment",
    decline_it: "Decline",
    not_enough: "Insufficient balance",

    confirming: "Confirming your payment",
    confirming_note: "This usually takes a few seconds. Keep this page open and do not pay again.",
    confirming_slow: "This takes longer than usual. Your payment is not lost: the result will be shown here as soon as it is known.",
    check_again: "Check again",

    paid: "Payment successful",
    paid_note: |merchant| format!("{merchant} has received your payment."),
    held: "Payment approved",
    held_note: |merchant| format!("The amount is held on your card. {merchant} will collect it later."),
    forwarding: |merchant, seconds| match seconds {
        1 => format!("Taking you back to {merchant} in 1 second"),
        _ => format!("Taking you back to {merchant} in {seconds} seconds"),
    },
    stay_here: "Stay here",
    view_receipt: "View receipt",
    receipt: "Payment receipt",
    paid_to: "Paid to",
    paid_for: "Description",
    paid_via: "Paid with",
    paid_at: "Date",
    baghdad_time: "Baghdad time",
    status_paid: "Paid",
    status_held: "Approved, not yet collected",
    status_refunded: "Refunded",
    status_refunded_partly: "Partly refunded",
    refunded: "Refunded",
    payment_number: "Payment number",
    other_card: "Card",
    card_ending: |brand, last4| format!("{brand} ending in {last4}"),
    print: "Print",
    not_a_receipt: "Issued in test mode. This is not proof of payment.",

    attempts_used: "This payment could not be completed",
    attempts_used_note: |merchant| {
        format!(
            "Every attempt to pay was declined, so this page is now closed. Ask {merchant} for a new payment link."
        )
    },
    expired: "The time to pay has run out",
    expired_note: |merchant| {
        format!("This page was open for a limited time. Ask {merchant} for a new payment link.")
    },
    link_over: "This payment link is closed",
    link_over_note: |merchant| format!("It no longer takes payments. Ask {merchant} for a new one."),
    canceled: "Payment canceled",
    canceled_note: "This payment was canceled and can no longer be paid.",
    not_charged: "You have not been charged.",
    not_found: "Payment page not found",
    not_found_note: "The link may be incomplete or wrong. Open it again from the message you received, or ask the seller for a new one.",
    too_many: "Too many requests",
    too_many_note: |seconds| match seconds {
        1 => "Wait 1 second, then try again.".to_owned(),
        _ => format!("Wait {seconds} seconds, then try again."),
    },
    cookies: "Open the payment link again",
    cookies_note: "This address works only in the browser where the payment was opened. Open the link you received again. If you still see this page, allow cookies for this site.",
    stale_form: "This page was open for too long",
    stale_form_note: "To protect you, nothing was sent. Open the payment page again and continue.",
    too_long: "That is too long",
    too_long_note: "Nothing was charged. Shorten what you typed and try again.",
    went_wrong: "Something went wrong",
    went_wrong_note: "The fault is ours. Before you pay again, open the payment page once more: it shows whether your payment went through.",
    away: "Payments are paused for a moment",
    away_note: "We are working on it. Try again in a few minutes.",
    request_number: "Request number",
    try_again: "Try again",

    payment_from: |merchant| format!("Payment request from {merchant}"),
    continue_to_pay: "Continue to payment",
    share: "Share this payment link",
    share_note: "Whoever opens the link or scans the code can pay.",
    scan: "Scan to pay",
    link: "Link",
    copy: "Copy",
    copied: "Copied",
    whatsapp: "Send by WhatsApp",
    whatsapp_text: |shared| {
        let ask = format!("Payment request from {}", shared.merchant);
        lines(&[Some(&ask), shared.title, shared.amount, Some(shared.url)])
    },
};
