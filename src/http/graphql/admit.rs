//! Who asks.
//!
//! Invariant: a key that is refused says nothing about why, and costs its address something; a key that opened this node before
//! is not shut out because somebody behind the same address guesses.

use super::Door;
use super::answer::Refused;
use crate::graphql::Code;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use domain::Timestamp;
use domain::actor::Actor;
use service::credential::{Presented, authenticate, opened_before};
use std::net::IpAddr;

/// Header that carries an API key.
const X_API_KEY: &str = "x-api-key";
/// What to do without one.
pub const SHOW_A_KEY: &str = "show an API key: X-API-Key or Authorization: Bearer";

/// Who shows which key. `None` is somebody without a key who may read the schema.
pub async fn who(
    door: &Door,
    headers: &HeaderMap,
    address: IpAddr,
    now: Timestamp,
) -> Result<Option<Actor>, Refused> {
    let unauthenticated =
        |message: &'static str| Refused::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message);
    let Some(secret) = secret(headers) else {
        door.throttle.public(address, now).map_err(Refused::throttled)?;
        return match door.open_schema {
            true => Ok(None),
            false => Err(unauthenticated(SHOW_A_KEY)),
        };
    };
    if let Err(exceeded) = door.throttle.may_try_key(address, now)
        && !opened_before(&door.app, secret)
    {
        return Err(Refused::throttled(exceeded));
    }
    match authenticate(&door.app, &Presented::Secret(secret), address).await {
        Ok(Ok(admitted)) => Ok(Some(admitted.actor)),
        Ok(Err(denied)) => {
            door.throttle.key_refused(address, now);
            tracing::info!(denial = %denied.denial, "a key was refused");
            Err(unauthenticated("this API key opens nothing"))
        }
        Err(error) => {
            tracing::error!(%error, "a key could not be checked");
            let message = "the key cannot be checked now; try again";
            Err(Refused::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::Unavailable,
                message,
            ))
        }
    }
}

/// The key that was shown, if it is not empty.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    // The name of the scheme may be written in any case (RFC 9110, 11.1).
    let bearer = || {
        let (scheme, key) = header(AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    };
    header(X_API_KEY)
        .filter(|key| !key.is_empty())
        .or_else(|| bearer().map(str::trim))
        .filter(|key| !key.is_empty())
}
