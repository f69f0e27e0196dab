//! Somebody who asks, by a key or by a session of it.

use super::surface::Question;
use crate::support::TestApp;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// Who asks, and how.
pub struct Caller {
    client: Client,
    url: String,
    shows: Shows,
}

enum Shows {
    Nothing,
    Key(String),
    Session { cookie: String, csrf: String },
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The whole body as it came.
    pub text: String,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// Places of errors with a code, as lists of words; indices are left out.
    fn places(&self, code: &str) -> Vec<Vec<String>> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let of_code = errors.iter().filter(|error| error["extensions"]["code"] == code);
        let words = |error: &Value| {
            let path = error["path"].as_array().cloned().unwrap_or_default();
            path.iter()
                .filter_map(|part| part.as_str().map(str::to_owned))
                .collect()
        };
        of_code.map(words).collect()
    }

    /// Whether the root field itself was forbidden.
    pub fn is_forbidden(&self) -> bool {
        self.places("FORBIDDEN").iter().any(|place| place.len() <= 1)
    }

    /// The fields below the root that were forbidden.
    pub fn forbidden_below(&self) -> Vec<String> {
        let places = self.places("FORBIDDEN").into_iter();
        places
            .filter(|place| place.len() > 1)
            .filter_map(|place| place.last().cloned())
            .collect()
    }

    /// The body without what differs from request to request.
    pub fn comparable(&self, id: &str) -> Value {
        let mut body: Value = serde_json::from_str(&self.text.replace(id, "ID")).unwrap();
        if let Some(errors) = body["errors"].as_array_mut() {
            for error in errors {
                error["extensions"]["requestId"] = Value::Null;
            }
        }
        body["extensions"] = Value::Null;
        without_cursors(&mut body["data"]);
        json!({ "status": self.status, "body": body })
    }
}

/// A cursor belongs to its list and whatever selects it, so it is another one for each argument that the client gives.
fn without_cursors(data: &mut Value) {
    match data {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "cursor" | "startCursor" | "endCursor" => *value = Value::Null,
                    _ => without_cursors(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_cursors),
        _ => {}
    }
}

impl Caller {
    /// Somebody with a key.
    pub fn with_key(app: &TestApp, key: &str) -> Self {
        Self::new(app, Shows::Key(key.to_owned()))
    }

    /// Somebody with nothing.
    pub fn nobody(app: &TestApp) -> Self {
        Self::new(app, Shows::Nothing)
    }

    fn new(app: &TestApp, shows: Shows) -> Self {
        Self {
            client: Client::new(),
            url: format!("{}/graphql", app.url),
            shows,
        }
    }

    /// The same person in a browser.
    pub async fn session(&self, app: &TestApp) -> Self {
        let open = json!({ "query": "mutation { sessionCreate(input: {}) { session { csrfToken } } }" });
        let response = self.post().json(&open).send().await.unwrap();
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let body: Value = response.json().await.unwrap();
        let csrf = body["data"]["sessionCreate"]["session"]["csrfToken"]
            .as_str()
            .unwrap()
            .to_owned();
        Self::new(app, Shows::Session { cookie, csrf })
    }

    fn post(&self) -> RequestBuilder {
        let post = self.client.post(&self.url);
        match &self.shows {
            Shows::Nothing => post,
            Shows::Key(key) => post.header("x-api-key", key),
            Shows::Session { cookie, csrf } => post.header(COOKIE, cookie).header("x-csrf-token", csrf),
        }
    }

    /// Asks.
    pub async fn ask(&self, question: &Question) -> Answer {
        let body = json!({ "query": question.text, "variables": question.variables });
        let response = self.post().json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        let codes: Vec<&Value> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| &e["extensions"]["code"])
            .collect();
        assert!(
            !codes.iter().any(|code| [
                "GRAPHQL_VALIDATION_FAILED",
                "GRAPHQL_PARSE_FAILED",
                "OPERATION_TOO_COMPLEX",
                "THROTTLED",
                "INTERNAL"
            ]
            .contains(&code.as_str().unwrap_or_default())),
            "the walk asks what the door does not take: {text}\n{question:#?}"
        );
        Answer { status, text, body }
    }
}
