use super::*;
use clap::Parser;
use domain::credential::PublicKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use pkcs8::der::pem::LineEnding;
use serde_json::json;

const BODY: &[u8] = br#"{"hello": "world"}"#;

/// The two halves of a new key, in PEM.
fn pair() -> (String, String) {
    let mut seed = [0; 32];
    service::random::fill(&mut seed);
    let private = ed25519_dalek::SigningKey::from_bytes(&seed);
    let public = PublicKey::Ed25519(private.verifying_key()).to_pem();
    (private.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(), public)
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn args(more: &[&str]) -> Args {
    let needed = ["sign", "--key", "epk_test_0123456789ABCDEF", "--private-key", "-"];
    Line::try_parse_from(needed.iter().chain(more)).unwrap().args
}

fn signed(key: &str, body: &[u8], more: &[&str]) -> anyhow::Result<Signed> {
    let key = PrivateKey::read(key, None).unwrap();
    let now = "2026-06-15T10:42:07.5Z".parse().unwrap();
    sign(&args(more), &key, body, now, "00112233445566778899aabbccddeeff")
}

#[test]
fn a_native_request_is_one_json_object_with_its_text_and_headers() {
    let more = ["--path", "/graphql?x=1", "--api-version", "2026-06-14.basra"];
    let signed = signed(&"0b".repeat(32), BODY, &more).unwrap();
    assert_eq!(
        serde_json::to_value(&signed).unwrap(),
        json!({
            "form": "native",
            "algorithm": "hmac-sha256",
            "signedText": "POST\n/graphql?x=1\n2026-06-15T10:42:07.500Z\n00112233445566778899aabbccddeeff\n2026-06-14.basra\n\
                           sha256:5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1",
            "signature": signed.signature,
            "headers": {
                "Content-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
                "X-API-Version": "2026-06-14.basra",
                "X-Tahsil-Key": "epk_test_0123456789ABCDEF",
                "X-Tahsil-Timestamp": "2026-06-15T10:42:07.500Z",
                "X-Tahsil-Nonce": "00112233445566778899aabbccddeeff",
                "X-Tahsil-Signature": format!("hmac-sha256={}", signed.signature),
            },
        })
    );
}

#[test]
fn what_is_signed_verifies_in_either_form_and_without_a_body() {
    let (private, public) = pair();
    let public = PublicKey::from_pem(&public).unwrap();
    for form in ["native", "http"] {
        for body in [BODY, b""] {
            let signed = signed(&private, body, &["--form", form]).unwrap();
            let signature = STANDARD.decode(&signed.signature).unwrap();
            assert!(
                public.verifies(signed.signed_text.as_bytes(), &signature),
                "{form}"
            );
        }
    }
}

#[test]
fn an_http_signature_covers_all_that_it_has_to() {
    let more = [
        "--form",
        "http",
        "--path",
        "/graphql?x=1",
        "--authority",
        "Pay.example:443",
        "--api-version",
        "2026-06-14.basra",
        "--idempotency-key",
        "order-1",
        "--nonce",
        r#"a"b\cdefg"#,
        "--timestamp",
        "2026-06-15T13:42:07+03:00",
    ];
    let signed = signed(&pair().0, BODY, &more).unwrap();
    assert_eq!(
        signed.signed_text,
        "\"@method\": POST\n\
         \"@path\": /graphql\n\
         \"@query\": ?x=1\n\
         \"@authority\": pay.example\n\
         \"content-digest\": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\n\
         \"x-api-version\": 2026-06-14.basra\n\
         \"idempotency-key\": order-1\n\
         \"@signature-params\": (\"@method\" \"@path\" \"@query\" \"@authority\" \"content-digest\" \"x-api-version\" \
         \"idempotency-key\");created=1781520127;nonce=\"a\\\"b\\\\cdefg\";keyid=\"epk_test_0123456789ABCDEF\";alg=\"ed25519\""
    );
    let text = signed.text();
    let last = format!("Signature: sig1=:{}:", signed.signature);
    assert!(
        text.ends_with(&last) && text.contains("\nSignature-Input: sig1=("),
        "{text}"
    );
}

#[test]
fn the_private_key_is_not_printed() {
    let (private, _) = pair();
    let body = private.lines().nth(1).unwrap();
    for (key, hidden) in [(&private, body), (&"0b".repeat(32), "0b0b0b")] {
        let signed = signed(key, BODY, &[]).unwrap();
        let printed = format!("{}{}", signed.text(), serde_json::to_string(&signed).unwrap());
        assert!(!printed.contains(hidden), "{printed}");
    }
}

#[test]
fn what_the_server_would_refuse_is_not_signed() {
    for more in [["--nonce", "short"], ["--nonce", "with a space"]] {
        let refused = signed(&pair().0, BODY, &more).unwrap_err().to_string();
        assert!(
            refused.starts_with("the server would refuse this request"),
            "{refused}"
        );
    }
    let twice = Args {
        body: Some("-".into()),
        ..args(&[])
    };
    assert!(run(&twice).unwrap_err().to_string().contains("standard input"));
}

#[test]
fn a_token_a_path_and_a_time_are_checked() {
    for wrong in [
        ["--key", "esk_test_1"],
        ["--key", "epk_test_1"],
        ["--path", "graphql"],
        ["--path", "https://pay.example/graphql"],
        ["--path", "/مدفوعات"],
        ["--timestamp", "yesterday"],
        ["--form", "cavage"],
    ] {
        let line = ["sign", "--private-key", "k", wrong[0], wrong[1]];
        let key = ["--key", "epk_test_0123456789ABCDEF"];
        let line = line
            .iter()
            .chain(if wrong[0] == "--key" { &[][..] } else { &key[..] });
        assert!(Line::try_parse_from(line).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_body_is_text_after_an_at_sign_or_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), BODY).unwrap();
    assert_eq!(body(file.path().to_str().unwrap()).unwrap(), BODY);
    assert_eq!(body("@@x").unwrap(), b"@x");
    let missing = body("/nonexistent/body").unwrap_err().to_string();
    assert!(missing.contains("/nonexistent/body"), "{missing}");
}

#[test]
fn the_page_about_signing_explains_every_denial_in_the_words_of_the_log() {
    let page = include_str!("../../../docs/signing.md");
    for denial in domain::credential::Denial::ALL {
        let row = format!("| `{}` | {} |", denial.as_str(), denial.meaning());
        assert!(page.contains(&row), "{row}");
    }
}
