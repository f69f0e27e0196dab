//! The merchant's own key-value pairs.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use std::collections::BTreeMap;

/// A flat JSON object of strings: at most 20 keys of 40 characters with values of 500.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(pub BTreeMap<String, String>);

/// A flat JSON object of strings: at most 20 keys of 40 characters with values of 500.
#[Scalar(name = "Metadata")]
impl ScalarType for Metadata {
    fn parse(value: Value) -> InputValueResult<Self> {
        let expected = || InputValueError::custom("metadata is a flat object whose values are strings");
        let Value::Object(pairs) = value else {
            return Err(expected());
        };
        let pairs = pairs.into_iter().map(|(key, value)| match value {
            Value::String(text) => Ok((key.to_string(), text)),
            _ => Err(expected()),
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        let pair =
            |(key, value): (&String, &String)| (async_graphql::Name::new(key), Value::String(value.clone()));
        Value::Object(self.0.iter().map(pair).collect())
    }
}

super::plain::leaf! {
    Metadata = |value, out| out.push_str(&serde_json::to_string(&value.0).ok()?);
}

impl From<&domain::metadata::Metadata> for Metadata {
    fn from(metadata: &domain::metadata::Metadata) -> Self {
        Self(
            metadata
                .iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        )
    }
}
