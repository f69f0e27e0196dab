//! Accounts against their codes.
//!
//! Transfers are compared by the codes of their accounts, balances are read by the other columns: the two must say the same.

use super::Integrity;
use crate::db::sql;
use crate::{App, Result};
use domain::ledger::{AccountKey, AccountKind, Owner};
use domain::merchant::{Mode, Tenant};
use sea_orm::QueryResult;

/// Accounts that are read at once.
const PAGE: usize = 1_000;

const ACCOUNTS: &str =
    "SELECT code, kind, type, mode, currency, merchant_id, provider FROM ledger_accounts WHERE code > ?";
/// Those that are a tenant's by their code, and those that its balances are read from.
const OF_TENANT: &str = " AND (code LIKE ? OR (merchant_id = ? AND mode = ?))";

/// Checks all accounts, or those of one merchant and mode.
pub(super) async fn check(app: &App, tenant: Option<Tenant>, found: &mut Integrity) -> Result<()> {
    let scope = if tenant.is_some() { OF_TENANT } else { "" };
    let text = format!("{ACCOUNTS}{scope} ORDER BY code LIMIT {PAGE}");
    let mut after = String::new();
    loop {
        let mut query = sql(app.db().is_postgres(), &text).bind(after.as_str());
        if let Some(Tenant { merchant, mode }) = tenant {
            query = query
                .bind(format!("%:{mode}:%:{merchant}"))
                .bind(merchant.to_string())
                .bind(mode.as_str());
        }
        let rows = query.all(app.db().reads()).await?;
        for row in &rows {
            after = row.try_get_by("code")?;
            if said(row)? != Some(after.clone()) {
                found.problem(
                    &after,
                    "its kind, type, mode, currency or owner is not what its code says",
                );
            }
        }
        if rows.len() < PAGE {
            return Ok(());
        }
    }
}

/// The code that the other columns add up to, if they add up to one.
fn said(row: &QueryResult) -> Result<Option<String>> {
    let text = |column: &str| row.try_get_by::<String, _>(column);
    let (kind, mode, currency) = (text("kind")?, text("mode")?, text("currency")?);
    let (kind, mode, currency) = (
        kind.parse::<AccountKind>(),
        mode.parse::<Mode>(),
        currency.parse(),
    );
    let owner = match (
        row.try_get_by::<Option<String>, _>("merchant_id")?,
        row.try_get_by("provider")?,
    ) {
        (None, None) => Some(Owner::Platform),
        (None, Some(provider)) => Some(Owner::Provider(provider)),
        (Some(merchant), None) => merchant.parse().ok().map(Owner::Merchant),
        (Some(_), Some(_)) => None,
    };
    let (Ok(kind), Ok(mode), Ok(currency), Some(owner)) = (kind, mode, currency, owner) else {
        return Ok(None);
    };
    if text("type")? != kind.account_type().as_str() {
        return Ok(None);
    }
    let key = AccountKey {
        kind,
        mode,
        currency,
        owner,
    };
    Ok(Some(key.to_string()))
}
