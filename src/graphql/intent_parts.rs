//! Parts of intents and payment links: values without an id of their own.

use super::enums::Gateway;
use super::money::Money;
use super::plain::plain;
use super::shown::Shown;
use super::time::DateTime;
use async_graphql::{Description, ID, InputObject};
use domain::id::PromoCodeId;
use domain::intent;

/// What a payer is asked for besides money, and what is put on top.
#[derive(Description, Clone, Copy, Debug)]
pub struct Collect(intent::Collect);

plain! {
    Collect as this {
        /// The gateway's fee is put on top of the amount, so that the merchant is left with the amount.
        fee: bool = this.0.fee;
        /// The payer must give an e-mail address.
        email: bool = this.0.email;
        /// The payer must give a phone number.
        phone: bool = this.0.phone;
        /// The payer may use a promo code.
        promo_code: bool = this.0.promo_code;
    }
}

impl From<intent::Collect> for Collect {
    fn from(collect: intent::Collect) -> Self {
        Self(collect)
    }
}

/// What a payer is asked for besides money, and what is put on top.
#[derive(InputObject, Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches that do not depend on each other"
)]
pub struct CollectInput {
    /// Put the gateway's fee on top of the amount, so that you are left with the amount.
    #[graphql(default)]
    pub fee: bool,
    /// The payer must give an e-mail address.
    #[graphql(default)]
    pub email: bool,
    /// The payer must give a phone number.
    #[graphql(default)]
    pub phone: bool,
    /// The payer may use a promo code.
    #[graphql(default)]
    pub promo_code: bool,
}

impl From<CollectInput> for intent::Collect {
    fn from(input: CollectInput) -> Self {
        Self {
            fee: input.fee,
            email: input.email,
            phone: input.phone,
            promo_code: input.promo_code,
        }
    }
}

/// A promo code that the payer has put on an intent.
#[derive(Description, Clone, Debug)]
pub struct AppliedPromoCode(intent::AppliedPromo);

plain! {
    AppliedPromoCode as this {
        /// The promo code, `promo_…`.
        promo_code_id: Shown<ID, PromoCodeId> = Shown::new(this.0.id);
        /// The word that the payer typed, in capital letters.
        code: String = this.0.code.to_string();
        /// What it takes off.
        discount: Money = this.0.discount.into();
    }
}

impl From<&intent::AppliedPromo> for AppliedPromoCode {
    fn from(promo: &intent::AppliedPromo) -> Self {
        Self(promo.clone())
    }
}

/// What was paid.
#[derive(Description, Clone, Debug)]
pub struct Paid(intent::Paid);

plain! {
    Paid as this {
        /// Through which gateway.
        via: Gateway = this.0.via.into();
        /// When the money was taken.
        at: DateTime = this.0.at.into();
        /// What the merchant is owed of it: what was taken less the fees. What is held back as reserve is in it.
        payout: Money = this.0.payout.into();
        /// Whether the money arrived after the intent had run out.
        late: bool = this.0.late;
    }
}

impl From<&intent::Paid> for Paid {
    fn from(paid: &intent::Paid) -> Self {
        Self(paid.clone())
    }
}

/// Money that arrived after the intent had run out, and is not kept.
#[derive(Description, Clone, Copy, Debug)]
pub struct LateMoney(intent::LateMoney);

plain! {
    LateMoney as this {
        /// Through which gateway it came.
        via: Gateway = this.0.gateway.into();
        /// Whether it went back.
        given_back: bool = this.0.given_back;
    }
}

impl From<intent::LateMoney> for LateMoney {
    fn from(late: intent::LateMoney) -> Self {
        Self(late)
    }
}

/// What a payer pays through one gateway: the total is the amount less the discount and with the surcharge.
#[derive(Description, Clone, Copy, Debug)]
pub struct Bill {
    gateway: domain::provider::Gateway,
    bill: intent::Bill,
}

impl Bill {
    /// What is paid through `gateway`.
    pub const fn new(gateway: domain::provider::Gateway, bill: intent::Bill) -> Self {
        Self { gateway, bill }
    }
}

plain! {
    Bill as this {
        /// The gateway.
        gateway: Gateway = this.gateway.into();
        /// What the merchant asks for.
        amount: Money = this.bill.amount.into();
        /// What a promo code takes off.
        discount: Money = this.bill.discount.into();
        /// The fee that is put on top.
        surcharge: Money = this.bill.surcharge.into();
        /// What is charged.
        total: Money = this.bill.total.into();
    }
}
