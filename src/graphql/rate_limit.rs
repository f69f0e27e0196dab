//! What a key may still spend.

use super::document::Cost;
use super::time::DateTime;
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::Timestamp;
use domain::limit::Limit;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the door took for this operation, for whoever asks in it.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// At most, and therefore taken.
    pub cost: Cost,
    /// The bucket of the key.
    pub limit: Limit,
    /// What is left in it.
    pub left: u32,
    /// When it is full again.
    pub full_at: Timestamp,
}

/// How many objects with an id stand in parts of the answer that were written as text, where nobody can count them afterwards.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// So many more.
    pub fn add(&self, objects: u64) {
        self.0.fetch_add(objects, Ordering::Relaxed);
    }

    /// How many.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The cost points of the key that asks. What this operation does not use comes back after it.
#[derive(SimpleObject)]
pub struct RateLimit {
    /// The most that can be saved up, and the most that one operation may cost.
    limit: i32,
    /// What this operation may cost.
    cost: i32,
    /// What is left now.
    remaining: i32,
    /// What is missing until the bucket is full.
    used: i32,
    /// When the bucket is full again.
    reset_at: DateTime,
    /// How many objects with an id this operation may give.
    node_count: i32,
}

#[derive(Default)]
pub struct RateLimitQuery;

#[Object]
impl RateLimitQuery {
    /// What the key that asks may still spend; null where nothing is counted.
    async fn rate_limit(&self, ctx: &Context<'_>) -> Result<Option<RateLimit>> {
        let spent: Option<&Spent> = ctx.data_opt();
        Ok(spent.map(|spent| {
            let limit = spent.limit.capacity();
            let whole = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
            RateLimit {
                limit: whole(limit.into()),
                cost: whole(spent.cost.points),
                remaining: whole(spent.left.into()),
                used: whole(limit.saturating_sub(spent.left).into()),
                reset_at: spent.full_at.into(),
                node_count: whole(spent.cost.nodes),
            }
        }))
    }
}
