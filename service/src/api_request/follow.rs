//! Reading the log as it is written.
//!
//! Invariant: rows come in the order in which they were committed, and whoever has read up to a place has missed none below it. Rows of one
//! look are read on one view of the database, however many statements it takes.

use super::find::{Filter, narrowed};
use crate::db::sql;
use crate::{App, Result};
use domain::actor::{Actor, Forbidden};
use domain::api_request::ApiRequest;
use domain::credential::Scope;
use domain::merchant::Tenant;
use entity::api_request as table;
use entity::inconsistency::At as _;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use table::Column;

/// Most places that one look passes, so that it ends soon however few rows are wanted.
const WINDOW: i64 = 10_000;

/// How far the log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// The last place that was given.
    pub last: i64,
    /// Up to here rows are deleted, though not all of them.
    pub purged: i64,
}

/// A request that has its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its place in the log.
    pub pos: i64,
    /// The request.
    pub request: ApiRequest,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// What is wanted up to a place, in order; perhaps nothing.
    Found(Vec<Logged>, i64),
    /// There is nothing behind the place yet.
    End,
    /// The place is none of this log any more: what follows it is deleted, or it has never been.
    Gone,
}

/// Whose requests an actor follows: those within the reach of its own key. Operators look them up.
///
/// # Errors
/// When the scope is missing, or it is no merchant.
pub fn tenant(who: &Actor) -> std::result::Result<Tenant, Forbidden> {
    Ok(who.may(Scope::LogsRead)?.tenant)
}

/// How far the log has come.
///
/// # Errors
/// Storage errors.
pub async fn positions(app: &App) -> Result<Positions> {
    positions_on(app.db().reads(), app.db().is_postgres()).await
}

async fn positions_on(on: &impl ConnectionTrait, postgres: bool) -> Result<Positions> {
    let text = "SELECT last_pos, purged_pos FROM api_request_positions WHERE id = 1";
    let row = sql(postgres, text).one(on).await?;
    let row = row.at("api_request_positions", "id", "1")?;
    Ok(Positions {
        last: row.try_get_by("last_pos")?,
        purged: row.try_get_by("purged_pos")?,
    })
}

/// What follows a place within the reach of `tenant`, at most `limit`.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules.
pub async fn after(app: &App, tenant: Tenant, filter: &Filter, place: i64, limit: u64) -> Result<Look> {
    let postgres = app.db().is_postgres();
    // Uses the index `api_requests_by_pos`.
    let queries: Vec<_> = tenant
        .reach()
        .into_iter()
        .filter(|tenant| filter.mode.is_none_or(|mode| mode == tenant.mode))
        .map(|tenant| narrowed(table::Entity::of(tenant), filter))
        .collect();
    app.db()
        .in_snapshot(move |txn| {
            Box::pin(async move {
                let Positions { last, purged } = positions_on(txn, postgres).await?;
                if !(purged..=last).contains(&place) {
                    return Ok(Look::Gone);
                }
                if place == last {
                    return Ok(Look::End);
                }
                let upto = last.min(place.saturating_add(WINDOW));
                let mut found = Vec::new();
                for query in queries {
                    let rows = query
                        .filter(Column::Pos.gt(place))
                        .filter(Column::Pos.lte(upto))
                        .order_by_asc(Column::Pos)
                        .limit(limit)
                        .all(txn)
                        .await?;
                    for row in rows {
                        let pos = row.pos.as_ref().at("api_requests", "pos", &row.id)?;
                        found.push(Logged {
                            pos: *pos,
                            request: row.try_into()?,
                        });
                    }
                }
                found.sort_unstable_by_key(|logged| logged.pos);
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                // A full page ends with its last row: there may be more behind it.
                let upto = match found.get(limit.saturating_sub(1)) {
                    Some(last) => last.pos,
                    None => upto,
                };
                found.truncate(limit);
                Ok(Look::Found(found, upto))
            })
        })
        .await
}
