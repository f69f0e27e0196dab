//! Vaulted cards.

use super::connection::{List, PageArguments};
use super::context::ContextExt;
use super::enums::CardBrand;
use super::error::query_failure;
use super::time::DateTime;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};

/// A vaulted card: what is kept of it. The number and the verification value are not.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct Card {
    #[graphql(skip)]
    id: domain::id::CardId,
    /// The scheme.
    pub brand: CardBrand,
    /// Last four digits of the number.
    pub last4: String,
    /// Last month in which it works, 1 to 12.
    pub exp_month: i32,
    /// Year of that month, four digits.
    pub exp_year: i32,
    /// The name on it, as typed the first time.
    pub cardholder_name: Option<String>,
    /// Equal for the same number within this merchant and mode, meaningless elsewhere.
    pub fingerprint: String,
    /// When it was first used.
    pub created_at: DateTime,
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

#[ComplexObject]
impl Card {
    /// Its id, `card_…`.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }
}

impl From<domain::card::Card> for Card {
    fn from(card: domain::card::Card) -> Self {
        Self {
            id: card.id,
            brand: card.brand.into(),
            last4: card.last4,
            exp_month: i32::try_from(card.expiry.month).unwrap_or_default(),
            exp_year: card.expiry.year,
            cardholder_name: card.holder,
            fingerprint: card.fingerprint,
            created_at: card.created_at.into(),
        }
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
    ) -> Result<Connection<String, Card, EmptyFields>> {
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
        Ok(list.connection(page, EmptyFields, |card| card.id, Card::from))
    }
}
