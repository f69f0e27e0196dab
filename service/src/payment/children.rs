//! Operations and refunds of a page of payments, attempts of a page of intents: in one statement for the whole page.

use crate::db::{self, sql};
use crate::{App, Result};
use domain::merchant::Tenant;
use sea_orm::EntityTrait;
use serde::de::DeserializeOwned;

/// How many operations, and how many refunds, come with a payment: the newest. A payment may have more; the lists of
/// operations and refunds page through all of them.
pub const CHILDREN_PER_PAYMENT: u32 = 50;

/// The newest rows of each of `owners`, oldest first. `E` must have the columns `merchant_id`, `mode` and `id`, and the one in which
/// its owner stands.
pub(crate) async fn newest_of_each<E>(
    app: &App,
    tenant: Tenant,
    owner: &'static str,
    owners: &[impl ToString],
) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: DeserializeOwned,
{
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let table = E::default();
    // The tenant is asked outside: inside, both databases would rather read all of its rows than fifty index ranges.
    let text = format!(
        "SELECT * FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY {owner} ORDER BY id DESC) AS nth FROM {} t \
         WHERE {owner} IN ({})) ranked \
         WHERE nth <= {CHILDREN_PER_PAYMENT} AND merchant_id = ? AND mode = ? ORDER BY id",
        table.table_name(),
        vec!["?"; owners.len()].join(", "),
    );
    let first = sql(app.db().is_postgres(), &text);
    let ids = owners
        .iter()
        .fold(first, |sql, owner| sql.bind(owner.to_string()));
    let statement = ids
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .statement();
    db::models::<E>(app.db().reads(), statement).await
}
