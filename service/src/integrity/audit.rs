//! Rows that a rule should not let be, counted from the rows.

use super::rule::{Offending, Rule};
use crate::db::sql;
use crate::{Result, Txn};
use domain::credential::{IpAllowlist, Scopes};
use domain::merchant::Tenant;
use sea_orm::QueryResult;

/// A hash that is no hash: of another length, or with something that is no digit of it. What `trim` leaves is none.
const PLAINTEXT: &str = "\
SELECT '' AS text, COUNT(*) AS n FROM credentials WHERE (
    length(COALESCE(secret_hash, '')) <> 64 OR trim(secret_hash, '0123456789abcdef') <> ''
    OR length(COALESCE(previous_secret_hash, secret_hash)) <> 64 OR trim(previous_secret_hash, '0123456789abcdef') <> '')";

/// Keys whose secret opens another one too.
const SHARED: &str = "\
SELECT '' AS text, COUNT(*) AS n FROM credentials
WHERE secret_hash IN (SELECT secret_hash FROM credentials GROUP BY secret_hash HAVING COUNT(*) > 1)";

const UNSEALED: &str = "\
SELECT '' AS text, COUNT(*) AS n FROM webhook_endpoints WHERE (
    COALESCE(sealed_secret, '') NOT LIKE 'v1.%' OR length(COALESCE(secret_fingerprint, '')) <> 64
    OR trim(secret_fingerprint, '0123456789abcdef') <> ''
    OR COALESCE(next_sealed_secret, sealed_secret) NOT LIKE 'v1.%' OR trim(COALESCE(next_fingerprint, ''), '0123456789abcdef') <> '')";

/// There are few combinations of scopes and few lists, and many rows with each.
const SCOPES: &str = "SELECT COALESCE(scopes, '') AS text, COUNT(*) AS n FROM credentials WHERE 1 = 1";
const ALLOWLISTS: &str =
    "SELECT COALESCE(ip_allowlist, '') AS text, COUNT(*) AS n FROM credentials WHERE ip_allowlist <> '[]'";

/// How many rows offend against `rule`, of these tenants or of all.
pub(super) async fn count(txn: &Txn, postgres: bool, rule: &Rule, tenants: Option<&[Tenant]>) -> Result<u64> {
    let rows = async |text: &str, end: &str| -> Result<Vec<QueryResult>> {
        let scope = match tenants {
            None => String::new(),
            Some([]) => " AND 1 = 0".to_owned(),
            Some(tenants) => {
                let each = vec!["(merchant_id = ? AND mode = ?)"; tenants.len()];
                format!(" AND ({})", each.join(" OR "))
            }
        };
        let text = format!("{text}{scope}{end}");
        let mut query = sql(postgres, &text);
        for tenant in tenants.unwrap_or_default() {
            query = query.bind(tenant.merchant.to_string()).bind(tenant.mode.as_str());
        }
        Ok(query.all(txn).await?)
    };
    match rule.offending {
        Offending::PlaintextSecret => sum(&rows(PLAINTEXT, "").await?, |_| true),
        Offending::SharedSecret => sum(&rows(SHARED, "").await?, |_| true),
        Offending::UnsealedSecret => sum(&rows(UNSEALED, "").await?, |_| true),
        Offending::Scopes => {
            let unknown = |text: &str| text.parse::<Scopes>().is_err();
            sum(&rows(SCOPES, " GROUP BY 1").await?, unknown)
        }
        Offending::Allowlist => sum(&rows(ALLOWLISTS, " GROUP BY 1").await?, is_no_allowlist),
    }
}

/// Adds up the rows whose text offends.
fn sum(rows: &[QueryResult], offends: impl Fn(&str) -> bool) -> Result<u64> {
    let mut sum = 0_u64;
    for row in rows {
        if offends(&row.try_get_by::<String, _>("text")?) {
            let rows: i64 = row.try_get_by("n")?;
            sum = sum.saturating_add(rows.unsigned_abs());
        }
    }
    Ok(sum)
}

fn is_no_allowlist(text: &str) -> bool {
    let Ok(entries) = serde_json::from_str::<Vec<String>>(text) else {
        return true;
    };
    entries.iter().any(|entry| IpAllowlist::read(&[entry]).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowlist_is_a_list_of_networks() {
        for (text, offends) in [
            ("[]", false),
            (r#"["10.0.0.0/8", "2001:db8::/48", "192.0.2.1"]"#, false),
            (r#"["10.0.0.0/8", "everywhere"]"#, true),
            (r#"["10.0.0.1/8"]"#, true),
            (r#"["10"]"#, true),
            ("[1]", true),
            ("{}", true),
            ("", true),
            ("everywhere", true),
        ] {
            assert_eq!(is_no_allowlist(text), offends, "{text}");
        }
    }
}
