use super::*;
use async_graphql::{Value, Variables, value};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

fn types() -> Types {
    Types::read(&crate::graphql::sdl()).unwrap()
}

static TYPES: LazyLock<Types> = LazyLock::new(types);

fn read(text: &str) -> Result<Document, Rejected> {
    Document::read(text, &TYPES)
}

fn bound(text: &str, variables: serde_json::Value) -> Cost {
    let document = read(text).unwrap();
    document
        .plan(None)
        .unwrap()
        .bound(&Variables::from_json(variables))
}

fn points(text: &str) -> u64 {
    bound(text, json!({})).points
}

#[test]
fn objects_with_an_id_cost_and_their_parts_do_not() {
    assert_eq!(points("{ __typename }"), 0);
    assert_eq!(points("{ payment(id: \"x\") { id } }"), 1);
    assert_eq!(
        points("{ payment(id: \"x\") { amount { amount } customer { name } failure { code } } }"),
        1
    );
    assert_eq!(points("{ payment(id: \"x\") { card { last4 } } }"), 2);
    assert_eq!(
        points("{ a: payment(id: \"x\") { id } b: payment(id: \"x\") { id } }"),
        2
    );
    assert_eq!(
        points("{ node(id: \"x\") { ... on Payment { card { id } } id } }"),
        2
    );
}

#[test]
fn a_connection_costs_its_rows() {
    assert_eq!(points("{ payments(first: 50) { nodes { id } } }"), 52);
    assert_eq!(
        points("{ payments(last: 50) { edges { cursor node { id } } } }"),
        52
    );
    assert_eq!(points("{ payments(first: 50) { pageInfo { hasNextPage } } }"), 2);
    assert_eq!(points("{ payments(first: 50) { totalCount } }"), 7);
    assert_eq!(points("{ payments(first: 50) { nodes { card { id } } } }"), 102);
    assert_eq!(
        points("{ payments { nodes { id } } }"),
        102,
        "a full page where none is named"
    );
    let page = "{ payments(first: 50) { nodes { card { id } operations { id } refunds { id } } } }";
    let cost = bound(page, json!({}));
    assert_eq!((cost.points, cost.nodes), (2 + 50 * 12, 50 * 102));
}

#[test]
fn sizes_come_from_variables_and_their_defaults() {
    let page = "query($n: Int, $m: Int = 10) { a: payments(first: $n) { nodes { id } } b: payments(first: $m) { nodes { id } } }";
    assert_eq!(bound(page, json!({ "n": 3 })).points, 2 + 3 + 2 + 10);
    assert_eq!(bound(page, json!({ "n": 3, "m": 20 })).points, 2 + 3 + 2 + 20);
    assert_eq!(bound(page, json!({})).points, 2 + 100 + 2 + 10);
    assert_eq!(
        bound(page, json!({ "n": null, "m": null })).points,
        2 + 100 + 2 + 100
    );
    let either = "query($f: Int, $l: Int) { payments(first: $f, last: $l) { nodes { id } } }";
    assert_eq!(bound(either, json!({ "f": null, "l": 7 })).points, 2 + 7);
    assert_eq!(bound(either, json!({ "f": 9, "l": 7 })).points, 2 + 9);
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(bound(nodes, json!({ "ids": ["a", "b", "c"] })).points, 3);
    assert_eq!(points("{ nodes(ids: [\"a\", \"b\"]) { id } }"), 2);
}

#[test]
fn nothing_wraps() {
    for first in ["2147483647", "9223372036854775807", "18446744073709551615"] {
        let page = format!(
            "{{ payments(first: {first}) {{ nodes {{ operations {{ payment {{ refunds {{ id }} }} }} }} }} }}"
        );
        let cost = bound(&page, json!({}));
        assert!(
            cost.points >= 2_147_483_647 || cost.points == 1_000_000_000,
            "{first}: {cost:?}"
        );
        assert!(cost.nodes >= 1_000_000_000, "{first}: {cost:?}");
    }
    assert_eq!(points("{ payments(first: -5) { nodes { id } } }"), 2);
}

#[test]
fn a_mutation_costs_ten_and_is_known_to_move_money() {
    let sale =
        "mutation($i: PaymentSaleInput!) { paymentSale(input: $i) { payment { id } userErrors { code } } }";
    let document = read(sale).unwrap();
    let plan = document.plan(None).unwrap();
    assert_eq!(plan.commands, 1);
    // The payload, the payment in it, and up to as many errors as a list usually has, which have no id.
    assert_eq!(plan.bound(&Variables::default()).points, 11);
    let two = "mutation { ...M b: paymentVoid(input: {}) { payment { id } } } fragment M on Mutation { a: paymentVoid(input: {}) { payment { id } } }";
    assert_eq!(read(two).unwrap().plan(None).unwrap().commands, 2);
}

#[test]
fn what_was_found_is_what_is_charged() {
    let page = "{ payments(first: 50) { totalCount nodes { id card { id } again: operations { id } } edges { node { id } } } }";
    let document = read(page).unwrap();
    let plan = document.plan(None).unwrap();
    let row = |card: Value| value!({ "id": "p", "card": card, "again": [{ "id": "t" }, { "id": "t" }, { "id": "t" }] });
    let data = value!({ "payments": {
        "totalCount": 2,
        "nodes": [row(value!({ "id": "c" })), row(Value::Null)],
        "edges": [{ "node": { "id": "p" } }, { "node": { "id": "p" } }],
    } });
    // Connection 2, count 5, payments 2 and their three operations each, one card, and both once more as edges.
    assert_eq!(plan.charge(&data), 2 + 5 + 2 + 6 + 1 + 2);
    assert_eq!(plan.charge(&Value::Null), 0);

    // One key twice runs twice, and is answered once.
    let twice =
        read("{ a: payments(first: 9) { nodes { id } } a: payments(first: 9) { nodes { card { id } } } }");
    let twice = twice.unwrap();
    let plan = twice.plan(None).unwrap();
    assert_eq!(plan.bound(&Variables::default()).points, 2 + 9 + 2 + 18);
    let data = value!({ "a": { "nodes": [{ "id": "p", "card": { "id": "c" } }] } });
    assert_eq!(plan.charge(&data), 2 + 1 + 1);
}

#[test]
fn what_no_argument_takes_is_found_before_anything_runs() {
    for literal in ["7", "\"x\"", "[1]", "{ amount: 7 }", "{ amount: \"7 IQD\" }"] {
        let text = format!("mutation {{ paymentSale(input: {literal}) {{ payment {{ id }} }} }}");
        assert!(matches!(read(&text), Err(Rejected::Misfit(_))), "{literal}");
    }
    let text = "mutation($i: PaymentSaleInput!, $n: Int = 3, $c: CardInput) { paymentSale(input: $i) { payment { id } } }";
    let document = read(text).unwrap();
    let checked = |variables: serde_json::Value| {
        let declared = &document.plan(None).unwrap().declared;
        declared.check(&Variables::from_json(variables), &TYPES)
    };
    assert_eq!(
        checked(json!({ "i": { "amount": { "amount": "1" } }, "c": null })),
        Ok(())
    );
    for (broken, place) in [
        (json!({}), "$i"),
        (json!({ "i": null }), "$i"),
        (json!({ "i": 7 }), "$i"),
        (json!({ "i": { "amount": "1 IQD" } }), "$i.amount"),
        (json!({ "i": {}, "c": "4242" }), "$c"),
        (
            json!({ "i": { "description": "x".repeat(4_097) } }),
            "$i.description",
        ),
    ] {
        let words = checked(broken.clone()).unwrap_err();
        assert!(words.contains(place), "{broken}: {words}");
        assert!(!words.contains("4242") && !words.contains("1 IQD"), "{words}");
    }
}

#[test]
fn introspection_is_noticed_wherever_it_stands() {
    for text in [
        "{ __schema { types { name fields { name } } } }",
        "{ ...F } fragment F on Query { __type(name: \"Payment\") { name } }",
        "{ ... on Query { s: __schema { queryType { name } } } }",
    ] {
        let document = read(text).unwrap();
        let plan = document.plan(None).unwrap();
        assert!(plan.introspects, "{text}");
        assert_eq!(plan.bound(&Variables::default()).points, 100);
    }
    assert!(!read("{ __typename }").unwrap().plan(None).unwrap().introspects);
}

#[test]
fn the_operation_that_is_meant_is_found() {
    let two = read("query A { __typename } mutation B { __typename }").unwrap();
    assert_eq!(
        two.plan(Some("B")).unwrap().kind,
        async_graphql::parser::types::OperationType::Mutation
    );
    assert!(two.plan(None).is_none() && two.plan(Some("C")).is_none());
    let one = read("query A { __typename }").unwrap();
    assert!(one.plan(None).is_some() && one.plan(Some("A")).is_some() && one.plan(Some("")).is_none());
}

#[test]
fn a_mutation_under_one_name_twice_is_refused() {
    for text in [
        "mutation { paymentVoid(input: {}) { payment { id } } paymentVoid(input: {}) { userErrors { code } } }",
        "mutation { a: paymentVoid(input: {}) { payment { id } } ...M } \
         fragment M on Mutation { a: paymentCapture(input: {}) { payment { id } } }",
    ] {
        assert!(matches!(read(text), Err(Rejected::Repeated(_))), "{text}");
    }
    let six: String = (0..6)
        .map(|n| format!("m{n}: paymentVoid(input: {{}}) {{ payment {{ id }} }} "))
        .collect();
    assert_eq!(
        read(&format!("mutation {{ {six} }}")).unwrap_err(),
        Excess::Commands.into()
    );
    let many = "a: merchant { id } ".repeat(21);
    assert_eq!(
        read(&format!("{{ {many} }}")).unwrap_err(),
        Excess::Questions.into()
    );
}

#[test]
fn depth_is_the_depth_of_fields() {
    let nested = |depth: usize| format!("{}id{}", "{ a ".repeat(depth - 1) + "{ ", " }".repeat(depth));
    assert!(read(&nested(DEEPEST_SELECTION)).is_ok());
    assert_eq!(
        read(&nested(DEEPEST_SELECTION + 1)).unwrap_err(),
        Excess::Depth.into()
    );
}

#[test]
fn a_circle_of_fragments_ends() {
    let circle = "{ ...F } fragment F on Query { a ...G } fragment G on Query { b ...F ...F }";
    assert_eq!(read(circle).unwrap().plan(None).unwrap().fields(), 2);
}

#[test]
fn what_cannot_be_read_says_where_and_echoes_nothing() {
    let Err(Rejected::Syntax { message, at }) = read("query Secret {\n  payment(id: \"4242424242424242\"")
    else {
        panic!()
    };
    assert!(message.starts_with("expected"), "{message}");
    assert!(
        !message.contains("4242") && !message.contains("Secret"),
        "{message}"
    );
    assert_eq!(at.map(|at| at.line), Some(2));
    for text in [
        "",
        "{",
        "{ }",
        "query A { a } query A { a }",
        "{ a } query A { a }",
    ] {
        assert!(matches!(read(text), Err(Rejected::Syntax { .. })), "{text}");
    }
    assert_eq!(
        read(&" ".repeat(MOST_BYTES + 1)).unwrap_err(),
        Excess::Text.into()
    );
}

fn persisted(hash: &str) -> Persisted {
    serde_json::from_value(json!({ "version": 1, "sha256Hash": hash })).unwrap()
}

#[test]
fn a_document_is_found_by_its_hash_once_it_was_executed() {
    let documents = Documents::new(types(), Manifest::default(), false);
    let text = "{ __typename }";
    let hash = DocumentHash::of(text).to_string();
    let by_hash = || documents.find(None, Some(&persisted(&hash)), true);
    assert_eq!(by_hash().unwrap_err(), Rejected::NotFound);
    let both = documents.find(Some(text), Some(&persisted(&hash)), true).unwrap();
    assert_eq!(by_hash().unwrap_err(), Rejected::NotFound, "not executed yet");
    documents.remember(&both);
    assert_eq!(by_hash().unwrap().hash, both.hash);
    assert_eq!(
        documents
            .find(Some(""), Some(&persisted(&hash)), true)
            .unwrap()
            .hash,
        both.hash
    );
    assert_eq!(
        documents
            .find(Some("{ merchant { id } }"), Some(&persisted(&hash)), true)
            .unwrap_err(),
        Rejected::WrongHash
    );
    assert_eq!(
        documents.find(None, Some(&persisted("00")), true).unwrap_err(),
        Rejected::MalformedHash
    );
    let newer = serde_json::from_value(json!({ "version": 2, "sha256Hash": hash })).unwrap();
    assert_eq!(
        documents.find(None, Some(&newer), true).unwrap_err(),
        Rejected::MalformedHash
    );
    let (refused, other) = (Rejected::TooMany, "{ merchant { id } }");
    assert_eq!(documents.find(Some(other), None, false).unwrap_err(), refused);
    assert!(
        documents.find(Some(text), None, false).is_ok(),
        "what is known is no work"
    );
    assert_eq!(documents.find(None, None, true).unwrap_err(), Rejected::Nothing);
}

#[test]
fn the_memory_for_documents_is_bounded() {
    let documents = Documents::new(types(), Manifest::default(), false);
    let wide = "a ".repeat(500);
    for n in 0..2_000 {
        let text = format!("{{ n{n} {{ {wide} }} }}");
        documents.remember(&documents.find(Some(&text), None, true).unwrap());
    }
    assert!(documents.bytes() <= 16 * 1024 * 1024, "{}", documents.bytes());
    assert!(documents.bytes() > 1024 * 1024, "{}", documents.bytes());
}

#[test]
fn a_list_of_operations_is_read_in_both_forms_and_whole() {
    let text = "query Name { merchant { name } }";
    let hash = DocumentHash::of(text).to_string();
    let relay = json!({ &hash: text }).to_string();
    let apollo = json!({ "format": "apollo-persisted-query-manifest", "version": 1,
        "operations": [{ "id": hash, "name": "Name", "type": "query", "body": text }] })
    .to_string();
    for list in [relay, apollo] {
        let listed = Manifest::read(&list, &TYPES).unwrap();
        assert_eq!(listed.len(), 1);
        let documents = Documents::new(types(), listed, true);
        assert!(documents.find(Some(text), None, true).is_ok());
        let found = documents.find(None, Some(&persisted(&hash)), true).unwrap();
        assert!(documents.is_listed(&found));
        assert_eq!(
            documents.find(Some("{ __typename }"), None, true).unwrap_err(),
            Rejected::NotListed
        );
        let other = DocumentHash::of("x").to_string();
        assert_eq!(
            documents.find(None, Some(&persisted(&other)), true).unwrap_err(),
            Rejected::NotListed
        );
    }
    for broken in [
        "[]".to_owned(),
        "{".to_owned(),
        json!({ "00": text }).to_string(),
        json!({ DocumentHash::of("{").to_string(): "{" }).to_string(),
        json!({ "operations": [{ "id": hash }] }).to_string(),
    ] {
        assert!(Manifest::read(&broken, &TYPES).is_err(), "{broken}");
    }
}

proptest! {
    /// Whatever is sent is read or refused; it never panics, and what is refused is not echoed.
    #[test]
    fn any_text_is_read_or_refused(text in r#"[{}()\[\]:!$@.#"\\ab1 ,\n=|&-]{0,120}"#) {
        if let Err(Rejected::Syntax { message, .. }) = read(&text) {
            prop_assert!(message.len() < 400, "{message}");
        }
    }

    /// The same for texts that look more like documents.
    #[test]
    fn any_selection_is_read_or_refused(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "{ ", "} ", "payments", "(first: 3) ", "nodes ", "...F ", "... on Payment ", "id ", "a: id ", "@skip(if: $x) ",
                "fragment F on Payment ", "query($x: Boolean = true) ", "mutation ", "paymentVoid(input: { id: $y }) ", "__schema ",
                "edges { node ", "totalCount ", "\"\"\"x", "# c\n", "[1, [2]] ",
            ]),
            0..60,
        ),
    ) {
        if let Ok(document) = read(&parts.concat()) {
            for (name, _) in document.parsed().operations.iter() {
                if let Some(plan) = document.plan(name.map(Name::as_str)) {
                    prop_assert!(plan.bound(&Variables::default()).points <= 1_000_000_000);
                    prop_assert_eq!(plan.charge(&Value::Null), 0);
                }
            }
        }
    }
}
