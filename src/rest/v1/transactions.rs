//! Transactions: what was tried on payments.

use super::outcome::{APPROVED, Card, approval, parts};
use super::refusals::{OfListing, OfShowing};
use super::{hundredths, time};
use crate::rest::asked::{Asked, Rate};
use crate::rest::door::{Call, Door, PathId};
use crate::rest::fault::Fault;
use crate::rest::openapi::VersionHeader;
use crate::rest::said::{Envelope, Said};
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::operation::{Operation, OperationState};
use serde::Serialize;
use service::operation::{self, Became, MAX_OFFSET};
use std::sync::Arc;
use utoipa::ToSchema;

/// How many a list gives if nobody says otherwise.
pub const DEFAULT_LIMIT: u64 = 10;
/// Most that a list gives.
pub const MAX_LIMIT: u64 = service::page::MAX_PAGE;

/// A transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transaction {
    /// Its id.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The payment that it was tried on.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: String,
    /// authorized, captured, voided, refunded or failed; processing while there is no answer.
    #[schema(example = "authorized")]
    status: &'static str,
    /// How much, in hundredths of the major unit; of a void, what was released.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Scheme of the card: visa, mastercard, amex or other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "visa")]
    card_brand: Option<&'static str>,
    /// Last four digits of the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "4242")]
    card_last4: Option<String>,
    /// The issuer's authorization code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "123456")]
    auth_code: Option<String>,
    /// The issuer's response code; 00 is approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "00")]
    response_code: Option<String>,
    /// The issuer's response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Approved")]
    response_message: Option<String>,
    /// When it was sent.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
    /// What was tried: authorize, sale, capture, void or refund.
    #[serde(rename = "type")]
    #[schema(example = "authorize")]
    kind: &'static str,
}

/// A transaction in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionItem {
    /// Its id.
    #[schema(example = "txn_01KYEXAMPLE0000000000000000")]
    id: String,
    /// The payment that it was tried on.
    #[schema(example = "pay_01KYEXAMPLE0000000000000000")]
    payment_id: String,
    /// authorized, captured, voided, refunded or failed; processing while there is no answer.
    #[schema(example = "authorized")]
    status: &'static str,
    /// How much, in hundredths of the major unit; of a void, what was released.
    #[schema(example = 9999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
    /// When it was sent.
    #[schema(example = "2026-01-24T10:00:00Z")]
    created_at: String,
}

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionList {
    /// The transactions of this part, newest first.
    transactions: Vec<TransactionItem>,
    /// How many there are altogether.
    #[schema(example = 47)]
    total: u64,
    /// At most so many in a part, as asked for.
    #[schema(example = 20)]
    limit: u64,
    /// So many newer ones were passed over, as asked for.
    #[schema(example = 0)]
    offset: u64,
}

impl Transaction {
    fn new(operation: &Operation, card: Option<Card>) -> Result<Self, Fault> {
        let (card_brand, card_last4) = parts(card);
        let (code, message) = match &operation.state {
            OperationState::Succeeded { .. } => (Some(APPROVED.0.to_owned()), Some(APPROVED.1.to_owned())),
            OperationState::Failed { decline, .. } => {
                (decline.response_code.clone(), Some(decline.message.clone()))
            }
            OperationState::Sent | OperationState::OutcomeUnknown { .. } => (None, None),
        };
        Ok(Self {
            id: operation.id.to_string(),
            payment_id: operation.payment.to_string(),
            status: Became::of(operation).as_str(),
            amount: hundredths(operation.amount)?,
            currency: operation.amount.currency().code(),
            card_brand,
            card_last4,
            auth_code: approval(operation).and_then(|approval| approval.auth_code.clone()),
            response_code: code,
            response_message: message,
            created_at: time(operation.created_at),
            kind: operation.kind.as_str(),
        })
    }
}

impl TransactionItem {
    fn new(operation: &Operation) -> Result<Self, Fault> {
        Ok(Self {
            id: operation.id.to_string(),
            payment_id: operation.payment.to_string(),
            status: Became::of(operation).as_str(),
            amount: hundredths(operation.amount)?,
            currency: operation.amount.currency().code(),
            created_at: time(operation.created_at),
        })
    }
}

/// One transaction.
///
/// Takes the scope `payments:read`.
#[utoipa::path(
    get, path = "/api/v1/transactions/{id}", tag = "transactions", operation_id = "getTransaction",
    params(("id" = String, Path, description = "The transaction, `txn_…`."), VersionHeader),
    responses((status = 200, description = "The transaction.", body = Envelope<Transaction>), OfShowing)
)]
pub async fn show(State(door): State<Arc<Door>>, PathId(id): PathId, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = shown(&mut asked, &id).await;
    asked.answer(said)
}

async fn shown(asked: &mut Asked, id: &str) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Question).await?;
    let not_found = || Fault::not_found("transaction");
    // What is no id of ours is nothing that there could be.
    let id = id.parse().map_err(|_| not_found())?;
    let found = operation::get_with_card(asked.app(), &who, id).await?;
    let (operation, card) = found.ok_or_else(not_found)?;
    let transaction = Transaction::new(&operation, card.as_ref().map(Card::from))?;
    Said::enveloped(StatusCode::OK, transaction)
}

/// What a list is asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what `Part` reads")]
pub struct ListQuery {
    /// Only those of this status: authorized, captured, voided, refunded or failed.
    #[param(nullable = false)]
    status: Option<String>,
    /// How many at most; 10 if not given.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// How many newer ones to pass over; 0 if not given.
    #[param(nullable = false, minimum = 0, maximum = 10_000)]
    offset: Option<u64>,
}

/// Which part of the list.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    status: Option<Became>,
    limit: u64,
    offset: u64,
}

impl Part {
    /// Reads the query; what nobody asks for is ignored.
    fn read(uri: &Uri) -> Result<Self, Fault> {
        let mut part = Self {
            status: None,
            limit: DEFAULT_LIMIT,
            offset: 0,
        };
        let pairs: Query<Vec<(String, String)>> =
            Query::try_from_uri(uri).map_err(|_| Fault::invalid("the query cannot be read"))?;
        for (name, value) in &pairs.0 {
            match name.as_str() {
                "status" => part.status = Some(status(value)?),
                "limit" => part.limit = number("limit", value, 1, MAX_LIMIT)?,
                "offset" => part.offset = number("offset", value, 0, MAX_OFFSET)?,
                _ => {}
            }
        }
        Ok(part)
    }
}

/// S2's five words.
fn status(word: &str) -> Result<Became, Fault> {
    let mut words = Became::ALL.into_iter();
    words
        .find(|became| *became != Became::Processing && became.as_str() == word)
        .ok_or_else(|| Fault::invalid("status must be authorized, captured, voided, refunded or failed"))
}

/// A number of a query.
///
/// # Errors
/// When it is none, or out of bounds.
pub fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64, Fault> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|number| plain && (least..=most).contains(number));
    number.ok_or_else(|| Fault::invalid(format!("{name} must be {least} to {most}")))
}

/// Transactions, newest first.
///
/// Takes the scope `payments:read`. Whoever reads further than 10,000 takes the pages of the GraphQL API, which go by key.
#[utoipa::path(
    get, path = "/api/v1/transactions", tag = "transactions", operation_id = "listTransactions",
    params(ListQuery, VersionHeader),
    responses((status = 200, description = "Part of the list.", body = Envelope<TransactionList>), OfListing)
)]
pub async fn list(State(door): State<Arc<Door>>, call: Call) -> Response {
    let mut asked = Asked::new(&door, call);
    let said = listed(&mut asked).await;
    asked.answer(said)
}

async fn listed(asked: &mut Asked) -> Result<Said, Fault> {
    let who = asked.admit(Rate::Question).await?;
    let Part {
        status,
        limit,
        offset,
    } = Part::read(asked.uri())?;
    let listed = operation::list(asked.app(), &who, status, limit, offset).await?;
    let transactions = listed.items.iter().map(TransactionItem::new);
    let list = TransactionList {
        transactions: transactions.collect::<Result<_, _>>()?,
        total: listed.total,
        limit,
        offset,
    };
    Said::enveloped(StatusCode::OK, list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(query: &str) -> Result<Part, String> {
        let uri: Uri = format!("/api/v1/transactions?{query}").parse().unwrap();
        Part::read(&uri).map_err(|fault| fault.words.into_owned())
    }

    #[test]
    fn a_part_is_read_as_s2_says() {
        let plain = Part {
            status: None,
            limit: 10,
            offset: 0,
        };
        assert_eq!(part(""), Ok(plain));
        let asked = Part {
            status: Some(Became::Authorized),
            limit: 20,
            offset: 40,
        };
        assert_eq!(part("status=authorized&limit=20&offset=40&page=7"), Ok(asked));
        for query in ["limit=0", "limit=101", "limit=+5", "limit=", "limit=ten"] {
            assert_eq!(
                part(query),
                Err("invalid request: limit must be 1 to 100".to_owned()),
                "{query}"
            );
        }
        assert_eq!(
            part("offset=10001"),
            Err("invalid request: offset must be 0 to 10000".to_owned())
        );
        for query in ["status=processing", "status=AUTHORIZED", "status="] {
            let words = "invalid request: status must be authorized, captured, voided, refunded or failed";
            assert_eq!(part(query), Err(words.to_owned()), "{query}");
        }
    }
}
