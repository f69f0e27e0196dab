//! A merchant's server that signs its requests, as its own code would: nothing here comes from the product.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method, Response};
use sha2::{Digest, Sha256};

/// A signed request that can be altered before it is sent.
#[derive(Clone, Debug)]
pub struct Signed {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Signed {
    /// The value of a header, to read or alter.
    pub fn header(&mut self, name: &str) -> &mut String {
        let found = self.headers.iter_mut().find(|(known, _)| *known == name);
        &mut found.unwrap_or_else(|| panic!("no header {name}")).1
    }

    /// Sends it to a node.
    pub async fn send(&self, url: &str) -> Response {
        let mut request = Client::new()
            .request(self.method.clone(), format!("{url}{}", self.target))
            .header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(self.body.clone()).send().await.unwrap()
    }
}

/// What signs.
enum Key {
    Ed25519(Box<SigningKey>),
    Hmac(Vec<u8>),
}

/// Somebody who signs.
pub struct Signer {
    token: String,
    key: Key,
}

impl Signer {
    /// With a private key in PEM.
    pub fn ed25519(token: &str, pem: &str) -> Self {
        Self {
            token: token.to_owned(),
            key: Key::Ed25519(Box::new(SigningKey::from_pkcs8_pem(pem).unwrap())),
        }
    }

    /// With a shared key in hex.
    pub fn hmac(token: &str, shared: &str) -> Self {
        Self {
            token: token.to_owned(),
            key: Key::Hmac(hex::decode(shared).unwrap()),
        }
    }

    /// Signs text.
    pub fn sign(&self, text: &str) -> Vec<u8> {
        match &self.key {
            Key::Ed25519(key) => key.sign(text.as_bytes()).to_bytes().to_vec(),
            Key::Hmac(key) => {
                let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text);
                mac.finalize().into_bytes().to_vec()
            }
        }
    }

    /// A POST of GraphQL, signed at `at` in our own form.
    pub fn post(&self, query: &str, at: Timestamp, nonce: &str) -> Signed {
        let body = serde_json::json!({ "query": query }).to_string().into_bytes();
        self.request(Method::POST, "/graphql", body, at, nonce)
    }

    /// Any request, signed at `at` in our own form.
    pub fn request(&self, method: Method, target: &str, body: Vec<u8>, at: Timestamp, nonce: &str) -> Signed {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let (version, hash) = ("2026-06-14.basra", Sha256::digest(&body));
        let text = format!(
            "{method}\n{target}\n{at}\n{nonce}\n{version}\nsha256:{}",
            hex::encode(hash)
        );
        let name = match self.key {
            Key::Ed25519(_) => "ed25519",
            Key::Hmac(_) => "hmac-sha256",
        };
        let headers = vec![
            ("x-tahsil-key", self.token.clone()),
            ("x-tahsil-timestamp", at),
            ("x-tahsil-nonce", nonce.to_owned()),
            (
                "x-tahsil-signature",
                format!("{name}={}", STANDARD.encode(self.sign(&text))),
            ),
            ("x-api-version", version.to_owned()),
            ("content-digest", format!("sha-256=:{}:", STANDARD.encode(hash))),
        ];
        Signed {
            method,
            target: target.to_owned(),
            headers,
            body,
        }
    }
}
