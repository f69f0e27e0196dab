//! What the objects of events look like, as JSON Schema 2020-12, made from the types that print them.

use super::resource;
use domain::event::Subject;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The dialect: that of OpenAPI 3.1, in which the types describe themselves.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Where OpenAPI keeps the parts of a schema, and where JSON Schema does.
const PARTS: (&str, &str) = ("#/components/schemas/", "#/$defs/");

/// The schema of the objects that events of one kind carry.
#[must_use]
pub fn schema(subject: Subject) -> Value {
    match subject {
        Subject::Payment => of::<resource::Payment>(subject),
        Subject::Refund => of::<resource::Refund>(subject),
        Subject::Intent => of::<resource::PaymentIntent>(subject),
        Subject::PaymentLink => of::<resource::PaymentLink>(subject),
        Subject::PromoCode => of::<resource::PromoCode>(subject),
        Subject::Credential => of::<resource::Credential>(subject),
        Subject::Merchant => of::<resource::Merchant>(subject),
    }
}

fn of<T: ToSchema>(subject: Subject) -> Value {
    let mut parts: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut parts);
    let parts: Map<String, Value> = parts
        .into_iter()
        .map(|(name, part)| (name, json!(part)))
        .collect();
    let mut whole = json!({ "$schema": DIALECT, "title": subject.as_str() });
    if let (Some(whole), Value::Object(own)) = (whole.as_object_mut(), json!(<T as PartialSchema>::schema()))
    {
        whole.extend(own);
        if !parts.is_empty() {
            whole.insert("$defs".to_owned(), Value::Object(parts));
        }
    }
    rehouse(&mut whole);
    whole
}

/// Points references to where JSON Schema keeps its parts.
fn rehouse(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(PARTS.0)
            {
                *reference = format!("{}{name}", PARTS.1);
            }
            object.values_mut().for_each(rehouse);
        }
        Value::Array(items) => items.iter_mut().for_each(rehouse),
        _ => {}
    }
}
