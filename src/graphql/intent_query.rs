//! Questions about intents.

use super::checkout_enums::IntentStatus;
use super::connection::{Cursor, List, PageArguments};
use super::context::ContextExt;
use super::error::{Code, failure, query_failure};
use super::intent::Intent;
use super::time::DateTime;
use super::written::Written;
use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object, Result};
use domain::id::{IntentId, MalformedId};
use service::intent::{self, Filter};
use std::sync::Arc;

/// Most statuses in one filter.
const MAX_STATUSES: usize = 16;

/// Which intents; every part that is given must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct IntentFilter {
    /// One of these statuses, as of now.
    pub status: Option<Vec<IntentStatus>>,
    /// Created at this instant or later.
    pub created_from: Option<DateTime>,
    /// Created before this instant.
    pub created_before: Option<DateTime>,
    /// With exactly this reference of the merchant.
    pub merchant_reference: Option<String>,
    /// Made by this payment link, `plink_…`.
    pub link: Option<ID>,
}

impl IntentFilter {
    fn read(self) -> Result<Filter> {
        if self
            .status
            .as_ref()
            .is_some_and(|statuses| statuses.len() > MAX_STATUSES)
        {
            let message = format!("status takes at most {MAX_STATUSES} values");
            return Err(failure(Code::BadUserInput, message));
        }
        // No intent holds such a text, and PostgreSQL cannot even be asked for one with a NUL.
        let reference = self.merchant_reference;
        if reference
            .as_ref()
            .is_some_and(|text| text.chars().any(char::is_control))
        {
            let message = "merchantReference must not hold control characters";
            return Err(failure(Code::BadUserInput, message));
        }
        let link = self.link.map(|id| id.parse()).transpose();
        let malformed = |refusal: MalformedId| failure(Code::BadUserInput, refusal.to_string());
        Ok(Filter {
            statuses: self
                .status
                .map(|statuses| statuses.into_iter().map(Into::into).collect()),
            created_from: self.created_from.map(|instant| instant.0),
            created_before: self.created_before.map(|instant| instant.0),
            merchant_reference: reference,
            link: link.map_err(malformed)?,
        })
    }
}

/// What a connection of intents carries besides its rows.
pub struct IntentTotals(Filter);

#[Object]
impl IntentTotals {
    /// How many intents match in all; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = intent::count(ctx.app()?, ctx.actor()?, &self.0)
            .await
            .map_err(query_failure)?;
        Ok(i32::try_from(count).ok())
    }
}

/// A page of intents.
pub type Intents = Connection<Cursor<IntentId>, Intent, IntentTotals>;

/// The page of the intents that match `filter`.
pub async fn page(ctx: &Context<'_>, filter: Filter, arguments: PageArguments) -> Result<Intents> {
    let list = List::new(("intents", &filter));
    let request = list.request(arguments)?;
    let app = ctx.app()?;
    let page = intent::page(app, ctx.actor()?, &filter, &request)
        .await
        .map_err(query_failure)?;
    let now = app.now();
    Ok(list.connection(
        page,
        IntentTotals(filter),
        |intent| intent.id,
        |intent| Intent::new(Arc::new(intent), now),
    ))
}

#[derive(Default)]
pub struct IntentQuery;

#[Object]
impl IntentQuery {
    /// An intent; null when there is none by that id here.
    async fn intent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The intent, `pi_…`.")] id: ID,
    ) -> Result<Option<Intent>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let intent = intent::get(app, actor, id).await.map_err(query_failure)?;
        Ok(intent.map(|intent| Intent::new(Arc::new(intent), app.now())))
    }

    /// Intents, newest first.
    async fn intents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "With first: the cursor after which the page begins.")] after: Option<String>,
        #[graphql(desc = "The last so many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "With last: the cursor before which the page ends.")] before: Option<String>,
        #[graphql(desc = "Which intents.")] filter: Option<IntentFilter>,
    ) -> Result<Written<Intents>> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        let filter = filter.unwrap_or_default().read()?;
        Ok(Written(page(ctx, filter, arguments).await?))
    }
}
