//! The native form.

use super::*;

pub fn signed() -> Request {
    Request::post("/graphql", Some("x=1&y=%2F"), BODY)
        .with("x-tahsil-key", TOKEN)
        .with("x-tahsil-timestamp", "2026-06-15T13:42:07.1234567+03:00")
        .with("x-tahsil-nonce", "a1b2c3d4")
        .with("x-tahsil-signature", "ed25519=AQIDBA==")
        .with("x-api-version", "2026-06-14.basra")
}

#[test]
fn the_canonical_string_has_six_lines() {
    let request = signed().taken();
    assert_eq!(
        String::from_utf8(request.message).unwrap(),
        "POST\n\
         /graphql?x=1&y=%2F\n\
         2026-06-15T13:42:07.1234567+03:00\n\
         a1b2c3d4\n\
         2026-06-14.basra\n\
         sha256:5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1"
    );
    assert_eq!(request.token, TOKEN);
    assert_eq!(request.algorithm, SigningAlgorithm::Ed25519);
    assert_eq!(
        request.signed_at,
        "2026-06-15T10:42:07.123456Z".parse::<Timestamp>().unwrap()
    );
    assert_eq!((request.nonce.as_str(), request.expires), ("a1b2c3d4", None));
    assert_eq!(request.signature, [1, 2, 3, 4]);
    assert_eq!((request.body, request.way), (BodyClaim::None, Way::SignedRequest));
}

#[test]
fn what_is_absent_leaves_its_line_empty() {
    let mut request = signed().without("x-api-version");
    (request.query, request.body) = (None, Vec::new());
    assert_eq!(
        String::from_utf8(request.taken().message).unwrap(),
        "POST\n/graphql\n2026-06-15T13:42:07.1234567+03:00\na1b2c3d4\n\n\
         sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    // The mark of an empty query is on the wire, and so in the text.
    request.query = Some(String::new());
    assert!(request.taken().message.starts_with(b"POST\n/graphql?\n"));
}

#[test]
fn every_algorithm_has_its_word() {
    for algorithm in SigningAlgorithm::ALL {
        let request = signed().having("x-tahsil-signature", &format!("{algorithm}=AA=="));
        assert_eq!(request.taken().algorithm, *algorithm);
    }
}

#[test]
fn each_of_the_four_headers_makes_it_a_signed_request_and_is_needed() {
    let names = [
        "x-tahsil-key",
        "x-tahsil-timestamp",
        "x-tahsil-nonce",
        "x-tahsil-signature",
    ];
    for name in names {
        let lacking = signed().without(name);
        assert_eq!(lacking.denial(), Denial::SignatureMalformed, "without {name}");
        let alone = Request::post("/", None, b"").with(name, "x");
        assert_eq!(alone.denial(), Denial::SignatureMalformed, "{name} alone");
    }
}

#[test]
fn a_header_that_cannot_be_read_is_refused() {
    let long = |length: usize| "n".repeat(length);
    for (name, value) in [
        ("x-tahsil-key", long(MAX_FIELD + 1)),
        ("x-tahsil-timestamp", "1718448127".into()),
        ("x-tahsil-timestamp", "2026-06-15T10:42:07".into()),
        ("x-tahsil-timestamp", "2026-06-31T10:42:07Z".into()),
        ("x-tahsil-timestamp", String::new()),
        ("x-tahsil-nonce", long(7)),
        ("x-tahsil-nonce", long(129)),
        ("x-tahsil-nonce", "1234 5678".into()),
        ("x-tahsil-signature", "AQIDBA==".into()),
        ("x-tahsil-signature", "ed25519".into()),
        ("x-tahsil-signature", "ed25519=AQIDBA".into()),
        ("x-tahsil-signature", "ed25519=AQIDBA==, ed25519=AQIDBA==".into()),
        ("x-tahsil-signature", "ed25519=_-8=".into()),
        ("x-tahsil-signature", "Ed25519=AQIDBA==".into()),
        ("x-tahsil-signature", "none=".into()),
        ("x-api-version", long(MAX_FIELD + 1)),
    ] {
        let spoilt = signed().having(name, &value);
        assert_eq!(spoilt.denial(), Denial::SignatureMalformed, "{name}: {value}");
    }
    for length in [8, 128] {
        assert!(
            signed()
                .having("x-tahsil-nonce", &long(length))
                .read()
                .unwrap()
                .is_ok()
        );
    }
}

#[test]
fn a_digest_of_the_body_is_compared_if_there_is_one() {
    let both = format!("{SHA_256}, {SHA_512}");
    let one_of_two = format!("{SHA_256}, sha-512=:AAAA:");
    for (digest, claim) in [
        (SHA_256, Ok(BodyClaim::Matches)),
        (SHA_512, Ok(BodyClaim::Matches)),
        (&both, Ok(BodyClaim::Matches)),
        (&content_digest(BODY), Ok(BodyClaim::Matches)),
        (&format!("unixsum=:AAAA:, {SHA_256}"), Ok(BodyClaim::Matches)),
        (&content_digest(b"other"), Ok(BodyClaim::Differs)),
        ("sha-256=::", Ok(BodyClaim::Differs)),
        (&one_of_two, Ok(BodyClaim::Differs)),
        ("unixsum=:AAAA:", Err(Denial::SignatureMalformed)),
        ("", Err(Denial::SignatureMalformed)),
        ("sha-256", Err(Denial::SignatureMalformed)),
        (
            "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
            Err(Denial::SignatureMalformed),
        ),
        ("sha-256=(:AAAA:)", Err(Denial::SignatureMalformed)),
        (&format!("{SHA_256}, sha-512=1"), Err(Denial::SignatureMalformed)),
    ] {
        let request = signed().with("content-digest", digest);
        let read = request.read().unwrap();
        assert_eq!(
            read.map(|read| read.body).map_err(|error| error.denial),
            claim,
            "{digest}"
        );
    }
}
