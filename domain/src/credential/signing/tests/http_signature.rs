//! HTTP Message Signatures, as far as they are ours.

use super::*;

const COVERED: &str = r#"("@method" "@path" "@query" "content-digest" "x-api-version" "idempotency-key")"#;
const PARAMS: &str = r#"created=1781519327;nonce="a1b2c3d4";keyid="epk_test_0123456789ABCDEF";alg="ed25519""#;

/// One value of `Signature-Input`, with `more` parameters.
pub fn input(more: &str) -> String {
    format!("sig1={COVERED};{PARAMS}{more}")
}

pub fn signed() -> Request {
    Request::post("/graphql", Some("x=1"), BODY)
        .with("content-digest", SHA_256)
        .with("x-api-version", "2026-06-14.basra")
        .with("idempotency-key", "order-1241")
        .with("signature-input", &input(""))
        .with("signature", "sig1=:AQIDBA==:")
}

fn covering(list: &str) -> Request {
    signed().having("signature-input", &format!("sig1={list};{PARAMS}"))
}

fn with_params(params: &str) -> Request {
    signed().having("signature-input", &format!("sig1={COVERED};{params}"))
}

#[test]
fn what_is_covered_is_what_is_signed() {
    let request = signed().taken();
    assert_eq!(
        String::from_utf8(request.message).unwrap(),
        "\"@method\": POST\n\
         \"@path\": /graphql\n\
         \"@query\": ?x=1\n\
         \"content-digest\": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\n\
         \"x-api-version\": 2026-06-14.basra\n\
         \"idempotency-key\": order-1241\n\
         \"@signature-params\": (\"@method\" \"@path\" \"@query\" \"content-digest\" \"x-api-version\" \
         \"idempotency-key\");created=1781519327;nonce=\"a1b2c3d4\";keyid=\"epk_test_0123456789ABCDEF\";alg=\"ed25519\""
    );
    assert_eq!(
        (request.token.as_str(), request.nonce.as_str()),
        (TOKEN, "a1b2c3d4")
    );
    assert_eq!(request.algorithm, SigningAlgorithm::Ed25519);
    assert_eq!(
        request.signed_at,
        "2026-06-15T10:28:47Z".parse::<Timestamp>().unwrap()
    );
    assert_eq!((request.expires, request.signature), (None, vec![1, 2, 3, 4]));
    assert_eq!(
        (request.body, request.way),
        (BodyClaim::Matches, Way::HttpSignature)
    );
}

#[test]
fn parameters_keep_their_order_and_their_spaces_are_made_one() {
    let request = signed().having(
        "signature-input",
        &format!(r#"sig1=(  "@method"   "@target-uri" "content-digest" "x-api-version" "idempotency-key" ) ; tag="x";  {PARAMS}"#)
            .replace(") ;", ");"),
    );
    let message = String::from_utf8(request.taken().message).unwrap();
    assert!(
        message.ends_with(&format!(
            r#""@signature-params": ("@method" "@target-uri" "content-digest" "x-api-version" "idempotency-key");tag="x";{PARAMS}"#
        )),
        "{message}"
    );
}

#[test]
fn every_algorithm_has_the_name_of_the_standard() {
    for (name, algorithm) in [
        ("ed25519", SigningAlgorithm::Ed25519),
        ("rsa-v1_5-sha256", SigningAlgorithm::Rsa),
        ("hmac-sha256", SigningAlgorithm::HmacSha256),
    ] {
        let request = with_params(&PARAMS.replace("ed25519", name));
        assert_eq!(request.taken().algorithm, algorithm);
    }
}

#[test]
fn the_target_can_be_covered_in_three_ways() {
    let rest = r#""@method" "content-digest" "x-api-version" "idempotency-key""#;
    for (target, denial) in [
        (r#""@target-uri""#, None),
        (r#""@request-target""#, None),
        (r#""@path" "@query""#, None),
        (r#""@path""#, Some(Denial::SignatureIncomplete)),
        (r#""@query""#, Some(Denial::SignatureIncomplete)),
        (r#""@authority" "@scheme""#, Some(Denial::SignatureIncomplete)),
    ] {
        let read = covering(&format!("({target} {rest})")).read().unwrap();
        assert_eq!(read.err().map(|error| error.denial), denial, "{target}");
    }
    let mut no_query = covering(&format!(r#"("@path" {rest})"#));
    no_query.query = None;
    assert!(no_query.read().unwrap().is_ok());
    // A mark without a query is a change on the way, too.
    no_query.query = Some(String::new());
    assert_eq!(no_query.denial(), Denial::SignatureIncomplete);
}

#[test]
fn what_decides_what_a_request_does_must_be_covered() {
    for lacking in ["@method", "content-digest", "x-api-version", "idempotency-key"] {
        let list = COVERED.replace(&format!("\"{lacking}\""), "");
        assert_eq!(covering(&list).denial(), Denial::SignatureIncomplete, "{lacking}");
    }
    // What the request does not have need not be covered.
    let mut bare = covering(r#"("@method" "@target-uri")"#)
        .without("content-digest")
        .without("x-api-version")
        .without("idempotency-key");
    assert_eq!(bare.denial(), Denial::SignatureIncomplete, "it has a body");
    bare.body.clear();
    assert_eq!(bare.taken().body, BodyClaim::None);
}

#[test]
fn a_body_that_the_digest_does_not_fit_is_told() {
    let mut request = signed();
    request.body.push(b' ');
    assert_eq!(request.taken().body, BodyClaim::Differs);
    // Taken away altogether, too.
    request.body.clear();
    assert_eq!(request.taken().body, BodyClaim::Differs);
}

#[test]
fn time_nonce_and_algorithm_are_needed() {
    for lacking in ["created=1781519327;", "nonce=\"a1b2c3d4\";", ";alg=\"ed25519\""] {
        let request = with_params(&PARAMS.replace(lacking, ""));
        assert_eq!(request.denial(), Denial::SignatureIncomplete, "{lacking}");
        let unreadable = request.read().unwrap().unwrap_err();
        assert_eq!(unreadable.token.as_deref(), Some(TOKEN));
        assert_eq!(unreadable.way, Way::HttpSignature);
    }
}

#[test]
fn an_end_is_read_and_comes_after_the_beginning() {
    let expires = |seconds: &str| signed().having("signature-input", &input(&format!(";expires={seconds}")));
    let read = expires("1781519387").taken();
    assert_eq!(
        read.expires,
        Some("2026-06-15T10:29:47Z".parse::<Timestamp>().unwrap())
    );
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert!(!read.has_expired(at("2026-06-15T10:29:46.999999Z")));
    assert!(read.has_expired(at("2026-06-15T10:29:47Z")));
    assert!(!signed().taken().has_expired(Timestamp::MAX_UTC));
    for spoilt in ["1781519326", "\"soon\"", "1781519387.5", "999999999999999"] {
        assert_eq!(expires(spoilt).denial(), Denial::SignatureMalformed, "{spoilt}");
    }
}

#[test]
fn parameters_of_another_kind_are_refused() {
    for (right, wrong) in [
        ("created=1781519327", "created=\"1781519327\""),
        ("created=1781519327", "created=999999999999999"),
        ("created=1781519327", "created=1781519327.0"),
        ("nonce=\"a1b2c3d4\"", "nonce=a1b2c3d4"),
        ("nonce=\"a1b2c3d4\"", "nonce=\"a1b2c3d\""),
        ("nonce=\"a1b2c3d4\"", "nonce=\"a1b2 c3d4\""),
        ("alg=\"ed25519\"", "alg=ed25519"),
        ("alg=\"ed25519\"", "alg=\"rsa-pss-sha512\""),
        ("alg=\"ed25519\"", "alg=\"ecdsa-p256-sha256\""),
        ("alg=\"ed25519\"", "alg=\"none\""),
    ] {
        let request = with_params(&PARAMS.replace(right, wrong));
        assert_eq!(request.denial(), Denial::SignatureMalformed, "{wrong}");
    }
}

#[test]
fn parts_that_are_not_there_not_known_or_named_twice_are_refused() {
    for list in [
        COVERED.replace("\"@query\"", "\"@query\" \"@query\""),
        COVERED.replace(')', " \"x-absent\")"),
        COVERED.replace(')', " \"@status\")"),
        COVERED.replace(')', " \"@query-param\";name=\"x\")"),
        COVERED.replace(')', " \"@signature-params\")"),
        COVERED.replace(')', " \"Content-Digest\")"),
        COVERED.replace(')', " \"\")"),
        COVERED.replace(')', " content-type)"),
        COVERED.replace("\"content-digest\"", "\"content-digest\";sf"),
        COVERED.replace("\"content-digest\"", "\"content-digest\";bs"),
        COVERED.replace("\"content-digest\"", "\"content-digest\";key=\"sha-256\""),
        COVERED.replace("\"content-digest\"", "\"content-digest\";tr"),
        COVERED.replace("\"@method\"", "\"@method\";req"),
    ] {
        assert_eq!(covering(&list).denial(), Denial::SignatureMalformed, "{list}");
    }
    let mut request = covering(&COVERED.replace(')', " \"@authority\")"));
    assert!(request.read().unwrap().is_ok());
    request.authority = None;
    assert_eq!(request.denial(), Denial::SignatureMalformed);
}

#[test]
fn no_more_is_covered_than_is_reasonable() {
    let request = |fields: usize| {
        let names: Vec<_> = (0..fields).map(|field| format!("x-{field}")).collect();
        let list: String = names.iter().map(|name| format!(" \"{name}\"")).collect();
        let request = covering(&COVERED.replace(')', &format!("{list})")));
        names
            .iter()
            .fold(request, |request, name| request.with(name, "1"))
    };
    assert!(request(MAX_COMPONENTS - 6).read().unwrap().is_ok());
    assert_eq!(request(MAX_COMPONENTS - 5).denial(), Denial::SignatureMalformed);
    let long = signed().having("idempotency-key", &"k".repeat(MAX_FIELD + 1));
    assert_eq!(long.denial(), Denial::SignatureMalformed);
}

#[test]
fn ours_is_found_among_those_of_others() {
    let others = r#"a=("@authority");keyid="proxy", b=();created=1, c=("date");keyid="x""#;
    let found = signed()
        .with("signature-input", others)
        .with("signature", "a=:AAAA:, b=:AAAA:, c=:AAAA:");
    assert_eq!(found.taken(), signed().taken());

    let crowded = found.with("signature-input", "d=()");
    assert_eq!(crowded.denial(), Denial::SignatureMalformed);
    let two = signed().with("signature-input", &input("").replace("sig1", "sig2"));
    assert_eq!(two.denial(), Denial::SignatureMalformed);
}

#[test]
fn a_signature_that_is_not_there_or_no_bytes_is_refused() {
    for signature in [
        "sig2=:AAAA:",
        "sig1",
        "sig1=\"AAAA\"",
        "sig1=(:AAAA:)",
        "sig1=:AAA",
        "",
        "é",
    ] {
        let request = signed().having("signature", signature);
        assert_eq!(request.denial(), Denial::SignatureMalformed, "{signature}");
    }
    assert_eq!(signed().without("signature").denial(), Denial::SignatureMalformed);
    for garbled in ["sig1", "sig1=(", "=", "sig1=();keyid=\"epk_", ""] {
        let request = signed().having("signature-input", garbled).read();
        let denial = request.map(|read| read.unwrap_err().denial);
        let nothing_to_read = matches!(garbled, "" | "sig1");
        assert_eq!(
            denial,
            (!nothing_to_read).then_some(Denial::SignatureMalformed),
            "{garbled}"
        );
    }
}
