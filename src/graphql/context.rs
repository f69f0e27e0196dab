//! What a resolver finds in its context.

use super::error::{Code, Reply, failure, reply};
use super::load::Loaders;
use super::pages::Pages;
use super::user_error::UserError;
use crate::http::noted::Noted;
use async_graphql::{Context, Result};
use domain::actor::Actor;
use domain::api_version::ApiVersion;
use domain::idempotency::IdempotencyKey;
use service::App;
use std::sync::Arc;

/// By which version a request is answered: the one that it names, else the pin of its credential.
#[derive(Clone, Copy)]
pub struct AnsweredBy(pub ApiVersion);

/// Short ways to the parts of a request.
pub trait ContextExt {
    /// The installation.
    fn app(&self) -> Result<&App>;

    /// Who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when nobody showed a key.
    fn actor(&self) -> Result<&Actor>;

    /// By which version it is answered.
    fn api_version(&self) -> ApiVersion;

    /// The loaders of this request; they see what the actor sees and nothing outlives the request.
    fn loaders(&self) -> Result<&Loaders>;

    /// Notes that something was made or changed, for the request log.
    fn note_made(&self, id: impl ToString);

    /// Notes the idempotency key of a command, for the request log.
    fn note_key(&self, key: &IdempotencyKey);

    /// Notes why a command was refused, for the request log.
    fn note_refusal(&self, errors: &[UserError]);

    /// The errors of a refusal that the caller can mend, noted.
    ///
    /// # Errors
    /// Everything else fails the request.
    fn refused(&self, error: service::Error) -> Result<Vec<UserError>>;

    /// The addresses of pages.
    fn pages(&self) -> Result<&Pages>;
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

    fn api_version(&self) -> ApiVersion {
        self.data_opt()
            .map_or(ApiVersion::NEWEST, |AnsweredBy(version)| *version)
    }

    fn loaders(&self) -> Result<&Loaders> {
        self.data_opt().ok_or_else(|| {
            failure(
                Code::Unauthenticated,
                "show an API key: X-API-Key or Authorization: Bearer",
            )
        })
    }

    fn note_made(&self, id: impl ToString) {
        if let Some(noted) = self.data_opt::<Arc<Noted>>() {
            noted.made(id);
        }
    }

    fn note_refusal(&self, errors: &[UserError]) {
        if let (Some(noted), Some(error)) = (self.data_opt::<Arc<Noted>>(), errors.first()) {
            noted.refused(error.code.word());
        }
    }

    fn refused(&self, error: service::Error) -> Result<Vec<UserError>> {
        match reply(error) {
            Reply::UserErrors(errors) => {
                self.note_refusal(&errors);
                Ok(errors)
            }
            Reply::Failure(failure) => Err(failure),
        }
    }

    fn pages(&self) -> Result<&Pages> {
        self.data_opt()
            .ok_or_else(|| failure(Code::Internal, "the schema has no address"))
    }

    fn note_key(&self, key: &IdempotencyKey) {
        if let Some(noted) = self.data_opt::<Arc<Noted>>() {
            noted.idempotency_key(key.as_str());
        }
    }
}
