//! Reading the log as it is written.
//!
//! Invariant: rows come in the order in which they were committed, and whoever has read up to a place has missed none below it.

use super::find::{Filter, narrowed};
use crate::db::sql;
use crate::{App, Result};
use domain::actor::{Actor, Forbidden};
use domain::api_request::ApiRequest;
use domain::credential::Scope;
use domain::merchant::Tenant;
use entity::api_request as table;
use entity::inconsistency::At as _;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use table::Column;

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

/// Whose requests an actor follows: those within the reach of its own key. Operators look them up.
///
/// # Errors
/// When the scope is missing, or it is no merchant.
pub fn followed(who: &Actor) -> std::result::Result<Tenant, Forbidden> {
    Ok(who.may(Scope::LogsRead)?.tenant)
}

/// How far the log has come.
///
/// # Errors
/// Storage errors.
pub async fn positions(app: &App) -> Result<Positions> {
    let text = "SELECT last_pos, purged_pos FROM api_request_positions WHERE id = 1";
    let row = sql(app.db().is_postgres(), text).one(app.db().reads()).await?;
    let row = row.at("api_request_positions", "id", "1")?;
    Ok(Positions {
        last: row.try_get_by("last_pos")?,
        purged: row.try_get_by("purged_pos")?,
    })
}

/// Requests within the reach of `tenant` after a place, at most `limit`. None as well when what follows the place is deleted in part: ask
/// for [`positions`] after it.
///
/// # Errors
/// Storage errors, or a row that contradicts the rules.
pub async fn after(
    app: &App,
    tenant: Tenant,
    filter: &Filter,
    place: i64,
    limit: u64,
) -> Result<Vec<Logged>> {
    let mut found = Vec::new();
    for tenant in tenant.reach() {
        if filter.mode.is_some_and(|mode| mode != tenant.mode) {
            continue;
        }
        // Looked at together with the rows, so that none can be deleted in between. Uses the index `api_requests_by_pos`.
        let purged = Expr::cust("(SELECT purged_pos FROM api_request_positions WHERE id = 1)");
        let rows = narrowed(table::Entity::of(tenant), filter)
            .filter(Column::Pos.gt(place))
            .filter(purged.lte(place))
            .order_by_asc(Column::Pos)
            .limit(limit)
            .all(app.db().reads())
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
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}
