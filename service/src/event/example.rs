//! An example of each event: the object that it would carry, printed as events print it.

use super::resource;
use chrono::Duration;
use domain::api_version::ApiVersion;
use domain::card::{Card, CardBrand, Expiry};
use domain::credential::{Author, Credential, IpAllowlist, LastAction, Scope, Scopes, SecurityAction};
use domain::event::EventType;
use domain::fee::FeeTerms;
use domain::gateways::Gateways;
use domain::id::new_id;
use domain::intent::{Attempt, CanceledBy, CaptureMethod, Collect, Intent, IntentState, Paid, Source};
use domain::merchant::{Checkout, Merchant, Mode, Tenant};
use domain::metadata::Metadata;
use domain::operation::{Operation, OperationKind, OperationState};
use domain::payment::{Customer, Finality, Intake, Payment, PaymentState};
use domain::payment_link::PaymentLink;
use domain::promo_code::{Discount, PromoCode};
use domain::provider::{Approval, Decline, DeclineReason, Gateway};
use domain::refund::{Refund, RefundState};
use domain::{Currency, Money, SeededIds, Timestamp};
use serde_json::Value;
use std::error::Error;

/// An example, or why it cannot be made, which is a defect.
type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The ids of all examples, and the instant at which each story begins.
struct Story {
    ids: SeededIds,
    at: Timestamp,
}

/// What an event of this type carries, for example.
///
/// # Errors
/// None, unless an example contradicts the rules of its object.
pub fn example(event_type: EventType) -> Made<Value> {
    let story = Story {
        ids: SeededIds::new(2026),
        at: "2026-01-24T10:00:00Z".parse()?,
    };
    Ok(match event_type {
        EventType::PaymentProcessing
        | EventType::PaymentAuthorized
        | EventType::PaymentCaptured
        | EventType::PaymentVoided
        | EventType::PaymentExpired
        | EventType::PaymentClosed
        | EventType::PaymentRefunded
        | EventType::PaymentFailed
        | EventType::PaymentLateSuccess => story.payment(event_type)?,
        EventType::RefundCreated => story.refund(RefundState::Pending)?,
        EventType::RefundSucceeded => story.refund(RefundState::Succeeded { at: story.after(1) })?,
        EventType::RefundFailed => story.refund(RefundState::Failed {
            at: story.after(1),
            decline: decline(DeclineReason::ProcessingError, "96", "processing error"),
        })?,
        EventType::IntentCreated
        | EventType::IntentRequiresCapture
        | EventType::IntentSucceeded
        | EventType::IntentFailed
        | EventType::IntentCanceled
        | EventType::IntentExpired => story.intent(event_type)?,
        EventType::PaymentLinkCreated => story.link(None)?,
        EventType::PaymentLinkDeactivated => story.link(Some(story.after(60)))?,
        EventType::PromoCodeCreated => story.promo(None)?,
        EventType::PromoCodeDeactivated => story.promo(Some(story.after(60)))?,
        EventType::CredentialCreated => story.credential(SecurityAction::Created)?,
        EventType::CredentialRotated => story.credential(SecurityAction::Rotated)?,
        EventType::CredentialUpdated => story.credential(SecurityAction::Updated)?,
        EventType::CredentialRevoked => story.credential(SecurityAction::Revoked)?,
        EventType::MerchantUpdated => story.merchant()?,
    })
}

fn usd(cents: i64) -> Money {
    Money::new(cents, Currency::Usd)
}

fn iqd(dinars: i64) -> Money {
    Money::new(dinars.saturating_mul(1_000), Currency::Iqd)
}

fn decline(reason: DeclineReason, code: &str, message: &str) -> Decline {
    Decline {
        reason,
        response_code: Some(code.to_owned()),
        message: message.to_owned(),
        provider_reference: None,
        fraud: None,
    }
}

fn notes() -> Made<Metadata> {
    Ok(Metadata::new([("order_id".to_owned(), "12345".to_owned())])?)
}

impl Story {
    fn id<I: From<uuid::Uuid>>(&self) -> I {
        new_id(&self.ids, self.at)
    }

    fn after(&self, minutes: i64) -> Timestamp {
        self.at + Duration::minutes(minutes)
    }

    fn tenant(&self) -> Tenant {
        Tenant {
            merchant: self.id(),
            mode: Mode::Test,
        }
    }

    fn payment(&self, event_type: EventType) -> Made<Value> {
        let (whole, part) = (usd(9_999), usd(2_500));
        let asked = PaymentState::Processing {
            outcome_unknown: true,
        };
        let held = asked
            .clone()
            .approve(Intake::Authorize, whole, self.at)?
            .into_state();
        let later = self.after(120);
        let state = match event_type {
            EventType::PaymentProcessing => asked,
            EventType::PaymentAuthorized => held,
            EventType::PaymentVoided => {
                held.void(Some("Customer requested order cancellation".to_owned()), later)?
            }
            EventType::PaymentExpired => held.expire(self.at + Duration::days(7)).into_state(),
            EventType::PaymentClosed => held.capture(part, Finality::KeepRest, later)?.void(None, later)?,
            EventType::PaymentRefunded => held
                .capture(whole, Finality::Final, later)?
                .reserve_refund(part)?
                .refund_succeeded(part)?,
            EventType::PaymentFailed => {
                let no = decline(DeclineReason::InsufficientFunds, "51", "insufficient funds");
                asked.decline(no, self.at)?.into_state()
            }
            EventType::PaymentLateSuccess => asked.approve(Intake::Sale, whole, later)?.into_state(),
            _ => held.capture(whole, Finality::Final, later)?,
        };
        let payment = Payment {
            id: self.id(),
            tenant: self.tenant(),
            intent: None,
            amount: whole,
            gateway: Gateway::CreditCard,
            provider: "sandbox".to_owned(),
            card: None,
            state,
            in_flight: None,
            customer: Customer {
                email: Some("john@example.com".to_owned()),
                name: Some("John Doe".to_owned()),
                phone: None,
            },
            description: Some("Order #12345 - Premium Plan".to_owned()),
            merchant_reference: None,
            metadata: notes()?,
            created_at: self.at,
            updated_at: self.at,
            version: 1,
        };
        let first = self.first(&payment)?;
        let shape = resource::Payment::new(&payment, Some(&self.card()), Some(&first), self.at)?;
        Ok(serde_json::to_value(shape)?)
    }

    fn card(&self) -> Card {
        Card {
            id: self.id(),
            brand: CardBrand::Visa,
            last4: "4242".to_owned(),
            expiry: Expiry {
                year: 2027,
                month: 12,
            },
            holder: None,
            fingerprint: String::new(),
            created_at: self.at,
        }
    }

    fn first(&self, payment: &Payment) -> Made<Operation> {
        let nothing = Money::zero(payment.amount.currency());
        let state = match &payment.state {
            PaymentState::Failed { at, decline } => OperationState::Failed {
                at: *at,
                decline: decline.clone(),
            },
            _ => OperationState::Succeeded {
                at: self.at,
                approval: Approval {
                    provider_reference: "sbx_1".to_owned(),
                    auth_code: Some("123456".to_owned()),
                    fraud: None,
                },
            },
        };
        Ok(Operation {
            id: self.id(),
            payment: payment.id,
            kind: OperationKind::Authorize,
            amount: payment.amount,
            fee: nothing,
            reserve: nothing,
            finality: Finality::Final,
            reason: None,
            idempotency_key: "order-12345".parse()?,
            state,
            ask_again_at: None,
            created_at: self.at,
        })
    }

    fn refund(&self, state: RefundState) -> Made<Value> {
        let refund = Refund {
            id: self.id(),
            payment: self.id(),
            operation: self.id(),
            amount: iqd(25_000),
            reason: Some("Product damaged - partial refund".to_owned()),
            state,
            created_at: self.at,
        };
        Ok(serde_json::to_value(resource::Refund::from(&refund))?)
    }

    fn intent(&self, event_type: EventType) -> Made<Value> {
        let attempt = Attempt {
            payment: self.id(),
            gateway: Gateway::CreditCard,
        };
        let state = match event_type {
            EventType::IntentRequiresCapture => IntentState::RequiresCapture {
                attempt,
                late: false,
                lapses_at: Some(self.at + Duration::days(7)),
            },
            EventType::IntentSucceeded => IntentState::Succeeded {
                paid: Paid {
                    payment: attempt.payment,
                    via: attempt.gateway,
                    at: self.after(5),
                    payout: usd(9_799),
                    late: false,
                },
            },
            EventType::IntentFailed => IntentState::Failed {
                at: self.after(9),
                decline: decline(DeclineReason::InsufficientFunds, "51", "insufficient funds"),
            },
            EventType::IntentCanceled => IntentState::Canceled {
                at: self.after(7),
                by: CanceledBy::Payer,
            },
            EventType::IntentExpired => IntentState::Expired {
                at: self.after(60),
                late: None,
            },
            _ => IntentState::Created { last_decline: None },
        };
        let is_failed = matches!(state, IntentState::Failed { .. });
        let is_held = matches!(state, IntentState::RequiresCapture { .. });
        let intent = Intent {
            id: self.id(),
            tenant: self.tenant(),
            source: Source::Api,
            amount: usd(9_999),
            capture_method: if is_held {
                CaptureMethod::Manual
            } else {
                CaptureMethod::Automatic
            },
            gateways: Gateways::new([Gateway::CreditCard])?,
            collect: Collect::default(),
            title: None,
            description: Some("Order #12345 - Premium Plan".to_owned()),
            merchant_reference: Some("12345".to_owned()),
            metadata: notes()?,
            customer: Customer::default(),
            success_url: Some("https://yourstore.com/order/success".parse()?),
            cancel_url: Some("https://yourstore.com/order/cancel".parse()?),
            callback_url: None,
            promo: None,
            state,
            attempts: if is_failed { 5 } else { 0 },
            expires_at: self.after(60),
            created_at: self.at,
            updated_at: self.at,
            version: 1,
        };
        let shape = resource::PaymentIntent::new(&intent, self.after(10))?;
        Ok(serde_json::to_value(shape)?)
    }

    fn link(&self, deactivated_at: Option<Timestamp>) -> Made<Value> {
        let link = PaymentLink {
            id: self.id(),
            tenant: self.tenant(),
            amount: iqd(125_000),
            title: "Tuition".to_owned(),
            description: None,
            merchant_reference: Some("SCH-2026".to_owned()),
            metadata: Metadata::default(),
            gateways: Gateways::all(),
            collect: Collect::default(),
            success_url: None,
            max_payments: Some(500),
            payments: if deactivated_at.is_some() { 41 } else { 0 },
            expires_at: Some(self.at + Duration::days(90)),
            deactivated_at,
            created_at: self.at,
        };
        Ok(serde_json::to_value(resource::PaymentLink::new(&link, self.at))?)
    }

    fn promo(&self, deactivated_at: Option<Timestamp>) -> Made<Value> {
        let promo = PromoCode {
            id: self.id(),
            tenant: self.tenant(),
            code: "EID-2026".parse()?,
            discount: Discount::share(1_000)?,
            max_uses: Some(100),
            uses: 0,
            expires_at: Some(self.at + Duration::days(30)),
            deactivated_at,
            created_at: self.at,
        };
        Ok(serde_json::to_value(resource::PromoCode::from(&promo))?)
    }

    fn credential(&self, action: SecurityAction) -> Made<Value> {
        let at = if action == SecurityAction::Created {
            self.at
        } else {
            self.after(60)
        };
        let scopes = [Scope::PaymentsCreate, Scope::PaymentsRead];
        let credential = Credential {
            id: self.id(),
            tenant: self.tenant(),
            name: "server".to_owned(),
            token: "epk_test_0000000000000000".to_owned(),
            scopes: Scopes::of(&scopes).ok_or("two scopes are some")?,
            allowlist: IpAllowlist::read(&["185.62.75.24/32"])?,
            api_version: ApiVersion::NEWEST,
            expires_at: None,
            rotating_until: (action == SecurityAction::Rotated).then(|| at + Duration::days(1)),
            revoked_at: (action == SecurityAction::Revoked).then_some(at),
            last_used: None,
            last_action: LastAction {
                action,
                at,
                by: Author::Console,
            },
            created_by: Author::Console,
            created_at: self.at,
        };
        Ok(serde_json::to_value(resource::Credential::new(&credential, at))?)
    }

    fn merchant(&self) -> Made<Value> {
        let merchant = Merchant {
            id: self.id(),
            name: "Al-Noor School".to_owned(),
            currency: Currency::Iqd,
            fees: FeeTerms {
                fee_bps: 200,
                fixed: None,
                reserve_bps: 500,
            },
            checkout: Checkout {
                brand_color: Some("#0b6e4f".parse()?),
                ..Checkout::default()
            },
            created_at: self.at,
        };
        Ok(serde_json::to_value(resource::Merchant::from(&merchant))?)
    }
}
