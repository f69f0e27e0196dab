//! Look into the request log.
//!
//! Invariant: a merchant sees its own requests within the reach of its key; requests of nobody are seen by operators only.

use crate::page::{Page, PageRequest, Way, from_edge};
use crate::{App, Result};
use chrono::Duration;
use domain::Timestamp;
use domain::actor::Actor;
use domain::api_request::{ApiRequest, RequestOutcome};
use domain::credential::{Denial, Scope};
use domain::id::{CredentialId, MerchantId, RequestId, first_id};
use domain::merchant::{Mode, Tenant};
use entity::api_request as table;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use table::Column;

/// How long a page waits for what was just noted: whoever asks reads what they did, unless the database is slow.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
/// How far the time in an id may be from the time of its row: longer than any request takes.
const SLACK: Duration = Duration::minutes(10);

/// Which requests; every part that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Those of this merchant; merchants see their own in any case.
    pub merchant: Option<MerchantId>,
    /// Those of this mode.
    pub mode: Option<Mode>,
    /// Whether they were let in.
    pub outcome: Option<RequestOutcome>,
    /// Why they were not.
    pub denial: Option<Denial>,
    /// Those that named this credential.
    pub credential: Option<CredentialId>,
    /// By path.
    pub path: Option<PathFilter>,
    /// By the name of the GraphQL operation.
    pub operation: Option<String>,
    /// By HTTP method, in capitals.
    pub method: Option<String>,
    /// By HTTP status.
    pub status: Option<StatusFilter>,
    /// Those that came at this instant or later.
    pub from: Option<Timestamp>,
    /// Those that came before this instant.
    pub until: Option<Timestamp>,
    /// Those with this idempotency key.
    pub idempotency_key: Option<String>,
}

/// Which paths.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathFilter {
    /// This one.
    Exactly(String),
    /// Those that begin so.
    BeginsWith(String),
}

/// Which HTTP statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusFilter {
    /// This one.
    Exactly(u16),
    /// Those with this first digit.
    Class(u8),
}

/// The tenants whose requests somebody sees; `None` is all requests, also those of nobody.
fn seen(who: &Actor, merchant: Option<MerchantId>) -> Result<Option<Vec<Tenant>>> {
    Ok(match who {
        Actor::Operator(_) => merchant.map(|merchant| Tenant::both(merchant).to_vec()),
        Actor::Merchant(_) => Some(who.may(Scope::LogsRead)?.reach()),
    })
}

/// A page of requests, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn page(
    app: &App,
    who: &Actor,
    filter: &Filter,
    request: &PageRequest<RequestId>,
) -> Result<Page<ApiRequest>> {
    let queries = match seen(who, filter.merchant)? {
        None => vec![match filter.mode {
            None => table::Entity::find(),
            Some(mode) => table::Entity::find().filter(Column::Mode.eq(mode.as_str())),
        }],
        // Each tenant by itself comes in order from the index; both at once would have to be sorted.
        Some(tenants) => tenants
            .into_iter()
            .filter(|tenant| filter.mode.is_none_or(|mode| mode == tenant.mode))
            .map(table::Entity::of)
            .collect(),
    };
    // What lies behind an edge was written before the edge was.
    if request.edge.is_none() || request.way == Way::Backward {
        settle(app).await;
    }
    let mut rows = Vec::new();
    for query in queries {
        let query = narrowed(query, filter);
        rows.extend(from_edge(app, query, Column::Id, request).await?);
    }
    match request.way {
        Way::Forward => rows.sort_unstable_by(|a, b| b.id.cmp(&a.id)),
        Way::Backward => rows.sort_unstable_by(|a, b| a.id.cmp(&b.id)),
    }
    rows.truncate(usize::try_from(request.rows()).unwrap_or(usize::MAX));
    let requests: std::result::Result<_, _> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(request.page(requests?))
}

/// One request; `None` when there is none by that id within reach.
///
/// # Errors
/// When the scope is missing.
pub async fn get(app: &App, who: &Actor, id: RequestId) -> Result<Option<ApiRequest>> {
    Ok(get_many(app, who, &[id]).await?.pop())
}

/// Requests by id, in no order; those out of reach are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[RequestId]) -> Result<Vec<ApiRequest>> {
    let query = match seen(who, None)? {
        None => table::Entity::find(),
        Some(tenants) => table::Entity::of_each(&tenants),
    };
    settle(app).await;
    let query = query.filter(Column::Id.is_in(ids.iter().map(ToString::to_string)));
    let rows = query.all(app.db().reads()).await?;
    let requests: std::result::Result<_, _> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(requests?)
}

async fn settle(app: &App) {
    if tokio::time::timeout(PATIENCE, app.request_log().flush())
        .await
        .is_err()
    {
        tracing::debug!("the request log is behind");
    }
}

pub(super) fn narrowed(query: Select<table::Entity>, filter: &Filter) -> Select<table::Entity> {
    let path = filter.path.as_ref().map(|path| match path {
        PathFilter::Exactly(path) => Column::Path.eq(path.as_str()),
        PathFilter::BeginsWith(start) => {
            let characters = i32::try_from(start.chars().count()).unwrap_or(i32::MAX);
            // LIKE would take small letters for capitals on SQLite.
            let begin =
                Func::cust("substr").args([Expr::col(Column::Path), Expr::val(1), Expr::val(characters)]);
            Expr::expr(begin).eq(start.as_str())
        }
    });
    let status = filter.status.map(|status| match status {
        StatusFilter::Exactly(status) => Column::Status.eq(i32::from(status)),
        StatusFilter::Class(digit) => {
            let first = i32::from(digit) * 100;
            Column::Status.between(first, first + 99)
        }
    });
    let outcome = filter.outcome.map(|outcome| match outcome {
        RequestOutcome::Passed => Column::Denial.is_null(),
        RequestOutcome::Denied => Column::Denial.is_not_null(),
    });
    // The ids give the range that the index finds, the instants its exact ends.
    let first = |at: Timestamp| first_id::<RequestId>(at).to_string();
    let from = filter.from.map(|from| {
        let early = from.checked_sub_signed(SLACK).unwrap_or(from);
        Column::Id.gte(first(early)).and(Column::CreatedAt.gte(from))
    });
    let until = filter.until.map(|until| {
        let late = until.checked_add_signed(SLACK).unwrap_or(until);
        Column::Id.lt(first(late)).and(Column::CreatedAt.lt(until))
    });
    let text = |column: Column, text: &Option<String>| text.as_deref().map(|text| column.eq(text));
    let conditions = [
        outcome,
        filter.denial.map(|denial| Column::Denial.eq(denial.as_str())),
        filter
            .credential
            .map(|id| Column::CredentialId.eq(id.to_string())),
        path,
        text(Column::Operation, &filter.operation),
        text(Column::Method, &filter.method),
        status,
        from,
        until,
        text(Column::IdempotencyKey, &filter.idempotency_key),
    ];
    conditions.into_iter().flatten().fold(query, QueryFilter::filter)
}
