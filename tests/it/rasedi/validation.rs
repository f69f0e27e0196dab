//! What is wrong with a body: all of it at once, each field in its own words.

use super::{Shop, example};
use crate::support::{EPARA, Engine, TestApp};
use domain::merchant::Mode;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const NO_PRICE: &str = "amount must be a valid price.";
const NO_GATEWAYS: &str =
    "gateways must be a valid enum, FIB,ZAIN,ASIA_PAY,FAST_PAY,NASS_WALLET,CREDIT_CARD ";
const LONG_TITLE: &str = "title must be shorter than or equal to 63 characters";
const NO_TITLE: &str = "title must be a string, validator";
const LONG_DESCRIPTION: &str = "description must be shorter than or equal to 255 characters";
const NO_DESCRIPTION: &str = "description must be a string, validator";

async fn start(engine: Engine) -> (TestApp, Shop) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    (app, shop)
}

/// A body of the example with one field changed.
fn with(field: &str, value: &Value) -> Value {
    let mut body = example(json!({}));
    body[field] = value.clone();
    body
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_field_alone_gives_its_own_messages(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (app, shop) = start(engine).await;
    let long_title = json!("ط".repeat(64));
    let long_description = json!("ط".repeat(256));
    let switch = |field: &str| vec![format!("{field} must be a boolean")];
    let text = |messages: &[&str]| messages.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut cases: Vec<(&str, Value, Vec<String>, &str)> = vec![
        ("title", long_title, text(&[LONG_TITLE]), "INVALID_REQUEST"),
        (
            "title",
            json!(7),
            text(&[LONG_TITLE, NO_TITLE]),
            "INVALID_REQUEST",
        ),
        (
            "title",
            json!(["x"]),
            text(&[LONG_TITLE, NO_TITLE]),
            "INVALID_REQUEST",
        ),
        (
            "description",
            long_description,
            text(&[LONG_DESCRIPTION]),
            "INVALID_REQUEST",
        ),
        (
            "description",
            json!(false),
            text(&[LONG_DESCRIPTION, NO_DESCRIPTION]),
            "INVALID_REQUEST",
        ),
    ];
    for amount in [
        json!("100050"),
        json!("0"),
        json!("-1"),
        json!("1e3"),
        json!("١٥٠"),
        json!("150,000"),
        json!("1500.00"),
        json!(" 150000"),
        json!("+150000"),
        json!("0150000"),
        json!(""),
        json!("1000000000100"),
        json!(150_000),
        json!(1.5),
        json!(["150000"]),
        json!({}),
    ] {
        cases.push(("amount", amount, text(&[NO_PRICE]), "INVALID_AMOUNT"));
    }
    for gateways in [
        json!([]),
        json!("FIB"),
        json!(["FIB", "PAYPAL"]),
        json!(["fib"]),
        json!(["FIB", 1]),
        json!([null]),
        json!({}),
        json!([["FIB"]]),
    ] {
        cases.push(("gateways", gateways, text(&[NO_GATEWAYS]), "INVALID_GATEWAY"));
    }
    for field in [
        "collectFeeFromCustomer",
        "collectCustomerEmail",
        "collectCustomerPhoneNumber",
        "allowPromoCode",
    ] {
        for value in [json!("true"), json!(1), json!([])] {
            cases.push((field, value, switch(field), "INVALID_REQUEST"));
        }
    }
    for field in ["redirectUrl", "callbackUrl"] {
        for url in [
            json!(""),
            json!("merchant.com"),
            json!("/back"),
            json!("ftp://merchant.com/"),
            json!("javascript:alert(1)"),
            json!("https://"),
            json!("https://merchant.com/a b"),
            json!(format!("https://merchant.com/{}", "a".repeat(2_048))),
            json!(1),
        ] {
            cases.push((field, url, vec![format!("{field} must be a URL")], "INVALID_URL"));
        }
    }
    for (field, value, messages, code) in cases {
        let said = shop.create(&with(field, &value)).await;
        assert_eq!(said.refused(400), code, "{field}: {value}");
        assert_eq!(said.messages(), messages, "{field}: {value}");
    }
    assert_eq!(app.count("intents").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_field_gives_the_messages_of_a_wrong_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_app, shop) = start(engine).await;
    for (field, messages) in [
        ("amount", vec![NO_PRICE]),
        ("gateways", vec![NO_GATEWAYS]),
        ("title", vec![LONG_TITLE, NO_TITLE]),
        ("description", vec![LONG_DESCRIPTION, NO_DESCRIPTION]),
        (
            "collectFeeFromCustomer",
            vec!["collectFeeFromCustomer must be a boolean"],
        ),
        (
            "collectCustomerEmail",
            vec!["collectCustomerEmail must be a boolean"],
        ),
        (
            "collectCustomerPhoneNumber",
            vec!["collectCustomerPhoneNumber must be a boolean"],
        ),
        ("redirectUrl", vec!["redirectUrl must be a URL"]),
        ("callbackUrl", vec!["callbackUrl must be a URL"]),
    ] {
        let mut absent = example(json!({}));
        absent.as_object_mut().unwrap().remove(field);
        for body in [absent, with(field, &Value::Null)] {
            let said = shop.create(&body).await;
            assert_eq!(said.refused(400), "MISSING_REQUIRED_FIELD", "{field}");
            assert_eq!(said.messages(), messages, "{field}");
        }
    }
    // S3 records no message for this one.
    let said = shop.create(&example(json!({ "allowPromoCode": null }))).await;
    assert_eq!(said.status, 200, "{}", said.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn several_problems_come_in_the_recorded_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_app, shop) = start(engine).await;
    let said = shop
        .create(&example(json!({
            "callbackUrl": "nowhere", "title": "x".repeat(64), "gateways": ["PAYPAL"], "allowPromoCode": "yes",
            "redirectUrl": "http://merchant.com/", "collectCustomerEmail": 1,
        })))
        .await;
    // The refused address is not among them: it can be read.
    assert_eq!(
        said.messages(),
        [
            NO_GATEWAYS,
            LONG_TITLE,
            "collectCustomerEmail must be a boolean",
            "callbackUrl must be a URL",
            "allowPromoCode must be a boolean",
        ]
    );
    assert_eq!(said.refused(400), "INVALID_GATEWAY", "the first of them");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_can_be_read_and_not_used_are_a_422(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (_app, shop) = start(engine).await;
    for (field, url, why) in [
        ("redirectUrl", "http://merchant.com/", "must be an https URL"),
        ("redirectUrl", "http://localhost:3000/", "must be an https URL"),
        (
            "redirectUrl",
            "https://u:p@merchant.com/",
            "must not carry a user name or password",
        ),
        ("callbackUrl", "http://merchant.com/", "must be an https URL"),
        (
            "callbackUrl",
            "https://u@merchant.com/",
            "must not carry a user name or password",
        ),
        (
            "callbackUrl",
            "https://localhost/",
            "must have a public host name, such as hooks.example.com",
        ),
        (
            "callbackUrl",
            "https://10.0.0.1/hook",
            "must be publicly reachable",
        ),
        (
            "callbackUrl",
            "https://169.254.169.254/",
            "must not lead to the metadata service of a cloud",
        ),
        ("callbackUrl", "https://[::1]/", "must be publicly reachable"),
    ] {
        let said = shop.create(&with(field, &json!(url))).await;
        assert_eq!(said.refused(422), "INVALID_URL", "{url}");
        assert_eq!(said.messages(), [format!("{field} {why}")], "{url}");
    }
    let both = json!({ "redirectUrl": "http://merchant.com/", "callbackUrl": "https://127.0.0.1/" });
    let said = shop.create(&example(both)).await;
    assert_eq!(
        said.messages(),
        [
            "redirectUrl must be an https URL",
            "callbackUrl must be publicly reachable"
        ]
    );
    for fine in ["HTTPS://Merchant.com:8443/a?b=c#d", "https://متجر.com/شكرا"] {
        let said = shop.create(&with("redirectUrl", &json!(fine))).await;
        assert_eq!(said.status, 200, "{fine}: {}", said.text);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn limits_count_characters_and_control_characters_become_spaces(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (app, shop) = start(engine).await;
    let (title, description) = ("طلب ".repeat(15) + "رقم", "وصف".repeat(85));
    assert_eq!((title.chars().count(), description.chars().count()), (63, 255));
    let long = example(json!({ "title": title, "description": description }));
    let reference = shop.create(&long).await.reference();
    let seen = shop.payer(&app, &reference).await.sees(&app).await.intent;
    assert_eq!((seen.title, seen.description), (Some(title), Some(description)));

    let odd = example(json!({ "title": "Order\u{0}7\n", "description": " \r\n" }));
    let reference = shop.create(&odd).await.reference();
    let seen = shop.payer(&app, &reference).await.sees(&app).await.intent;
    assert_eq!((seen.title.as_deref(), seen.description), (Some("Order 7"), None));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_object_is_refused_in_the_same_shape(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (app, shop) = start(engine).await;
    let deep = "[".repeat(5_000);
    for (body, message) in [
        ("{", "the body must be JSON"),
        ("amount=150000", "the body must be JSON"),
        ("{\"title\":\"\\ud800\"}", "the body must be JSON"),
        (deep.as_str(), "the body must be JSON"),
        ("[]", "the body must be a JSON object"),
        ("\"{}\"", "the body must be a JSON object"),
        ("null", "the body must be a JSON object"),
    ] {
        let said = shop
            .send(Method::POST, &shop.path("create"), &[], body.as_bytes().to_vec())
            .await;
        assert_eq!(said.refused(400), "INVALID_REQUEST");
        assert_eq!(said.messages(), [message]);
    }
    let not_utf8 = shop
        .send(Method::POST, &shop.path("create"), &[], vec![b'"', 0xff, b'"'])
        .await;
    assert_eq!(not_utf8.refused(400), "INVALID_REQUEST");
    let long = vec![b' '; 4 << 20];
    let long = shop.send(Method::POST, &shop.path("create"), &[], long).await;
    assert_eq!(long.refused(413), "PAYLOAD_TOO_LARGE");
    assert_eq!(app.count("intents").await, 0);
}
