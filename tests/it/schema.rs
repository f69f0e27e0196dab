//! The public face: `schema.graphql` is what the code makes, and keeps the promises that clients rely on.

use crate::support::{Engine, TestApp};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};
use rstest::rstest;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is a number of things and not of money: counts of rows, months, years, scores, basis points, statuses, durations.
const INTEGERS: [&str; 94] = [
    "ApiRequest.driftSeconds",
    "ApiRequest.durationMs",
    "ApiRequest.status",
    "ApiRequestFilter.status",
    "ApiRequestFilter.statusClass",
    "Card.expMonth",
    "Card.expYear",
    "CardInput.expMonth",
    "CardInput.expYear",
    "CredentialRotateInput.overlapMinutes",
    "IntegrityIssue.rows",
    "IntegrityReport.installed",
    "IntegrityReport.legacyIssues",
    "IntegrityReport.total",
    "Intent.declinedAttempts",
    "Intent.remainingAttempts",
    "Intent.version",
    "IntentConnection.totalCount",
    "IntentCreateInput.expiresInMinutes",
    "Merchant.feeBps",
    "Merchant.reserveBps",
    "MerchantCreateInput.feeBps",
    "MerchantCreateInput.reserveBps",
    "MerchantFeesInput.feeBps",
    "MerchantFeesInput.reserveBps",
    "Operation.fraudScore",
    "Payment.version",
    "PaymentCaptureInput.expectedVersion",
    "PaymentConnection.totalCount",
    "PaymentLink.intents(first)",
    "PaymentLink.intents(last)",
    "PaymentLink.maxPayments",
    "PaymentLink.payments",
    "PaymentLinkConnection.totalCount",
    "PaymentLinkCreateInput.maxPayments",
    "PaymentRefundInput.expectedVersion",
    "PaymentVoidInput.expectedVersion",
    "PromoCode.maxUses",
    "PromoCode.shareBps",
    "PromoCode.uses",
    "PromoCodeCreateInput.maxUses",
    "PromoCodeCreateInput.shareBps",
    "Query.apiRequests(first)",
    "Query.apiRequests(last)",
    "Query.cards(first)",
    "Query.cards(last)",
    "Query.credentials(first)",
    "Query.credentials(last)",
    "Query.events(first)",
    "Query.events(last)",
    "Query.intents(first)",
    "Query.intents(last)",
    "Query.ledgerEntries(first)",
    "Query.ledgerEntries(last)",
    "Query.operations(first)",
    "Query.operations(last)",
    "Query.paymentLinks(first)",
    "Query.paymentLinks(last)",
    "Query.payments(first)",
    "Query.payments(last)",
    "Query.promoCodes(first)",
    "Query.promoCodes(last)",
    "Query.refunds(first)",
    "Query.refunds(last)",
    "RateLimit.cost",
    "RateLimit.limit",
    "RateLimit.nodeCount",
    "RateLimit.remaining",
    "RateLimit.used",
    "SessionCreateInput.minutes",
    "SessionRevokePayload.ended",
    "Query.webhookAttempts(first)",
    "Query.webhookAttempts(last)",
    "Query.webhookDeliveries(first)",
    "Query.webhookDeliveries(last)",
    "WebhookAttempt.durationMs",
    "WebhookAttempt.number",
    "WebhookAttempt.status",
    "WebhookAttemptFilter.status",
    "WebhookDelivery.attemptCount",
    "WebhookDelivery.lastStatus",
    "WebhookDelivery.run",
    "WebhookDeliveryFilter.lastStatus",
    "WebhookEndpoint.maxInFlight",
    "WebhookEndpoint.ratePerSecond",
    "WebhookEndpoint.timeoutMs",
    "WebhookEndpointRotateSecretInput.overlapMinutes",
    "WebhookRetrySchedule.delaysSeconds",
    "WebhookRetrySchedule.lifetimeSeconds",
    "WebhookRetryScheduleInput.delaysSeconds",
    "WebhookRetryScheduleInput.lifetimeSeconds",
    "WebhookSettingsInput.maxInFlight",
    "WebhookSettingsInput.ratePerSecond",
    "WebhookSettingsInput.timeoutMs",
];

/// Every type of the schema by its name.
pub fn types() -> BTreeMap<String, TypeDefinition> {
    let document = parse_schema(tahsil::graphql::sdl()).unwrap();
    let types = document
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => {
                Some((definition.node.name.node.to_string(), definition.node))
            }
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        });
    types.collect()
}

/// The fields of an object or interface.
pub fn fields(definition: &TypeDefinition) -> &[Positioned<FieldDefinition>] {
    match &definition.kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => &[],
    }
}

/// The fields of an input object.
pub fn inputs(definition: &TypeDefinition) -> &[Positioned<InputValueDefinition>] {
    match &definition.kind {
        TypeKind::InputObject(input) => &input.fields,
        _ => &[],
    }
}

/// The name at the heart of a type: `Money` of `[Money!]!`.
pub fn base(r#type: &Type) -> &str {
    match &r#type.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base(inner),
    }
}

/// Every place that has a type, with that type: `Payment.amount`, `Query.payments(first)`, `CardInput.cvv`.
fn places(types: &BTreeMap<String, TypeDefinition>) -> Vec<(String, Type)> {
    let mut places = Vec::new();
    for (name, definition) in types {
        for field in fields(definition) {
            let place = format!("{name}.{}", field.node.name.node);
            for argument in &field.node.arguments {
                places.push((
                    format!("{place}({})", argument.node.name.node),
                    argument.node.ty.node.clone(),
                ));
            }
            places.push((place, field.node.ty.node.clone()));
        }
        for field in inputs(definition) {
            places.push((
                format!("{name}.{}", field.node.name.node),
                field.node.ty.node.clone(),
            ));
        }
    }
    places
}

#[test]
fn the_checked_in_schema_is_what_the_code_makes() {
    let checked_in = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    assert!(
        checked_in == tahsil::graphql::sdl(),
        "schema.graphql is not up to date: run `make generate`"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let mut bare = Vec::new();
    let mut look = |place: String, description: Option<&Positioned<String>>| {
        if description.is_none_or(|text| text.node.trim().is_empty()) {
            bare.push(place);
        }
    };
    for (name, definition) in &types() {
        look(name.clone(), definition.description.as_ref());
        for Positioned { node: field, .. } in fields(definition) {
            look(format!("{name}.{}", field.name.node), field.description.as_ref());
            for Positioned { node: argument, .. } in &field.arguments {
                look(
                    format!("{name}.{}({})", field.name.node, argument.name.node),
                    argument.description.as_ref(),
                );
            }
        }
        for Positioned { node: field, .. } in inputs(definition) {
            look(format!("{name}.{}", field.name.node), field.description.as_ref());
        }
        if let TypeKind::Enum(values) = &definition.kind {
            for Positioned { node: value, .. } in &values.values {
                look(format!("{name}.{}", value.value.node), value.description.as_ref());
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn no_number_of_the_schema_can_lose_money() {
    let places = places(&types());
    let of = |wanted: &str| -> BTreeSet<String> {
        let found = places.iter().filter(|(_, kind)| base(kind) == wanted);
        found.map(|(place, _)| place.clone()).collect()
    };
    assert_eq!(of("Float"), BTreeSet::new());
    assert_eq!(
        of("Int"),
        INTEGERS.iter().map(|place| (*place).to_owned()).collect()
    );
    // What is called an amount, a fee or a reserve is money, whatever it belongs to; or whether there is one.
    for (place, kind) in &places {
        let name = place
            .rsplit(['.', '('])
            .next()
            .unwrap_or_default()
            .trim_end_matches(')')
            .to_lowercase();
        if ["amount", "fee", "reserve", "payable", "pending", "available"]
            .iter()
            .any(|word| name.ends_with(word))
        {
            let money = ["Money", "MoneyInput", "Decimal", "Boolean"];
            assert!(money.contains(&base(kind)), "{place}: {kind}");
        }
    }
}

#[test]
fn every_mutation_takes_one_input_and_answers_with_user_errors() {
    let types = types();
    let field = |name: &str, field: &str| {
        let found = fields(&types[name])
            .iter()
            .find(|found| found.node.name.node == field);
        found.map(|found| found.node.ty.node.to_string())
    };
    let input = |name: &str, field: &str| {
        let found = inputs(&types[name])
            .iter()
            .find(|found| found.node.name.node == field);
        found.map(|found| found.node.ty.node.to_string())
    };
    let mut moves_money = Vec::new();
    for Positioned { node: mutation, .. } in fields(&types["Mutation"]) {
        let name = mutation.name.node.as_str();
        let capital = format!("{}{}", &name[..1].to_uppercase(), &name[1..]);
        let arguments: Vec<String> = mutation
            .arguments
            .iter()
            .map(|a| format!("{}: {}", a.node.name.node, a.node.ty.node))
            .collect();
        assert_eq!(arguments, [format!("input: {capital}Input!")], "{name}");
        let payload = format!("{capital}Payload");
        assert_eq!(mutation.ty.node.to_string(), format!("{payload}!"), "{name}");
        assert_eq!(
            field(&payload, "userErrors").as_deref(),
            Some("[UserError!]!"),
            "{name}"
        );
        if field(&payload, "operation").is_some() {
            let asked = input(&format!("{capital}Input"), "idempotencyKey");
            assert_eq!(
                asked.as_deref(),
                Some("String!"),
                "{name}: money moves only under an idempotency key"
            );
            assert_eq!(
                field(&payload, "idempotentReplay").as_deref(),
                Some("Boolean!"),
                "{name}"
            );
            moves_money.push(name);
        }
    }
    let known = [
        "intentConfirm",
        "paymentAuthorize",
        "paymentCapture",
        "paymentRefund",
        "paymentSale",
        "paymentVoid",
    ];
    assert!(
        known.iter().all(|name| moves_money.contains(name)),
        "{moves_money:?}"
    );
}

#[test]
fn what_has_an_id_of_its_own_is_a_node() {
    let types = types();
    for (name, definition) in &types {
        let TypeKind::Object(object) = &definition.kind else {
            continue;
        };
        let node = object
            .implements
            .iter()
            .any(|interface| interface.node == Name::new("Node"));
        let has_id = object.fields.iter().any(|field| field.node.name.node == "id");
        // An entry of the ledger is named by its journal and leg, and found through its payment; a signing key is found through its
        // credential, a session through its cookie.
        let part = ["LedgerEntry", "Session", "SigningKey"].contains(&name.as_str());
        assert_eq!(node, has_id && !part, "{name}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn introspection_through_the_door_shows_the_same_types(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let app = TestApp::start(engine).await;
    let school = app.merchant("school").await;

    let reply = school.ask("{ __schema { types { name } } }", json!({})).await;

    let shown = reply.data["__schema"]["types"].as_array().unwrap().iter();
    let shown = shown.map(|shown| shown["name"].as_str().unwrap().to_owned());
    let built_in = ["Boolean", "Float", "ID", "Int", "String"];
    let shown: BTreeSet<String> = shown
        .filter(|name| !name.starts_with("__") && !built_in.contains(&name.as_str()))
        .collect();
    assert_eq!(shown, types().into_keys().collect::<BTreeSet<_>>());
}

/// Any extension of the library sends every field and every item of a list down its slow path: tracing, limits and counting are
/// the door's own work.
#[test]
fn no_extension_of_the_library_is_loaded() {
    let source = include_str!("../../src/graphql/schema.rs");
    assert!(!source.contains(".extension(") && !source.contains("extensions::"));
}
