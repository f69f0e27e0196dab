//! One value of each page, filled as a real one would be: for tests, and for looking at pages (`cargo run --example checkout_pages`).

use super::{
    AttemptsUsedPage, CancelPage, CanceledPage, CardTyped, CheckoutPage, Contact, Discount, ErrorPage,
    ExpiredPage, Form, Forward, Frame, Hidden, LinkOverPage, LinkPage, Merchant, NotFoundPage, Notice, Offer,
    Order, Page, PaidCard, Problem, ProcessingPage, Promo, PromoProblem, Receipt, ReceiptPage, SharePage,
    SuccessPage, Taken, Trouble, WalletPage,
};
use crate::checkout::colour::Colour;
use crate::checkout::destination::Destination;
use crate::checkout::qr::QrCode;
use crate::checkout::text::Text;
use chrono::DateTime;
use domain::card::CardBrand;
use domain::language::Language;
use domain::merchant::Mode;
use domain::provider::{DeclineReason, Gateway};
use domain::{Currency, Money, Timestamp};

/// 15 June 2026, 13:42:07 in Baghdad.
const NOW_SECONDS: i64 = 1_781_520_127;

/// Every page under a name of its own.
#[must_use]
pub fn all(language: Language) -> Vec<(&'static str, Box<dyn Page>)> {
    let mut pages: Vec<(&'static str, Box<dyn Page>)> = vec![
        ("checkout", Box::new(checkout(language))),
        ("checkout-fees", Box::new(with_fees(checkout(language)))),
        ("checkout-card-only", Box::new(card_only(language))),
        ("checkout-declined", Box::new(declined(checkout(language)))),
        ("checkout-problems", Box::new(with_problems(checkout(language)))),
        (
            "checkout-promo-wrong",
            Box::new(with_wrong_promo(checkout(language))),
        ),
        ("wallet", Box::new(wallet(language))),
        ("cancel", Box::new(cancel(language))),
        ("processing", Box::new(processing(language, false))),
        ("processing-slow", Box::new(processing(language, true))),
        ("success", Box::new(success(language, Taken::Paid))),
        ("success-held", Box::new(success(language, Taken::Held))),
        (
            "receipt",
            Box::new(receipt_page(language, Mode::Live, Taken::Paid)),
        ),
        (
            "receipt-refunded",
            Box::new(receipt_page(language, Mode::Test, Taken::Refunded(iqd(25_000)))),
        ),
        ("link", Box::new(link(language))),
    ];
    if let Some(page) = share(language) {
        pages.push(("share", Box::new(page)));
    }
    pages.extend(closed(language));
    pages
}

/// What payers see when there is nothing to pay.
fn closed(language: Language) -> Vec<(&'static str, Box<dyn Page>)> {
    let (frame, order, back) = (
        frame(language),
        order(language),
        Destination::parse("https://school.example/fees"),
    );
    let nobody = Frame {
        merchant: None,
        mode: Mode::Live,
        ..frame.clone()
    };
    let trouble = |trouble: Trouble| {
        Box::new(ErrorPage {
            frame: nobody.clone(),
            again_path: (trouble != Trouble::Cookies).then(|| "/checkout/pi_01".to_owned()),
            trouble,
        })
    };
    let request = "req_01JXQ3M8Z6T4V9B7N2K5H8C1D0".to_owned();
    vec![
        (
            "attempts-used",
            Box::new(AttemptsUsedPage {
                frame: frame.clone(),
                order: order.clone(),
                amount: iqd(125_000),
                back: back.clone(),
            }),
        ),
        (
            "expired",
            Box::new(ExpiredPage {
                frame: frame.clone(),
                order: order.clone(),
                amount: iqd(125_000),
                back: back.clone(),
            }),
        ),
        (
            "canceled",
            Box::new(CanceledPage {
                frame: frame.clone(),
                order: order.clone(),
                amount: iqd(125_000),
                back,
            }),
        ),
        ("link-over", Box::new(LinkOverPage { frame, order })),
        (
            "not-found",
            Box::new(NotFoundPage {
                frame: nobody.clone(),
            }),
        ),
        ("too-many", trouble(Trouble::TooMany { after_seconds: 12 })),
        ("cookies", trouble(Trouble::Cookies)),
        ("stale-form", trouble(Trouble::StaleForm)),
        ("too-long", trouble(Trouble::TooLong)),
        ("went-wrong", trouble(Trouble::WentWrong { request })),
        ("away", trouble(Trouble::Away)),
    ]
}

/// Around every sample.
#[must_use]
pub fn frame(language: Language) -> Frame {
    let name = match language {
        Language::English => "Al-Nahrain School",
        Language::Arabic => "مدرسة النهرين الأهلية",
        Language::Sorani => "قوتابخانەی نەهرەین",
    };
    Frame {
        language,
        mode: Mode::Test,
        merchant: Some(Merchant {
            name: Text::new(name),
            colour: "#0b6e4f".parse::<Colour>().unwrap_or_default(),
        }),
        here: "/checkout/pi_01".to_owned(),
        root: String::new(),
    }
}

fn order(language: Language) -> Order {
    let (title, description) = match language {
        Language::English => ("School fees, second term", "Grade 4 · Zainab H. · 2026/27"),
        Language::Arabic => (
            "الأقساط الدراسية، الفصل الثاني",
            "الصف الرابع · زينب هـ. · ٢٠٢٦/٢٧",
        ),
        Language::Sorani => ("کرێی خوێندن، وەرزی دووەم", "پۆلی چوارەم · زەینەب هـ. · ٢٠٢٦/٢٧"),
    };
    Order {
        title: Text::some(title),
        description: Text::some(description),
        reference: Text::some("INV-2026-0412"),
    }
}

/// A checkout page in test mode with every way to pay, all at one price.
#[must_use]
pub fn checkout(language: Language) -> CheckoutPage {
    let offer = |gateway| Offer {
        gateway,
        fee: None,
        total: iqd(125_000),
    };
    CheckoutPage {
        frame: frame(language),
        order: order(language),
        subtotal: iqd(125_000),
        discount: None,
        offers: Gateway::ALL.map(offer).into(),
        chosen: None,
        now: at(0),
        expires_at: at(3_540),
        attempts_left: 5,
        notice: None,
        problems: vec![],
        email: Some(Contact {
            value: "zainab@example.com".to_owned(),
        }),
        phone: None,
        promo: Some(Promo {
            apply: form("/checkout/pi_01/promo"),
            remove: form("/checkout/pi_01/promo/remove"),
            typed: String::new(),
            problem: None,
        }),
        card: CardTyped::default(),
        pay: form("/checkout/pi_01"),
        cancel_path: Some("/checkout/pi_01/cancel".to_owned()),
    }
}

fn with_fees(mut page: CheckoutPage) -> CheckoutPage {
    page.frame.mode = Mode::Live;
    page.phone = Some(Contact::default());
    page.discount = Some(Discount {
        code: Text::new("SUMMER10"),
        amount: iqd(12_500),
    });
    page.notice = Some(Notice::PromoApplied);
    for (offer, fee) in page.offers.iter_mut().zip([2_813, 1_125, 0, 1_125, 1_688, 900]) {
        offer.fee = Some(iqd(fee)).filter(|fee| fee.is_positive());
        offer.total = iqd(112_500 + fee);
    }
    page.chosen = Some(Gateway::Fib);
    page
}

fn card_only(language: Language) -> CheckoutPage {
    let mut page = checkout(language);
    page.frame.mode = Mode::Live;
    if let Some(merchant) = &mut page.frame.merchant {
        merchant.colour = "#ffd400".parse().unwrap_or_default();
    }
    let total = Money::new(125_050, Currency::Usd);
    (page.subtotal, page.promo, page.email) = (total, None, None);
    page.order.description = None;
    page.offers = vec![Offer {
        gateway: Gateway::CreditCard,
        fee: None,
        total,
    }];
    page
}

fn declined(mut page: CheckoutPage) -> CheckoutPage {
    page.notice = Some(Notice::Declined(DeclineReason::InsufficientFunds));
    page.attempts_left = 3;
    page.card = CardTyped {
        holder: "Zainab Hassan".to_owned(),
        expiry: "08 / 29".to_owned(),
    };
    page
}

fn with_problems(mut page: CheckoutPage) -> CheckoutPage {
    page.phone = Some(Contact {
        value: "0770".to_owned(),
    });
    page.email = Some(Contact::default());
    page.problems = vec![
        Problem::EmailMissing,
        Problem::PhoneInvalid,
        Problem::CardNumber,
        Problem::CardExpired,
        Problem::CardCvv,
        Problem::CardHolder,
    ];
    page
}

fn with_wrong_promo(mut page: CheckoutPage) -> CheckoutPage {
    if let Some(promo) = &mut page.promo {
        (promo.typed, promo.problem) = ("SUMER10".to_owned(), Some(PromoProblem::Unknown));
    }
    page
}

fn wallet(language: Language) -> WalletPage {
    WalletPage {
        frame: frame(language),
        gateway: Gateway::Fib,
        amount: iqd(125_000),
        order: order(language),
        answer: form("/checkout/pi_01/wallet"),
    }
}

fn cancel(language: Language) -> CancelPage {
    CancelPage {
        frame: Frame {
            here: "/checkout/pi_01/cancel".to_owned(),
            ..frame(language)
        },
        order: order(language),
        amount: iqd(125_000),
        cancel: form("/checkout/pi_01/cancel"),
        back_path: "/checkout/pi_01".to_owned(),
    }
}

fn processing(language: Language, slow: bool) -> ProcessingPage {
    ProcessingPage {
        frame: frame(language),
        amount: iqd(125_000),
        status_path: "/checkout/pi_01/status".to_owned(),
        next_path: "/checkout/pi_01".to_owned(),
        slow,
    }
}

fn receipt(language: Language, taken: Taken) -> Receipt {
    Receipt {
        payment: "pay_01JXQ3M8Z6T4V9B7N2K5H8C1D0".to_owned(),
        order: order(language),
        subtotal: iqd(125_000),
        discount: Some(Discount {
            code: Text::new("SUMMER10"),
            amount: iqd(12_500),
        }),
        fee: Some(iqd(2_813)),
        total: iqd(115_313),
        via: Gateway::CreditCard,
        card: Some(PaidCard {
            brand: CardBrand::Visa,
            last4: Text::new("4242"),
        }),
        at: at(61),
        taken,
    }
}

fn success(language: Language, taken: Taken) -> SuccessPage {
    SuccessPage {
        frame: frame(language),
        receipt: receipt(language, taken),
        receipt_path: "/checkout/pi_01/receipt".to_owned(),
        forward: Destination::parse("https://school.example/paid?payment_intent=pi_01").map(|to| Forward {
            to,
            after_seconds: Some(10),
        }),
    }
}

fn receipt_page(language: Language, mode: Mode, taken: Taken) -> ReceiptPage {
    ReceiptPage {
        frame: Frame {
            mode,
            ..frame(language)
        },
        receipt: receipt(language, taken),
        back_path: Some("/checkout/pi_01".to_owned()),
    }
}

fn link(language: Language) -> LinkPage {
    LinkPage {
        frame: Frame {
            mode: Mode::Live,
            ..frame(language)
        },
        order: order(language),
        amount: iqd(125_000),
        proceed: form("/l/plink_01"),
    }
}

fn share(language: Language) -> Option<SharePage> {
    let url = "https://pay.example/l/plink_01JXQ3M8Z6T4V9B7N2K5H8C1D0".to_owned();
    Some(SharePage {
        frame: frame(language),
        order: order(language),
        amount: iqd(125_000),
        code: QrCode::of(&url).ok()?,
        url,
    })
}

fn form(action: &str) -> Form {
    Form {
        action: action.to_owned(),
        hidden: vec![Hidden {
            name: "token",
            value: "0".to_owned(),
        }],
    }
}

const fn iqd(dinars: i64) -> Money {
    Money::new(dinars.saturating_mul(1_000), Currency::Iqd)
}

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(NOW_SECONDS.saturating_add(seconds), 0).unwrap_or_default()
}
