//! Reading inputs: everything that is wrong with one at once.

use super::card::CardInput;
use super::customer::CustomerInput;
use super::enums::Gateway;
use super::metadata::Metadata;
use super::user_error::{self, UserError, UserErrorCode};
use async_graphql::ID;
use domain::Timestamp;
use domain::card::{CardDetails, Expiry};
use domain::gateways::Gateways;
use domain::id::MalformedId;
use domain::idempotency::IdempotencyKey;
use domain::metadata::{self, TextRefusal};
use domain::payment::Customer;
use domain::web_url::UrlRefusal;
use std::str::FromStr;

/// Longest e-mail address, in characters (RFC 5321's path of 256 without its brackets).
const MAX_EMAIL: usize = 254;
/// Longest phone number, in characters: 15 digits (E.164) and how people group them.
const MAX_PHONE: usize = 32;
/// Longest customer name, in characters.
const MAX_NAME: usize = 100;

/// Collects what is wrong with an input, so that a form can mark every field at once.
#[derive(Default)]
pub struct Reading(Vec<UserError>);

impl Reading {
    /// What was read, or a note of what is wrong with it.
    pub fn take<T>(&mut self, read: Result<T, UserError>) -> Option<T> {
        read.map_err(|error| self.0.push(error)).ok()
    }

    /// A text of the merchant.
    pub fn text(
        &mut self,
        name: &'static str,
        field: &str,
        text: Option<&str>,
        limit: usize,
    ) -> Option<String> {
        let text = text?;
        let refused = |refusal: TextRefusal| UserError::at(UserErrorCode::TextInvalid, refusal, field);
        self.take(metadata::text(name, text, limit).map_err(refused))
    }

    /// An idempotency key.
    pub fn key(&mut self, key: &str) -> Option<IdempotencyKey> {
        let refused =
            |refusal| UserError::at(UserErrorCode::IdempotencyKeyInvalid, refusal, "idempotencyKey");
        self.take(key.parse().map_err(refused))
    }

    /// The id of an object.
    pub fn id<I: FromStr<Err = MalformedId>>(&mut self, id: &ID, field: &str) -> Option<I> {
        let refused = |refusal| UserError::at(UserErrorCode::IdMalformed, refusal, field);
        self.take(id.parse().map_err(refused))
    }

    /// A card, at `now`.
    pub fn card(&mut self, card: Option<&CardInput>, now: Timestamp) -> Option<CardDetails> {
        let card = card?;
        // A month below zero is as wrong as month zero.
        let month = u32::try_from(card.exp_month).unwrap_or_default();
        let expiry = Expiry {
            year: card.exp_year,
            month,
        };
        match CardDetails::new(
            &card.number,
            card.cardholder_name.as_deref(),
            expiry,
            &card.cvv,
            now,
        ) {
            Ok(details) => Some(details),
            Err(refusals) => {
                self.0.extend(refusals.iter().map(user_error::card));
                None
            }
        }
    }

    /// Who pays.
    pub fn customer(&mut self, input: Option<CustomerInput>) -> Customer {
        let input = input.unwrap_or_default();
        Customer {
            email: self.text(
                "customer e-mail",
                "customer.email",
                input.email.as_deref(),
                MAX_EMAIL,
            ),
            name: self.text("customer name", "customer.name", input.name.as_deref(), MAX_NAME),
            phone: self.text(
                "customer phone",
                "customer.phone",
                input.phone.as_deref(),
                MAX_PHONE,
            ),
        }
    }

    /// The merchant's own notes.
    pub fn metadata(&mut self, input: Option<Metadata>) -> Option<metadata::Metadata> {
        let refused = |refusal: TextRefusal| UserError::at(UserErrorCode::TextInvalid, refusal, "metadata");
        self.take(metadata::Metadata::new(input.unwrap_or_default().0).map_err(refused))
    }

    /// An address.
    pub fn url<U: FromStr<Err = UrlRefusal>>(&mut self, field: &str, text: Option<&str>) -> Option<U> {
        let refused = |refusal| UserError::at(UserErrorCode::UrlInvalid, format!("{field} {refusal}"), field);
        self.take(text?.parse().map_err(refused))
    }

    /// Which gateways are to be offered; every one that fits if none is said.
    pub fn gateways(&mut self, input: Option<Vec<Gateway>>) -> Option<Gateways> {
        let refused = |none| UserError::at(UserErrorCode::GatewayRequired, none, "gateways");
        self.take(Gateways::new(input?.into_iter().map(Into::into)).map_err(refused))
    }

    /// The command, if nothing was wrong.
    pub fn finish<T>(self, command: Option<T>) -> Result<T, Vec<UserError>> {
        match command {
            Some(command) if self.0.is_empty() => Ok(command),
            _ => Err(self.0),
        }
    }
}
