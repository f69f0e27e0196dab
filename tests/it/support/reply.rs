//! What came back, with the assertions that tests are written in.

use reqwest::StatusCode;
use serde_json::Value;

/// An answer of the GraphQL door.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// `data`, or the part of it that the question was about.
    pub data: Value,
    /// `errors`.
    pub errors: Vec<Value>,
}

impl Reply {
    /// Reads an answer; whatever the door says, it says it in JSON.
    pub async fn read(response: reqwest::Response) -> Self {
        let status = response.status();
        let text = response.text().await.unwrap();
        let mut body: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: not JSON: {text}"));
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        Self {
            status,
            data: body["data"].take(),
            errors,
        }
    }

    /// The part of `data` under `name`.
    pub fn field(mut self, name: &str) -> Self {
        self.data = self.data[name].take();
        self
    }

    /// The mutation was not refused.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.errors, Vec::<Value>::new());
        assert_eq!(self.data["userErrors"], serde_json::json!([]), "{:#}", self.data);
        self
    }

    /// The mutation was refused with exactly this code, and gives no payment.
    #[track_caller]
    #[expect(
        clippy::wrong_self_convention,
        reason = "reads as a sentence; like all assertions it takes the reply"
    )]
    pub fn is_refused_with(self, code: &str) -> Self {
        assert_eq!(self.errors, Vec::<Value>::new());
        let codes: Vec<&str> = self.codes();
        assert_eq!(codes, [code], "{:#}", self.data);
        assert!(self.data["payment"].is_null(), "{:#}", self.data);
        self
    }

    /// The request failed with exactly this code.
    #[track_caller]
    pub fn fails_with(self, code: &str) -> Self {
        let codes: Vec<&str> = self
            .errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or("none"))
            .collect();
        assert_eq!(codes, [code], "{:#?}", self.errors);
        self
    }

    /// Codes of the user errors.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.data["userErrors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .map(|error| error["code"].as_str().unwrap_or("none"))
            .collect()
    }

    /// Message of the first user error.
    pub fn message(&self) -> &str {
        self.data["userErrors"][0]["message"].as_str().unwrap_or_default()
    }

    /// Id of the payment.
    #[track_caller]
    pub fn payment(&self) -> String {
        self.data["payment"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no payment in {:#}", self.data))
            .to_owned()
    }

    /// A word of the operation: `kind` or `status`.
    pub fn operation(&self, field: &str) -> &str {
        self.data["operation"][field].as_str().unwrap_or("none")
    }

    /// Status of the payment.
    pub fn payment_status(&self) -> &str {
        self.data["payment"]["status"].as_str().unwrap_or("none")
    }

    /// An amount of the payment, in major units: `capturedAmount`, for example.
    pub fn amount(&self, field: &str) -> &str {
        self.data["payment"][field]["amount"].as_str().unwrap_or("none")
    }
}
