//! A set of gateways: what a merchant may use, what an intent offers.
//!
//! Invariant: never empty, and always in the one order in which documents list gateways, so equal sets are equal text.

use crate::Currency;
use crate::provider::Gateway;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One gateway or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Gateway>", try_from = "Vec<Gateway>")]
pub struct Gateways(u8);

/// No gateway is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at least one gateway is needed")]
pub struct NoGateway;

const fn bit(gateway: Gateway) -> u8 {
    1 << gateway as u8
}

impl Gateways {
    /// Every gateway.
    #[must_use]
    pub fn all() -> Self {
        Self(Gateway::ALL.into_iter().map(bit).fold(0, |set, one| set | one))
    }

    /// The set of `gateways`; naming one twice changes nothing.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(gateways: impl IntoIterator<Item = Gateway>) -> Result<Self, NoGateway> {
        let set = gateways.into_iter().map(bit).fold(0, |set, one| set | one);
        if set == 0 { Err(NoGateway) } else { Ok(Self(set)) }
    }

    /// Whether `gateway` is in it.
    #[must_use]
    pub const fn contains(self, gateway: Gateway) -> bool {
        self.0 & bit(gateway) != 0
    }

    /// The gateways, in the order in which documents list them.
    pub fn iter(self) -> impl Iterator<Item = Gateway> {
        Gateway::ALL
            .into_iter()
            .filter(move |gateway| self.contains(*gateway))
    }

    /// Those for which `keep` holds.
    ///
    /// # Errors
    /// When none is left.
    pub fn only(self, keep: impl Fn(Gateway) -> bool) -> Result<Self, NoGateway> {
        Self::new(self.iter().filter(|gateway| keep(*gateway)))
    }
}

impl Gateway {
    /// Whether it takes money in `currency`. Wallets know dinars only (S3, available payment gateways).
    #[must_use]
    pub const fn takes(self, currency: Currency) -> bool {
        matches!(self, Self::CreditCard) || matches!(currency, Currency::Iqd)
    }
}

impl fmt::Display for Gateways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, gateway) in self.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{gateway}")?;
        }
        Ok(())
    }
}

/// Text that is not a list of gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected gateways separated by commas, such as FIB,CREDIT_CARD")]
pub struct MalformedGateways;

impl FromStr for Gateways {
    type Err = MalformedGateways;

    fn from_str(text: &str) -> Result<Self, MalformedGateways> {
        let read: Result<Vec<Gateway>, _> = text.split(',').map(str::parse).collect();
        Self::new(read.map_err(|_| MalformedGateways)?).map_err(|_| MalformedGateways)
    }
}

impl From<Gateways> for Vec<Gateway> {
    fn from(gateways: Gateways) -> Self {
        gateways.iter().collect()
    }
}

impl TryFrom<Vec<Gateway>> for Gateways {
    type Error = NoGateway;

    fn try_from(gateways: Vec<Gateway>) -> Result<Self, NoGateway> {
        Self::new(gateways)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_as_it_is_written_whatever_the_order() {
        let set: Gateways = "FIB,CREDIT_CARD,FIB".parse().unwrap();
        assert_eq!(set.to_string(), "CREDIT_CARD,FIB");
        assert_eq!(set.to_string().parse(), Ok(set));
        assert_eq!(Gateways::all().iter().count(), Gateway::ALL.len());
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(
            (json.as_str(), serde_json::from_str::<Gateways>(&json).ok()),
            (r#"["CREDIT_CARD","FIB"]"#, Some(set))
        );
    }

    #[test]
    fn nothing_is_no_set() {
        assert_eq!(Gateways::new([]), Err(NoGateway));
        assert!(Gateways::all().only(|_| false).is_err() && "".parse::<Gateways>().is_err());
        assert!("FIB,PAYPAL".parse::<Gateways>().is_err() && serde_json::from_str::<Gateways>("[]").is_err());
    }

    #[test]
    fn wallets_take_dinars_only() {
        let dollars = Gateways::all()
            .only(|gateway| gateway.takes(Currency::Usd))
            .unwrap();
        assert_eq!(dollars.to_string(), "CREDIT_CARD");
        assert_eq!(
            Gateways::all().only(|gateway| gateway.takes(Currency::Iqd)),
            Ok(Gateways::all())
        );
    }
}
