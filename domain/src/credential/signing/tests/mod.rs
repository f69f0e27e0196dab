//! What each form takes and refuses, with a request that is built up and then spoilt.

mod http_signature;
mod native;
mod vectors;

use super::*;
use proptest::prelude::*;

pub const TOKEN: &str = "epk_test_0123456789ABCDEF";
pub const BODY: &[u8] = br#"{"hello": "world"}"#;
/// RFC 9530, appendix D; computed again with OpenSSL.
pub const SHA_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
pub const SHA_512: &str =
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

/// A request to spoil.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub authority: Option<String>,
    pub scheme: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn post(path: &str, query: Option<&str>, body: &[u8]) -> Self {
        Self {
            method: "POST".into(),
            path: path.into(),
            query: query.map(Into::into),
            authority: Some("example.com".into()),
            scheme: "https".into(),
            headers: Vec::new(),
            body: body.to_vec(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub fn having(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub fn looked_at<T>(&self, look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let header = |name: &str| {
            let lines = self.headers.iter().filter(|(header, _)| header == name);
            let lines: Vec<_> = lines.map(|(_, value)| value.trim()).collect();
            (!lines.is_empty()).then(|| lines.join(", "))
        };
        look(&RequestHead {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            authority: self.authority.as_deref(),
            scheme: &self.scheme,
            header: &header,
            body: &self.body,
        })
    }

    pub fn read(&self) -> Option<Result<SignedRequest, Unreadable>> {
        self.looked_at(read)
    }

    pub fn taken(&self) -> SignedRequest {
        self.read().expect("it is signed").expect("it can be read")
    }

    pub fn denial(&self) -> Denial {
        self.read()
            .expect("it is signed")
            .expect_err("it is spoilt")
            .denial
    }
}

#[test]
fn a_request_with_neither_form_is_left_to_others() {
    let plain = Request::post("/graphql", None, BODY).with("x-api-key", "esk_test_1");
    assert_eq!(plain.read(), None);
    // What proxies and bots sign for themselves is not for us; the draft before RFC 9421 had a `Signature` alone.
    for (name, value) in [
        (
            "signature-input",
            r#"sig=("@authority");created=1;keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U""#,
        ),
        ("signature-input", r#"a=1, b=(), c=();keyid=epk_"#),
        (
            "signature",
            r#"keyId="epk_test_0123456789ABCDEF",algorithm="hs2019",signature="AA==""#,
        ),
    ] {
        assert_eq!(plain.clone().with(name, value).read(), None, "{value}");
    }
}

#[test]
fn a_request_of_both_forms_is_refused() {
    let both = native::signed().with("signature-input", &http_signature::input(""));
    assert_eq!(both.denial(), Denial::SignatureMalformed);
}

#[test]
fn only_tokens_are_noted() {
    for (shown, noted) in [
        (TOKEN, Some(TOKEN)),
        ("esk_test_secret", None),
        ("epk_test_1", None),
    ] {
        let request = native::signed()
            .having("x-tahsil-key", shown)
            .without("x-tahsil-nonce");
        let unreadable = request.read().unwrap().unwrap_err();
        assert_eq!(unreadable.token.as_deref(), noted);
        assert_eq!(unreadable.way, Way::SignedRequest);
    }
}

/// Text that looks somewhat like what belongs there.
fn almost() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "sig1",
        "=",
        "(",
        ")",
        "\"@method\"",
        "\"@path\"",
        "\"@query\"",
        "\"@target-uri\"",
        "\"x-a\"",
        ";",
        " ",
        ", ",
        "created=1618884473",
        "expires=1",
        "nonce=\"12345678\"",
        "keyid=\"epk_",
        "keyid=\"epk_test_0123456789ABCDEF\"",
        "alg=\"ed25519\"",
        ":AAAA:",
        ":",
        "ed25519",
        "rsa",
        "AA==",
        "2026-06-15T10:42:07Z",
        "-999999999999999",
        "1.5",
        "?1",
        "@1",
        "%\"f%c3%bc\"",
        "sha-256",
        "sha-512",
        "\"",
        "\\",
        "é",
        "*",
        "a",
        "0",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        any::<Vec<u8>>().prop_map(|bytes| bytes.into_iter().map(char::from).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_header_breaks_the_reader(
        names in prop::collection::vec(0_usize..10, 0..6),
        values in prop::collection::vec(almost(), 6),
        (method, path, query) in (any::<String>(), any::<String>(), any::<Option<String>>()),
        (authority, scheme, body) in (any::<Option<String>>(), any::<String>(), any::<Vec<u8>>()),
        begun in any::<bool>(),
    ) {
        const NAMES: [&str; 10] = [
            "x-tahsil-key", "x-tahsil-timestamp", "x-tahsil-nonce", "x-tahsil-signature", "x-api-version",
            "signature-input", "signature", "content-digest", "idempotency-key", "x-a",
        ];
        let mut request = if begun { http_signature::signed() } else { native::signed() };
        for (name, value) in names.into_iter().zip(values) {
            request = request.having(NAMES[name], &value);
        }
        (request.method, request.path, request.query) = (method, path, query);
        (request.authority, request.scheme, request.body) = (authority, scheme, body);
        // Whatever comes of it.
        drop(request.read());
    }
}
