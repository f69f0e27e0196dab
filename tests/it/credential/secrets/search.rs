//! Looking for secrets in whatever form they may stand.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value;

/// What must be found nowhere.
#[derive(Default)]
pub struct Secrets(pub Vec<(&'static str, String)>);

impl Secrets {
    /// One more.
    pub fn add(&mut self, what: &'static str, text: &str) {
        assert!(text.len() > 3, "{what} is too short to be looked for: {text}");
        self.0.push((what, text.to_owned()));
    }

    /// A private key line by line, or the hex of a shared one.
    pub fn add_key(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.contains("-----")) {
            self.add("private key", line);
        }
    }

    /// What a payload shows once; the secret.
    pub fn add_payload(&mut self, payload: &Value) -> String {
        if let Some(key) = payload["privateKey"].as_str() {
            self.add_key(key);
        }
        let secret = payload["secret"].as_str().unwrap_or_default().to_owned();
        if !secret.is_empty() {
            self.add("secret", &secret);
            // What proves something is behind the public token of 16 characters.
            let hidden = secret.rsplit('_').next().unwrap();
            self.add("hidden part", &hidden[16..]);
        }
        secret
    }

    /// Every secret that `haystack` holds in any form.
    pub fn in_bytes(&self, place: &str, haystack: &[u8]) -> Vec<String> {
        let holds = |needle: &[u8]| haystack.windows(needle.len()).any(|window| window == needle);
        let mut found = Vec::new();
        for (what, secret) in &self.0 {
            for (form, text) in forms(secret) {
                if holds(&text) {
                    found.push(format!("{what} as {form} in {place}: {secret}"));
                }
            }
        }
        found
    }
}

/// How a secret may look: as it is, as raw bytes that it is the hex or base64 of, and as hex and base64 of itself.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("text", secret.as_bytes().to_vec()),
        ("hex", hex::encode(secret).into_bytes()),
        ("base64", STANDARD_NO_PAD.encode(secret).into_bytes()),
    ];
    for raw in [hex::decode(secret).ok(), STANDARD.decode(secret).ok()]
        .into_iter()
        .flatten()
    {
        if raw.len() >= 16 {
            forms.push(("hex of what it stands for", hex::encode(&raw).into_bytes()));
            forms.push((
                "base64 of what it stands for",
                STANDARD_NO_PAD.encode(&raw).into_bytes(),
            ));
            forms.push(("raw bytes", raw));
        }
    }
    forms
}
