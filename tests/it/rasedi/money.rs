//! What the customer pays and what the merchant is owed: fees on top, promo codes, and both together.

use super::{Shop, example};
use crate::support::{EPARA, Engine, Payer, TestApp};
use chrono::Duration;
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::intent::ConfirmRefusal;
use domain::merchant::Mode;
use domain::payment::Customer;
use domain::promo_code::{Discount, PromoRefusal};
use domain::provider::Gateway;
use domain::{Currency, Money, Timestamp};
use rstest::rstest;
use serde_json::json;
use service::merchant::MerchantChange;
use service::promo_code::NewPromoCode;
use service::{Error, Refusal};

const fn iqd(dinars: i64) -> Money {
    Money::new(dinars * 1_000, Currency::Iqd)
}

/// Two per cent and nothing held back.
const TWO: FeeTerms = FeeTerms {
    fee_bps: 200,
    fixed: None,
    reserve_bps: 0,
};
/// Two per cent and 250 dinars.
const TWO_AND_250: FeeTerms = FeeTerms {
    fixed: Some(iqd(250)),
    ..TWO
};

const TENTH: Discount = Discount::Share { bps: 1_000 };
const FIVE_HUNDRED: Discount = Discount::Fixed { amount: iqd(500) };

async fn code(app: &TestApp, shop: &Shop, word: &str, new: NewPromoCode) {
    let new = NewPromoCode {
        code: word.to_owned(),
        ..new
    };
    service::promo_code::create(&app.app, &shop.actor, new)
        .await
        .unwrap();
}

fn gives(discount: Discount) -> NewPromoCode {
    NewPromoCode {
        code: String::new(),
        discount,
        max_uses: None,
        expires_at: None,
    }
}

async fn allow_card_surcharge(app: &TestApp, shop: &Shop) {
    let change = MerchantChange {
        card_surcharge: Some(true),
        ..MerchantChange::default()
    };
    service::merchant::update(&app.app, &app.owner(), shop.tenant.merchant, change)
        .await
        .unwrap();
}

/// How an order of 1,500 dinars is paid, and what comes of it.
struct Order {
    terms: FeeTerms,
    on_top: bool,
    /// By card, and whether the operator allows a fee on top of it.
    card: Option<bool>,
    discount: Option<Discount>,
    /// What the customer pays, in dinars.
    total: i64,
    /// What the merchant is owed, in hundredths.
    payout: &'static str,
}

const ORDERS: [Order; 14] = [
    Order {
        terms: TWO,
        on_top: false,
        card: None,
        discount: None,
        total: 1_500,
        payout: "147000",
    },
    Order {
        terms: TWO,
        on_top: true,
        card: None,
        discount: None,
        total: 1_531,
        payout: "150000",
    },
    Order {
        terms: TWO,
        on_top: false,
        card: Some(true),
        discount: None,
        total: 1_500,
        payout: "147000",
    },
    // The receiver bears the fee of a card unless the operator allows otherwise.
    Order {
        terms: TWO,
        on_top: true,
        card: Some(false),
        discount: None,
        total: 1_500,
        payout: "147000",
    },
    Order {
        terms: TWO,
        on_top: true,
        card: Some(true),
        discount: None,
        total: 1_531,
        payout: "150000",
    },
    Order {
        terms: TWO_AND_250,
        on_top: false,
        card: None,
        discount: None,
        total: 1_500,
        payout: "122000",
    },
    Order {
        terms: TWO_AND_250,
        on_top: true,
        card: None,
        discount: None,
        total: 1_786,
        payout: "150000",
    },
    Order {
        terms: TWO,
        on_top: false,
        card: None,
        discount: Some(TENTH),
        total: 1_350,
        payout: "132300",
    },
    Order {
        terms: TWO,
        on_top: true,
        card: None,
        discount: Some(TENTH),
        total: 1_378,
        payout: "135000",
    },
    Order {
        terms: TWO,
        on_top: false,
        card: None,
        discount: Some(FIVE_HUNDRED),
        total: 1_000,
        payout: "98000",
    },
    Order {
        terms: TWO,
        on_top: true,
        card: None,
        discount: Some(FIVE_HUNDRED),
        total: 1_020,
        payout: "100000",
    },
    Order {
        terms: TWO,
        on_top: true,
        card: Some(false),
        discount: Some(TENTH),
        total: 1_350,
        payout: "132300",
    },
    Order {
        terms: FeeTerms::FREE,
        on_top: true,
        card: None,
        discount: None,
        total: 1_500,
        payout: "150000",
    },
    // What is held back as reserve is the merchant's too.
    Order {
        terms: EPARA,
        on_top: true,
        card: None,
        discount: None,
        total: 1_531,
        payout: "150000",
    },
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_payout_is_right_in_each_combination(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for (number, order) in ORDERS.iter().enumerate() {
        let shop = Shop::open(&app, Mode::Test, order.terms).await;
        if order.card == Some(true) {
            allow_card_surcharge(&app, &shop).await;
        }
        let body = example(json!({
            "gateways": ["FIB", "CREDIT_CARD"], "collectFeeFromCustomer": order.on_top,
        }));
        let reference = shop.create(&body).await.reference();
        let payer = shop.payer(&app, &reference).await;
        if let Some(discount) = order.discount {
            code(&app, &shop, "EID-2026", gives(discount)).await;
            payer.types(&app, " eid-2026 ").await.unwrap();
        }
        let gateway = order.card.map_or(Gateway::Fib, |_| Gateway::CreditCard);
        let seen = payer.sees(&app).await;
        let bill = seen.intent.bill(&seen.merchant, gateway).unwrap();
        assert_eq!(bill.total, iqd(order.total), "{number}: on the page");

        let paid = match order.card {
            Some(_) => payer.pays_by_card(&app, Payer::Visa).await,
            None => payer.pays(&app, gateway).await,
        };
        assert_eq!(
            paid.unwrap().answer.payment.amount,
            iqd(order.total),
            "{number}: charged"
        );
        let body = shop.status(&reference).await.body;
        assert_eq!(
            (&body["status"], &body["amount"], &body["payoutAmount"]),
            (&json!("PAID"), &json!("150000"), &json!(order.payout)),
            "{number}"
        );
        if order.terms.reserve_bps == 0 {
            let merchant = app.key_of(shop.tenant, Scopes::all()).await;
            let owed = format!("{}00", merchant.payable("IQD").await);
            assert_eq!(owed, order.payout, "{number}: in the books");
        }
    }
    app.ledger_ties().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fee_that_no_total_leaves_the_price_of_is_refused_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let whole = FeeTerms {
        fee_bps: 10_000,
        ..TWO
    };
    let shop = Shop::open(&app, Mode::Test, whole).await;
    let said = shop
        .create(&example(json!({ "collectFeeFromCustomer": true })))
        .await;
    assert_eq!(said.refused(400), "INVALID_AMOUNT");
    let dear = Shop::open(&app, Mode::Test, TWO).await;
    let said = dear
        .create(&example(
            json!({ "amount": "1000000000000", "collectFeeFromCustomer": true }),
        ))
        .await;
    assert_eq!(
        said.refused(400),
        "INVALID_AMOUNT",
        "with the fee it is more than can be charged"
    );
    assert_eq!(said.messages(), ["amount must be a valid price."]);
}

fn confirm(refused: Result<service::payment::Outcome, Error>) -> ConfirmRefusal {
    match refused {
        Err(Error::Refused(Refusal::Confirm(refusal))) => refusal,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_customer_says_what_the_merchant_wants_to_know(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let body = example(json!({ "collectCustomerEmail": true, "collectCustomerPhoneNumber": true }));
    let reference = shop.create(&body).await.reference();
    let payer = shop.payer(&app, &reference).await;
    let says = |email: Option<&str>, phone: Option<&str>| Customer {
        email: email.map(str::to_owned),
        name: None,
        phone: phone.map(str::to_owned),
    };
    for (customer, refusal) in [
        (says(None, None), ConfirmRefusal::EmailRequired),
        (says(None, Some("07701234567")), ConfirmRefusal::EmailRequired),
        (
            says(Some("noor"), Some("07701234567")),
            ConfirmRefusal::EmailInvalid,
        ),
        (says(Some("noor@example.iq"), None), ConfirmRefusal::PhoneRequired),
        (
            says(Some("noor@example.iq"), Some("12")),
            ConfirmRefusal::PhoneInvalid,
        ),
    ] {
        assert_eq!(
            confirm(payer.pays_as(&app, Gateway::Fib, customer).await),
            refusal
        );
    }
    assert_eq!(app.count("payments").await, 0, "no attempt was made");
    let full = says(Some("noor@example.iq"), Some("0770 123 4567"));
    let paid = payer
        .pays_as(&app, Gateway::Fib, full)
        .await
        .unwrap()
        .answer
        .payment;
    assert_eq!(paid.customer.email.as_deref(), Some("noor@example.iq"));
    assert_eq!(shop.status(&reference).await.body["status"], "PAID");

    // Who is not asked need not say.
    let reference = shop.create(&example(json!({}))).await.reference();
    shop.payer(&app, &reference)
        .await
        .pays(&app, Gateway::Fib)
        .await
        .unwrap();
}

fn promo<T: std::fmt::Debug>(refused: Result<T, Error>) -> PromoRefusal {
    match refused {
        Err(Error::Refused(Refusal::Promo(refusal))) => refusal,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_promo_code_gives_only_what_it_promises(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let (shop, stranger) = (
        Shop::open(&app, Mode::Test, TWO).await,
        Shop::open(&app, Mode::Test, TWO).await,
    );
    let end: Timestamp = app.now() + Duration::hours(1);
    code(
        &app,
        &shop,
        "ONCE",
        NewPromoCode {
            max_uses: Some(1),
            ..gives(TENTH)
        },
    )
    .await;
    code(
        &app,
        &shop,
        "SOON",
        NewPromoCode {
            expires_at: Some(end),
            ..gives(TENTH)
        },
    )
    .await;
    code(&app, &shop, "ALL", gives(Discount::Fixed { amount: iqd(1_500) })).await;
    code(&app, &stranger, "THEIRS", gives(TENTH)).await;
    let order = async |with| {
        let reference = shop.create(&example(with)).await.reference();
        (shop.payer(&app, &reference).await, reference)
    };

    let (closed, _) = order(json!({ "allowPromoCode": false })).await;
    assert_eq!(promo(closed.types(&app, "ONCE").await), PromoRefusal::NotAllowed);
    let (closed, _) = order(json!({ "allowPromoCode": null })).await;
    assert_eq!(promo(closed.types(&app, "ONCE").await), PromoRefusal::NotAllowed);

    let cards = json!({ "gateways": ["CREDIT_CARD", "FIB"] });
    let (one, first) = order(cards.clone()).await;
    let (two, second) = order(cards).await;
    for (word, refusal) in [
        ("NONE", PromoRefusal::Unknown),
        ("THEIRS", PromoRefusal::Unknown),
        ("ALL", PromoRefusal::NothingLeft),
    ] {
        assert_eq!(promo(one.types(&app, word).await), refusal, "{word}");
    }
    // Both see the price; a declined attempt gives the use back; the first who pays gets it.
    one.types(&app, "once").await.unwrap();
    two.types(&app, "once").await.unwrap();
    two.pays_by_card(&app, Payer::Declined).await.unwrap();
    one.pays(&app, Gateway::Fib).await.unwrap();
    assert_eq!(promo(two.pays(&app, Gateway::Fib).await), PromoRefusal::UsedUp);
    assert_eq!(shop.status(&first).await.body["payoutAmount"], "132300");

    two.types(&app, "soon").await.unwrap();
    app.clock.set(end);
    assert_eq!(promo(two.pays(&app, Gateway::Fib).await), PromoRefusal::Expired);
    assert_eq!(promo(two.types(&app, "soon").await), PromoRefusal::Expired);
    service::intent::remove_promo_code(&app.app, two.0).await.unwrap();
    two.pays(&app, Gateway::Fib).await.unwrap();
    assert_eq!(shop.status(&second).await.body["payoutAmount"], "147000");
    app.ledger_ties().await;
}
