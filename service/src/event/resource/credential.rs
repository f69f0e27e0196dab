//! A credential.
//!
//! Invariant: nothing here opens anything. The token names the credential in signed requests and proves nothing.

use super::time;
use domain::Timestamp;
use domain::credential::{Credential as Value, LastAction};
use serde::Serialize;
use utoipa::ToSchema;

/// A credential, without what it proves itself with. What does not apply to it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Its id.
    #[schema(example = "cred_01KYEXAMPLE0000000000000000")]
    id: String,
    /// What people call it.
    #[schema(example = "server")]
    name: String,
    /// The mode in which it works: `live` or `test`.
    #[schema(example = "test")]
    mode: &'static str,
    /// The public token: names it in signed requests and proves nothing.
    token: String,
    /// `active`, `rotating`, `expired` or `revoked`.
    #[schema(example = "active")]
    status: &'static str,
    /// What it may do.
    #[schema(example = json!(["payments:create", "payments:read"]))]
    scopes: Vec<&'static str>,
    /// Networks from which it may be used; none means everywhere.
    #[schema(example = json!(["185.62.75.24/32"]))]
    ip_allowlist: Vec<String>,
    /// The API version by which its requests are answered unless they name one.
    #[schema(example = "2026-06-14.basra")]
    api_version: &'static str,
    /// From when on it opens nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<String>,
    /// Until when the secret before this one goes on too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rotating_until: Option<String>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoked_at: Option<String>,
    /// What was done with it.
    last_security_action: Action,
    /// Who made it: `console` for the command line, an operator `op_…` or a credential `cred_…`.
    #[schema(example = "console")]
    created_by: String,
    /// When it was made.
    #[schema(example = "2026-06-15T13:21:00Z")]
    created_at: String,
}

/// Something that was done with a credential for the sake of security.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CredentialAction)]
pub struct Action {
    /// What: `created`, `updated`, `rotated`, `signing_key_rotated`, `api_version_upgraded` or `revoked`.
    #[schema(example = "created")]
    action: &'static str,
    /// When.
    #[schema(example = "2026-06-15T13:21:00Z")]
    at: String,
    /// By whom: `console` for the command line, an operator `op_…` or a credential `cred_…`.
    #[schema(example = "console")]
    by: String,
}

impl From<LastAction> for Action {
    fn from(last: LastAction) -> Self {
        Self {
            action: last.action.as_str(),
            at: time(last.at),
            by: last.by.to_string(),
        }
    }
}

impl Credential {
    /// The credential as of `now`.
    #[must_use]
    pub fn new(credential: &Value, now: Timestamp) -> Self {
        let rotating_until = credential.rotating_until.filter(|until| now < *until);
        Self {
            id: credential.id.to_string(),
            name: credential.name.clone(),
            mode: credential.tenant.mode.as_str(),
            token: credential.token.clone(),
            status: credential.status(now).as_str(),
            scopes: credential
                .scopes
                .iter()
                .map(domain::credential::Scope::as_str)
                .collect(),
            ip_allowlist: credential.allowlist.entries().collect(),
            api_version: credential.api_version.as_str(),
            expires_at: credential.expires_at.map(time),
            rotating_until: rotating_until.map(time),
            revoked_at: credential.revoked_at.map(time),
            last_security_action: credential.last_action.into(),
            created_by: credential.created_by.to_string(),
            created_at: time(credential.created_at),
        }
    }
}
