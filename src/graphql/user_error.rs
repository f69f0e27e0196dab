//! Business refusals, one code a cause.

mod checkout;
mod webhook;

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Enum, SimpleObject};
use domain::card::CardRefusal;
use domain::credential::CredentialRefusal;
use domain::idempotency::IdempotencyRefusal;
use domain::metadata::TextRefusal;
use domain::money::AmountRefusal;
use domain::payment::{AuthorizeRefusal, CaptureRefusal, RefundRefusal, VoidRefusal};
use service::Refusal;

/// Why a command was refused. The list grows; treat an unknown code by its message.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserErrorCode {
    /// The amount is not a plain decimal number.
    AmountMalformed,
    /// The amount is zero or less.
    AmountNotPositive,
    /// The amount has more digits than its currency is charged in.
    AmountTooPrecise,
    /// The amount is above the largest charge.
    AmountTooLarge,
    /// The currency is not one that can be charged.
    CurrencyUnsupported,
    /// The currency is not the one of the payment.
    CurrencyMismatch,
    /// A card payment needs a card.
    CardRequired,
    /// A wallet payment takes no card.
    CardNotAllowed,
    /// The card number has a wrong length or check digit.
    CardNumberInvalid,
    /// The expiry is no month within reach.
    CardExpiryInvalid,
    /// The card's last month is over.
    CardExpired,
    /// The verification value has a wrong length.
    CardCvvInvalid,
    /// The cardholder name cannot be kept.
    CardholderNameInvalid,
    /// A text is empty, too long or holds control characters.
    TextInvalid,
    /// A name is empty, too long or holds control characters.
    NameInvalid,
    /// Fee terms that make no sense.
    FeeTermsInvalid,
    /// The colour is not `#` and six hex digits.
    ColorInvalid,
    /// The id has not the form of an id of this kind.
    IdMalformed,
    /// There is no such payment here.
    PaymentNotFound,
    /// There is no such object here.
    NotFound,
    /// The gateway cannot hold money.
    CaptureMethodNotSupported,
    /// Everything that could be captured is captured.
    PaymentAlreadyCaptured,
    /// More than what is left of the authorization.
    CaptureExceedsAuthorized,
    /// The gateway captures an authorization once only.
    SeveralCapturesNotSupported,
    /// The authorization ran out after seven days.
    AuthorizationExpired,
    /// The payment is in a state that does not allow this.
    PaymentWrongState,
    /// A capture or void of this payment has no answer yet.
    OperationInProgress,
    /// A captured payment is refunded, not voided.
    PaymentCapturedUseRefund,
    /// The payment was voided before.
    PaymentAlreadyVoided,
    /// Only captured payments can be refunded.
    PaymentNotCaptured,
    /// More than what can still be refunded.
    RefundExceedsAvailable,
    /// Everything went back already.
    PaymentAlreadyRefunded,
    /// The gateway gives nothing back through its API.
    RefundNotSupported,
    /// The gateway gives back all or nothing.
    RefundFullOnly,
    /// The payment has changed since you looked at it.
    StaleVersion,
    /// A credential needs at least one scope.
    ScopeRequired,
    /// There is no such scope.
    ScopeUnknown,
    /// There is no such API version.
    ApiVersionUnknown,
    /// You cannot give away a scope that your own credential lacks.
    ScopeNotHeld,
    /// A test credential cannot manage live ones.
    LiveFromTest,
    /// An operator has to name the merchant.
    MerchantRequired,
    /// The expiry does not lie in the future.
    ExpiryInvalid,
    /// The allowlist holds something that is no network.
    IpAllowlistInvalid,
    /// The public key cannot be read or is of no use.
    PublicKeyInvalid,
    /// The time in which old and new keys both go on is out of bounds.
    OverlapInvalid,
    /// The rotation before this one is still going on.
    RotationInProgress,
    /// Neither the secret nor the signing key is to be rotated.
    NothingToRotate,
    /// A private key can be encrypted with a new secret only.
    PassphraseUnknown,
    /// The credential is revoked.
    CredentialRevoked,
    /// The credential is at this version or a newer one.
    ApiVersionNotNewer,
    /// A session cannot open another one.
    SessionFromSession,
    /// The life of the session is out of bounds.
    SessionLifeInvalid,
    /// At least one gateway is needed.
    GatewayRequired,
    /// The merchant may not use this gateway.
    GatewayNotEnabled,
    /// The gateway takes no money in this currency.
    GatewayCurrencyNotSupported,
    /// The intent does not offer this gateway.
    GatewayNotOffered,
    /// An intent lives 5 minutes to 7 days.
    IntentLifeInvalid,
    /// The address cannot be used.
    UrlInvalid,
    /// The fee cannot be put on top of the amount.
    SurchargeImpossible,
    /// Nobody paid the intent in time.
    IntentExpired,
    /// All attempts at the intent were declined.
    MaxAttemptsReached,
    /// The intent was given up.
    IntentCanceled,
    /// The intent is paid, or money is held for it.
    IntentCompleted,
    /// An attempt at the intent has no answer yet.
    AttemptInProgress,
    /// The client secret opens nothing.
    InvalidClientSecret,
    /// The payer has to give an e-mail address.
    CustomerEmailRequired,
    /// That is no e-mail address.
    CustomerEmailInvalid,
    /// The payer has to give a phone number.
    CustomerPhoneRequired,
    /// That is no phone number.
    CustomerPhoneInvalid,
    /// The total is not the one that the payer saw.
    TotalChanged,
    /// The payment link takes no more payments.
    PaymentLinkOver,
    /// There is no such promo code.
    PromoCodeUnknown,
    /// The intent takes no promo code.
    PromoCodeNotAllowed,
    /// The promo code has expired.
    PromoCodeExpired,
    /// The promo code has been used up.
    PromoCodeUsedUp,
    /// The promo code is worth more than the payment.
    PromoCodeExceedsAmount,
    /// The promo code takes nothing off a payment this small.
    PromoCodeTakesNothing,
    /// The promo code leaves less than the fee of the payment.
    PromoCodeBelowFee,
    /// The promo code has a wrong form.
    PromoCodeInvalid,
    /// The merchant has this promo code already.
    PromoCodeTaken,
    /// The discount is nothing or everything.
    DiscountInvalid,
    /// A limit must be one at least.
    LimitInvalid,
    /// The merchant has as many webhook endpoints as there can be.
    WebhookEndpointLimit,
    /// Webhooks do not go to this address.
    WebhookTargetDenied,
    /// A name or pattern that matches no event, or too many of them.
    EventTypesInvalid,
    /// Pauses, attempts or life of deliveries are out of bounds.
    RetryScheduleInvalid,
    /// A header that cannot be sent with webhooks.
    WebhookHeaderInvalid,
    /// The webhook secret has a wrong form.
    WebhookSecretInvalid,
    /// A number in the settings of a webhook endpoint is out of bounds.
    WebhookSettingInvalid,
    /// The fields of a security hash cannot be used.
    SecurityFieldsInvalid,
    /// The callback dialect belongs to addresses that payments carry, and what stands for these cannot be changed.
    WebhookDialectInvalid,
    /// The idempotency key has a wrong form.
    IdempotencyKeyInvalid,
    /// The idempotency key stands for another input.
    IdempotencyKeyReused,
    /// The first request with this idempotency key has no answer yet.
    IdempotencyInProgress,
}

impl UserErrorCode {
    /// The word of the code.
    pub fn word(self) -> &'static str {
        let item = Self::items().iter().find(|item| item.value == self);
        item.map_or("", |item| item.name)
    }
}

/// A business refusal: read it, change something, ask again.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// Why, for programs.
    pub code: UserErrorCode,
    /// Why, for people.
    pub message: String,
    /// The input field it is about, from the input downward; null when it is about the command as a whole.
    pub field: Option<Vec<String>>,
}

impl UserError {
    /// An error about the command as a whole.
    pub fn new(code: UserErrorCode, message: impl ToString) -> Self {
        Self {
            code,
            message: message.to_string(),
            field: None,
        }
    }

    /// An error about one input field, written `card.number`.
    pub fn at(code: UserErrorCode, message: impl ToString, field: &str) -> Self {
        let field = Some(field.split('.').map(str::to_owned).collect());
        Self {
            field,
            ..Self::new(code, message)
        }
    }

    /// Nothing by that id, in this merchant and mode.
    pub fn not_found(thing: &str) -> Self {
        let code = if thing == "payment" {
            UserErrorCode::PaymentNotFound
        } else {
            UserErrorCode::NotFound
        };
        Self::at(code, format!("{thing} not found"), "id")
    }
}

/// The user errors of a refusal.
pub fn user_errors(refusal: &Refusal) -> Vec<UserError> {
    let words = refusal.to_string();
    let one = |code, field: &str| vec![UserError::at(code, &words, field)];
    let whole = |code| vec![UserError::new(code, &words)];
    match refusal {
        Refusal::Amount(refusal) => one(amount(refusal), "amount"),
        Refusal::Card(refusals) => refusals.iter().map(card).collect(),
        Refusal::CardRequired => one(UserErrorCode::CardRequired, "card"),
        Refusal::CardNotAllowed => one(UserErrorCode::CardNotAllowed, "card"),
        Refusal::Text(refusal) => vec![text(refusal)],
        Refusal::Name(_) => one(UserErrorCode::NameInvalid, "name"),
        Refusal::FeeTerms(_) => whole(UserErrorCode::FeeTermsInvalid),
        Refusal::Idempotency(IdempotencyRefusal::Reused) => {
            one(UserErrorCode::IdempotencyKeyReused, "idempotencyKey")
        }
        Refusal::Idempotency(IdempotencyRefusal::InProgress) => {
            one(UserErrorCode::IdempotencyInProgress, "idempotencyKey")
        }
        Refusal::Authorize(AuthorizeRefusal::HoldsNotSupported { .. }) => {
            one(UserErrorCode::CaptureMethodNotSupported, "gateway")
        }
        Refusal::Capture(refusal) => capture(refusal, &words),
        Refusal::Void(refusal) => whole(match refusal {
            VoidRefusal::Captured => UserErrorCode::PaymentCapturedUseRefund,
            VoidRefusal::AlreadyVoided => UserErrorCode::PaymentAlreadyVoided,
            VoidRefusal::Expired => UserErrorCode::AuthorizationExpired,
            VoidRefusal::WrongState(_) => UserErrorCode::PaymentWrongState,
            VoidRefusal::InProgress => UserErrorCode::OperationInProgress,
        }),
        Refusal::Refund(refusal) => refund(refusal, &words),
        Refusal::Stale(_) => one(UserErrorCode::StaleVersion, "expectedVersion"),
        Refusal::Credential(refusal) => vec![credential(refusal)],
        Refusal::LinkOver => whole(UserErrorCode::PaymentLinkOver),
        Refusal::Intent(refusal) => vec![checkout::intent(refusal)],
        Refusal::Confirm(refusal) => vec![checkout::confirm(refusal)],
        Refusal::Cancel(refusal) => vec![checkout::cancel(refusal)],
        Refusal::Promo(refusal) => vec![checkout::promo(refusal)],
        Refusal::NewPromo(refusal) => vec![checkout::new_promo(refusal)],
        Refusal::NewLink(refusal) => vec![checkout::new_link(*refusal)],
        Refusal::Webhook(refusal) => vec![webhook::endpoint(refusal)],
        // Never a user error; `reply` sends it out as a failure.
        Refusal::Forbidden(_) => whole(UserErrorCode::PaymentWrongState),
    }
}

/// The code of a refused amount.
pub const fn amount(refusal: &AmountRefusal) -> UserErrorCode {
    match refusal {
        AmountRefusal::Malformed => UserErrorCode::AmountMalformed,
        AmountRefusal::NotPositive { .. } => UserErrorCode::AmountNotPositive,
        AmountRefusal::TooPrecise { .. } => UserErrorCode::AmountTooPrecise,
        AmountRefusal::TooLarge { .. } => UserErrorCode::AmountTooLarge,
    }
}

/// The user error of one refused card field.
pub fn card(refusal: &CardRefusal) -> UserError {
    let (code, field) = match refusal {
        CardRefusal::InvalidNumber => (UserErrorCode::CardNumberInvalid, "card.number"),
        CardRefusal::InvalidExpiry => (UserErrorCode::CardExpiryInvalid, "card.expMonth"),
        CardRefusal::Expired => (UserErrorCode::CardExpired, "card.expYear"),
        CardRefusal::InvalidCvv { .. } => (UserErrorCode::CardCvvInvalid, "card.cvv"),
        CardRefusal::InvalidHolder(_) => (UserErrorCode::CardholderNameInvalid, "card.cardholderName"),
    };
    UserError::at(code, refusal, field)
}

/// The user error of a refusal about credentials.
pub fn credential(refusal: &CredentialRefusal) -> UserError {
    let (code, field) = match refusal {
        CredentialRefusal::NoScope => (UserErrorCode::ScopeRequired, "scopes"),
        CredentialRefusal::ScopeNotHeld(_) => (UserErrorCode::ScopeNotHeld, "scopes"),
        CredentialRefusal::LiveFromTest => (UserErrorCode::LiveFromTest, "mode"),
        CredentialRefusal::MerchantRequired => (UserErrorCode::MerchantRequired, "merchantId"),
        CredentialRefusal::ExpiryPast => (UserErrorCode::ExpiryInvalid, "expiresAt"),
        CredentialRefusal::Allowlist(_) => (UserErrorCode::IpAllowlistInvalid, "ipAllowlist"),
        CredentialRefusal::PublicKey(_) => (UserErrorCode::PublicKeyInvalid, "signingKey.publicKey"),
        CredentialRefusal::OverlapTooLong => (UserErrorCode::OverlapInvalid, "overlapMinutes"),
        CredentialRefusal::RotationInProgress { .. } => (UserErrorCode::RotationInProgress, "overlapMinutes"),
        CredentialRefusal::NothingToRotate => (UserErrorCode::NothingToRotate, "secret"),
        CredentialRefusal::PassphraseUnknown => (UserErrorCode::PassphraseUnknown, "signingKey"),
        CredentialRefusal::Revoked => (UserErrorCode::CredentialRevoked, "id"),
        CredentialRefusal::NotAnUpgrade => (UserErrorCode::ApiVersionNotNewer, "version"),
        CredentialRefusal::SessionFromSession => {
            return UserError::new(UserErrorCode::SessionFromSession, refusal);
        }
        CredentialRefusal::SessionTooLong => (UserErrorCode::SessionLifeInvalid, "minutes"),
    };
    UserError::at(code, refusal, field)
}

/// The user error of a refused text.
pub fn text(refusal: &TextRefusal) -> UserError {
    UserError::new(UserErrorCode::TextInvalid, refusal)
}

fn capture(refusal: &CaptureRefusal, words: &str) -> Vec<UserError> {
    vec![match refusal {
        CaptureRefusal::AlreadyCaptured => UserError::new(UserErrorCode::PaymentAlreadyCaptured, words),
        CaptureRefusal::ExceedsAuthorized { .. } => {
            UserError::at(UserErrorCode::CaptureExceedsAuthorized, words, "amount")
        }
        CaptureRefusal::Expired => UserError::new(UserErrorCode::AuthorizationExpired, words),
        CaptureRefusal::WrongState(_) => UserError::new(UserErrorCode::PaymentWrongState, words),
        CaptureRefusal::InProgress => UserError::new(UserErrorCode::OperationInProgress, words),
        CaptureRefusal::SeveralNotSupported { .. } => {
            UserError::at(UserErrorCode::SeveralCapturesNotSupported, words, "finalCapture")
        }
        CaptureRefusal::WrongCurrency { .. } => {
            UserError::at(UserErrorCode::CurrencyMismatch, words, "amount.currency")
        }
    }]
}

fn refund(refusal: &RefundRefusal, words: &str) -> Vec<UserError> {
    vec![match refusal {
        RefundRefusal::NotCaptured => UserError::new(UserErrorCode::PaymentNotCaptured, words),
        RefundRefusal::ExceedsAvailable { .. } => {
            UserError::at(UserErrorCode::RefundExceedsAvailable, words, "amount")
        }
        RefundRefusal::AlreadyRefunded | RefundRefusal::NotOpen => {
            UserError::new(UserErrorCode::PaymentAlreadyRefunded, words)
        }
        RefundRefusal::NotSupported { .. } => UserError::new(UserErrorCode::RefundNotSupported, words),
        RefundRefusal::FullOnly { .. } => UserError::at(UserErrorCode::RefundFullOnly, words, "amount"),
        RefundRefusal::WrongCurrency { .. } => {
            UserError::at(UserErrorCode::CurrencyMismatch, words, "amount.currency")
        }
    }]
}
