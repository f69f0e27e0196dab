//! Refusals about intents, payment links and promo codes.

use super::{UserError, UserErrorCode, amount};
use domain::intent::{CancelRefusal, ConfirmRefusal, IntentRefusal, IntentStatus};
use domain::payment_link::NewLinkRefusal;
use domain::promo_code::{NewPromoRefusal, PromoRefusal};

pub fn intent(refusal: &IntentRefusal) -> UserError {
    let (code, field) = match refusal {
        IntentRefusal::GatewayNotEnabled { .. } => (UserErrorCode::GatewayNotEnabled, "gateways"),
        IntentRefusal::NoGateway { .. } => (UserErrorCode::CaptureMethodNotSupported, "gateways"),
        IntentRefusal::GatewayCurrency { .. } => (UserErrorCode::GatewayCurrencyNotSupported, "gateways"),
        IntentRefusal::LifeOutOfBounds => (UserErrorCode::IntentLifeInvalid, "expiresInMinutes"),
        IntentRefusal::Url { field, .. } => (UserErrorCode::UrlInvalid, *field),
        IntentRefusal::Callback(_) => (UserErrorCode::UrlInvalid, "callbackUrl"),
        IntentRefusal::Surcharge(_) => (UserErrorCode::SurchargeImpossible, "collect.fee"),
    };
    UserError::at(code, refusal, field)
}

pub fn confirm(refusal: &ConfirmRefusal) -> UserError {
    let whole = |code| UserError::new(code, refusal);
    let at = |code, field| UserError::at(code, refusal, field);
    match refusal {
        ConfirmRefusal::Expired { .. } => whole(UserErrorCode::IntentExpired),
        ConfirmRefusal::NoAttemptLeft => whole(UserErrorCode::MaxAttemptsReached),
        ConfirmRefusal::Canceled => whole(UserErrorCode::IntentCanceled),
        ConfirmRefusal::Completed => whole(UserErrorCode::IntentCompleted),
        ConfirmRefusal::AttemptInProgress => whole(UserErrorCode::AttemptInProgress),
        ConfirmRefusal::GatewayNotOffered { .. } => at(UserErrorCode::GatewayNotOffered, "gateway"),
        ConfirmRefusal::EmailRequired => at(UserErrorCode::CustomerEmailRequired, "customer.email"),
        ConfirmRefusal::EmailInvalid => at(UserErrorCode::CustomerEmailInvalid, "customer.email"),
        ConfirmRefusal::PhoneRequired => at(UserErrorCode::CustomerPhoneRequired, "customer.phone"),
        ConfirmRefusal::PhoneInvalid => at(UserErrorCode::CustomerPhoneInvalid, "customer.phone"),
        ConfirmRefusal::TotalChanged { .. } => at(UserErrorCode::TotalChanged, "expectedTotal"),
        ConfirmRefusal::Amount(refused) => whole(amount(refused)),
        ConfirmRefusal::LinkUsedUp => whole(UserErrorCode::PaymentLinkOver),
        ConfirmRefusal::InvalidClientSecret => whole(UserErrorCode::InvalidClientSecret),
        ConfirmRefusal::Surcharge(_) => whole(UserErrorCode::SurchargeImpossible),
    }
}

pub fn cancel(refusal: &CancelRefusal) -> UserError {
    let code = match refusal {
        CancelRefusal::Completed { .. } => UserErrorCode::IntentCompleted,
        CancelRefusal::AttemptInProgress => UserErrorCode::AttemptInProgress,
        CancelRefusal::Ended {
            status: IntentStatus::Expired,
        } => UserErrorCode::IntentExpired,
        CancelRefusal::Ended { .. } => UserErrorCode::MaxAttemptsReached,
    };
    UserError::new(code, refusal)
}

pub fn promo(refusal: &PromoRefusal) -> UserError {
    let code = match refusal {
        PromoRefusal::Unknown => UserErrorCode::PromoCodeUnknown,
        PromoRefusal::NotAllowed => UserErrorCode::PromoCodeNotAllowed,
        PromoRefusal::Expired => UserErrorCode::PromoCodeExpired,
        PromoRefusal::UsedUp => UserErrorCode::PromoCodeUsedUp,
        PromoRefusal::WrongCurrency { .. } => UserErrorCode::CurrencyMismatch,
        PromoRefusal::NothingLeft => UserErrorCode::PromoCodeExceedsAmount,
        PromoRefusal::TakesNothing => UserErrorCode::PromoCodeTakesNothing,
        PromoRefusal::BelowFee => UserErrorCode::PromoCodeBelowFee,
    };
    UserError::at(code, refusal, "code")
}

pub fn new_promo(refusal: &NewPromoRefusal) -> UserError {
    let (code, field) = match refusal {
        NewPromoRefusal::Code(_) => (UserErrorCode::PromoCodeInvalid, "code"),
        NewPromoRefusal::Share => (UserErrorCode::DiscountInvalid, "shareBps"),
        NewPromoRefusal::MaxUses => (UserErrorCode::LimitInvalid, "maxUses"),
        NewPromoRefusal::Expiry => (UserErrorCode::ExpiryInvalid, "expiresAt"),
        NewPromoRefusal::Taken { .. } => (UserErrorCode::PromoCodeTaken, "code"),
    };
    UserError::at(code, refusal, field)
}

pub fn new_link(refusal: NewLinkRefusal) -> UserError {
    let (code, field) = match refusal {
        NewLinkRefusal::MaxPayments => (UserErrorCode::LimitInvalid, "maxPayments"),
        NewLinkRefusal::Expiry => (UserErrorCode::ExpiryInvalid, "expiresAt"),
    };
    UserError::at(code, refusal, field)
}
