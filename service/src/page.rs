//! Pages of long lists, by key and never by offset.
//!
//! Invariant: a page is found by the key of its edge, so rows that arrive or leave elsewhere shift nothing.

use crate::{App, Result};
use entity::Inconsistency;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};

/// Most rows that one page holds.
pub const MAX_PAGE: u64 = 100;

/// Which way from the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The rows that follow the edge.
    Forward,
    /// The rows that precede it.
    Backward,
}

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// How many rows, 1 to [`MAX_PAGE`].
    pub limit: u64,
    /// The key of the row beside the page; the page begins at the end of the list if there is none.
    pub edge: Option<K>,
    /// On which side of the edge the page lies.
    pub way: Way,
}

/// One page, in list order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The same page of something made from each row.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

impl<K> PageRequest<K> {
    /// How many rows to read: one more than asked for tells whether there are others.
    pub(crate) fn rows(&self) -> u64 {
        self.limit.clamp(1, MAX_PAGE) + 1
    }

    /// Makes the page out of the rows read from the edge outward.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>) -> Page<T> {
        let limit = usize::try_from(self.limit.clamp(1, MAX_PAGE)).unwrap_or_default();
        let more = rows.len() > limit;
        rows.truncate(limit);
        match self.way {
            Way::Forward => Page {
                items: rows,
                has_next: more,
                has_previous: self.edge.is_some(),
            },
            Way::Backward => {
                rows.reverse();
                Page {
                    items: rows,
                    has_next: self.edge.is_some(),
                    has_previous: more,
                }
            }
        }
    }
}

/// A page of `query`, newest first: ids sort by time.
pub(crate) async fn newest_first<E, K, T>(
    app: &App,
    query: Select<E>,
    id: E::Column,
    request: &PageRequest<K>,
) -> Result<Page<T>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    K: ToString,
    T: TryFrom<E::Model, Error = Inconsistency>,
{
    let rows = from_edge(app, query, id, request).await?;
    let items = rows
        .into_iter()
        .map(T::try_from)
        .collect::<std::result::Result<Vec<T>, _>>()?;
    Ok(request.page(items))
}

/// The rows of `query` that a page takes, from its edge outward in a list of which the newest are first.
pub(crate) async fn from_edge<E, K>(
    app: &App,
    mut query: Select<E>,
    id: E::Column,
    request: &PageRequest<K>,
) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    K: ToString,
{
    let forward = request.way == Way::Forward;
    if let Some(edge) = &request.edge {
        let edge = edge.to_string();
        query = query.filter(if forward { id.lt(edge) } else { id.gt(edge) });
    }
    let order = if forward { Order::Desc } else { Order::Asc };
    let page = query.order_by(id, order).limit(request.rows());
    Ok(page.all(app.db().reads()).await?)
}
