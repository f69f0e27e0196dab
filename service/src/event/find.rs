//! Finding events: whose they are, from which place on, page after page.
//!
//! Invariant: an actor sees the events of its own merchant and mode, and of those only what its scopes let it read of their objects.

use super::read::{self, Event};
use crate::db::sql;
use crate::page::{Page, PageRequest, Way};
use crate::{App, Result};
use chrono::Duration;
use domain::Timestamp;
use domain::actor::{Actor, Forbidden, MerchantActor};
use domain::event::EventType;
use domain::id::EventId;
use domain::merchant::Tenant;

/// How long nodes of two versions may work beside each other at most.
const REPLACED_WITHIN: Duration = Duration::hours(1);

/// Which events of a merchant and mode.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventFilter {
    types: Vec<EventType>,
    about: Option<String>,
    /// Whether types that come with later versions are among those that are wanted.
    later: bool,
}

impl EventFilter {
    /// Those of `types`, or of all types, that `who` may see.
    ///
    /// # Errors
    /// When it may see none of them.
    pub fn of(who: &Actor, types: Option<&[EventType]>) -> std::result::Result<Self, Forbidden> {
        let asked = types.unwrap_or(EventType::ALL);
        let mut missing = None;
        let mut seen = Vec::new();
        for event_type in EventType::ALL
            .iter()
            .filter(|event_type| asked.contains(event_type))
        {
            match who.may(event_type.subject().scope()) {
                Ok(_) => seen.push(*event_type),
                Err(forbidden) => missing = Some(forbidden),
            }
        }
        match missing {
            // Of all types it sees what it may; a type that it names is an answer or a refusal.
            Some(forbidden) if seen.is_empty() || types.is_some() => Err(forbidden),
            _ => Ok(Self {
                types: seen,
                about: None,
                later: types.is_none(),
            }),
        }
    }

    /// Of these, those about one object, and about what belongs to it.
    #[must_use]
    pub fn about(mut self, id: String) -> Self {
        self.about = Some(id);
        self
    }

    /// Of these, also those whose types come with later versions.
    #[must_use]
    pub fn and_later_types(mut self) -> Self {
        self.later = true;
        self
    }

    /// Whether this may be one of them and this version cannot tell it, because another node is newer. While nodes are replaced, that is:
    /// what is older than an hour was written by a version that is not there any more, and is passed over.
    #[must_use]
    pub fn is_beyond(&self, event: &Event, now: Timestamp) -> bool {
        self.later
            && event.event_type.is_none()
            && self.is_about(event)
            && now.signed_duration_since(event.occurred_at) < REPLACED_WITHIN
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn takes(&self, event: &Event) -> bool {
        event.event_type.is_some_and(|it| self.types.contains(&it)) && self.is_about(event)
    }

    fn is_about(&self, event: &Event) -> bool {
        let Some(id) = &self.about else { return true };
        // A refund belongs to its payment.
        event.subject == *id
            || (event.data.contains(id.as_str())
                && event.payment().is_some_and(|payment| payment.to_string() == *id))
    }
}

/// The merchant's side of an actor; operators have no events of their own.
fn merchant(who: &Actor) -> std::result::Result<&MerchantActor, Forbidden> {
    match who {
        Actor::Merchant(merchant) => Ok(merchant),
        Actor::Operator(_) => Err(Forbidden::MerchantOnly),
    }
}

/// Whose events an actor reads.
///
/// # Errors
/// When it is no merchant.
pub fn tenant(who: &Actor) -> std::result::Result<Tenant, Forbidden> {
    merchant(who).map(|merchant| merchant.tenant)
}

/// How far the events of a merchant and mode have come, and up to where they are deleted.
pub(crate) async fn counters(app: &App, tenant: Tenant) -> Result<(i64, i64)> {
    let text = "SELECT last_seq, purged_seq FROM event_counters WHERE merchant_id = ? AND mode = ?";
    let row = sql(app.db().is_postgres(), text)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .one(app.db().reads())
        .await?;
    row.map_or(Ok((0, 0)), |row| {
        Ok((row.try_get_by("last_seq")?, row.try_get_by("purged_seq")?))
    })
}

/// A page of events, oldest first, and the place before the oldest that is kept.
///
/// # Errors
/// When the actor is no merchant.
pub async fn page(
    app: &App,
    who: &Actor,
    filter: &EventFilter,
    request: &PageRequest<i64>,
) -> Result<Page<Event>> {
    let tenant = tenant(who)?;
    let (compare, order) = match request.way {
        Way::Forward => (">", "ASC"),
        Way::Backward => ("<", "DESC"),
    };
    // Of all types, those that it may not see are left out, so that a type which this version does not know is met.
    let (word, types): (&str, Vec<EventType>) = if filter.later {
        let hidden = EventType::ALL.iter().filter(|it| !filter.types.contains(it));
        ("NOT IN", hidden.copied().collect())
    } else {
        ("IN", filter.types.clone())
    };
    let places = types.iter().map(|_| "?").collect::<Vec<_>>().join(", ");
    let which = if types.is_empty() {
        String::new()
    } else {
        format!("AND type {word} ({places})")
    };
    let condition = format!(
        "merchant_id = ? AND mode = ? AND tenant_seq {compare} ? {which} ORDER BY tenant_seq {order} LIMIT ?"
    );
    let edge = request.edge.unwrap_or(match request.way {
        Way::Forward => 0,
        Way::Backward => i64::MAX,
    });
    let mut query = read::select(app, &condition)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str())
        .bind(edge);
    for event_type in &types {
        query = query.bind(event_type.as_str());
    }
    let rows = query
        .bind(i64::try_from(request.rows()).unwrap_or(i64::MAX))
        .all(app.db().reads())
        .await?;
    let mut page = request.page(rows.iter().map(read::event).collect::<Result<Vec<_>>>()?);
    let now = app.now();
    if request.way == Way::Forward
        && let Some(beyond) = page.items.iter().position(|event| filter.is_beyond(event, now))
    {
        // A newer node goes on from there.
        page.items.truncate(beyond);
        page.has_next = false;
    }
    page.items.retain(|event| filter.takes(event));
    Ok(page)
}

/// Events of this merchant and mode that the actor may see, in no order; ids of others are left out.
///
/// # Errors
/// When the actor is no merchant, or may see no events.
pub async fn get_many(app: &App, who: &Actor, ids: &[EventId]) -> Result<Vec<Event>> {
    let tenant = tenant(who)?;
    let filter = EventFilter::of(who, None)?;
    let places = ids.iter().map(|_| "?").collect::<Vec<_>>().join(", ");
    let condition = format!("merchant_id = ? AND mode = ? AND pos IS NOT NULL AND id IN ({places})");
    let mut query = read::select(app, &condition)
        .bind(tenant.merchant.to_string())
        .bind(tenant.mode.as_str());
    for id in ids {
        query = query.bind(id.to_string());
    }
    let rows = query.all(app.db().reads()).await?;
    let events = rows.iter().map(read::event).collect::<Result<Vec<_>>>()?;
    Ok(events.into_iter().filter(|event| filter.takes(event)).collect())
}
