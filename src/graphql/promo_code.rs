//! Promo codes: the type, the questions and the commands.

use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::enums::Mode;
use super::error::query_failure;
use super::money::{Money, MoneyInput};
use super::plain::plain;
use super::reading::Reading;
use super::shown::Shown;
use super::time::DateTime;
use super::user_error::{UserError, UserErrorCode, user_errors};
use super::written::Written;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, Description, ID, InputObject, Object, Result, SimpleObject};
use domain::id::PromoCodeId;
use domain::promo_code::{Discount, PromoCode as Value};
use service::promo_code::{self, NewPromoCode};

/// A word with which a payer gets some of the price off.
#[derive(Clone, Description)]
pub struct PromoCode(Value);

fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl PromoCode {
    const fn share(&self) -> Option<u32> {
        match self.0.discount {
            Discount::Share { bps } => Some(bps),
            Discount::Fixed { .. } => None,
        }
    }

    const fn fixed(&self) -> Option<domain::Money> {
        match self.0.discount {
            Discount::Share { .. } => None,
            Discount::Fixed { amount } => Some(amount),
        }
    }
}

plain! {
    PromoCode as this {
        /// Its id, `promo_…`.
        pub id: Shown<ID, PromoCodeId> = Shown::new(this.0.id);
        /// The mode it belongs to.
        mode: Mode = this.0.tenant.mode.into();
        /// The word that a payer types, in capital letters; they may type it in any case.
        code: String = this.0.code.to_string();
        /// The share of the price that it takes off, in basis points; null for a fixed amount.
        share_bps: Option<i32> = this.share().map(whole);
        /// The amount that it takes off; null for a share.
        amount: Option<Money> = this.fixed().map(Money::from);
        /// How often it may be used; without limit if null.
        max_uses: Option<i32> = this.0.max_uses.map(whole);
        /// How often it was used, payments under way included.
        uses: i32 = whole(this.0.uses);
        /// When it ends by itself; never if null.
        expires_at: Option<DateTime> = this.0.expires_at.map(DateTime);
        /// When the merchant ended it.
        deactivated_at: Option<DateTime> = this.0.deactivated_at.map(DateTime);
        /// When it was created.
        created_at: DateTime = this.0.created_at.into();
    }
}

impl From<Value> for PromoCode {
    fn from(code: Value) -> Self {
        Self(code)
    }
}

#[derive(Default)]
pub struct PromoCodeQuery;

#[Object]
impl PromoCodeQuery {
    /// Promo codes, newest first.
    async fn promo_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
    ) -> Result<Written<Connection<Cursor<PromoCodeId>, PromoCode, EmptyFields>>> {
        let list = List::new("promoCodes");
        let request = list.request(PageArguments {
            first,
            after,
            last,
            before,
        })?;
        let page = promo_code::page(ctx.app()?, ctx.actor()?, &request)
            .await
            .map_err(query_failure)?;
        Ok(Written(list.connection(
            page,
            EmptyFields,
            |code| code.id,
            PromoCode::from,
        )))
    }
}

/// Make a promo code.
#[derive(InputObject)]
pub struct PromoCodeCreateInput {
    /// The word that a payer types: 3 to 32 letters A to Z, digits, `-` and `_`, in any case.
    pub code: String,
    /// The share of the price that it takes off, 1 to 9,999 basis points. Give this or `amount`.
    pub share_bps: Option<i32>,
    /// The amount that it takes off prices in its currency. Give this or `shareBps`.
    pub amount: Option<MoneyInput>,
    /// How often it may be used, 1 at least; without limit if left out.
    pub max_uses: Option<i32>,
    /// When it ends; never if left out.
    pub expires_at: Option<DateTime>,
}

impl PromoCodeCreateInput {
    fn read(self) -> std::result::Result<NewPromoCode, Vec<UserError>> {
        let mut reading = Reading::default();
        let discount = match (self.share_bps, &self.amount) {
            (Some(share), None) => {
                // Less than nothing is as wrong as nothing.
                let share = Discount::share(u32::try_from(share).unwrap_or_default());
                let refused = |refusal: domain::promo_code::NewPromoRefusal| user_errors(&refusal.into());
                Some(share.map_err(refused)?)
            }
            (None, Some(amount)) => reading
                .take(amount.read())
                .map(|amount| Discount::Fixed { amount }),
            _ => {
                let message = "give either shareBps or amount";
                let refused = UserError::at(UserErrorCode::DiscountInvalid, message, "shareBps");
                reading.take(Err(refused))
            }
        };
        let command = discount.map(|discount| NewPromoCode {
            code: self.code,
            discount,
            max_uses: self.max_uses.map(|most| u32::try_from(most).unwrap_or_default()),
            expires_at: self.expires_at.map(|end| end.0),
        });
        reading.finish(command)
    }
}

/// What became of a new promo code.
#[derive(SimpleObject)]
pub struct PromoCodeCreatePayload {
    /// The promo code; null when it was refused.
    pub promo_code: Option<PromoCode>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

/// End a promo code.
#[derive(InputObject)]
pub struct PromoCodeDeactivateInput {
    /// The promo code, `promo_…`.
    pub id: ID,
}

/// What became of a promo code that was ended.
#[derive(SimpleObject)]
pub struct PromoCodeDeactivatePayload {
    /// The promo code after it; null when it was refused.
    pub promo_code: Option<PromoCode>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

/// The promo code after a command, or why it was refused.
fn outcome(ctx: &Context<'_>, result: service::Result<Value>) -> Result<(Option<PromoCode>, Vec<UserError>)> {
    match result {
        Ok(code) => {
            ctx.note_made(code.id);
            Ok((Some(code.into()), Vec::new()))
        }
        Err(error) => Ok((None, ctx.refused(error)?)),
    }
}

#[derive(Default)]
pub struct PromoCodeMutation;

#[Object]
impl PromoCodeMutation {
    /// Makes a promo code, for intents and links that take one. A second one of the same word is refused, also when the first has
    /// ended. Takes the scope `payments:create`.
    async fn promo_code_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PromoCodeCreateInput,
    ) -> Result<PromoCodeCreatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let (promo_code, user_errors) = match input.read() {
            Ok(new) => outcome(ctx, promo_code::create(app, actor, new).await)?,
            Err(errors) => (None, errors),
        };
        Ok(PromoCodeCreatePayload {
            promo_code,
            user_errors,
        })
    }

    /// Ends a promo code; what was paid with it stays. Doing it twice does it once. Takes the scope `payments:create`.
    async fn promo_code_deactivate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: PromoCodeDeactivateInput,
    ) -> Result<PromoCodeDeactivatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let mut reading = Reading::default();
        let id = reading.id::<PromoCodeId>(&input.id, "id");
        let (promo_code, user_errors) = match reading.finish(id) {
            Ok(id) => outcome(ctx, promo_code::deactivate(app, actor, id).await)?,
            Err(errors) => (None, errors),
        };
        Ok(PromoCodeDeactivatePayload {
            promo_code,
            user_errors,
        })
    }
}
