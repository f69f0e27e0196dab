//! A payer opens a link: anybody who has it may.

use crate::intent::{Created, Door, NewIntent, Origin, create_from};
use crate::payment::begin::Account;
use crate::{App, Error, Refusal, Result, merchant};
use domain::id::{OperationId, PaymentLinkId};
use domain::intent::{CaptureMethod, ConfirmRefusal};
use domain::merchant::Merchant;
use domain::payment::Customer;
use domain::payment_link::{PaymentLink, PaymentLinkStatus};
use entity::payment_link as table;
use sea_orm::EntityTrait;
use std::sync::Arc;

/// A link and its merchant.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn open(app: &App, id: PaymentLinkId) -> Result<(PaymentLink, Merchant)> {
    let row = table::Entity::find_by_id(id.to_string())
        .one(app.db().reads())
        .await?
        .ok_or(Error::NotFound("payment link"))?;
    let link: PaymentLink = row.try_into()?;
    let merchant = merchant::of(app.db().reads(), link.tenant.merchant).await?;
    Ok((link, merchant))
}

/// Makes an intent for one payer of a link.
///
/// # Errors
/// When the link takes no more payments; not found.
pub async fn begin(app: &App, id: PaymentLinkId) -> Result<Created> {
    let (link, merchant) = open(app, id).await?;
    let now = app.now();
    match link.status_at(now) {
        PaymentLinkStatus::Active => {}
        PaymentLinkStatus::UsedUp => return Err(ConfirmRefusal::LinkUsedUp.into()),
        PaymentLinkStatus::Deactivated | PaymentLinkStatus::Expired => return Err(Refusal::LinkOver.into()),
    }
    // Each payer is a new one: nobody names a key here.
    let key = app.id::<OperationId>(now).to_string();
    // A gateway that was taken from the merchant since is not offered any more.
    let gateways = link
        .gateways
        .only(|gateway| merchant.checkout.gateways.contains(gateway));
    let new = NewIntent {
        idempotency_key: key.parse().map_err(|_| Error::Conflict)?,
        door: Door::Api,
        amount: link.amount,
        capture_method: CaptureMethod::Automatic,
        gateways: Some(gateways.map_err(|_| Refusal::LinkOver)?),
        collect: link.collect,
        title: Some(link.title.clone()),
        description: link.description.clone(),
        merchant_reference: link.merchant_reference.clone(),
        metadata: link.metadata.clone(),
        customer: Customer::default(),
        success_url: link.success_url.clone(),
        cancel_url: None,
        callback_url: None,
        expires_in: None,
    };
    let account = Account {
        tenant: link.tenant,
        merchant: Arc::new(merchant),
    };
    create_from(app, account, new, Origin::Link(link.id)).await
}
