//! What promo codes and payment links count, against the intents that hold it.

use super::{Integrity, MAX_PROBLEMS};
use crate::db::sql;
use crate::intent::HOLD_SLOTS;
use crate::{App, Result};
use domain::merchant::Tenant;

/// Table, the column that counts, and the column by which an intent names the row.
const COUNTED: [(&str, &str, &str); 2] = [
    ("promo_codes", "uses", "promo_code_id"),
    ("payment_links", "payments", "link_id"),
];

/// Counts again, for all or for one merchant and mode.
pub(super) async fn check(app: &App, tenant: Option<Tenant>, found: &mut Integrity) -> Result<()> {
    let holding: Vec<String> = HOLD_SLOTS.iter().map(|status| format!("'{status}'")).collect();
    let holding = holding.join(", ");
    for (table, counter, named_by) in COUNTED {
        let of_tenant = if tenant.is_some() {
            "WHERE t.merchant_id = ? AND t.mode = ? "
        } else {
            ""
        };
        let text = format!(
            "SELECT t.id, t.{counter} AS said, COUNT(i.id) AS held FROM {table} t \
             LEFT JOIN intents i ON i.merchant_id = t.merchant_id AND i.mode = t.mode AND i.{named_by} = t.id \
             AND i.status IN ({holding}) {of_tenant}GROUP BY t.id, t.{counter} HAVING t.{counter} <> COUNT(i.id) ORDER BY t.id LIMIT {MAX_PROBLEMS}"
        );
        let mut query = sql(app.db().is_postgres(), &text);
        if let Some(tenant) = tenant {
            query = query.bind(tenant.merchant.to_string()).bind(tenant.mode.as_str());
        }
        for row in query.all(app.db().reads()).await? {
            let id: String = row.try_get_by("id")?;
            let (said, held): (i32, i64) = (row.try_get_by("said")?, row.try_get_by("held")?);
            found.problem(
                id,
                format!("its {counter} are {said}, but {held} intents hold one"),
            );
        }
    }
    Ok(())
}
