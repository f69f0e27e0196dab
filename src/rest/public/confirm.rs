//! Pay an intent.

use super::X_CLIENT_SECRET;
use super::refusals::OfConfirming;
use crate::rest::asked::Asked;
use crate::rest::door::{Call, Door, PathId};
use crate::rest::fault::{Class, Declined, Fault, PAYMENT_DECLINED};
use crate::rest::openapi::GatewayWord;
use crate::rest::problems::Problems;
use crate::rest::said::{Envelope, Said};
use crate::rest::v1::{CardInput, gateway, intent_of, read_card, texts};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Timestamp;
use domain::intent::{ConfirmRefusal, Intent, IntentStatus};
use domain::operation::OperationState;
use domain::payment::{Customer, PaymentStatus};
use domain::provider::Gateway;
use serde::{Deserialize, Serialize};
use service::Refusal;
use service::intent::{self, Confirm};
use service::payment::{Answer, Outcome, Run};
use std::sync::Arc;
use utoipa::ToSchema;

/// Longest e-mail address, in characters (RFC 5321's path of 256 without its brackets).
const MAX_EMAIL: usize = 254;
/// Longest phone number, in characters: 15 digits (E.164) and how people group them.
const MAX_PHONE: usize = 32;
/// Longest query that is looked through for the client secret.
const MAX_QUERY: usize = 2_048;

/// What is paid with.
#[derive(Deserialize, ToSchema)]
#[schema(as = ConfirmRequest)]
pub struct ConfirmBody {
    /// The card, for the gateway `CREDIT_CARD`.
    card: Option<CardInput>,
    /// How the payer pays: `CREDIT_CARD` if not given, or a wallet that the intent offers, which takes no card.
    #[schema(value_type = Option<GatewayWord>, example = "CREDIT_CARD")]
    gateway: Option<String>,
    /// The payer's e-mail address.
    #[schema(max_length = 254)]
    customer_email: Option<String>,
    /// The payer's phone number.
    #[schema(max_length = 32)]
    customer_phone: Option<String>,
}

/// An intent that was paid, or is being paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmedPaymentIntent {
    /// Its id.
    #[schema(example = "pi_01KYEXAMPLE0000000000000000")]
    id: String,
    /// `captured`; `authorized` for an intent with manual capture; `processing` while the provider's answer is not known.
    #[schema(example = "captured")]
    status: &'static str,
    /// The payment.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: String,
    /// Where the payer goes now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://yourstore.com/order/success?payment_intent=pi_01KYEXAMPLE0000000000000000"
    )]
    redirect_url: Option<String>,
}

/// Confirm payment intent: an attempt to pay it, of five at most.
#[utoipa::path(
    post, path = "/api/public/payment-intents/{id}/confirm", tag = "public", operation_id = "confirmPaymentIntent",
    params(
        ("id" = String, Path, description = "The payment intent, `pi_…`."),
        ("X-Client-Secret" = Option<String>, Header, description = "The client secret, here or as `client_secret` in the query; here is better: addresses end in logs."),
        ("client_secret" = Option<String>, Query, description = "The client secret, if it is not in the header."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes asking twice safe: within 24 hours the same key of this intent gives the first answer, with `Idempotent-Replayed: true`.", nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]*$")
    ),
    request_body = ConfirmBody, security(()),
    responses(
        (status = 200, description = "It is paid, or the money is held.", body = Envelope<ConfirmedPaymentIntent>),
        (status = 202, description = "The provider has not answered: ask for the intent later.", body = Envelope<ConfirmedPaymentIntent>),
        OfConfirming
    )
)]
pub async fn confirm(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = confirmed(&mut asked, &id).await;
    asked.answer(said)
}

async fn confirmed(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    asked.admit_anybody()?;
    let id = intent_of(id)?;
    let secret =
        secret(asked).ok_or_else(|| Fault::from(&Refusal::from(ConfirmRefusal::InvalidClientSecret)))?;
    let payer = intent::by_secret(asked.app(), id, &secret).await?;
    let key = asked.sent_key()?;
    let body: ConfirmBody = asked.json().await?;
    let with = match body.read(asked.now()) {
        Ok(with) => with,
        Err(fault) => {
            // Who pays too late need not correct a number first.
            intent::check_open(asked.app(), payer).await?;
            return Err(fault);
        }
    };
    let app = asked.app().clone();
    let command = Box::pin(async move { intent::confirm_as_payer(&app, payer, key, with).await });
    let outcome: Outcome = asked.command(command, made).await?;
    asked.replays(outcome.run == Run::Replayed);
    let answer = outcome.answer;
    let intent = answer.intent.as_deref().ok_or_else(Fault::internal)?;
    let (status, word) = match &answer.operation.state {
        OperationState::Failed { .. } => return Err(declined(&answer, intent)),
        // The money came when the intent had run out, and goes back.
        OperationState::Succeeded { .. } if intent.state.status() == IntentStatus::Expired => {
            let lived = intent.life_in_words();
            return Err(Fault::from(&Refusal::from(ConfirmRefusal::Expired { lived })));
        }
        OperationState::Succeeded { .. } => (StatusCode::OK, answer.payment.state.status()),
        OperationState::Sent | OperationState::OutcomeUnknown { .. } => {
            (StatusCode::ACCEPTED, PaymentStatus::Processing)
        }
    };
    Said::enveloped(
        status,
        ConfirmedPaymentIntent {
            id: intent.id.to_string(),
            status: word.as_str(),
            payment_id: answer.payment.id.to_string(),
            redirect_url: intent.success_redirect().filter(|_| status == StatusCode::OK),
        },
    )
}

fn made(outcome: &Outcome) -> Vec<String> {
    vec![
        outcome.answer.payment.id.to_string(),
        outcome.answer.operation.id.to_string(),
    ]
}

/// The client secret of the header, else of the query.
fn secret(asked: &Asked) -> Option<String> {
    if let Some(secret) = asked.header(X_CLIENT_SECRET.as_str()) {
        return Some(secret.to_owned());
    }
    let query = asked.uri().query().filter(|query| query.len() <= MAX_QUERY)?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == "client_secret")
        .map(|(_, secret)| secret.into_owned())
}

/// S2: `card declined: insufficient funds`, and how many attempts are left.
fn declined(answer: &Answer, intent: &Intent) -> Fault {
    let OperationState::Failed { decline, .. } = &answer.operation.state else {
        return Fault::internal();
    };
    let what = match answer.payment.gateway {
        Gateway::CreditCard => "card",
        _ => "payment",
    };
    Fault {
        declined: Some(Box::new(Declined {
            payment: answer.payment.id,
            operation: answer.operation.id,
            reason: decline.reason,
            remaining_attempts: Some(intent.remaining_attempts()),
        })),
        ..Fault::new(
            Class::Declined,
            PAYMENT_DECLINED,
            format!("{what} declined: {}", decline.message),
        )
    }
}

impl ConfirmBody {
    /// The attempt, or everything that is wrong with it.
    fn read(self, now: Timestamp) -> Result<Confirm, Fault> {
        let mut problems = Problems::default();
        let gateway = gateway(&mut problems, self.gateway.as_deref());
        let card = read_card(&mut problems, self.card, now);
        let email = texts(
            &mut problems,
            "customer_email",
            self.customer_email.as_deref(),
            MAX_EMAIL,
        );
        let phone = texts(
            &mut problems,
            "customer_phone",
            self.customer_phone.as_deref(),
            MAX_PHONE,
        );
        let read = gateway.map(|gateway| Confirm {
            gateway,
            card,
            customer: Customer {
                email,
                phone,
                name: None,
            },
            expected_total: None,
            notes: Vec::new(),
        });
        problems.finish(read)
    }
}
