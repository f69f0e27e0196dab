//! Instants and days at the edge.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat};
use domain::Timestamp;

/// An instant: RFC 3339 in UTC with microseconds, `2026-06-15T10:42:07.123456Z`. Input may have any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

/// An instant: RFC 3339 in UTC with microseconds, `2026-06-15T10:42:07.123456Z`. Input may have any offset.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::custom("write the instant as a string"));
        };
        let read = chrono::DateTime::parse_from_rfc3339(&text);
        let expected = "expected an instant of RFC 3339 such as \"2026-06-15T10:42:07Z\"";
        read.map(|instant| Self(instant.to_utc()))
            .map_err(|_| InputValueError::custom(expected))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

super::plain::leaf! {
    DateTime = |value, out| {
        out.push('"');
        out.push_str(&value.0.to_rfc3339_opts(SecondsFormat::Micros, true));
        out.push('"');
    };
}

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// A day: `2026-06-15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A day: `2026-06-15`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let expected = || InputValueError::custom("expected a day such as \"2026-06-15\"");
        let Value::String(text) = value else {
            return Err(expected());
        };
        text.parse().map(Self).map_err(|_| expected())
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
