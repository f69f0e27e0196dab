//! Merchants.

use super::checkout_enums::LateSuccess;
use super::context::ContextExt;
use super::enums::{Gateway, Mode};
use super::error::{Reply, reply};
use super::money::{self, CurrencyCode, Decimal, Money};
use super::time::DateTime;
use super::user_error::{UserError, UserErrorCode};
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use domain::actor::Actor;
use domain::fee::FeeTerms;
use domain::money::parse_charge_or_zero;
use service::merchant::NewMerchant;

/// A business that takes payments through this installation.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct Merchant {
    #[graphql(skip)]
    id: domain::id::MerchantId,
    /// The name that payers and finance read.
    pub name: String,
    /// The currency it is settled in.
    pub currency: CurrencyCode,
    /// Share of each capture that the platform keeps, in basis points (200 are 2 per cent).
    pub fee_bps: i32,
    /// Fixed part of the fee, once per payment in the merchant's currency.
    pub fee_fixed: Option<Money>,
    /// Share of each capture that is held back as reserve, in basis points.
    pub reserve_bps: i32,
    /// The gateways that it may use.
    pub gateways: Vec<Gateway>,
    /// Whether a fee may be put on top of card payments in dinars.
    pub card_surcharge: bool,
    /// What becomes of money that arrives after its intent has run out.
    pub late_success: LateSuccess,
    /// The name on its pages; its own if null.
    pub brand_name: Option<String>,
    /// The colour of its pages, such as `#0b6e4f`; ours if null.
    pub brand_color: Option<String>,
    /// The mode of the key that asks; null for an operator.
    pub mode: Option<Mode>,
    /// When it was created.
    pub created_at: DateTime,
}

impl Merchant {
    pub(super) fn new(merchant: &domain::merchant::Merchant, mode: Option<domain::merchant::Mode>) -> Self {
        Self {
            id: merchant.id,
            name: merchant.name.clone(),
            currency: CurrencyCode(merchant.currency.code().to_owned()),
            fee_bps: i32::try_from(merchant.fees.fee_bps).unwrap_or(i32::MAX),
            fee_fixed: merchant.fees.fixed.map(Money::from),
            reserve_bps: i32::try_from(merchant.fees.reserve_bps).unwrap_or(i32::MAX),
            gateways: merchant.checkout.gateways.iter().map(Gateway::from).collect(),
            card_surcharge: merchant.checkout.card_surcharge,
            late_success: merchant.checkout.late_success.into(),
            brand_name: merchant.checkout.brand_name.clone(),
            brand_color: merchant
                .checkout
                .brand_color
                .as_ref()
                .map(|color| color.as_str().to_owned()),
            mode: mode.map(Mode::from),
            created_at: merchant.created_at.into(),
        }
    }
}

#[ComplexObject]
impl Merchant {
    /// Its id, `mer_…`.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }
}

#[derive(Default)]
pub struct MerchantQuery;

#[Object]
impl MerchantQuery {
    /// The merchant whose key asks; null for an operator.
    async fn merchant(&self, ctx: &Context<'_>) -> Result<Option<Merchant>> {
        Ok(match ctx.actor()? {
            Actor::Merchant(actor) => Some(Merchant::new(&actor.merchant, Some(actor.tenant.mode))),
            Actor::Operator(_) => None,
        })
    }
}

/// Create a merchant.
#[derive(InputObject)]
pub struct MerchantCreateInput {
    /// The name that payers and finance read; 1 to 100 characters.
    pub name: String,
    /// The currency it is settled in.
    #[graphql(default_with = "CurrencyCode(\"IQD\".to_owned())")]
    pub currency: CurrencyCode,
    /// Share of each capture that the platform keeps, in basis points.
    #[graphql(default)]
    pub fee_bps: i32,
    /// Fixed part of the fee, in major units of the currency, once per payment.
    pub fee_fixed: Option<Decimal>,
    /// Share of each capture that is held back as reserve, in basis points.
    #[graphql(default)]
    pub reserve_bps: i32,
}

/// What became of a new merchant.
#[derive(SimpleObject)]
pub struct MerchantCreatePayload {
    /// The merchant; null when it was refused.
    pub merchant: Option<Merchant>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

impl MerchantCreateInput {
    fn read(self) -> std::result::Result<NewMerchant, UserError> {
        let currency = money::currency(&self.currency)?;
        let fixed = self
            .fee_fixed
            .map(|decimal| parse_charge_or_zero(&decimal.0, currency))
            .transpose();
        let invalid = |message: String, field| UserError::at(UserErrorCode::FeeTermsInvalid, message, field);
        let fixed = fixed.map_err(|refusal| invalid(refusal.to_string(), "feeFixed"))?;
        let fixed = fixed.filter(|fee| !fee.is_zero());
        let bps = |bps: i32, field| {
            u32::try_from(bps).map_err(|_| invalid("basis points are 0 to 10000".to_owned(), field))
        };
        let fees = FeeTerms {
            fee_bps: bps(self.fee_bps, "feeBps")?,
            fixed,
            reserve_bps: bps(self.reserve_bps, "reserveBps")?,
        };
        Ok(NewMerchant {
            name: self.name,
            currency,
            fees,
        })
    }
}

#[derive(Default)]
pub struct MerchantMutation;

#[Object]
impl MerchantMutation {
    /// Creates a merchant: operators only.
    async fn merchant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: MerchantCreateInput,
    ) -> Result<MerchantCreatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let refused = |user_errors| {
            Ok(MerchantCreatePayload {
                merchant: None,
                user_errors,
            })
        };
        let new = match input.read() {
            Ok(new) => new,
            Err(error) => return refused(vec![error]),
        };
        match service::merchant::create(app, actor, new).await.map_err(reply) {
            Ok(merchant) => {
                let merchant = Some(Merchant::new(&merchant, None));
                Ok(MerchantCreatePayload {
                    merchant,
                    user_errors: Vec::new(),
                })
            }
            Err(Reply::UserErrors(errors)) => refused(errors),
            Err(Reply::Failure(error)) => Err(error),
        }
    }
}
