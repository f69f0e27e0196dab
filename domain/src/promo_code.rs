//! Promo codes: a merchant gives some of the price away (S3, `allowPromoCode`).
//!
//! Invariant: a discount is one whole step of the currency at least and always leaves something to pay. How often a code was used counts
//! payments under way too: whoever is shown a price gets it.

use crate::fee::WHOLE_BPS;
use crate::id::PromoCodeId;
use crate::merchant::Tenant;
use crate::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Shortest code, in characters.
pub const MIN_CODE: usize = 3;
/// Longest code, in characters.
pub const MAX_CODE: usize = 32;

/// The highest limit that a code can have.
pub const MAX_USES: u32 = 1_000_000_000;

/// The word that a payer types: upper-case letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Code(String);

/// Text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a promo code has {MIN_CODE} to {MAX_CODE} letters A to Z, digits, - and _")]
pub struct MalformedCode;

impl FromStr for Code {
    type Err = MalformedCode;

    /// Payers type in any case, with spaces around.
    fn from_str(text: &str) -> Result<Self, MalformedCode> {
        let text = text.trim();
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !plain || !(MIN_CODE..=MAX_CODE).contains(&text.len()) {
            return Err(MalformedCode);
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl TryFrom<String> for Code {
    type Error = MalformedCode;

    fn try_from(text: String) -> Result<Self, MalformedCode> {
        text.parse()
    }
}

/// What a code gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// A share of the price, in basis points; 1 to 9,999.
    Share {
        /// Basis points.
        bps: u32,
    },
    /// A fixed amount, of prices in its own currency.
    Fixed {
        /// How much.
        amount: Money,
    },
}

/// A promo code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoCode {
    /// Its id.
    pub id: PromoCodeId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The word that a payer types.
    pub code: Code,
    /// What it gives away.
    pub discount: Discount,
    /// How often it may be used; without limit if not given.
    pub max_uses: Option<u32>,
    /// How often it was used, payments under way included.
    pub uses: u32,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When the merchant ended it.
    pub deactivated_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a code gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromoRefusal {
    /// There is no such code, or the merchant ended it.
    #[error("this promo code is not known")]
    Unknown,
    /// The merchant did not ask for codes on this intent.
    #[error("this payment takes no promo code")]
    NotAllowed,
    /// Its time is over.
    #[error("this promo code has expired")]
    Expired,
    /// It was used as often as it may be.
    #[error("this promo code has been used up")]
    UsedUp,
    /// It gives an amount of another currency away.
    #[error("this promo code is for payments in {currency}")]
    WrongCurrency {
        /// The currency of the code.
        currency: Currency,
    },
    /// Nothing would be left to pay.
    #[error("this promo code is worth more than the payment")]
    NothingLeft,
    /// Its share of this price is less than the smallest step of the currency.
    #[error("this promo code takes nothing off this payment")]
    TakesNothing,
    /// The merchant would be left with nothing and owe the rest of the fee.
    #[error("this promo code leaves less than the fee of this payment")]
    BelowFee,
}

/// Why a code cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewPromoRefusal {
    /// The word cannot be typed.
    #[error(transparent)]
    Code(#[from] MalformedCode),
    /// A share out of bounds.
    #[error("a discount is 1 to 9999 basis points")]
    Share,
    /// A limit of zero, or one beyond [`MAX_USES`].
    #[error("a promo code can be used 1 to {MAX_USES} times")]
    MaxUses,
    /// An end that is over.
    #[error("the expiry must lie in the future")]
    Expiry,
    /// The merchant has that code.
    #[error("there is a promo code {code} already")]
    Taken {
        /// Its id.
        code: PromoCodeId,
    },
}

impl Discount {
    /// A share of the price.
    ///
    /// # Errors
    /// When it is nothing or everything.
    pub const fn share(bps: u32) -> Result<Self, NewPromoRefusal> {
        match bps {
            1..WHOLE_BPS => Ok(Self::Share { bps }),
            _ => Err(NewPromoRefusal::Share),
        }
    }

    /// What it takes off `price`, rounded down to a whole step: a price is never undercut by rounding.
    fn off(self, price: Money) -> Result<Money, PromoRefusal> {
        let currency = price.currency();
        match self {
            Self::Fixed { amount } if amount.currency() == currency => Ok(amount),
            Self::Fixed { amount } => Err(PromoRefusal::WrongCurrency {
                currency: amount.currency(),
            }),
            Self::Share { bps } => {
                let step = i128::from(currency.step());
                let minor = i128::from(price.minor()) * i128::from(bps) / i128::from(WHOLE_BPS) / step * step;
                // Less than the price, so it fits.
                Ok(Money::new(i64::try_from(minor).unwrap_or(0), currency))
            }
        }
    }
}

impl PromoCode {
    /// What it takes off `price` now.
    ///
    /// # Errors
    /// One refusal a cause.
    pub fn discount_on(&self, price: Money, now: Timestamp) -> Result<Money, PromoRefusal> {
        if self.deactivated_at.is_some() {
            return Err(PromoRefusal::Unknown);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(PromoRefusal::Expired);
        }
        if self.max_uses.is_some_and(|most| self.uses >= most) {
            return Err(PromoRefusal::UsedUp);
        }
        let off = self.discount.off(price)?;
        if off.minor() >= price.minor() {
            return Err(PromoRefusal::NothingLeft);
        }
        // Nothing for the payer, and a use less for others.
        if off.is_positive() {
            Ok(off)
        } else {
            Err(PromoRefusal::TakesNothing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::Mode;
    use proptest::prelude::*;

    fn iqd(dinars: i64) -> Money {
        Money::new(dinars * 1_000, Currency::Iqd)
    }

    fn promo(discount: Discount) -> PromoCode {
        let id = uuid::Uuid::from_u128(1);
        PromoCode {
            id: id.into(),
            tenant: Tenant {
                merchant: id.into(),
                mode: Mode::Test,
            },
            code: "EID-2026".parse().unwrap(),
            discount,
            max_uses: Some(2),
            uses: 1,
            expires_at: Some(at(100)),
            deactivated_at: None,
            created_at: at(0),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_code_is_typed_in_any_case() {
        assert_eq!(" eid-2026 ".parse::<Code>().unwrap().to_string(), "EID-2026");
        for bad in ["", "ab", "عيد", "EID 2026", "a'b", &"A".repeat(MAX_CODE + 1)] {
            assert_eq!(bad.parse::<Code>(), Err(MalformedCode), "{bad}");
        }
    }

    #[test]
    fn each_reason_is_its_own() {
        let ten = promo(Discount::share(1_000).unwrap());
        assert_eq!(ten.discount_on(iqd(1_505), at(99)), Ok(iqd(150)), "rounded down");
        assert_eq!(ten.discount_on(iqd(1_500), at(100)), Err(PromoRefusal::Expired));
        let used = PromoCode {
            uses: 2,
            ..ten.clone()
        };
        assert_eq!(used.discount_on(iqd(1_500), at(0)), Err(PromoRefusal::UsedUp));
        let ended = PromoCode {
            deactivated_at: Some(at(1)),
            ..ten
        };
        assert_eq!(ended.discount_on(iqd(1_500), at(2)), Err(PromoRefusal::Unknown));
        let fixed = promo(Discount::Fixed { amount: iqd(500) });
        assert_eq!(fixed.discount_on(iqd(501), at(0)), Ok(iqd(500)));
        assert_eq!(fixed.discount_on(iqd(500), at(0)), Err(PromoRefusal::NothingLeft));
        let dollars = Money::new(100_000, Currency::Usd);
        assert_eq!(
            fixed.discount_on(dollars, at(0)),
            Err(PromoRefusal::WrongCurrency {
                currency: Currency::Iqd
            })
        );
        let percent = promo(Discount::share(100).unwrap());
        assert_eq!(percent.discount_on(iqd(100), at(0)), Ok(iqd(1)));
        assert_eq!(
            percent.discount_on(iqd(99), at(0)),
            Err(PromoRefusal::TakesNothing)
        );
        assert!(Discount::share(0).is_err() && Discount::share(WHOLE_BPS).is_err());
    }

    proptest! {
        #[test]
        fn something_is_taken_off_and_something_left_or_the_code_is_refused(price in 1_i64..10_000_000, bps in 1_u32..WHOLE_BPS) {
            match promo(Discount::share(bps).unwrap()).discount_on(iqd(price), at(0)) {
                Ok(off) => prop_assert!(off.is_positive() && off.minor() < iqd(price).minor() && off.minor() % 1_000 == 0),
                Err(refusal) => {
                    prop_assert_eq!(refusal, PromoRefusal::TakesNothing);
                    prop_assert!(price * i64::from(bps) < i64::from(WHOLE_BPS));
                }
            }
        }
    }
}
