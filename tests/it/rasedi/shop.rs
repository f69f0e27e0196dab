//! A merchant's server that was written for Rasedi, and its customers.

use crate::support::{Payer, Signer, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::card::{CardDetails, Expiry};
use domain::credential::Scopes;
use domain::fee::FeeTerms;
use domain::id::IntentId;
use domain::intent::Intent;
use domain::merchant::{Mode, Tenant};
use domain::payment::Customer;
use domain::provider::Gateway;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use service::credential::{NewCredential, Presented, authenticate};
use service::intent::{self, Confirm};
use service::payment::Outcome;

/// The body of S3's example request; `with` says what is different, and what is `null` in it is left out.
pub fn example(with: Value) -> Value {
    let mut body = json!({
        "amount": "150000",
        "gateways": ["FAST_PAY", "FIB"],
        "title": "Order #1241",
        "description": "Payment for premium subscription",
        "collectFeeFromCustomer": false,
        "collectCustomerEmail": false,
        "collectCustomerPhoneNumber": false,
        "redirectUrl": "https://merchant.com/payment/success",
        "callbackUrl": "https://merchant.com/api/payment/callback",
        "allowPromoCode": true,
    });
    let fields = body.as_object_mut().unwrap();
    for (name, value) in with.as_object().unwrap() {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    body
}

/// What the door said.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    /// Byte for byte.
    pub text: String,
    pub body: Value,
}

impl Said {
    /// The code of a refusal with this status.
    #[track_caller]
    pub fn refused(&self, status: u16) -> &str {
        assert_eq!(
            (self.status, &self.body["statusCode"]),
            (status, &json!(status)),
            "{}",
            self.text
        );
        assert!(
            self.body["messages"]
                .as_array()
                .is_some_and(|all| !all.is_empty()),
            "{}",
            self.text
        );
        self.body["code"].as_str().unwrap()
    }

    /// The messages of a refusal.
    pub fn messages(&self) -> Vec<&str> {
        let messages = self.body["messages"].as_array().unwrap();
        messages.iter().map(|message| message.as_str().unwrap()).collect()
    }

    /// The reference code of a payment.
    #[track_caller]
    pub fn reference(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.body["referenceCode"].as_str().unwrap().to_owned()
    }
}

/// A merchant's server.
pub struct Shop {
    pub tenant: Tenant,
    pub actor: Actor,
    url: String,
    secret: String,
    signer: Signer,
}

impl Shop {
    /// A new merchant with these terms and a key for everything.
    pub async fn open(app: &TestApp, mode: Mode, fees: FeeTerms) -> Self {
        let merchant = app
            .merchant_with("Zubaida School", mode, Scopes::all(), fees)
            .await;
        Self::with_key(app, merchant.tenant, Scopes::all()).await
    }

    /// The merchant with another key.
    pub async fn with_key(app: &TestApp, tenant: Tenant, scopes: Scopes) -> Self {
        let issued = app.issue(NewCredential::named("rasedi", tenant, scopes)).await;
        let secret = issued.secret.reveal();
        let here = "127.0.0.1".parse().unwrap();
        let admitted = authenticate(&app.app, &Presented::Secret(secret), here).await;
        let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
        Self {
            tenant,
            actor: admitted
                .unwrap()
                .unwrap_or_else(|denied| panic!("{:?}", denied.denial))
                .actor,
            url: app.url.clone(),
            secret: secret.to_owned(),
            signer: Signer::ed25519(&issued.credential.token, pem),
        }
    }

    /// The path of a route in the mode of the key.
    pub fn path(&self, route: &str) -> String {
        format!("/v1/payment/rest/{}/{route}", self.tenant.mode)
    }

    /// The headers that let it in.
    pub fn signs(&self, method: &str, path: &str) -> Vec<(&'static str, String)> {
        let signed = self
            .signer
            .sign(&format!("{method} || {} || {path}", self.secret));
        vec![
            ("x-id", self.secret.clone()),
            ("x-signature", STANDARD.encode(signed)),
        ]
    }

    /// Sends anything, with `x-id` and `x-signature`.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Said {
        let signed = self.signs(method.as_str(), path);
        let mut request = Client::new()
            .request(method, format!("{}{path}", self.url))
            .header("content-type", "application/json");
        for (name, value) in signed {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: not JSON: {text}"));
        Said {
            status,
            headers,
            text,
            body,
        }
    }

    /// Asks for a payment.
    pub async fn create(&self, body: &Value) -> Said {
        self.create_with(&[], body).await
    }

    /// Asks for a payment with more headers.
    pub async fn create_with(&self, headers: &[(&str, &str)], body: &Value) -> Said {
        let body = body.to_string().into_bytes();
        self.send(Method::POST, &self.path("create"), headers, body).await
    }

    /// What became of a payment.
    pub async fn status(&self, reference: &str) -> Said {
        let path = self.path(&format!("status/{reference}"));
        self.send(Method::GET, &path, &[], Vec::new()).await
    }

    /// Gives a payment up.
    pub async fn cancel(&self, reference: &str) -> Said {
        let path = self.path(&format!("cancel/{reference}"));
        self.send(Method::PATCH, &path, &[], Vec::new()).await
    }

    /// The keys that callbacks are checked with.
    pub async fn public_keys(&self) -> Said {
        self.send(Method::GET, &self.path("get-public-keys"), &[], Vec::new())
            .await
    }

    /// The customer whom a payment was sent to.
    pub async fn payer(&self, app: &TestApp, reference: &str) -> PayerOf {
        let id = IntentId::from_reference(reference).unwrap();
        let payer = intent::by_reference(&app.app, self.tenant.mode, id.reference());
        PayerOf(payer.await.unwrap())
    }
}

/// The customer whom a payment was sent to.
#[derive(Clone, Copy)]
pub struct PayerOf(pub intent::Payer);

impl PayerOf {
    /// Pays with a wallet.
    pub async fn pays(self, app: &TestApp, gateway: Gateway) -> Result<Outcome, service::Error> {
        self.pays_as(app, gateway, Customer::default()).await
    }

    /// Pays with a wallet and says who they are.
    pub async fn pays_as(
        self,
        app: &TestApp,
        gateway: Gateway,
        customer: Customer,
    ) -> Result<Outcome, service::Error> {
        let with = Confirm {
            gateway,
            card: None,
            customer,
            expected_total: None,
            notes: Vec::new(),
        };
        intent::confirm_as_payer(&app.app, self.0, None, with).await
    }

    /// Pays with a card.
    pub async fn pays_by_card(self, app: &TestApp, card: Payer) -> Result<Outcome, service::Error> {
        let expiry = Expiry {
            year: 2030,
            month: 12,
        };
        let card = CardDetails::new(card.number(), None, expiry, "123", app.now()).unwrap();
        let with = Confirm {
            gateway: Gateway::CreditCard,
            card: Some(card),
            customer: Customer::default(),
            expected_total: None,
            notes: Vec::new(),
        };
        intent::confirm_as_payer(&app.app, self.0, None, with).await
    }

    /// Types a promo code.
    pub async fn types(self, app: &TestApp, code: &str) -> Result<Intent, service::Error> {
        intent::apply_promo_code(&app.app, self.0, code.to_owned()).await
    }

    /// What the page shows.
    pub async fn sees(self, app: &TestApp) -> intent::Shown {
        intent::show(&app.app, self.0).await.unwrap()
    }
}
