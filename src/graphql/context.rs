//! What a resolver finds in its context.

use super::error::{Code, failure};
use super::load::Loaders;
use async_graphql::{Context, Result};
use domain::actor::Actor;
use service::App;

/// Short ways to the parts of a request.
pub trait ContextExt {
    /// The installation.
    fn app(&self) -> Result<&App>;

    /// Who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when nobody showed a key.
    fn actor(&self) -> Result<&Actor>;

    /// The loaders of this request; they see what the actor sees and nothing outlives the request.
    fn loaders(&self) -> Result<&Loaders>;
}

impl ContextExt for Context<'_> {
    fn app(&self) -> Result<&App> {
        self.data_opt()
            .ok_or_else(|| failure(Code::Internal, "the schema has no installation"))
    }

    fn actor(&self) -> Result<&Actor> {
        self.data_opt().ok_or_else(|| {
            failure(
                Code::Unauthenticated,
                "show an API key: X-API-Key or Authorization: Bearer",
            )
        })
    }

    fn loaders(&self) -> Result<&Loaders> {
        self.data_opt().ok_or_else(|| {
            failure(
                Code::Unauthenticated,
                "show an API key: X-API-Key or Authorization: Bearer",
            )
        })
    }
}
