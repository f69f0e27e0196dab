//! Operations and refunds of a page of payments, in one statement for the whole page.

use crate::db::{self, sql};
use crate::{App, Result};
use domain::id::PaymentId;
use domain::merchant::Tenant;
use sea_orm::EntityTrait;
use serde::de::DeserializeOwned;

/// How many operations, and how many refunds, come with a payment: the newest. A payment may have more; the lists of
/// operations and refunds page through all of them.
pub const CHILDREN_PER_PAYMENT: u32 = 50;

/// The newest rows of each payment, oldest first. `E` must have the columns `merchant_id`, `mode`, `payment_id` and `id`.
pub(crate) async fn newest_of_each<E>(
    app: &App,
    tenant: Tenant,
    payments: &[PaymentId],
) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: DeserializeOwned,
{
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    let table = E::default();
    // The tenant is asked outside: inside, both databases would rather read all of its rows than fifty index ranges.
    let text = format!(
        "SELECT * FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY payment_id ORDER BY id DESC) AS nth FROM {} t \
         WHERE payment_id IN ({})) ranked \
         WHERE nth <= {CHILDREN_PER_PAYMENT} AND merchant_id = ? AND mode = ? ORDER BY id",
        table.table_name(),
        vec!["?"; payments.len()].join(", "),
    );
    let first = sql(app.db().is_postgres(), &text);
    let ids = payments
        .iter()
        .fold(first, |sql, payment| sql.bind(payment.to_string()));
    let statement = ids
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .statement();
    db::models::<E>(app.db().reads(), statement).await
}
