//! Vaulted cards.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::CardBrand;
use super::error::query_failure;
use super::plain::plain;
use super::shown::Shown;
use super::time::DateTime;
use super::written::Written;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, InputObject, Object, Result};
use domain::id::CardId;

/// A vaulted card: what is kept of it. The number and the verification value are not.
#[derive(Description, Clone)]
pub struct Card(domain::card::Card);

plain! {
    Card as this {
        /// Its id, `card_…`.
        pub id: Shown<ID, CardId> = Shown::new(this.0.id);
        /// The scheme.
        brand: CardBrand = this.0.brand.into();
        /// Last four digits of the number.
        last4: &str = &this.0.last4;
        /// Last month in which it works, 1 to 12.
        exp_month: i32 = i32::try_from(this.0.expiry.month).unwrap_or_default();
        /// Year of that month, four digits.
        exp_year: i32 = this.0.expiry.year;
        /// The name on it, as typed the first time.
        cardholder_name: Option<&str> = this.0.holder.as_deref();
        /// Equal for the same number within this merchant and mode, meaningless elsewhere.
        fingerprint: &str = &this.0.fingerprint;
        /// When it was first used.
        created_at: DateTime = this.0.created_at.into();
    }
}

/// A card as the payer types it. It is checked, passed to the provider and forgotten, but for brand, last four digits, expiry,
/// name and a keyed fingerprint.
#[derive(InputObject)]
pub struct CardInput {
    /// 12 to 19 digits; spaces and dashes are ignored.
    pub number: String,
    /// The name on the card; at most 100 characters.
    pub cardholder_name: Option<String>,
    /// Last month in which it works, 1 to 12.
    pub exp_month: i32,
    /// Year of that month, four digits.
    pub exp_year: i32,
    /// Three digits, four for American Express.
    pub cvv: String,
}

impl From<domain::card::Card> for Card {
    fn from(card: domain::card::Card) -> Self {
        Self(card)
    }
}

#[derive(Default)]
pub struct CardQuery;

#[Object]
impl CardQuery {
    /// Cards that were used, newest first.
    async fn cards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Written<Connection<Cursor<CardId>, Card, EmptyFields>>> {
        let list = List::new("cards");
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = service::card::page(ctx.app()?, ctx.actor()?, &request)
            .await
            .map_err(query_failure)?;
        Ok(Written(list.connection(
            page,
            EmptyFields,
            |card| card.id,
            Card::from,
        )))
    }
}
