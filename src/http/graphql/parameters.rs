//! The parameters of a request (GraphQL over HTTP, sections 5.3 and 5.4).
//!
//! Invariant: one request is one operation. What may be missing may be null; what has another type is refused and not guessed.

use crate::graphql::document::Persisted;
use async_graphql::Variables;
use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What is to be executed.
#[derive(Debug)]
pub struct Parameters {
    /// The text of the document.
    pub query: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
    /// The document by its hash.
    pub persisted: Option<Persisted>,
}

/// Why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// An array of operations.
    #[error("send one operation a request: batches are not taken")]
    Batch,
    /// Not an object, or one whose parts have other types.
    #[error(
        "the body must be a JSON object with a query, and optionally variables, operationName and extensions"
    )]
    Body,
    /// The same in a query string.
    #[error(
        "the query string holds query, and optionally variables, operationName and extensions, each once"
    )]
    QueryString,
    /// What stands in `extensions.persistedQuery` is not understood.
    #[error("extensions.persistedQuery is {{\"version\": 1, \"sha256Hash\": \"…\"}}")]
    PersistedQuery,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: Option<String>,
    operation_name: Option<String>,
    // Not by way of a JSON value, in which one key has a meaning of its own (docs/decisions/0007).
    variables: Option<Variables>,
    extensions: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryString {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    /// Reads the body of a POST.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_body(body: &[u8]) -> Result<Self, Malformed> {
        match body.trim_ascii_start().first() {
            // An array would be read too, as the fields of one operation in order.
            Some(b'[') => Err(Malformed::Batch),
            Some(b'{') => {
                let body: Body = serde_json::from_slice(body).map_err(|_| Malformed::Body)?;
                Self::checked(body.query, body.operation_name, body.variables, body.extensions)
            }
            _ => Err(Malformed::Body),
        }
    }

    /// Reads the query string of a GET.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_uri(uri: &Uri) -> Result<Self, Malformed> {
        let Query(read): Query<QueryString> = Query::try_from_uri(uri).map_err(|_| Malformed::QueryString)?;
        fn object<T: DeserializeOwned>(text: Option<String>) -> Result<Option<T>, Malformed> {
            match text.filter(|text| !text.is_empty()) {
                None => Ok(None),
                Some(text) => serde_json::from_str(&text).map_err(|_| Malformed::QueryString),
            }
        }
        let name = read.operation_name.filter(|name| !name.is_empty());
        Self::checked(
            read.query,
            name,
            object(read.variables)?,
            object(read.extensions)?,
        )
    }

    fn checked(
        query: Option<String>,
        operation_name: Option<String>,
        variables: Option<Variables>,
        extensions: Option<Map<String, Value>>,
    ) -> Result<Self, Malformed> {
        let persisted = extensions.and_then(|mut extensions| extensions.remove("persistedQuery"));
        let persisted = match persisted {
            None | Some(Value::Null) => None,
            Some(Value::Object(persisted)) => Some(
                serde_json::from_value(Value::Object(persisted)).map_err(|_| Malformed::PersistedQuery)?,
            ),
            Some(_) => return Err(Malformed::PersistedQuery),
        };
        Ok(Self {
            query,
            operation_name,
            variables: variables.unwrap_or_default(),
            persisted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_object() {
        assert_eq!(Parameters::from_body(b" [ ").unwrap_err(), Malformed::Batch);
        for body in [
            "",
            "null",
            "1",
            "\"{ a }\"",
            "{",
            "{} {}",
            "{\"query\":1}",
            "{\"variables\":[]}",
        ] {
            assert_eq!(
                Parameters::from_body(body.as_bytes()).unwrap_err(),
                Malformed::Body,
                "{body}"
            );
        }
        for persisted in [
            "1",
            "[1, \"x\"]",
            "{}",
            "{\"version\":1}",
            "{\"version\":\"1\",\"sha256Hash\":\"\"}",
        ] {
            let body = format!("{{\"extensions\":{{\"persistedQuery\":{persisted}}}}}");
            assert_eq!(
                Parameters::from_body(body.as_bytes()).unwrap_err(),
                Malformed::PersistedQuery,
                "{body}"
            );
        }
        let read =
            Parameters::from_body(br#"{"query":"{ a }","variables":{"x":1},"extensions":null,"more":2}"#);
        let read = read.unwrap();
        assert_eq!(read.query.as_deref(), Some("{ a }"));
        assert_eq!(read.variables.len(), 1);
        assert!(read.persisted.is_none() && read.operation_name.is_none());
    }

    #[test]
    fn a_query_string_holds_objects_as_json() {
        let read = |text: &str| Parameters::from_uri(&format!("/graphql?{text}").parse().unwrap());
        let given = read("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=&extensions=").unwrap();
        assert_eq!((given.query.as_deref(), given.variables.len()), (Some("{a}"), 1));
        assert!(read("").unwrap().query.is_none());
        for broken in [
            "query=a&query=b",
            "query=a&variables=1",
            "query=a&extensions=%5B%5D",
            "variables=%7B",
        ] {
            assert_eq!(read(broken).unwrap_err(), Malformed::QueryString, "{broken}");
        }
    }
}
