//! Money: whole minor units of one currency.
//!
//! Invariant: a sum of money is never rounded, never mixed with another currency and never wraps around. There are no
//! operators and no floats: every step that can fail says so in its type. Source: design.md 3, `reference/payments.md` 3.

mod amount;
mod currency;
mod shown;
mod wire;

pub use amount::{AmountRefusal, MAX_CHARGE_MAJOR, MoneyText, parse_charge, parse_charge_or_zero};
pub use currency::{Currency, UnknownCurrency};
pub use shown::ShownMoney;
pub use wire::{NotHundredths, WireRefusal, from_hundredths, parse_hundredths};

use serde::{Deserialize, Serialize};

/// A signed amount in minor units (IQD: fils, thousandths of a dinar; USD: cents).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why two amounts cannot be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The amounts are of two currencies.
    #[error("{left} and {right} cannot be combined")]
    CurrencyMismatch {
        /// Currency of the amount that was asked.
        left: Currency,
        /// Currency of the amount that was given.
        right: Currency,
    },
    /// The result does not fit 64 bits of minor units.
    #[error("the amount does not fit 64 bits of {currency} minor units")]
    Overflow {
        /// Currency of both amounts.
        currency: Currency,
    },
}

impl Money {
    /// An amount of `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether this is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Adds two amounts of one currency.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// Takes `other` from this amount; the result may be negative.
    ///
    /// # Errors
    /// When the currencies differ or the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// Whether this amount is larger than `other`.
    ///
    /// # Errors
    /// When the currencies differ: such amounts have no order.
    pub fn exceeds(self, other: Self) -> Result<bool, MoneyError> {
        self.same_currency(other)?;
        Ok(self.minor > other.minor)
    }

    fn combine(self, other: Self, step: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        step(self.minor, other.minor)
            .map(|minor| Self::new(minor, self.currency))
            .ok_or(MoneyError::Overflow {
                currency: self.currency,
            })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            })
        }
    }
}

/// Adds amounts of `currency`; the empty sum is zero.
///
/// # Errors
/// When one amount is of another currency or the sum does not fit.
pub fn total(currency: Currency, amounts: impl IntoIterator<Item = Money>) -> Result<Money, MoneyError> {
    amounts
        .into_iter()
        .try_fold(Money::zero(currency), Money::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money() -> impl Strategy<Value = Money> {
        (any::<i64>(), currency()).prop_map(|(minor, currency)| Money::new(minor, currency))
    }

    pub(super) fn currency() -> impl Strategy<Value = Currency> {
        proptest::sample::select(Currency::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn a_sum_is_exact_or_refused(a in money(), b in money()) {
            let exact = i128::from(a.minor()) + i128::from(b.minor());
            match a.checked_add(b) {
                Ok(sum) => {
                    prop_assert_eq!(i128::from(sum.minor()), exact);
                    prop_assert_eq!(sum.checked_sub(b), Ok(a));
                }
                Err(MoneyError::CurrencyMismatch { .. }) => prop_assert_ne!(a.currency(), b.currency()),
                Err(MoneyError::Overflow { .. }) => prop_assert!(i64::try_from(exact).is_err()),
            }
        }

        #[test]
        fn a_total_does_not_depend_on_order(minors in proptest::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..50)) {
            let forward = total(Currency::Iqd, minors.iter().map(|m| Money::new(*m, Currency::Iqd)));
            let backward = total(Currency::Iqd, minors.iter().rev().map(|m| Money::new(*m, Currency::Iqd)));
            prop_assert_eq!(forward, Ok(Money::new(minors.iter().sum(), Currency::Iqd)));
            prop_assert_eq!(forward, backward);
        }
    }

    #[test]
    fn currencies_do_not_mix() {
        let dinars = Money::new(1, Currency::Iqd);
        let dollars = Money::new(1, Currency::Usd);
        let refused = MoneyError::CurrencyMismatch {
            left: Currency::Iqd,
            right: Currency::Usd,
        };
        assert_eq!(dinars.checked_add(dollars), Err(refused));
        assert_eq!(dinars.exceeds(dollars), Err(refused));
    }
}
