//! Changing merchants.

use super::checkout_enums::LateSuccess;
use super::context::ContextExt;
use super::enums::Gateway;
use super::merchant::Merchant;
use super::money::MoneyInput;
use super::reading::Reading;
use super::user_error::{UserError, UserErrorCode};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::fee::FeeTerms;
use domain::id::MerchantId;
use domain::merchant;
use service::merchant::MerchantChange;

/// What a payment costs a merchant, as a whole.
#[derive(InputObject)]
pub struct MerchantFeesInput {
    /// Share of each capture that the platform keeps, in basis points.
    pub fee_bps: i32,
    /// Fixed part of the fee, once per payment, in the merchant's currency; none if left out.
    pub fixed: Option<MoneyInput>,
    /// Share of each capture that is held back as reserve, in basis points.
    pub reserve_bps: i32,
}

/// Change a merchant. What is left out stays as it is.
#[derive(InputObject)]
pub struct MerchantUpdateInput {
    /// The merchant, `mer_…`.
    pub id: ID,
    /// The name that payers and finance read; 1 to 100 characters.
    pub name: Option<String>,
    /// What a payment costs it from now on, as a whole.
    pub fees: Option<MerchantFeesInput>,
    /// The gateways that it may use, one at least.
    pub gateways: Option<Vec<Gateway>>,
    /// Whether a fee may be put on top of card payments in dinars.
    pub card_surcharge: Option<bool>,
    /// What becomes of money that arrives after its intent has run out.
    pub late_success: Option<LateSuccess>,
    /// The name on its pages, 1 to 100 characters; null for its own.
    pub brand_name: MaybeUndefined<String>,
    /// The colour of its pages, `#` and six hex digits; null for ours.
    pub brand_color: MaybeUndefined<String>,
}

fn fees(input: &MerchantFeesInput, reading: &mut Reading) -> Option<FeeTerms> {
    let bps = |bps: i32, field| {
        let refused = |_| {
            UserError::at(
                UserErrorCode::FeeTermsInvalid,
                "basis points are 0 to 10000",
                field,
            )
        };
        u32::try_from(bps).map_err(refused)
    };
    let fee_bps = reading.take(bps(input.fee_bps, "fees.feeBps"));
    let reserve_bps = reading.take(bps(input.reserve_bps, "fees.reserveBps"));
    let fixed = input
        .fixed
        .as_ref()
        .and_then(|fixed| reading.take(fixed.read_at("fees.fixed")));
    fee_bps.zip(reserve_bps).map(|(fee_bps, reserve_bps)| FeeTerms {
        fee_bps,
        fixed,
        reserve_bps,
    })
}

/// A field that may be taken back: left out, null, or read.
fn settable<T>(
    field: MaybeUndefined<String>,
    reading: &mut Reading,
    read: impl FnOnce(String) -> std::result::Result<T, UserError>,
) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(text) => reading.take(read(text)).map(Some),
    }
}

impl MerchantUpdateInput {
    fn read(self) -> std::result::Result<(MerchantId, MerchantChange), Vec<UserError>> {
        let mut reading = Reading::default();
        let id = reading.id(&self.id, "id");
        let brand_name = settable(self.brand_name, &mut reading, |text| {
            merchant::name(&text)
                .map_err(|refused| UserError::at(UserErrorCode::NameInvalid, refused, "brandName"))
        });
        let brand_color = settable(self.brand_color, &mut reading, |text| {
            text.parse().map_err(|refused: merchant::MalformedColor| {
                UserError::at(UserErrorCode::ColorInvalid, refused, "brandColor")
            })
        });
        let change = MerchantChange {
            name: self.name,
            fees: self.fees.as_ref().and_then(|input| fees(input, &mut reading)),
            gateways: reading.gateways(self.gateways),
            card_surcharge: self.card_surcharge,
            late_success: self.late_success.map(Into::into),
            brand_name,
            brand_color,
        };
        reading.finish(id.map(|id| (id, change)))
    }
}

/// What became of a change of a merchant.
#[derive(SimpleObject)]
pub struct MerchantUpdatePayload {
    /// The merchant after it; null when it was refused.
    pub merchant: Option<Merchant>,
    /// Why it was refused; empty when it was not.
    pub user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct MerchantUpdateMutation;

#[Object]
impl MerchantUpdateMutation {
    /// Changes a merchant: operators only. Keys in use learn of it within a second; what is open stays as it was offered.
    async fn merchant_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: MerchantUpdateInput,
    ) -> Result<MerchantUpdatePayload> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let refused = |user_errors| MerchantUpdatePayload {
            merchant: None,
            user_errors,
        };
        let (id, change) = match input.read() {
            Ok(read) => read,
            Err(errors) => return Ok(refused(errors)),
        };
        match service::merchant::update(app, actor, id, change).await {
            Ok(merchant) => {
                ctx.note_made(merchant.id);
                Ok(MerchantUpdatePayload {
                    merchant: Some(Merchant::new(&merchant, None)),
                    user_errors: Vec::new(),
                })
            }
            Err(error) => Ok(refused(ctx.refused(error)?)),
        }
    }
}
