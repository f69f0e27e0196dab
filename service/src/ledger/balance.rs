//! What a merchant is owed.

use crate::db::sql;
use crate::{App, Error, Result};
use domain::actor::Actor;
use domain::credential::Scope;
use domain::ledger::AccountKind;
use domain::{Currency, Money};
use entity::inconsistency::At;
use std::collections::BTreeMap;

/// What a merchant is owed in one currency. An amount is negative where it owes us, for example after refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The currency of all amounts.
    pub currency: Currency,
    /// Owed, not yet available for payout.
    pub pending: Money,
    /// Owed and available for payout.
    pub available: Money,
    /// Held back as rolling reserve.
    pub reserve: Money,
    /// Pending and available together.
    pub payable: Money,
}

/// Credits minus debits of each account of a merchant; both sums run over an index range.
const SUMS: &str = "SELECT a.kind, a.currency, CAST(\
       (SELECT COALESCE(SUM(amount_minor), 0) FROM transfers WHERE credit_account_id = a.id) \
     - (SELECT COALESCE(SUM(amount_minor), 0) FROM transfers WHERE debit_account_id = a.id) AS BIGINT) AS minor \
     FROM ledger_accounts a WHERE a.merchant_id = ? AND a.mode = ?";

/// The balances of this merchant and mode, one for each currency it ever had, in currency order.
///
/// # Errors
/// When the scope is missing.
pub async fn balances(app: &App, who: &Actor) -> Result<Vec<Balance>> {
    let tenant = who.may(Scope::ReportsRead)?.tenant;
    let rows = sql(app.db().is_postgres(), SUMS)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .all(app.db().reads())
        .await?;
    let mut sums: BTreeMap<Currency, BTreeMap<AccountKind, i64>> = BTreeMap::new();
    for row in rows {
        let (kind, currency): (String, String) = (row.try_get_by("kind")?, row.try_get_by("currency")?);
        let kind = kind.parse().at("ledger_accounts", "kind", &kind)?;
        let currency = currency.parse().at("ledger_accounts", "currency", &currency)?;
        sums.entry(currency)
            .or_default()
            .insert(kind, row.try_get_by("minor")?);
    }
    sums.into_iter()
        .map(|(currency, sums)| balance(currency, &sums))
        .collect()
}

fn balance(currency: Currency, sums: &BTreeMap<AccountKind, i64>) -> Result<Balance> {
    let of = |kind| Money::new(sums.get(&kind).copied().unwrap_or_default(), currency);
    let (pending, available) = (
        of(AccountKind::MerchantPending),
        of(AccountKind::MerchantAvailable),
    );
    let payable = pending
        .checked_add(available)
        .map_err(|_| Error::Unavailable("the balance does not fit 64 bits"))?;
    Ok(Balance {
        currency,
        pending,
        available,
        reserve: of(AccountKind::MerchantReserve),
        payable,
    })
}
