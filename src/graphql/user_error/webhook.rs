//! Refusals of webhook endpoints.

use super::{UserError, UserErrorCode};
use domain::webhook::EndpointRefusal;

/// The user error of a refusal about an endpoint.
pub fn endpoint(refusal: &EndpointRefusal) -> UserError {
    let (code, field) = match refusal {
        EndpointRefusal::TooMany => return UserError::new(UserErrorCode::WebhookEndpointLimit, refusal),
        EndpointRefusal::NotYours => return UserError::new(UserErrorCode::WebhookDialectInvalid, refusal),
        EndpointRefusal::NoName => (UserErrorCode::EventTypesInvalid, "eventType"),
        EndpointRefusal::Description => (UserErrorCode::TextInvalid, "description"),
        EndpointRefusal::Timeout => (UserErrorCode::WebhookSettingInvalid, "timeoutMs"),
        EndpointRefusal::InFlight => (UserErrorCode::WebhookSettingInvalid, "maxInFlight"),
        EndpointRefusal::Rate => (UserErrorCode::WebhookSettingInvalid, "ratePerSecond"),
        EndpointRefusal::SecurityFields => (UserErrorCode::SecurityFieldsInvalid, "securityFields"),
        EndpointRefusal::CallbackDialect => (UserErrorCode::WebhookDialectInvalid, "dialect"),
        EndpointRefusal::Target(_) => (UserErrorCode::WebhookTargetDenied, "url"),
        EndpointRefusal::Events(_) => (UserErrorCode::EventTypesInvalid, "eventTypes"),
        EndpointRefusal::Schedule(_) => (UserErrorCode::RetryScheduleInvalid, "retrySchedule"),
        EndpointRefusal::Header(_) => (UserErrorCode::WebhookHeaderInvalid, "headers"),
        EndpointRefusal::Secret(_) => (UserErrorCode::WebhookSecretInvalid, "secret"),
        EndpointRefusal::Overlap => (UserErrorCode::OverlapInvalid, "overlapMinutes"),
    };
    UserError::at(code, refusal, field)
}
