//! What a capture costs the merchant.
//!
//! Invariant: `net = gross - fee - reserve`, each a whole step of the currency and none negative, whatever the terms.
//! Rounding happens once, half up, per capture. Source: `reference/payments.md` 3.5 and 4.1 (Epara's figures).

use crate::money::MoneyError;
use crate::{Currency, Money};
use serde::{Deserialize, Serialize};

/// One hundred per cent in basis points.
pub const WHOLE_BPS: u32 = 10_000;

/// The price of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeTerms {
    /// Share of the gross amount, in basis points; at most [`WHOLE_BPS`].
    pub fee_bps: u32,
    /// Fixed part, once per payment, charged only on payments in its own currency.
    pub fixed: Option<Money>,
    /// Share of the gross amount held back as rolling reserve, in basis points; at most [`WHOLE_BPS`].
    pub reserve_bps: u32,
}

/// Terms that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeTermsRefusal {
    /// Above one hundred per cent.
    #[error("fee and reserve must be 0 to {WHOLE_BPS} basis points")]
    TooMuch,
    /// A fixed part that is negative, no whole step, or not in the merchant's currency.
    #[error("the fixed fee must be zero or more, in whole steps of the merchant's currency")]
    BadFixedFee,
}

/// A gross amount taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakdown {
    /// What the payer paid.
    pub gross: Money,
    /// What the platform keeps.
    pub fee: Money,
    /// What is held back for the merchant.
    pub reserve: Money,
    /// What the merchant is owed now.
    pub net: Money,
}

/// Whether a capture is the one that bears the fixed part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureOrder {
    /// The first capture of the payment.
    First,
    /// A later one.
    Later,
}

/// The fee cannot be put on top of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSurcharge {
    /// The fee is the whole of whatever is paid, so no total leaves the amount.
    #[error("the fee cannot be put on top: it is the whole payment")]
    WholePayment,
    /// The total is more than can be counted.
    #[error("the fee cannot be put on top: the total is too large")]
    TooLarge,
}

impl FeeTerms {
    /// What has to be added to `net` so that the fee of the sum leaves `net` (S3, `collectFeeFromCustomer`): the least whole
    /// steps that do. The fee is taken from what was paid, so it is more than the fee of `net` alone.
    ///
    /// # Errors
    /// When no total leaves `net`.
    pub fn surcharge(&self, net: Money) -> Result<Money, NoSurcharge> {
        let currency = net.currency();
        let step = Money::new(currency.step(), currency);
        let kept = i128::from(WHOLE_BPS.saturating_sub(self.fee_bps));
        if kept == 0 {
            return Err(NoSurcharge::WholePayment);
        }
        let fixed = self.fixed.filter(|fixed| fixed.currency() == currency);
        let step_minor = i128::from(step.minor());
        let wanted = i128::from(net.minor()) + i128::from(fixed.map_or(0, Money::minor));
        // Rounding takes at most half a step off the fee, so no total below this one leaves `net`.
        let near = (wanted - step_minor) * i128::from(WHOLE_BPS) / kept / step_minor * step_minor;
        let lowest = i64::try_from(near)
            .map_err(|_| NoSurcharge::TooLarge)?
            .max(net.minor());
        let mut total = Money::new(lowest, currency);
        loop {
            let parts = self
                .apply(total, CaptureOrder::First)
                .map_err(|_| NoSurcharge::TooLarge)?;
            let left = total.checked_sub(parts.fee).map_err(|_| NoSurcharge::TooLarge)?;
            if left.minor() >= net.minor() {
                return total.checked_sub(net).map_err(|_| NoSurcharge::TooLarge);
            }
            total = total.checked_add(step).map_err(|_| NoSurcharge::TooLarge)?;
        }
    }

    /// No fee, no reserve.
    pub const FREE: Self = Self {
        fee_bps: 0,
        fixed: None,
        reserve_bps: 0,
    };

    /// Checks the terms of a merchant that is settled in `currency`.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn checked(self, currency: Currency) -> Result<Self, FeeTermsRefusal> {
        if self.fee_bps > WHOLE_BPS || self.reserve_bps > WHOLE_BPS {
            return Err(FeeTermsRefusal::TooMuch);
        }
        match self.fixed {
            Some(fixed)
                if fixed.minor() < 0
                    || fixed.minor() % currency.step() != 0
                    || fixed.currency() != currency =>
            {
                Err(FeeTermsRefusal::BadFixedFee)
            }
            _ => Ok(self),
        }
    }

    /// The fee that the terms ask of `gross`, which may be more than it.
    ///
    /// # Errors
    /// As [`FeeTerms::apply`].
    pub fn wanted(&self, gross: Money, order: CaptureOrder) -> Result<Money, MoneyError> {
        let currency = gross.currency();
        let fixed = match (order, self.fixed) {
            (CaptureOrder::First, Some(fixed)) if fixed.currency() == currency => fixed,
            _ => Money::zero(currency),
        };
        share(gross, self.fee_bps).checked_add(fixed)
    }

    /// Takes `gross` apart. The fee never exceeds the gross amount, the reserve never exceeds what the fee leaves.
    ///
    /// # Errors
    /// Never for terms that passed [`FeeTerms::checked`] and a chargeable amount; the type says what arithmetic could do.
    pub fn apply(&self, gross: Money, order: CaptureOrder) -> Result<Breakdown, MoneyError> {
        let fee = least(self.wanted(gross, order)?, gross);
        let rest = gross.checked_sub(fee)?;
        let reserve = least(share(gross, self.reserve_bps), rest);
        Ok(Breakdown {
            gross,
            fee,
            reserve,
            net: rest.checked_sub(reserve)?,
        })
    }
}

fn least(a: Money, b: Money) -> Money {
    if a.minor() <= b.minor() { a } else { b }
}

/// `bps` of `gross`, half up to a whole step of the currency.
fn share(gross: Money, bps: u32) -> Money {
    let currency: Currency = gross.currency();
    let step = i128::from(currency.step());
    let (numerator, denominator) = (
        i128::from(gross.minor()) * i128::from(bps),
        i128::from(WHOLE_BPS) * step,
    );
    let steps = (2 * numerator + denominator).div_euclid(2 * denominator);
    // At most one hundred per cent of an i64, rounded to a step: saturation is for the type checker only.
    Money::new(i64::try_from(steps * step).unwrap_or(i64::MAX), currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn iqd(dinars: i64) -> Money {
        Money::new(dinars * 1_000, Currency::Iqd)
    }

    const EPARA: FeeTerms = FeeTerms {
        fee_bps: 200,
        fixed: None,
        reserve_bps: 500,
    };

    #[test]
    fn the_school_captures_leave_155_310_payable() {
        let tuition = EPARA.apply(iqd(125_000), CaptureOrder::First).unwrap();
        let books = EPARA.apply(iqd(42_000), CaptureOrder::First).unwrap();
        assert_eq!(
            (tuition.fee, tuition.reserve, tuition.net),
            (iqd(2_500), iqd(6_250), iqd(116_250))
        );
        assert_eq!(
            (books.fee, books.reserve, books.net),
            (iqd(840), iqd(2_100), iqd(39_060))
        );
        assert_eq!(tuition.net.checked_add(books.net), Ok(iqd(155_310)));
    }

    #[test]
    fn fees_round_half_up_to_a_whole_dinar() {
        for (gross, fee) in [(24, 0), (25, 1), (26, 1), (74, 1), (75, 2)] {
            assert_eq!(
                EPARA.apply(iqd(gross), CaptureOrder::First).unwrap().fee,
                iqd(fee),
                "{gross}"
            );
        }
    }

    #[test]
    fn the_fixed_part_is_charged_once_and_in_its_own_currency() {
        let terms = FeeTerms {
            fee_bps: 290,
            fixed: Some(iqd(500)),
            reserve_bps: 0,
        };
        assert_eq!(
            terms.apply(iqd(10_000), CaptureOrder::First).unwrap().fee,
            iqd(790)
        );
        assert_eq!(
            terms.apply(iqd(10_000), CaptureOrder::Later).unwrap().fee,
            iqd(290)
        );
        let dollars = Money::new(10_000, Currency::Usd);
        assert_eq!(
            terms.apply(dollars, CaptureOrder::First).unwrap().fee,
            Money::new(290, Currency::Usd)
        );
    }

    #[test]
    fn a_surcharge_leaves_what_was_asked_for() {
        assert_eq!(
            EPARA.surcharge(iqd(1_500)),
            Ok(iqd(31)),
            "2 per cent of 1,531 is 31"
        );
        assert_eq!(FeeTerms::FREE.surcharge(iqd(1_500)), Ok(iqd(0)));
        let all = FeeTerms {
            fee_bps: WHOLE_BPS,
            fixed: None,
            reserve_bps: 0,
        };
        assert_eq!(all.surcharge(iqd(1)), Err(NoSurcharge::WholePayment));
        let almost_all = FeeTerms {
            fee_bps: WHOLE_BPS - 1,
            fixed: None,
            reserve_bps: 0,
        };
        assert_eq!(
            almost_all.surcharge(Money::new(i64::MAX / 2, Currency::Usd)),
            Err(NoSurcharge::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn a_surcharge_is_the_least_that_leaves_the_net(net in 1_i64..10_000_000, fee_bps in 0_u32..9_900, fixed in 0_i64..2_000) {
            let terms = FeeTerms { fee_bps, fixed: Some(iqd(fixed)), reserve_bps: 500 };
            let left = |total: Money| {
                let fee = terms.apply(total, CaptureOrder::First).unwrap().fee;
                total.checked_sub(fee).unwrap()
            };
            let total = iqd(net).checked_add(terms.surcharge(iqd(net)).unwrap()).unwrap();
            prop_assert_eq!(left(total), iqd(net));
            if total.minor() > iqd(net).minor() {
                prop_assert!(left(total.checked_sub(iqd(1)).unwrap()).minor() < iqd(net).minor());
            }
        }

        #[test]
        fn a_breakdown_adds_up(steps in 1_i64..10_000_000_000, fee_bps in 0_u32..=10_000, reserve_bps in 0_u32..=10_000, fixed in 0_i64..1_000) {
            let terms = FeeTerms { fee_bps, fixed: Some(iqd(fixed)), reserve_bps }.checked(Currency::Iqd).unwrap();
            let parts = terms.apply(iqd(steps), CaptureOrder::First).unwrap();
            prop_assert_eq!(parts.fee.minor() + parts.reserve.minor() + parts.net.minor(), parts.gross.minor());
            for part in [parts.fee, parts.reserve, parts.net] {
                prop_assert!(part.minor() >= 0 && part.minor() % 1_000 == 0);
            }
        }
    }
}
