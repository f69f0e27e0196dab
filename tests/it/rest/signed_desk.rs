//! A merchant's server that signs what it sends, in our own form and by RFC 9421.

use super::desk::Heard;
use crate::support::{Signed, Signer, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::credential::Scopes;
use domain::merchant::Tenant;
use domain::{MockClock, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use service::credential::NewCredential;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub const SESSIONS: &str = "/v1/checkout/sessions";
pub const LINKS: &str = "/v1/payment_links";
pub const REFUNDS: &str = "/v1/refunds";

/// The path of a capture.
pub fn capture(payment: &str) -> String {
    format!("/v1/payments/{payment}/capture")
}

/// An amount of this door.
pub fn amount(amount: &str, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

/// Dinars of Iraq.
pub fn dinars(major: &str) -> Value {
    amount(major, "IQD")
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `X-Tahsil-*`.
    Native,
    /// RFC 9421.
    Http,
}

/// A merchant's server that signs.
pub struct SignedDesk {
    /// Its secret, which this door does not take.
    pub secret: String,
    token: String,
    url: String,
    signer: Signer,
    clock: Arc<MockClock>,
    nonces: AtomicU32,
}

impl SignedDesk {
    /// A credential of its own with an Ed25519 key.
    pub async fn of(app: &TestApp, tenant: Tenant, scopes: Scopes) -> Self {
        let issued = app.issue(NewCredential::named("signer", tenant, scopes)).await;
        let pem = issued.signing_key.as_ref().and_then(|key| key.reveal()).unwrap();
        Self {
            secret: issued.secret.reveal().to_owned(),
            token: issued.credential.token.clone(),
            url: app.url.clone(),
            signer: Signer::ed25519(&issued.credential.token, pem),
            clock: Arc::clone(&app.clock),
            nonces: AtomicU32::new(0),
        }
    }

    fn nonce(&self) -> String {
        format!("nonce-of-{:08}", self.nonces.fetch_add(1, Ordering::Relaxed))
    }

    fn now(&self) -> Timestamp {
        domain::Clock::now(&*self.clock)
    }

    /// A signed request, ready to be sent or altered.
    pub fn signed(&self, form: Form, path: &str, body: &str, headers: &[(&'static str, &str)]) -> Signed {
        self.signed_at(form, path, body, headers, self.now())
    }

    /// The same, by a clock of its own.
    pub fn signed_at(
        &self,
        form: Form,
        path: &str,
        body: &str,
        headers: &[(&'static str, &str)],
        at: Timestamp,
    ) -> Signed {
        let nonce = self.nonce();
        let mut request = self
            .signer
            .request(Method::POST, path, body.as_bytes().to_vec(), at, &nonce);
        let own = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        if form == Form::Native {
            request.headers.extend(own);
            return request;
        }
        let digest = request.header("content-digest").clone();
        let mut covered = vec![
            ("@method", "POST".to_owned()),
            ("@path", path.to_owned()),
            ("content-digest", digest.clone()),
        ];
        covered.extend(own.clone());
        let names: Vec<String> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let parameters = format!(
            "({});created={};keyid=\"{}\";nonce=\"{nonce}\";alg=\"ed25519\"",
            names.join(" "),
            at.timestamp(),
            self.token
        );
        let lines = covered
            .iter()
            .map(|(name, value)| format!("\"{name}\": {value}\n"));
        let base = format!("{}\"@signature-params\": {parameters}", lines.collect::<String>());
        let signature = STANDARD.encode(self.signer.sign(&base));
        request.headers = vec![
            ("content-digest", digest),
            ("signature-input", format!("sig1={parameters}")),
            ("signature", format!("sig1=:{signature}:")),
        ];
        request.headers.extend(own);
        request
    }

    /// Sends what is ready.
    pub async fn send(&self, request: &Signed) -> Heard {
        Heard::read(request.send(&self.url).await).await
    }

    /// Signs in our own form and sends.
    pub async fn post(&self, path: &str, body: Value) -> Heard {
        self.post_with(Form::Native, path, body, &[]).await
    }

    /// Signs with headers and sends.
    pub async fn post_with(
        &self,
        form: Form,
        path: &str,
        body: Value,
        headers: &[(&'static str, &str)],
    ) -> Heard {
        self.send(&self.signed(form, path, &body.to_string(), headers))
            .await
    }
}
