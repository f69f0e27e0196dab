//! Arabic, as banks in Iraq print it.

use super::{Advice, Phrases, lines};
use domain::language::Language;
use domain::provider::{DeclineReason, Gateway};

/// A number and the noun that it counts: one, two, three to ten, and the rest each have their form.
fn counted(count: u32, one: &str, two: &str, few: &str, many: &str) -> String {
    let number = Language::Arabic.digits(&count.to_string());
    match count {
        1 => one.to_owned(),
        2 => two.to_owned(),
        _ if (3..=10).contains(&(count % 100)) => format!("{number} {few}"),
        _ => format!("{number} {many}"),
    }
}

fn seconds(count: u32) -> String {
    counted(count, "ثانية واحدة", "ثانيتين", "ثوانٍ", "ثانية")
}

pub(super) const WORDS: Phrases = Phrases {
    language: "اللغة",
    test_mode: "وضع الاختبار",
    test_mode_note: "هذه عملية تجريبية، ولا تُنقل فيها أموال حقيقية.",
    page_by: "صفحة الدفع من تحصيل",
    back_to: |merchant| format!("العودة إلى {merchant}"),
    back: "رجوع",

    pay_to: |merchant| format!("الدفع إلى {merchant}"),
    reference: "الرقم المرجعي",
    subtotal: "المجموع الفرعي",
    discount_with: |code| format!("الخصم ({code})"),
    fee: "رسوم الخدمة",
    no_fee: "بدون رسوم",
    fee_by_way: "بحسب طريقة الدفع",
    total: "المبلغ الإجمالي",
    pay_until: |moment| format!("يُرجى الدفع قبل {moment} (بتوقيت بغداد)"),
    time_left: "الوقت المتبقي",
    minutes_left: |minutes| {
        format!(
            "تتبقى {} لإتمام الدفع",
            counted(minutes, "دقيقة واحدة", "دقيقتان", "دقائق", "دقيقة")
        )
    },
    time_is_up: "انتهت مهلة الدفع",

    how_to_pay: "طريقة الدفع",
    gateway: |gateway| match gateway {
        Gateway::CreditCard => "بطاقة مصرفية",
        Gateway::FastPay => "فاست باي",
        Gateway::Fib => "المصرف العراقي الأول (FIB)",
        Gateway::Zain => "زين كاش",
        Gateway::AsiaPay => "آسيا باي",
        Gateway::NassWallet => "محفظة ناس",
    },
    gateway_note: |gateway| match gateway {
        Gateway::CreditCard => "فيزا · ماستركارد · أمريكان إكسبريس",
        Gateway::Fib | Gateway::FastPay | Gateway::Zain | Gateway::AsiaPay | Gateway::NassWallet => {
            "تؤكّد الدفع في الصفحة التالية"
        }
    },
    card_number: "رقم البطاقة",
    card_holder: "الاسم على البطاقة",
    card_expiry: "تاريخ الانتهاء",
    card_expiry_form: "MM / YY",
    card_cvv: "رمز الأمان",
    card_cvv_note: "٣ أرقام على ظهر البطاقة، أو ٤ على وجه بطاقة أمريكان إكسبريس",
    card_promise: "لا نحتفظ برقم بطاقتك ولا برمز الأمان أبدًا.",
    your_details: "بياناتك",
    email: "البريد الإلكتروني",
    phone: "رقم الهاتف المحمول",
    passed_on: |merchant| format!("لا تُشارَك بياناتك إلا مع {merchant}"),
    promo_code: "رمز الخصم",
    promo_ask: "إضافة رمز خصم",
    promo_apply: "تطبيق",
    promo_remove: "إزالة",
    pay: "ادفع",
    pay_amount: |amount| format!("ادفع {amount}"),
    paying: "جارٍ تنفيذ الدفع…",
    cancel: "إلغاء الدفع",
    cancel_ask: "هل تريد إلغاء هذه الدفعة؟",
    cancel_note: "بعد إلغائها لن يكون بالإمكان دفعها.",
    go_back: "رجوع",
    test_cards: "بطاقة اختبار: \u{2066}4242 4242 4242 4242\u{2069}، أي تاريخ قادم، وأي ٣ أرقام.",

    please_check: "يُرجى مراجعة الحقول الآتية",
    gateway_missing: "اختر طريقة الدفع",
    email_missing: "أدخل بريدك الإلكتروني",
    email_invalid: "أدخل بريدًا إلكترونيًا صحيحًا مثل \u{2066}name@example.com\u{2069}",
    phone_missing: "أدخل رقم هاتفك المحمول",
    phone_invalid: "أدخل رقم هاتف صحيحًا مثل \u{2066}0770 123 4567\u{2069}",
    promo_unknown: "رمز الخصم غير صالح لهذه الدفعة",
    promo_over: "انتهت صلاحية رمز الخصم",
    card_number_invalid: "تحقّق من رقم البطاقة",
    card_holder_missing: "أدخل الاسم المكتوب على البطاقة",
    card_expiry_invalid: "أدخل تاريخ الانتهاء بالشهر والسنة، مثل \u{2066}08 / 29\u{2069}",
    card_expired: "انتهت صلاحية هذه البطاقة",
    card_cvv_invalid: "تحقّق من رمز الأمان",

    not_paid: "لم تتم عملية الدفع",
    decline: |reason| match reason {
        DeclineReason::DoNotHonor => Advice {
            what: "رفض مصرفك عملية الدفع.",
            help: "جرّب بطاقة أو طريقة دفع أخرى، أو استفسر من مصرفك عن السبب.",
        },
        DeclineReason::InsufficientFunds => Advice {
            what: "الرصيد غير كافٍ.",
            help: "أضف رصيدًا ثم أعد المحاولة، أو ادفع بطريقة أخرى.",
        },
        DeclineReason::ExpiredCard => Advice {
            what: "انتهت صلاحية هذه البطاقة.",
            help: "تحقّق من تاريخ الانتهاء، أو استخدم بطاقة أخرى.",
        },
        DeclineReason::CvvMismatch => Advice {
            what: "رمز الأمان لا يطابق البطاقة.",
            help: "تحقّق من الرمز على بطاقتك وأدخله مرة أخرى.",
        },
        DeclineReason::ProcessingError => Advice {
            what: "تعذّر تنفيذ عملية الدفع.",
            help: "أعد المحاولة بعد قليل، أو ادفع بطريقة أخرى.",
        },
        DeclineReason::FraudRisk => Advice {
            what: "أوقف فحص الأمان عملية الدفع.",
            help: "استخدم بطاقة أو طريقة دفع أخرى.",
        },
        DeclineReason::NotSent => Advice {
            what: "تعذّر الاتصال بخدمة الدفع.",
            help: "لم يُرسَل أي شيء. أعد المحاولة بعد قليل.",
        },
    },
    attempts_left: |left| match left {
        0 => "لم تتبقَّ أي محاولة.".to_owned(),
        _ => format!(
            "تتبقى لديك {}.",
            counted(left, "محاولة واحدة", "محاولتان", "محاولات", "محاولة")
        ),
    },
    in_progress: Advice {
        what: "توجد عملية دفع قيد التنفيذ.",
        help: "انتظر قليلًا قبل إعادة المحاولة حتى لا تدفع مرتين.",
    },
    gateway_away: Advice {
        what: "طريقة الدفع هذه غير متاحة حاليًا.",
        help: "اختر طريقة أخرى، أو أعد المحاولة لاحقًا.",
    },
    price_changed: Advice {
        what: "تغيّر المبلغ الإجمالي.",
        help: "راجع المبلغ الجديد ثم ادفع.",
    },
    promo_applied: |code| format!("تم تطبيق رمز الخصم {code}"),
    promo_removed: "تمت إزالة رمز الخصم",

    simulation: "محاكاة",
    simulation_note: "تحلّ هذه الصفحة محلّ المحفظة أثناء اختبار الدفع. لن يُخصم أي مبلغ.",
    wallet_asks: |merchant| format!("طلب دفع من {merchant}"),
    approve: "الموافقة على الدفع",
    decline_it: "رفض",
    not_enough: "الرصيد غير كافٍ",

    confirming: "جارٍ تأكيد عملية الدفع",
    confirming_note: "يستغرق ذلك عادةً بضع ثوانٍ. أبقِ هذه الصفحة مفتوحة ولا تدفع مرة أخرى.",
    confirming_slow: "يستغرق الأمر وقتًا أطول من المعتاد. دفعتك لم تضِع، وستظهر النتيجة هنا فور معرفتها.",
    check_again: "تحقّق مجددًا",

    paid: "تمت عملية الدفع بنجاح",
    paid_note: |merchant| format!("وصلت دفعتك إلى {merchant}."),
    held: "تمت الموافقة على الدفع",
    held_note: |merchant| format!("حُجز المبلغ على بطاقتك، وسيُحصَّل لاحقًا لصالح {merchant}."),
    forwarding: |merchant, count| format!("ستعود إلى {merchant} خلال {}", seconds(count)),
    stay_here: "البقاء هنا",
    view_receipt: "عرض الإيصال",
    receipt: "إيصال دفع",
    paid_to: "المستفيد",
    paid_for: "البيان",
    paid_via: "طريقة الدفع",
    paid_at: "التاريخ",
    baghdad_time: "بتوقيت بغداد",
    status_paid: "مدفوع",
    status_held: "تمت الموافقة ولم يُستوفَ بعد",
    status_refunded: "مُسترَد",
    status_refunded_partly: "مُسترَد جزئيًا",
    refunded: "المبلغ المُسترَد",
    payment_number: "رقم عملية الدفع",
    other_card: "بطاقة",
    card_ending: |brand, last4| format!("{brand} تنتهي بالأرقام {last4}"),
    print: "طباعة",
    not_a_receipt: "صدر في وضع الاختبار، ولا يُعدّ إثباتًا للدفع.",

    attempts_used: "تعذّر إتمام عملية الدفع",
    attempts_used_note: |merchant| {
        format!("رُفضت جميع محاولات الدفع، ولذلك أُغلقت هذه الصفحة. اطلب من {merchant} رابط دفع جديدًا.")
    },
    expired: "انتهت مهلة الدفع",
    expired_note: |merchant| format!("كانت هذه الصفحة متاحة لمدة محدودة. اطلب من {merchant} رابط دفع جديدًا."),
    link_over: "رابط الدفع مغلق",
    link_over_note: |merchant| format!("لم يعد هذا الرابط يستقبل المدفوعات. اطلب من {merchant} رابطًا جديدًا."),
    canceled: "أُلغيت عملية الدفع",
    canceled_note: "أُلغيت هذه الدفعة ولم يعد بالإمكان دفعها.",
    not_charged: "لم يُخصم منك أي مبلغ.",
    not_found: "صفحة الدفع غير موجودة",
    not_found_note: "قد يكون الرابط ناقصًا أو غير صحيح. افتحه مجددًا من الرسالة التي وصلتك، أو اطلب رابطًا جديدًا من البائع.",
    too_many: "طلبات كثيرة جدًا",
    too_many_note: |count| format!("انتظر {} ثم أعد المحاولة.", seconds(count)),
    cookies: "افتح رابط الدفع من جديد",
    cookies_note: "لا يعمل هذا العنوان إلا في المتصفح الذي فُتحت فيه صفحة الدفع. افتح الرابط الذي وصلك مرة أخرى، وإن ظهرت هذه الصفحة مجددًا فاسمح بملفات تعريف الارتباط لهذا الموقع.",
    stale_form: "بقيت هذه الصفحة مفتوحة مدة طويلة",
    stale_form_note: "حرصًا على سلامتك لم يُرسَل أي شيء. افتح صفحة الدفع من جديد للمتابعة.",
    too_long: "النص طويل جدًا",
    too_long_note: "لم يُخصم أي مبلغ. اختصر ما كتبته ثم أعد المحاولة.",
    went_wrong: "حدث خطأ ما",
    went_wrong_note: "الخطأ من جانبنا. قبل أن تدفع مرة أخرى، افتح صفحة الدفع من جديد، فهي تبيّن هل تمت عملية الدفع.",
    away: "الدفع متوقف مؤقتًا",
    away_note: "نعمل على معالجة الأمر. أعد المحاولة بعد بضع دقائق.",
    request_number: "رقم الطلب",
    try_again: "إعادة المحاولة",

    payment_from: |merchant| format!("طلب دفع من {merchant}"),
    continue_to_pay: "المتابعة إلى الدفع",
    share: "مشاركة رابط الدفع",
    share_note: "يستطيع الدفع كل من يفتح الرابط أو يمسح الرمز.",
    scan: "امسح الرمز للدفع",
    link: "الرابط",
    copy: "نسخ",
    copied: "تم النسخ",
    whatsapp: "إرسال عبر واتساب",
    whatsapp_text: |shared| {
        let ask = format!("طلب دفع من {}", shared.merchant);
        lines(&[Some(&ask), shared.title, shared.amount, Some(shared.url)])
    },
};
