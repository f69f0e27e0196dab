//! The log of deliveries.
//!
//! Invariant: a merchant finds its own, in one mode. Pages go by id, newest first, so what arrives meanwhile shifts nothing.

use crate::operation::MAX_OFFSET;
use crate::page::{self, MAX_PAGE, Page, PageRequest};
use crate::{App, Result};
use domain::Timestamp;
use domain::actor::Actor;
use domain::credential::Scope;
use domain::event::EventType;
use domain::id::{EventId, WebhookAttemptId, WebhookDeliveryId, WebhookEndpointId, first_id};
use domain::merchant::Tenant;
use domain::webhook::{Attempt, Delivery, DeliveryStatus};
use entity::{webhook_attempt, webhook_delivery};
use sea_orm::sea_query::{Condition, IntoCondition};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// Which deliveries; what is not given narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// To which endpoint.
    pub endpoint: Option<WebhookEndpointId>,
    /// Of which event.
    pub event: Option<EventId>,
    /// About which object.
    pub subject: Option<String>,
    /// How they stand.
    pub status: Option<DeliveryStatus>,
    /// Of which types.
    pub types: Vec<EventType>,
    /// What the event is called there.
    pub name: Option<String>,
    /// What the last attempt was answered.
    pub last_status: Option<u16>,
    /// Made at or after.
    pub from: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
}

/// Which attempts; what is not given narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    /// To which endpoint.
    pub endpoint: Option<WebhookEndpointId>,
    /// Of which delivery.
    pub delivery: Option<WebhookDeliveryId>,
    /// The UUID of its request, in any spelling.
    pub request_uuid: Option<WebhookAttemptId>,
    /// What was answered.
    pub status: Option<u16>,
    /// Whether it was taken.
    pub is_success: Option<bool>,
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub until: Option<Timestamp>,
}

/// Part of a list, and how long the whole of it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryList {
    /// The deliveries of this part, newest first.
    pub items: Vec<Delivery>,
    /// How many there are altogether.
    pub total: u64,
}

/// A page of deliveries, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn deliveries(
    app: &App,
    who: &Actor,
    filter: &DeliveryFilter,
    request: &PageRequest<WebhookDeliveryId>,
) -> Result<Page<Delivery>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let query = selected(app, tenant, filter);
    page::newest_first(app, query, webhook_delivery::Column::Id, request).await
}

/// Deliveries by offset, newest first, and how many there are. At most [`MAX_PAGE`] at once, and none beyond [`MAX_OFFSET`].
///
/// # Errors
/// When the scope is missing.
pub async fn deliveries_by_offset(
    app: &App,
    who: &Actor,
    filter: &DeliveryFilter,
    limit: u64,
    offset: u64,
) -> Result<DeliveryList> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let query = selected(app, tenant, filter);
    let total = query.clone().count(app.db().reads()).await?;
    if offset > MAX_OFFSET || offset >= total {
        return Ok(DeliveryList {
            items: Vec::new(),
            total,
        });
    }
    let rows = query
        .order_by_desc(webhook_delivery::Column::Id)
        .limit(limit.clamp(1, MAX_PAGE))
        .offset(offset)
        .all(app.db().reads())
        .await?;
    let items = rows.into_iter().map(TryInto::try_into);
    Ok(DeliveryList {
        items: items.collect::<std::result::Result<_, _>>()?,
        total,
    })
}

fn selected(app: &App, tenant: Tenant, filter: &DeliveryFilter) -> Select<webhook_delivery::Entity> {
    use webhook_delivery::Column;
    let query = webhook_delivery::Entity::of(tenant);
    let types = filter.types.iter().map(|it| it.as_str());
    let conditions = [
        filter
            .endpoint
            .map(|id| Column::EndpointId.eq(id.to_string()).into_condition()),
        filter
            .event
            .map(|id| Column::EventId.eq(id.to_string()).into_condition()),
        filter
            .subject
            .as_ref()
            .map(|id| Column::SubjectId.eq(id.as_str()).into_condition()),
        filter.status.map(|status| with_status(status, app.now())),
        (!filter.types.is_empty()).then(|| Column::EventType.is_in(types).into_condition()),
        filter
            .name
            .as_ref()
            .map(|name| Column::Name.eq(name.as_str()).into_condition()),
        filter
            .last_status
            .map(|status| Column::LastStatus.eq(i32::from(status)).into_condition()),
        filter.from.map(|from| {
            Column::Id
                .gte(first_id::<WebhookDeliveryId>(from).to_string())
                .into_condition()
        }),
        filter.until.map(|until| {
            Column::Id
                .lt(first_id::<WebhookDeliveryId>(until).to_string())
                .into_condition()
        }),
    ];
    narrowed(query, conditions)
}

/// Deliveries that stand so at `now`: what waits longer than its time has expired, whether or not that was written down.
fn with_status(status: DeliveryStatus, now: Timestamp) -> Condition {
    use webhook_delivery::Column;
    let state = |word: &str| Column::State.eq(word);
    let waiting = || {
        Condition::all()
            .add(state("waiting"))
            .add(Column::ExpiresAt.gt(now))
    };
    match status {
        DeliveryStatus::Pending => waiting().add(Column::Attempts.eq(0)),
        DeliveryStatus::RetryScheduled => waiting().add(Column::Attempts.gt(0)),
        DeliveryStatus::Expired => {
            let unwritten = Condition::all()
                .add(state("waiting"))
                .add(Column::ExpiresAt.lte(now));
            Condition::any().add(state("expired")).add(unwritten)
        }
        DeliveryStatus::Sending
        | DeliveryStatus::Delivered
        | DeliveryStatus::Failed
        | DeliveryStatus::Canceled => state(status.as_str()).into_condition(),
    }
}

fn narrowed<E: EntityTrait, const N: usize>(
    query: Select<E>,
    conditions: [Option<Condition>; N],
) -> Select<E> {
    conditions.into_iter().flatten().fold(query, QueryFilter::filter)
}

/// Deliveries of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn deliveries_by_id(app: &App, who: &Actor, ids: &[WebhookDeliveryId]) -> Result<Vec<Delivery>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let rows = webhook_delivery::Entity::of(tenant)
        .filter(webhook_delivery::Column::Id.is_in(ids.iter().map(ToString::to_string)))
        .all(app.db().reads())
        .await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// A page of attempts, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn attempts(
    app: &App,
    who: &Actor,
    filter: &AttemptFilter,
    request: &PageRequest<WebhookAttemptId>,
) -> Result<Page<Attempt>> {
    use webhook_attempt::Column;
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let query = webhook_attempt::Entity::of(tenant);
    let conditions = [
        filter
            .endpoint
            .map(|id| Column::EndpointId.eq(id.to_string()).into_condition()),
        filter
            .delivery
            .map(|id| Column::DeliveryId.eq(id.to_string()).into_condition()),
        filter
            .request_uuid
            .map(|id| Column::Id.eq(id.to_string()).into_condition()),
        filter
            .status
            .map(|status| Column::Status.eq(i32::from(status)).into_condition()),
        filter
            .is_success
            .map(|yes| Column::IsSuccess.eq(yes).into_condition()),
        filter.from.map(|from| {
            Column::Id
                .gte(first_id::<WebhookAttemptId>(from).to_string())
                .into_condition()
        }),
        filter.until.map(|until| {
            Column::Id
                .lt(first_id::<WebhookAttemptId>(until).to_string())
                .into_condition()
        }),
    ];
    page::newest_first(app, narrowed(query, conditions), Column::Id, request).await
}

/// Attempts of this merchant and mode, in no order; ids of others are left out.
///
/// # Errors
/// When the scope is missing.
pub async fn attempts_by_id(app: &App, who: &Actor, ids: &[WebhookAttemptId]) -> Result<Vec<Attempt>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let rows = webhook_attempt::Entity::of(tenant)
        .filter(webhook_attempt::Column::Id.is_in(ids.iter().map(ToString::to_string)))
        .all(app.db().reads())
        .await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// All attempts of these deliveries, in the order of their numbers. A delivery has few.
///
/// # Errors
/// When the scope is missing.
pub async fn attempts_of(app: &App, who: &Actor, deliveries: &[WebhookDeliveryId]) -> Result<Vec<Attempt>> {
    let tenant = who.may(Scope::WebhooksManage)?.tenant;
    let rows = webhook_attempt::Entity::of(tenant)
        .filter(webhook_attempt::Column::DeliveryId.is_in(deliveries.iter().map(ToString::to_string)))
        .order_by_asc(webhook_attempt::Column::Number)
        .all(app.db().reads())
        .await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}
