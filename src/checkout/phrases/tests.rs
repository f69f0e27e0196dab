use super::*;

fn words(language: &Language) -> &'static Phrases {
    Phrases::of(*language)
}

#[test]
fn arabic_nouns_agree_with_their_numbers() {
    let words = Phrases::of(Language::Arabic);
    for (left, text) in [
        (0, "لم تتبقَّ أي محاولة."),
        (1, "تتبقى لديك محاولة واحدة."),
        (2, "تتبقى لديك محاولتان."),
        (3, "تتبقى لديك ٣ محاولات."),
        (5, "تتبقى لديك ٥ محاولات."),
        (11, "تتبقى لديك ١١ محاولة."),
    ] {
        assert_eq!((words.attempts_left)(left), text);
    }
    // What is left is feminine, whether it is minutes or attempts.
    assert_eq!((words.minutes_left)(5), "تتبقى ٥ دقائق لإتمام الدفع");
    assert_eq!((words.too_many_note)(10), "انتظر ١٠ ثوانٍ ثم أعد المحاولة.");
    assert_eq!((words.too_many_note)(60), "انتظر ٦٠ ثانية ثم أعد المحاولة.");
}

#[test]
fn english_knows_one_from_many() {
    let words = Phrases::of(Language::English);
    assert_eq!((words.attempts_left)(1), "You have 1 attempt left.");
    assert_eq!((words.attempts_left)(2), "You have 2 attempts left.");
    assert_eq!((words.minutes_left)(1), "1 minute left to pay");
    assert_eq!((words.too_many_note)(1), "Wait 1 second, then try again.");
}

#[test]
fn every_decline_has_its_own_words_and_something_to_do() {
    for language in Language::ALL {
        let advice = DeclineReason::ALL.map(|reason| (words(language).decline)(reason));
        let told: std::collections::BTreeSet<_> = advice.iter().map(|advice| advice.what).collect();
        assert_eq!(told.len(), DeclineReason::ALL.len(), "{language}");
        assert!(
            advice.iter().all(|advice| advice.help.ends_with('.')),
            "{language}"
        );
    }
}

#[test]
fn what_is_short_cannot_be_read_as_what_is_not_needed() {
    // In Sorani "the balance that is needed is not there" also reads "no balance is needed".
    let words = Phrases::of(Language::Sorani);
    let advice = (words.decline)(DeclineReason::InsufficientFunds);
    for text in [advice.what, words.not_enough] {
        assert!(text.contains("بەس نییە") && !text.contains("پێویست"), "{text}");
    }
}

#[test]
fn every_way_to_pay_has_a_name() {
    for language in Language::ALL {
        let names: std::collections::BTreeSet<_> = Gateway::ALL
            .iter()
            .map(|gateway| (words(language).gateway)(*gateway))
            .collect();
        assert_eq!(names.len(), Gateway::ALL.len(), "{language}");
    }
}

#[test]
fn what_is_put_into_a_phrase_is_in_it() {
    for language in Language::ALL {
        let words = words(language);
        for phrase in [
            words.back_to,
            words.pay_to,
            words.discount_with,
            words.pay_until,
            words.passed_on,
            words.pay_amount,
            words.promo_applied,
            words.wallet_asks,
            words.paid_note,
            words.held_note,
            words.attempts_used_note,
            words.expired_note,
            words.link_over_note,
            words.payment_from,
        ] {
            let text = phrase("⟨x⟩");
            assert!(
                text.contains("⟨x⟩") && text.len() > "⟨x⟩".len(),
                "{language}: {text}"
            );
        }
        assert!((words.forwarding)("⟨x⟩", 8).contains("⟨x⟩"));
    }
}

#[test]
fn a_message_leaves_out_what_is_not_known() {
    let shared = Shared {
        merchant: "Al-Nahrain School",
        title: None,
        amount: Some("125,000 IQD"),
        url: "https://pay.example/l/1",
    };
    assert_eq!(
        (Phrases::of(Language::English).whatsapp_text)(&shared),
        "Payment request from Al-Nahrain School\n125,000 IQD\nhttps://pay.example/l/1"
    );
}
