//! The keys with which callbacks are checked, in the shape that the SDKs of S3 read: a list of `{id, key}`.

use super::Call;
use super::document::{Mode, OfListing, PublicKey};
use super::refused::Refused;
use axum::response::{IntoResponse, Json, Response};
use domain::actor::Actor;
use serde_json::{Value, json};
use service::callback_key;

/// Public keys: those with which callbacks of the caller's mode are checked.
#[utoipa::path(
    get, path = "/v1/payment/rest/{mode}/get-public-keys", tag = "rasedi", operation_id = "listRasediPublicKeys",
    params(("mode" = Mode, Path, description = "The mode of the key.")),
    security(("x_id" = [], "x_signature" = [])),
    responses((status = 200, description = "The keys.", body = Vec<PublicKey>), OfListing)
)]
pub async fn list(call: Call<'_>) -> Result<Response, Refused> {
    let Actor::Merchant(merchant) = &call.admitted.actor else {
        // No operator gets here: none has a key that signs.
        return Err(Refused::not_found("not found"));
    };
    let app = &call.door.gate.app;
    let keys = call.asks(callback_key::public(app, merchant.tenant.mode)).await?;
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|key| json!({ "id": key.id, "key": key.pem }))
        .collect();
    Ok(Json(keys).into_response())
}
