//! An intent: what is to be paid, whoever pays it in up to five attempts.
//!
//! Invariant: at most one attempt is in flight, an attempt counts only when a charge was really tried, and what has run out is
//! over by the clock, whether or not somebody swept it. Source: S2 "Payment Intents", S3 "Create Payment",
//! `reference/payments.md` 2.5.

mod refusal;
mod state;
mod status;
#[cfg(test)]
mod tests;

pub use refusal::{CancelRefusal, ConfirmRefusal, IntentRefusal};
pub use state::{Attempt, Followed, Heard, IntentState, LateMoney, Paid};
pub use status::{CanceledBy, CaptureMethod, IntentStatus};

use crate::fee::{CaptureOrder, FeeTerms, NoSurcharge};
use crate::gateways::Gateways;
use crate::id::{IntentId, PaymentLinkId, PromoCodeId};
use crate::merchant::{Merchant, Tenant};
use crate::metadata::Metadata;
use crate::payment::{Customer, Intake};
use crate::promo_code::{Code, PromoRefusal};
use crate::provider::Gateway;
use crate::web_url::{CallbackUrl, ReturnUrl};
use crate::{Currency, Money, Timestamp};
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// Most attempts at one intent (S2).
pub const MAX_ATTEMPTS: u8 = 5;
/// How long an intent lives if nothing else is said (S2: 1 hour).
pub const LIVES: Duration = Duration::hours(1);
/// How long one of S3 lives (24 hours).
pub const RASEDI_LIVES: Duration = Duration::hours(24);
/// The shortest life that can be asked for.
pub const SHORTEST_LIFE: Duration = Duration::minutes(5);
/// The longest life that can be asked for.
pub const LONGEST_LIFE: Duration = Duration::days(7);
/// Longest title, in characters (S3's recorded limit).
pub const MAX_TITLE: usize = 63;

/// Which door made an intent; it decides how its page is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// GraphQL, S2 or S0: its page opens with the client secret.
    Api,
    /// S3: its page opens with the reference code.
    Rasedi,
    /// A payment link; its page opens with the client secret.
    Link(PaymentLinkId),
}

/// What the payer is asked for besides money, and what is put on top (S3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches of S3 that do not depend on each other"
)]
pub struct Collect {
    /// The gateway's fee is put on top of the amount.
    pub fee: bool,
    /// The payer must give an e-mail address.
    pub email: bool,
    /// The payer must give a phone number.
    pub phone: bool,
    /// The payer may use a promo code.
    pub promo_code: bool,
}

/// A promo code that the payer has put on an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedPromo {
    /// The code.
    pub id: PromoCodeId,
    /// The word that the payer typed.
    pub code: Code,
    /// What it takes off.
    pub discount: Money,
}

/// What a payer pays through one gateway: `total = amount - discount + surcharge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// What the merchant asks for.
    pub amount: Money,
    /// What a promo code takes off.
    pub discount: Money,
    /// The fee that is put on top.
    pub surcharge: Money,
    /// What is charged.
    pub total: Money,
}

/// An intent with all that decisions need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its id.
    pub id: IntentId,
    /// Whose it is.
    pub tenant: Tenant,
    /// Which door made it.
    pub source: Source,
    /// What the merchant asks for.
    pub amount: Money,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// How the payer may pay.
    pub gateways: Gateways,
    /// What the payer is asked for, and what is put on top.
    pub collect: Collect,
    /// What it is for, in a few words.
    pub title: Option<String>,
    /// The same at length, shown to the payer.
    pub description: Option<String>,
    /// The merchant's own number for it (S2: `order_id`).
    pub merchant_reference: Option<String>,
    /// The merchant's own notes.
    pub metadata: Metadata,
    /// Who pays, as far as it is known.
    pub customer: Customer,
    /// Where the payer goes when it is paid; our own receipt if not given.
    pub success_url: Option<ReturnUrl>,
    /// Where the payer goes when they give up; `success_url` if not given (S2), nowhere if S3's door made it.
    pub cancel_url: Option<ReturnUrl>,
    /// Where S3 reports each change of status.
    pub callback_url: Option<CallbackUrl>,
    /// The promo code that the payer has put on it.
    pub promo: Option<AppliedPromo>,
    /// How far it has come.
    pub state: IntentState,
    /// Attempts that were declined, at most [`MAX_ATTEMPTS`].
    pub attempts: u8,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes; a writer that read an older version writes nothing.
    pub version: i64,
}

impl Intent {
    /// The status as of `now`: one that nobody paid in time is over, and so is one whose hold has ended.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> IntentStatus {
        match self.state.status() {
            IntentStatus::Created if now >= self.expires_at => IntentStatus::Expired,
            IntentStatus::RequiresCapture if self.state.has_lapsed(now) => IntentStatus::Canceled,
            status => status,
        }
    }

    /// How many attempts are left.
    #[must_use]
    pub const fn remaining_attempts(&self) -> u8 {
        MAX_ATTEMPTS.saturating_sub(self.attempts)
    }

    /// How the first operation of an attempt begins.
    #[must_use]
    pub const fn intake(&self) -> Intake {
        match self.capture_method {
            CaptureMethod::Automatic => Intake::Sale,
            CaptureMethod::Manual => Intake::Authorize,
        }
    }

    /// What the payer is asked for through `gateway`.
    ///
    /// # Errors
    /// When the fee cannot be put on top.
    pub fn bill(&self, merchant: &Merchant, gateway: Gateway) -> Result<Bill, NoSurcharge> {
        let discount = self
            .promo
            .as_ref()
            .map_or(Money::zero(self.amount.currency()), |promo| promo.discount);
        let price = self
            .amount
            .checked_sub(discount)
            .map_err(|_| NoSurcharge::TooLarge)?;
        let surcharge = if self.fee_is_on_top(merchant, gateway) {
            merchant.fees.surcharge(price)?
        } else {
            Money::zero(price.currency())
        };
        Ok(Bill {
            amount: self.amount,
            discount,
            surcharge,
            total: price.checked_add(surcharge).map_err(|_| NoSurcharge::TooLarge)?,
        })
    }

    /// That what a promo code leaves pays the merchant's fee, through every gateway where the payer does not pay it on top.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_fee(&self, merchant: &Merchant) -> Result<(), PromoRefusal> {
        let Some(promo) = &self.promo else {
            return Ok(());
        };
        if self
            .gateways
            .iter()
            .all(|gateway| self.fee_is_on_top(merchant, gateway))
        {
            return Ok(());
        }
        let left = self
            .amount
            .checked_sub(promo.discount)
            .map_err(|_| PromoRefusal::NothingLeft)?;
        match merchant.fees.wanted(left, CaptureOrder::First) {
            Ok(fee) if fee.minor() <= left.minor() => Ok(()),
            _ => Err(PromoRefusal::BelowFee),
        }
    }

    fn fee_is_on_top(&self, merchant: &Merchant, gateway: Gateway) -> bool {
        self.collect.fee && surcharge_allowed(merchant, gateway, self.amount.currency())
    }

    /// How long it lives, in words: `1 hour`, `24 hours`, `45 minutes`.
    #[must_use]
    pub fn life_in_words(&self) -> String {
        let minutes = (self.expires_at - self.created_at).num_minutes();
        let (count, unit) = if minutes > 0 && minutes % 60 == 0 {
            (minutes / 60, "hour")
        } else {
            (minutes, "minute")
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {unit}{plural}")
    }

    /// Where the payer goes when it is paid. S3's address is left as the merchant wrote it.
    #[must_use]
    pub fn success_redirect(&self) -> Option<String> {
        self.redirect(self.success_url.as_ref())
    }

    /// Where the payer goes when they give up. S3 has one address, which says that it is paid, so it leads nobody back who has not.
    #[must_use]
    pub fn cancel_redirect(&self) -> Option<String> {
        let otherwise = match self.source {
            Source::Rasedi => None,
            Source::Api | Source::Link(_) => self.success_url.as_ref(),
        };
        self.redirect(self.cancel_url.as_ref().or(otherwise))
    }

    fn redirect(&self, url: Option<&ReturnUrl>) -> Option<String> {
        url.map(|url| match self.source {
            Source::Rasedi => url.filled(self.id),
            Source::Api | Source::Link(_) => url.with_intent(self.id),
        })
    }
}

/// Whether a fee may be put on top of what is paid through `gateway` (`reference/payments.md` 2.6 row 20).
#[must_use]
pub fn surcharge_allowed(merchant: &Merchant, gateway: Gateway, currency: Currency) -> bool {
    let card_in_dinars = gateway == Gateway::CreditCard && currency == Currency::Iqd;
    !card_in_dinars || merchant.checkout.card_surcharge
}

/// The gateways that an intent offers: those that were asked for, or all that fit.
///
/// # Errors
/// When one of those asked for is not enabled or cannot do it, or none is left.
pub fn offered(
    enabled: Gateways,
    asked: Option<Gateways>,
    currency: Currency,
    capture_method: CaptureMethod,
) -> Result<Gateways, IntentRefusal> {
    let fits = |gateway: Gateway| {
        gateway.takes(currency)
            && (capture_method == CaptureMethod::Automatic || gateway.capabilities().holds)
    };
    let Some(asked) = asked else {
        return enabled
            .only(fits)
            .map_err(|_| IntentRefusal::NoGateway { currency });
    };
    if let Some(gateway) = asked.iter().find(|gateway| !enabled.contains(*gateway)) {
        return Err(IntentRefusal::GatewayNotEnabled { gateway });
    }
    if let Some(gateway) = asked.iter().find(|gateway| !gateway.takes(currency)) {
        return Err(IntentRefusal::GatewayCurrency { gateway, currency });
    }
    asked
        .only(fits)
        .map_err(|_| IntentRefusal::NoGateway { currency })
}

/// Checks how long an intent is to live.
///
/// # Errors
/// When it is out of bounds.
pub fn life(asked: Option<Duration>, usual: Duration) -> Result<Duration, IntentRefusal> {
    let life = asked.unwrap_or(usual);
    if (SHORTEST_LIFE..=LONGEST_LIFE).contains(&life) {
        Ok(life)
    } else {
        Err(IntentRefusal::LifeOutOfBounds)
    }
}

/// That the fee of these terms can be put on top of `amount`, when it is to be.
///
/// # Errors
/// When no total leaves the amount.
pub fn check_surcharge(fees: &FeeTerms, collect: Collect, amount: Money) -> Result<(), NoSurcharge> {
    if collect.fee {
        fees.surcharge(amount).map(drop)
    } else {
        Ok(())
    }
}
