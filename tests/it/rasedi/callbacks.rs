//! What S3 is told of each change of status: the events in the outbox, and the keys with which callbacks are signed.

use super::{Shop, example};
use crate::support::{EPARA, Engine, Hand, TestApp, fresh_key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::intent::{CaptureMethod, Collect, Intent};
use domain::merchant::{Mode, Tenant};
use domain::metadata::Metadata;
use domain::payment::Customer;
use domain::provider::Gateway;
use domain::{Currency, Money};
use futures_util::future::join_all;
use p521::PublicKey;
use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{Signature, VerifyingKey};
use p521::pkcs8::DecodePublicKey;
use rstest::rstest;
use serde_json::{Value, json};
use service::callback_key;
use service::intent::{Door, NewIntent};

/// An intent that the same merchant made through another door.
pub async fn api_intent(app: &TestApp, shop: &Shop) -> Intent {
    let new = NewIntent {
        idempotency_key: fresh_key().parse().unwrap(),
        door: Door::Api,
        amount: Money::new(1_500_000, Currency::Iqd),
        capture_method: CaptureMethod::Automatic,
        gateways: None,
        collect: Collect::default(),
        title: None,
        description: None,
        merchant_reference: None,
        metadata: Metadata::default(),
        customer: Customer::default(),
        success_url: None,
        cancel_url: None,
        callback_url: None,
        expires_in: None,
    };
    let made = service::intent::create(&app.app, &shop.actor, new).await;
    made.unwrap().intent
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_status_is_an_event_with_the_callback_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Live, EPARA).await;
    let order = async |name: &str| {
        let callback = format!("https://merchant.com/callback/{name}");
        let said = shop.create(&example(json!({ "callbackUrl": callback }))).await;
        said.reference()
    };
    let (canceled, paid, expired) = (
        order("canceled").await,
        order("paid").await,
        order("expired").await,
    );
    shop.cancel(&canceled).await;
    shop.cancel(&canceled).await;
    shop.payer(&app, &paid)
        .await
        .pays(&app, Gateway::Fib)
        .await
        .unwrap();
    app.clock.advance(chrono::Duration::hours(24));
    assert_eq!(service::intent::expire_due(&app.app, 10).await.unwrap(), 1);

    let events = app.events().await;
    for (reference, name, last) in [
        (&canceled, "canceled", "payment_intent.canceled"),
        (&paid, "paid", "payment_intent.succeeded"),
        (&expired, "expired", "payment_intent.expired"),
    ] {
        let id = domain::id::IntentId::from_reference(reference)
            .unwrap()
            .to_string();
        let own: Vec<_> = events.iter().filter(|event| event.subject == id).collect();
        let types: Vec<&str> = own.iter().map(|event| event.event_type.as_str()).collect();
        assert_eq!(types, ["payment_intent.created", last]);
        for event in own {
            assert_eq!(
                (
                    &event.data["source"],
                    &event.data["callback_url"],
                    event.mode.as_str()
                ),
                (
                    &json!("rasedi"),
                    &json!(format!("https://merchant.com/callback/{name}")),
                    "live"
                )
            );
            assert_eq!(event.merchant, shop.tenant.merchant.to_string());
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_failed_is_told_with_its_callback_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let callback = "https://merchant.com/callback/failed";
    let order = example(json!({ "gateways": ["CREDIT_CARD"], "callbackUrl": callback }));
    let reference = shop.create(&order).await.reference();
    let payer = shop.payer(&app, &reference).await;
    for _ in 0..5 {
        payer
            .pays_by_card(&app, crate::support::Payer::Poor)
            .await
            .unwrap();
    }
    assert_eq!(shop.status(&reference).await.body["status"], "FAILED");
    let id = domain::id::IntentId::from_reference(&reference).unwrap();
    let events = app.events().await;
    let failed: Vec<_> = events
        .iter()
        .filter(|event| event.event_type == "payment_intent.failed")
        .collect();
    assert_eq!(failed.len(), 1, "{events:?}");
    assert_eq!(failed[0].subject, id.to_string());
    assert_eq!(
        (&failed[0].data["source"], &failed[0].data["callback_url"]),
        (&json!("rasedi"), &json!(callback))
    );
}

/// As the SDKs of S3 do it: the key by its id, the signature over header and payload, then the payload.
fn verified(keys: &Value, signed: &callback_key::Signed) -> Option<Value> {
    let id = signed.key.to_string();
    let key = keys.as_array().unwrap().iter().find(|key| key["id"] == id)?;
    let key = PublicKey::from_public_key_pem(key["key"].as_str().unwrap()).unwrap();
    let [header, payload, signature] = signed.content.split('.').collect::<Vec<_>>().try_into().unwrap();
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let read: Value = serde_json::from_slice(&bytes(header)).unwrap();
    assert_eq!(read, json!({ "alg": "ES512", "typ": "JWT", "kid": id }));
    let text = format!("{header}.{payload}");
    let signature = Signature::from_slice(&bytes(signature)).unwrap();
    let fits = VerifyingKey::from(key)
        .verify(text.as_bytes(), &signature)
        .is_ok();
    fits.then(|| serde_json::from_slice(&bytes(payload)).unwrap())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_verified_with_the_keys_of_the_door(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let live = Shop::open(&app, Mode::Live, EPARA).await;
    let rehearsal = Tenant {
        mode: Mode::Test,
        ..live.tenant
    };
    let test = Shop::with_key(&app, rehearsal, domain::credential::Scopes::all()).await;
    let payload = json!({ "referenceCode": "ref-292929", "status": "PAID", "payoutAmount": "15000" });
    // Whichever comes first, a signature or somebody who asks for the key, makes it.
    let signed = callback_key::sign(&app.app, Mode::Live, &payload).await.unwrap();
    let (keys, others) = (live.public_keys().await, test.public_keys().await);
    assert_eq!((keys.status, others.status), (200, 200), "{}", keys.text);
    let shape = |keys: &Value| {
        let list = keys.as_array().unwrap();
        let names: Vec<Vec<String>> = list
            .iter()
            .map(|key| key.as_object().unwrap().keys().cloned().collect())
            .collect();
        assert_eq!(names, [["id", "key"]]);
    };
    shape(&keys.body);
    shape(&others.body);
    assert_ne!(keys.body[0]["key"], others.body[0]["key"], "one for each mode");
    assert_eq!(verified(&keys.body, &signed), Some(payload.clone()));
    assert_eq!(verified(&others.body, &signed), None);

    let app = app.restart().await;
    let again = callback_key::sign(&app.app, Mode::Live, &payload).await.unwrap();
    assert_eq!(again, signed, "the key stays");
    let hand = Hand::at(&app.database.url).await;
    let sealed = hand.texts("SELECT sealed_key FROM callback_keys").await;
    assert!(
        sealed.len() == 2 && sealed.iter().all(|key| key.starts_with("v1.")),
        "{sealed:?}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_need_a_key_at_once_agree_on_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let other = app.another_node().await;
    let sign = |node: &TestApp| {
        let node = node.app.clone();
        async move {
            callback_key::sign(&node, Mode::Test, &json!({}))
                .await
                .unwrap()
                .key
        }
    };
    let keys = join_all([&app, &other, &app, &other, &app, &other].map(sign)).await;
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    assert_eq!(app.count("callback_keys").await, 1);
    other.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn under_another_master_key_there_is_a_new_key_beside_the_old(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let shop = Shop::open(&app, Mode::Test, EPARA).await;
    let before = callback_key::sign(&app.app, Mode::Test, &json!({ "n": 1 }))
        .await
        .unwrap();
    app.sabotage("UPDATE callback_keys SET sealed_by = '00000000'")
        .await;
    app.clock.advance(chrono::Duration::seconds(1));
    let after = callback_key::sign(&app.app, Mode::Test, &json!({ "n": 2 }))
        .await
        .unwrap();
    let keys = shop.public_keys().await.body;
    assert_eq!(keys[0]["id"], after.key.to_string(), "the newest first");
    assert_eq!(
        verified(&keys, &before),
        Some(json!({ "n": 1 })),
        "it may still be on its way"
    );
    assert_eq!(verified(&keys, &after), Some(json!({ "n": 2 })));

    app.sabotage("UPDATE callback_keys SET sealed_key = 'v1.00'")
        .await;
    let damaged = callback_key::sign(&app.app, Mode::Test, &json!({})).await;
    assert!(
        matches!(damaged, Err(service::Error::Unavailable(_))),
        "{damaged:?}"
    );
    assert_eq!(shop.public_keys().await.status, 200);
}
