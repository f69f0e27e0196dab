//! An answer that is ready to be sent.

use super::fault::Fault;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// An answer of a door, before its headers.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its status.
    pub status: StatusCode,
    /// Its body: JSON.
    pub body: Vec<u8>,
}

/// What S2's answers are wrapped in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// Always true here; false comes with an error.
    #[schema(example = true)]
    success: bool,
    /// The answer.
    data: T,
}

impl Said {
    /// Wraps `data` as S2 does: `{"success": true, "data": …}`.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is a defect.
    pub fn enveloped(status: StatusCode, data: impl Serialize) -> Result<Self, Fault> {
        Self::json(status, &Envelope { success: true, data })
    }

    /// A body as it is.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is a defect.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self {
            status,
            body: serde_json::to_vec(body).map_err(|error| Fault::defect(&error))?,
        })
    }
}
