//! Finding intents.

use crate::page::{self, Page, PageRequest};
use crate::payment::newest_of_each;
use crate::{App, Error, Result, merchant};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::id::{IntentId, PaymentLinkId};
use domain::intent::{Intent, IntentStatus};
use domain::merchant::{Merchant, Tenant};
use domain::payment::Payment;
use entity::{intent, payment};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select};

/// Which intents; every part that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these statuses, as of now.
    pub statuses: Option<Vec<IntentStatus>>,
    /// Made at this instant or later.
    pub created_from: Option<Timestamp>,
    /// Made before this instant.
    pub created_before: Option<Timestamp>,
    /// Exactly this reference of the merchant.
    pub merchant_reference: Option<String>,
    /// Made by this payment link.
    pub link: Option<PaymentLinkId>,
}

/// An intent of this merchant and mode.
///
/// # Errors
/// When the scope is missing.
pub async fn get(app: &App, who: &Actor, id: IntentId) -> Result<Option<Intent>> {
    one(app, who.may(Scope::PaymentsRead)?.tenant, id).await
}

pub(super) async fn one(app: &App, tenant: Tenant, id: IntentId) -> Result<Option<Intent>> {
    let row = intent::Entity::of(tenant)
        .filter(intent::Column::Id.eq(id.to_string()))
        .one(app.db().reads())
        .await?;
    Ok(row.map(TryInto::try_into).transpose()?)
}

/// Intents of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn get_many(app: &App, who: &Actor, ids: &[IntentId]) -> Result<Vec<Intent>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let ids = ids.iter().map(ToString::to_string);
    let rows = intent::Entity::of(tenant)
        .filter(intent::Column::Id.is_in(ids))
        .all(app.db().reads())
        .await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// One page of intents, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn page(
    app: &App,
    who: &Actor,
    filter: &Filter,
    request: &PageRequest<IntentId>,
) -> Result<Page<Intent>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let query = matching(tenant, filter, app.now());
    page::newest_first(app, query, intent::Column::Id, request).await
}

/// How many intents match.
///
/// # Errors
/// When the scope is missing.
pub async fn count(app: &App, who: &Actor, filter: &Filter) -> Result<u64> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    Ok(matching(tenant, filter, app.now())
        .count(app.db().reads())
        .await?)
}

/// The payments that were tried for these intents, oldest first; ids of others are left out. Of each intent it is the newest
/// [`crate::payment::CHILDREN_PER_PAYMENT`]: those that count, and as many that never left.
///
/// # Errors
/// When the scope is missing.
pub async fn attempts_of(app: &App, who: &Actor, intents: &[IntentId]) -> Result<Vec<Payment>> {
    let tenant = who.may(Scope::PaymentsRead)?.tenant;
    let rows = newest_of_each::<payment::Entity>(app, tenant, "intent_id", intents).await?;
    Ok(rows
        .into_iter()
        .map(TryInto::try_into)
        .collect::<std::result::Result<_, _>>()?)
}

/// An intent and its merchant, for whoever knows the id. S2 shows it to anybody; the door says little of it.
///
/// # Errors
/// [`Error::NotFound`]; the intents of S3, whose page opens with the reference code alone, are not found here.
pub async fn public(app: &App, id: IntentId) -> Result<(Intent, Merchant)> {
    let row = intent::Entity::find_by_id(id.to_string())
        .one(app.db().reads())
        .await?
        .filter(|row| row.client_secret_hash.is_some())
        .ok_or(Error::NotFound("payment intent"))?;
    let intent: Intent = row.try_into()?;
    let merchant = merchant::of(app.db().reads(), intent.tenant.merchant).await?;
    Ok((intent, merchant))
}

/// The hash of an intent's client secret.
pub(super) async fn secret_hash(app: &App, id: IntentId) -> Result<Option<String>> {
    let hash: Option<Option<String>> = intent::Entity::find_by_id(id.to_string())
        .select_only()
        .column(intent::Column::ClientSecretHash)
        .into_tuple()
        .one(app.db().reads())
        .await?;
    Ok(hash.flatten())
}

fn matching(tenant: Tenant, filter: &Filter, now: Timestamp) -> Select<intent::Entity> {
    use intent::Column;
    let mut query = intent::Entity::of(tenant);
    if let Some(statuses) = &filter.statuses {
        let any = statuses
            .iter()
            .fold(Condition::any(), |any, status| any.add(has_status(*status, now)));
        // No status is none of them, not all.
        query = query.filter(if statuses.is_empty() {
            Condition::all().add(Column::Id.is_null())
        } else {
            any
        });
    }
    if let Some(from) = filter.created_from {
        query = query.filter(Column::Id.gte(domain::id::first_id::<IntentId>(from).to_string()));
    }
    if let Some(before) = filter.created_before {
        query = query.filter(Column::Id.lt(domain::id::first_id::<IntentId>(before).to_string()));
    }
    if let Some(reference) = &filter.merchant_reference {
        query = query.filter(Column::MerchantReference.eq(reference));
    }
    if let Some(link) = filter.link {
        query = query.filter(Column::LinkId.eq(link.to_string()));
    }
    query
}

/// The status as of `now`, as `Intent::status_at` has it.
fn has_status(status: IntentStatus, now: Timestamp) -> Condition {
    use intent::Column;
    let stored = |status: IntentStatus| Condition::all().add(Column::Status.eq(status.as_str()));
    match status {
        IntentStatus::Created => stored(status).add(Column::ExpiresAt.gt(now)),
        IntentStatus::Expired => {
            let lapsed = stored(IntentStatus::Created).add(Column::ExpiresAt.lte(now));
            Condition::any().add(stored(status)).add(lapsed)
        }
        IntentStatus::RequiresCapture => {
            let open = Condition::any().add(Column::LapsesAt.is_null());
            stored(status).add(open.add(Column::LapsesAt.gt(now)))
        }
        IntentStatus::Canceled => {
            let lapsed = stored(IntentStatus::RequiresCapture).add(Column::LapsesAt.lte(now));
            Condition::any().add(stored(status)).add(lapsed)
        }
        _ => stored(status),
    }
}
