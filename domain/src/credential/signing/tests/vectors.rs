//! The examples of RFC 9421: their texts have no nonce and do not cover enough for us, so it is the text that is compared.

use super::*;
use crate::credential::PublicKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Appendix B.2, `test-request`.
fn test_request() -> Request {
    Request::post("/foo", Some("param=Value&Pet=dog"), BODY)
        .with("date", "Tue, 20 Apr 2021 02:07:55 GMT")
        .with("content-type", "application/json")
        .with("content-digest", SHA_512)
        .with("content-length", "18")
}

fn base(request: &Request, params: &str) -> String {
    request.looked_at(|head| signature_base(head, params)).unwrap()
}

/// Appendix B.2.5 and B.1.5.
#[test]
fn the_example_with_hmac_is_reproduced() {
    let text = base(
        &test_request(),
        r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
    );
    assert_eq!(
        text,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
         \"@authority\": example.com\n\
         \"content-type\": application/json\n\
         \"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\""
    );
    let shared = STANDARD
        .decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
        .unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&shared)
        .unwrap()
        .chain_update(text);
    assert_eq!(
        STANDARD.encode(mac.finalize().into_bytes()),
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="
    );
}

/// Appendix B.2.6 and B.1.4.
#[test]
fn the_example_with_ed25519_verifies() {
    let text = base(
        &test_request(),
        r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
    );
    assert_eq!(
        text,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
         \"@method\": POST\n\
         \"@path\": /foo\n\
         \"@authority\": example.com\n\
         \"content-type\": application/json\n\
         \"content-length\": 18\n\
         \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
         ;created=1618884473;keyid=\"test-key-ed25519\""
    );
    let key = PublicKey::from_pem(
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----",
    )
    .unwrap();
    let signature = STANDARD
        .decode("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==")
        .unwrap();
    assert!(key.verifies(text.as_bytes(), &signature));
}

/// Sections 2.1 and 2.2: each part has the value that the standard gives it.
#[test]
fn derived_parts_have_the_values_of_the_standard() {
    let value = |request: &Request, name: &str| {
        let text = base(request, &format!("(\"{name}\")"));
        let (line, _) = text.split_once('\n').unwrap();
        line.strip_prefix(&format!("\"{name}\": ")).unwrap().to_owned()
    };
    let mut request = Request::post("/path", Some("param=value"), b"");
    request.authority = Some("WWW.Example.COM:443".into());
    for (name, expected) in [
        ("@method", "POST"),
        ("@authority", "www.example.com"),
        ("@scheme", "https"),
        ("@path", "/path"),
        ("@query", "?param=value"),
        ("@request-target", "/path?param=value"),
        ("@target-uri", "https://www.example.com/path?param=value"),
    ] {
        assert_eq!(value(&request, name), expected, "{name}");
    }

    (request.path, request.query) = (String::new(), None);
    (request.authority, request.scheme) = (Some("example.com:443".into()), "HTTP".into());
    for (name, expected) in [
        ("@authority", "example.com:443"),
        ("@scheme", "http"),
        ("@path", "/"),
        ("@query", "?"),
        ("@target-uri", "http://example.com:443/"),
    ] {
        assert_eq!(value(&request, name), expected, "{name}");
    }

    let fields = request
        .with("cache-control", " max-age=60 ")
        .with("cache-control", "   must-revalidate")
        .with("x-empty", "");
    assert_eq!(value(&fields, "cache-control"), "max-age=60, must-revalidate");
    assert_eq!(value(&fields, "x-empty"), "");
}

#[test]
fn a_line_break_in_a_value_is_refused() {
    let request = Request::post("/a\n\"@query\": ?", None, b"");
    let refused = request.looked_at(|head| signature_base(head, "(\"@path\")"));
    assert_eq!(refused, Err(Denial::SignatureMalformed));
    for text in ["", "1", "(\"@path\"), (\"@path\")", "\"@path\"", "("] {
        let refused = request.looked_at(|head| signature_base(head, text));
        assert_eq!(refused, Err(Denial::SignatureMalformed), "{text}");
    }
}
