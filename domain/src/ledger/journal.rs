//! What each money event writes into the books.

use super::account::{AccountKey, AccountKind, Owner};
use crate::Money;
use crate::fee::Breakdown;
use crate::id::JournalId;
use crate::merchant::Tenant;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Which event a journal records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalKind {
    /// Money was taken from a payer.
    Capture,
    /// Money was promised back to a payer.
    RefundAccepted,
    /// The promised money went back.
    RefundSucceeded,
    /// The promised money did not go back; reverses [`JournalKind::RefundAccepted`].
    RefundFailed,
}

impl JournalKind {
    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::RefundAccepted => "refund_accepted",
            Self::RefundSucceeded => "refund_succeeded",
            Self::RefundFailed => "refund_failed",
        }
    }
}

/// What one leg stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegCode {
    /// The whole amount that a payer paid.
    Gross,
    /// What the platform keeps of it.
    Fee,
    /// What is held back of it.
    Reserve,
    /// The amount of a refund.
    Refund,
}

impl LegCode {
    /// The word used in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gross => "gross",
            Self::Fee => "fee",
            Self::Reserve => "reserve",
            Self::Refund => "refund",
        }
    }
}

impl fmt::Display for LegCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A transfer to be: `amount` leaves the credited account's holder to the debited one's, in accountants' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The account that is debited.
    pub debit: AccountKey,
    /// The account that is credited.
    pub credit: AccountKey,
    /// More than nothing, in the currency of both accounts.
    pub amount: Money,
    /// What it stands for.
    pub code: LegCode,
}

/// A journal to be: at least one leg, none of nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Which event it records.
    pub kind: JournalKind,
    /// Whose money it is about.
    pub tenant: Tenant,
    /// The legs, in order.
    pub legs: Vec<Leg>,
}

/// The accounts that a payment touches.
struct Books {
    tenant: Tenant,
    provider: String,
    currency: crate::Currency,
}

impl Books {
    fn account(&self, kind: AccountKind) -> AccountKey {
        let owner = match kind {
            AccountKind::ProviderReceivable | AccountKind::RefundClearing => {
                Owner::Provider(self.provider.clone())
            }
            AccountKind::PlatformFee => Owner::Platform,
            AccountKind::MerchantPending | AccountKind::MerchantAvailable | AccountKind::MerchantReserve => {
                Owner::Merchant(self.tenant.merchant)
            }
        };
        AccountKey {
            kind,
            mode: self.tenant.mode,
            currency: self.currency,
            owner,
        }
    }

    fn leg(&self, debit: AccountKind, credit: AccountKind, amount: Money, code: LegCode) -> Option<Leg> {
        let (debit, credit) = (self.account(debit), self.account(credit));
        amount.is_positive().then_some(Leg {
            debit,
            credit,
            amount,
            code,
        })
    }

    fn draft(&self, kind: JournalKind, legs: impl IntoIterator<Item = Option<Leg>>) -> Draft {
        Draft {
            kind,
            tenant: self.tenant,
            legs: legs.into_iter().flatten().collect(),
        }
    }
}

impl Draft {
    /// A capture through `provider`: gross to the merchant, then fee and reserve out of it.
    #[must_use]
    pub fn capture(tenant: Tenant, provider: &str, parts: &Breakdown) -> Self {
        use AccountKind::{MerchantPending, MerchantReserve, PlatformFee, ProviderReceivable};
        let books = Books {
            tenant,
            provider: provider.to_owned(),
            currency: parts.gross.currency(),
        };
        books.draft(
            JournalKind::Capture,
            [
                books.leg(ProviderReceivable, MerchantPending, parts.gross, LegCode::Gross),
                books.leg(MerchantPending, PlatformFee, parts.fee, LegCode::Fee),
                books.leg(MerchantPending, MerchantReserve, parts.reserve, LegCode::Reserve),
            ],
        )
    }

    /// A refund that was accepted: the merchant no longer owns the money, the payer does not have it yet.
    #[must_use]
    pub fn refund_accepted(tenant: Tenant, provider: &str, amount: Money) -> Self {
        let (debit, credit) = (AccountKind::MerchantPending, AccountKind::RefundClearing);
        Self::refund(
            JournalKind::RefundAccepted,
            tenant,
            provider,
            amount,
            debit,
            credit,
        )
    }

    /// A refund that reached the payer: the provider nets it from what it owes us.
    #[must_use]
    pub fn refund_succeeded(tenant: Tenant, provider: &str, amount: Money) -> Self {
        let (debit, credit) = (AccountKind::RefundClearing, AccountKind::ProviderReceivable);
        Self::refund(
            JournalKind::RefundSucceeded,
            tenant,
            provider,
            amount,
            debit,
            credit,
        )
    }

    /// A refund that did not happen: the merchant owns the money again.
    #[must_use]
    pub fn refund_failed(tenant: Tenant, provider: &str, amount: Money) -> Self {
        let (debit, credit) = (AccountKind::RefundClearing, AccountKind::MerchantPending);
        Self::refund(JournalKind::RefundFailed, tenant, provider, amount, debit, credit)
    }

    fn refund(
        kind: JournalKind,
        tenant: Tenant,
        provider: &str,
        amount: Money,
        debit: AccountKind,
        credit: AccountKind,
    ) -> Self {
        let books = Books {
            tenant,
            provider: provider.to_owned(),
            currency: amount.currency(),
        };
        books.draft(kind, [books.leg(debit, credit, amount, LegCode::Refund)])
    }
}

/// Every account that a payment of `currency` through `provider` can touch.
#[must_use]
pub fn accounts(tenant: Tenant, provider: &str, currency: crate::Currency) -> Vec<AccountKey> {
    let books = Books {
        tenant,
        provider: provider.to_owned(),
        currency,
    };
    AccountKind::ALL.map(|kind| books.account(kind)).to_vec()
}

/// What a journal said when it was written: SHA-256 over its header and legs, printed in hex.
///
/// It stands in the journal's row, so that `verify` names a transfer that was changed by hand.
pub fn digest<'a>(
    id: JournalId,
    kind: &str,
    source: &str,
    business_date: NaiveDate,
    legs: impl IntoIterator<Item = (&'a str, &'a str, Money, &'a str)>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{id}|{kind}|{source}|{business_date}\n"));
    for (debit, credit, amount, code) in legs {
        hash.update(format!(
            "{debit}|{credit}|{}|{}|{code}\n",
            amount.minor(),
            amount.currency()
        ));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::fee::{CaptureOrder, FeeTerms};
    use crate::id::MerchantId;
    use crate::merchant::Mode;
    use std::collections::BTreeMap;

    fn tenant() -> Tenant {
        Tenant {
            merchant: MerchantId::from(uuid::Uuid::from_u128(7)),
            mode: Mode::Test,
        }
    }

    fn iqd(dinars: i64) -> Money {
        Money::new(dinars * 1_000, Currency::Iqd)
    }

    /// Debits minus credits of each account, in dinars.
    fn balances(drafts: &[Draft]) -> BTreeMap<&'static str, i64> {
        let mut balances = BTreeMap::new();
        for leg in drafts.iter().flat_map(|draft| &draft.legs) {
            *balances.entry(leg.debit.kind.number()).or_default() += leg.amount.minor() / 1_000;
            *balances.entry(leg.credit.kind.number()).or_default() -= leg.amount.minor() / 1_000;
        }
        balances
    }

    fn capture(dinars: i64) -> Draft {
        let terms = FeeTerms {
            fee_bps: 200,
            fixed: None,
            reserve_bps: 500,
        };
        Draft::capture(
            tenant(),
            "sandbox",
            &terms.apply(iqd(dinars), CaptureOrder::First).unwrap(),
        )
    }

    #[test]
    fn the_school_is_owed_155_310() {
        let books = balances(&[capture(125_000), capture(42_000)]);
        assert_eq!(
            books,
            BTreeMap::from([
                ("A100", 167_000),
                ("L200", -155_310),
                ("L220", -8_350),
                ("R300", -3_340)
            ])
        );
    }

    #[test]
    fn a_failed_refund_leaves_no_trace_in_the_balances() {
        let amount = iqd(25_000);
        let accepted = Draft::refund_accepted(tenant(), "sandbox", amount);
        let failed = balances(&[
            accepted.clone(),
            Draft::refund_failed(tenant(), "sandbox", amount),
        ]);
        assert!(failed.values().all(|balance| *balance == 0), "{failed:?}");
        let done = balances(&[accepted, Draft::refund_succeeded(tenant(), "sandbox", amount)]);
        assert_eq!(
            done,
            BTreeMap::from([("A100", -25_000), ("L200", 25_000), ("L240", 0)])
        );
    }

    #[test]
    fn a_leg_of_nothing_is_left_out() {
        let parts = FeeTerms::FREE.apply(iqd(1), CaptureOrder::First).unwrap();
        assert_eq!(Draft::capture(tenant(), "sandbox", &parts).legs.len(), 1);
    }

    #[test]
    fn the_digest_sees_every_part() {
        let id = JournalId::from(uuid::Uuid::from_u128(1));
        let date: NaiveDate = "2026-06-15".parse().unwrap();
        let base = digest(id, "capture", "txn", date, [("a", "b", iqd(1), "gross")]);
        assert_eq!(base.len(), 64);
        for changed in [
            digest(id, "capture", "txn", date, [("a", "b", iqd(2), "gross")]),
            digest(id, "capture", "txn", date, [("b", "a", iqd(1), "gross")]),
            digest(id, "capture", "txn", date, [("a", "b", iqd(1), "fee")]),
            digest(id, "capture", "other", date, [("a", "b", iqd(1), "gross")]),
            digest(id, "capture", "txn", date, []),
        ] {
            assert_ne!(changed, base);
        }
    }
}
