//! Sorani Kurdish. A counted noun stays in the singular, so numbers need no forms.

use super::{Advice, Phrases, lines};
use domain::language::Language;
use domain::provider::{DeclineReason, Gateway};

fn number(count: u32) -> String {
    Language::Sorani.digits(&count.to_string())
}

pub(super) const WORDS: Phrases = Phrases {
    language: "زمان",
    test_mode: "دۆخی تاقیکردنەوە",
    test_mode_note: "ئەمە تەنها تاقیکردنەوەیە و هیچ پارەیەکی ڕاستەقینە ناگوازرێتەوە.",
    page_by: "پەڕەی پارەدانی تەحسیل",
    back_to: |merchant| format!("گەڕانەوە بۆ {merchant}"),
    back: "گەڕانەوە",

    pay_to: |merchant| format!("پارەدان بە {merchant}"),
    reference: "ژمارەی داواکاری",
    subtotal: "کۆی لاوەکی",
    discount_with: |code| format!("داشکاندن ({code})"),
    fee: "کرێی خزمەتگوزاری",
    no_fee: "بێ کرێ",
    fee_by_way: "بەپێی شێوازی پارەدان",
    total: "کۆی گشتی",
    pay_until: |moment| format!("تکایە پێش {moment} پارە بدە (بە کاتی بەغدا)"),
    time_left: "کاتی ماوە",
    minutes_left: |minutes| format!("{} خولەک ماوە بۆ پارەدان", number(minutes)),
    time_is_up: "کاتی پارەدان تەواو بوو",

    how_to_pay: "شێوازی پارەدان",
    gateway: |gateway| match gateway {
        Gateway::CreditCard => "کارتی بانکی",
        Gateway::FastPay => "فاستپەی",
        Gateway::Fib => "یەکەم بانکی عێراقی (FIB)",
        Gateway::Zain => "زەین کاش",
        Gateway::AsiaPay => "ئاسیا پەی",
        Gateway::NassWallet => "جزدانی ناس",
    },
    gateway_note: |gateway| match gateway {
        Gateway::CreditCard => "ڤیزا · ماستەرکارد · ئەمریکان ئێکسپرێس",
        Gateway::Fib | Gateway::FastPay | Gateway::Zain | Gateway::AsiaPay | Gateway::NassWallet => {
            "لە پەڕەی داهاتوودا پشتڕاستی دەکەیتەوە"
        }
    },
    card_number: "ژمارەی کارت",
    card_holder: "ناوی سەر کارت",
    card_expiry: "بەرواری بەسەرچوون",
    card_expiry_form: "MM / YY",
    card_cvv: "کۆدی پاراستن",
    card_cvv_note: "٣ ژمارە لە پشتی کارتەکە، یان ٤ ژمارە لە ڕووی کارتی ئەمریکان ئێکسپرێس",
    card_promise: "ژمارەی کارت و کۆدی پاراستنت هەرگیز هەڵناگیرێن.",
    your_details: "زانیارییەکانت",
    email: "ئیمەیڵ",
    phone: "ژمارەی مۆبایل",
    passed_on: |merchant| format!("زانیارییەکانت تەنها دەدرێن بە {merchant}"),
    promo_code: "کۆدی داشکاندن",
    promo_ask: "زیادکردنی کۆدی داشکاندن",
    promo_apply: "جێبەجێکردن",
    promo_remove: "لابردن",
    pay: "پارە بدە",
    pay_amount: |amount| format!("{amount} بدە"),
    paying: "پارەدان جێبەجێ دەکرێت…",
    cancel: "هەڵوەشاندنەوەی پارەدان",
    cancel_ask: "ئەم پارەدانە هەڵدەوەشێنیتەوە؟",
    cancel_note: "دوای هەڵوەشاندنەوە چیتر ناتوانرێت پارەکەی بدرێت.",
    go_back: "گەڕانەوە",
    test_cards: "کارتی تاقیکردنەوە: \u{2066}4242 4242 4242 4242\u{2069}، هەر بەروارێکی داهاتوو و هەر ٣ ژمارەیەک.",

    please_check: "تکایە ئەم خانانە بپشکنە",
    gateway_missing: "شێوازی پارەدان هەڵبژێرە",
    email_missing: "ئیمەیڵەکەت بنووسە",
    email_invalid: "ئیمەیڵێکی دروست بنووسە، وەک \u{2066}name@example.com\u{2069}",
    phone_missing: "ژمارەی مۆبایلەکەت بنووسە",
    phone_invalid: "ژمارەیەکی مۆبایلی دروست بنووسە، وەک \u{2066}0770 123 4567\u{2069}",
    promo_unknown: "ئەم کۆدی داشکاندنە بۆ ئەم پارەدانە کار ناکات",
    promo_over: "ماوەی ئەم کۆدی داشکاندنە تەواو بووە",
    card_number_invalid: "ژمارەی کارتەکە بپشکنە",
    card_holder_missing: "ناوی سەر کارتەکە بنووسە",
    card_expiry_invalid: "بەرواری بەسەرچوون بە مانگ و ساڵ بنووسە، وەک \u{2066}08 / 29\u{2069}",
    card_expired: "ماوەی ئەم کارتە بەسەرچووە",
    card_cvv_invalid: "کۆدی پاراستن بپشکنە",

    not_paid: "پارەدانەکەت سەرکەوتوو نەبوو",
    decline: |reason| match reason {
        DeclineReason::DoNotHonor => Advice {
            what: "بانکەکەت پارەدانەکەی ڕەت کردەوە.",
            help: "کارتێکی تر یان شێوازێکی تری پارەدان تاقی بکەرەوە، یان هۆکارەکەی لە بانکەکەت بپرسە.",
        },
        DeclineReason::InsufficientFunds => Advice {
            what: "باڵانسەکەت بەس نییە.",
            help: "باڵانس زیاد بکە و دووبارە هەوڵ بدەوە، یان بە شێوازێکی تر پارە بدە.",
        },
        DeclineReason::ExpiredCard => Advice {
            what: "ماوەی ئەم کارتە بەسەرچووە.",
            help: "بەرواری بەسەرچوون بپشکنە، یان کارتێکی تر بەکاربهێنە.",
        },
        DeclineReason::CvvMismatch => Advice {
            what: "کۆدی پاراستن لەگەڵ کارتەکە ناگونجێت.",
            help: "کۆدەکەی سەر کارتەکەت بپشکنە و دووبارە بینووسەوە.",
        },
        DeclineReason::ProcessingError => Advice {
            what: "پارەدانەکە جێبەجێ نەکرا.",
            help: "دوای کەمێک دووبارە هەوڵ بدەوە، یان بە شێوازێکی تر پارە بدە.",
        },
        DeclineReason::FraudRisk => Advice {
            what: "پشکنینی ئاسایش پارەدانەکەی ڕاگرت.",
            help: "کارتێکی تر یان شێوازێکی تری پارەدان بەکاربهێنە.",
        },
        DeclineReason::NotSent => Advice {
            what: "پەیوەندی بە خزمەتگوزاری پارەدانەوە نەکرا.",
            help: "هیچ شتێک نەنێردرا. دوای کەمێک دووبارە هەوڵ بدەوە.",
        },
    },
    attempts_left: |left| match left {
        0 => "هیچ هەوڵێکت نەماوە.".to_owned(),
        _ => format!("{} هەوڵت ماوە.", number(left)),
    },
    in_progress: Advice {
        what: "پارەدانێک لە جێبەجێکردندایە.",
        help: "کەمێک چاوەڕێ بکە پێش ئەوەی دووبارە هەوڵ بدەیتەوە، تا دوو جار پارە نەدەیت.",
    },
    gateway_away: Advice {
        what: "ئەم شێوازی پارەدانە ئێستا بەردەست نییە.",
        help: "شێوازێکی تر هەڵبژێرە، یان دواتر هەوڵ بدەوە.",
    },
    price_changed: Advice {
        what: "کۆی گشتی گۆڕاوە.",
        help: "سەیری بڕە نوێیەکە بکە، پاشان پارە بدە.",
    },
    promo_applied: |code| format!("کۆدی داشکاندنی {code} جێبەجێ کرا"),
    promo_removed: "کۆدی داشکاندن لابرا",

    simulation: "هاوشێوەکردن",
    simulation_note: "ئەم پەڕەیە لە کاتی تاقیکردنەوەی پارەداندا جێی جزدانەکە دەگرێتەوە. هیچ پارەیەک نابڕدرێت.",
    wallet_asks: |merchant| format!("{merchant} داوای پارەدان دەکات"),
    approve: "پەسەندکردنی پارەدان",
    decline_it: "ڕەتکردنەوە",
    not_enough: "باڵانس بەس نییە",

    confirming: "پارەدانەکەت پشتڕاست دەکرێتەوە",
    confirming_note: "ئەمە بە گشتی چەند چرکەیەک دەخایەنێت. ئەم پەڕەیە بە کراوەیی بهێڵەرەوە و دووبارە پارە مەدە.",
    confirming_slow: "ئەمە لە ئاسایی زیاتری خایاندووە. پارەدانەکەت لەدەست نەچووە و ئەنجامەکە هەر کە زانرا لێرە پیشان دەدرێت.",
    check_again: "دووبارە بپشکنە",

    paid: "پارەدانەکە سەرکەوتوو بوو",
    paid_note: |merchant| format!("پارەدانەکەت گەیشت بە {merchant}."),
    held: "پارەدانەکە پەسەند کرا",
    held_note: |merchant| format!("بڕی پارەکە لەسەر کارتەکەت ڕاگیرا و {merchant} دواتر وەریدەگرێت."),
    forwarding: |merchant, count| format!("دوای {} چرکە دەگەڕێیتەوە بۆ {merchant}", number(count)),
    stay_here: "لێرە بمێنەوە",
    view_receipt: "بینینی پسوولە",
    receipt: "پسوولەی پارەدان",
    paid_to: "وەرگر",
    paid_for: "وەسف",
    paid_via: "شێوازی پارەدان",
    paid_at: "بەروار",
    baghdad_time: "بە کاتی بەغدا",
    status_paid: "پارەکەی دراوە",
    status_held: "پەسەند کراوە و هێشتا وەرنەگیراوە",
    status_refunded: "پارەکە گەڕێندراوەتەوە",
    status_refunded_partly: "بەشێکی گەڕێندراوەتەوە",
    refunded: "بڕی گەڕێندراوە",
    payment_number: "ژمارەی پارەدان",
    other_card: "کارت",
    card_ending: |brand, last4| format!("{brand} کە بە {last4} کۆتایی دێت"),
    print: "چاپکردن",
    not_a_receipt: "لە دۆخی تاقیکردنەوەدا دەرچووە و بەڵگەی پارەدان نییە.",

    attempts_used: "ئەم پارەدانە تەواو نەکرا",
    attempts_used_note: |merchant| {
        format!(
            "هەموو هەوڵەکانی پارەدان ڕەت کرانەوە، بۆیە ئەم پەڕەیە داخرا. داوای بەستەرێکی نوێ لە {merchant} بکە."
        )
    },
    expired: "کاتی پارەدان تەواو بوو",
    expired_note: |merchant| {
        format!("ئەم پەڕەیە بۆ ماوەیەکی دیاریکراو کراوە بوو. داوای بەستەرێکی نوێ لە {merchant} بکە.")
    },
    link_over: "ئەم بەستەری پارەدانە داخراوە",
    link_over_note: |merchant| {
        format!("ئەم بەستەرە چیتر پارە وەرناگرێت. داوای بەستەرێکی نوێ لە {merchant} بکە.")
    },
    canceled: "پارەدانەکە هەڵوەشێنرایەوە",
    canceled_note: "ئەم پارەدانە هەڵوەشێنراوەتەوە و چیتر ناتوانرێت پارەکەی بدرێت.",
    not_charged: "هیچ پارەیەکت لێ نەبڕدراوە.",
    not_found: "پەڕەی پارەدان نەدۆزرایەوە",
    not_found_note: "لەوانەیە بەستەرەکە ناتەواو یان هەڵە بێت. لەو نامەیەوە کە پێت گەیشتووە دووبارە بیکەرەوە، یان داوای بەستەرێکی نوێ لە فرۆشیار بکە.",
    too_many: "داواکاری زۆرە",
    too_many_note: |count| format!("{} چرکە چاوەڕێ بکە و پاشان دووبارە هەوڵ بدەوە.", number(count)),
    cookies: "بەستەری پارەدان دووبارە بکەرەوە",
    cookies_note: "ئەم ناونیشانە تەنها لەو وێبگەڕەدا کار دەکات کە پەڕەی پارەدانی تێدا کراوەتەوە. ئەو بەستەرەی پێت گەیشتووە دووبارە بکەرەوە. ئەگەر هەر ئەم پەڕەیەت بینی، ڕێگە بە کووکی بدە بۆ ئەم ماڵپەڕە.",
    stale_form: "ئەم پەڕەیە ماوەیەکی زۆر کراوە بوو",
    stale_form_note: "بۆ پاراستنت هیچ شتێک نەنێردرا. پەڕەی پارەدان دووبارە بکەرەوە و بەردەوام بە.",
    too_long: "دەقەکە زۆر درێژە",
    too_long_note: "هیچ پارەیەک وەرنەگیرا. ئەوەی نووسیوتە کورتی بکەرەوە و دووبارە هەوڵ بدەوە.",
    went_wrong: "هەڵەیەک ڕوویدا",
    went_wrong_note: "هەڵەکە لە ئێمەوەیە. پێش ئەوەی دووبارە پارە بدەیت، پەڕەی پارەدان دووبارە بکەرەوە: لەوێ دیارە پارەدانەکەت سەرکەوتوو بووە یان نا.",
    away: "پارەدان بۆ ماوەیەکی کەم ڕاگیراوە",
    away_note: "کاری لەسەر دەکەین. دوای چەند خولەکێک دووبارە هەوڵ بدەوە.",
    request_number: "ژمارەی داوا",
    try_again: "دووبارە هەوڵ بدەوە",

    payment_from: |merchant| format!("{merchant} داوای پارەدان دەکات"),
    continue_to_pay: "بەردەوام بە بۆ پارەدان",
    share: "هاوبەشکردنی بەستەری پارەدان",
    share_note: "هەرکەسێک بەستەرەکە بکاتەوە یان کۆدەکە سکان بکات دەتوانێت پارە بدات.",
    scan: "بۆ پارەدان کۆدەکە سکان بکە",
    link: "بەستەر",
    copy: "کۆپیکردن",
    copied: "کۆپی کرا",
    whatsapp: "ناردن بە واتساپ",
    whatsapp_text: |shared| {
        let ask = format!("{} داوای پارەدان دەکات", shared.merchant);
        lines(&[Some(&ask), shared.title, shared.amount, Some(shared.url)])
    },
};
