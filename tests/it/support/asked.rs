//! Requests for the log, as doors note them.

use super::actor::Merchant;
use super::app::TestApp;
use domain::api_request::{ApiRequest, RateLimitState, Way};
use domain::api_version::ApiVersion;
use domain::credential::Denial;

/// A question that was let in, now; of nobody when nobody is named.
pub fn asked(app: &TestApp, by: Option<&Merchant>) -> ApiRequest {
    let at = app.now();
    ApiRequest {
        id: app.app.id(at),
        at,
        tenant: by.map(|merchant| merchant.tenant),
        credential: by.map(|merchant| merchant.credential),
        operator: None,
        session: None,
        way: if by.is_some() { Way::Secret } else { Way::None },
        method: "GET".to_owned(),
        path: "/v1/refunds".to_owned(),
        operation: None,
        denial: None,
        rate_limit: RateLimitState::Allowed,
        drift_seconds: None,
        body_sha256: None,
        idempotency_key: None,
        api_version: ApiVersion::NEWEST,
        address: "192.0.2.1".parse().unwrap(),
        user_agent: None,
        status: 200,
        error_code: None,
        duration_micros: 1_500,
        made: Vec::new(),
    }
}

/// The same, denied.
pub fn denied(app: &TestApp, by: Option<&Merchant>, denial: Denial) -> ApiRequest {
    ApiRequest {
        denial: Some(denial),
        rate_limit: RateLimitState::Blocked,
        status: 401,
        ..asked(app, by)
    }
}
