//! What S3 reports to the address that a payment carries.

use super::sending;
use crate::rasedi::shop::{Shop, example};
use crate::support::{Answering, EPARA, Engine, Receiver};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::merchant::Mode;
use domain::provider::Gateway;
use p521::PublicKey;
use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{Signature, VerifyingKey};
use p521::pkcs8::DecodePublicKey;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_paid_or_canceled_is_reported_to_its_own_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = sending(engine).await;
    let shop = Shop::open(&app, Mode::Live, EPARA).await;
    let receiver = Receiver::start().await;
    let order = async |name: &str| {
        let callback = format!("{}/{name}", receiver.url);
        shop.create(&example(json!({ "callbackUrl": callback })))
            .await
            .reference()
    };
    let (paid, canceled) = (order("paid").await, order("canceled").await);
    let page = shop.payer(&app, &paid).await;
    page.pays(&app, Gateway::Fib).await.unwrap();
    let first = receiver.after(1).await.remove(0);
    // A server that does not answer 200 is asked again, like any other.
    receiver.answers([Answering::status(204)]);
    shop.cancel(&canceled).await;
    let second = receiver.after(2).await.remove(1);

    assert_eq!(
        (first.path.as_str(), second.path.as_str()),
        ("/paid", "/canceled")
    );
    let body = first.json();
    let plain = json!({ "referenceCode": paid, "status": "PAID", "payoutAmount": "147000" });
    for (field, value) in plain.as_object().unwrap() {
        assert_eq!(&body[field], value);
    }
    assert_eq!(second.json()["status"], "CANCELED");
    let keys = shop.public_keys().await.body;
    let key = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["id"] == body["keyId"])
        .unwrap();
    assert_eq!(
        claims(body["content"].as_str().unwrap(), key["key"].as_str().unwrap()),
        plain
    );
    super::advance(&app, chrono::Duration::minutes(5));
    let again = receiver.after(3).await.remove(2);
    assert_eq!(
        again.body, second.body,
        "the signature too is the one of the first attempt"
    );
}

/// The claims of a JWT whose ES512 signature is right.
fn claims(jwt: &str, pem: &str) -> Value {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let key = VerifyingKey::from(PublicKey::from_public_key_pem(pem).unwrap());
    key.verify(signed.as_bytes(), &signature).unwrap();
    let (_, claims) = signed.split_once('.').unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
