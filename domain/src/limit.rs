//! Leaky buckets: how much somebody may take, and how fast it comes back.
//!
//! Invariant: over any stretch of time no more is taken than the capacity and what came back during it. A bucket is one instant,
//! the moment at which it is full again, so that an untouched bucket and one that was never made are the same, nothing has to
//! run to refill it, and a clock that goes backwards can never make anybody wait longer than for an empty bucket. Only a bucket
//! that several nodes share may owe something, which is at most one capacity.

mod usage;

pub use usage::{Told, Usage};

use crate::clock::Timestamp;
use chrono::Duration;

/// Microseconds of a second.
const SECOND: u64 = 1_000_000;
/// Microseconds of an hour.
const HOUR: u64 = 3_600 * SECOND;

/// How large a bucket is and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    capacity: u32,
    /// Microseconds in which one unit comes back; never zero.
    unit: u64,
    restored_per_second: u32,
}

impl Limit {
    /// `capacity` units, of which `restored` come back each second. Zero counts as one.
    #[must_use]
    pub fn per_second(capacity: u32, restored: u32) -> Self {
        Self::new(capacity, restored, SECOND, restored)
    }

    /// `capacity` units, of which `restored` come back each hour. Zero counts as one.
    #[must_use]
    pub fn per_hour(capacity: u32, restored: u32) -> Self {
        Self::new(capacity, restored, HOUR, restored / 3_600)
    }

    fn new(capacity: u32, restored: u32, period: u64, restored_per_second: u32) -> Self {
        Self {
            capacity: capacity.max(1),
            // Rounded up: never faster than was said.
            unit: period.div_ceil(u64::from(restored.max(1))).max(1),
            restored_per_second,
        }
    }

    /// How much a full bucket holds.
    #[must_use]
    pub const fn capacity(self) -> u32 {
        self.capacity
    }

    /// How much comes back in a second, rounded down.
    #[must_use]
    pub const fn restored_per_second(self) -> u32 {
        self.restored_per_second
    }

    /// Time in which `units` come back, in microseconds.
    fn micros(self, units: u32) -> i64 {
        i64::try_from(u64::from(units).saturating_mul(self.unit)).unwrap_or(i64::MAX)
    }
}

/// Too much was asked for: nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much at once; try again in {} ms", .retry_after.num_milliseconds())]
pub struct Exceeded {
    /// After this time as much is there, if nobody else takes it.
    pub retry_after: Duration,
}

/// What is left for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Unix time in microseconds at which it is full again.
    full_at: i64,
    /// Microseconds that it may be away from full beyond an empty one: nodes that had not heard of each other gave too much.
    owed: i64,
}

impl Bucket {
    /// Time until it is full again, in microseconds; never more than an empty one needs, and what it owes.
    fn missing(self, limit: Limit, now: i64) -> i64 {
        let most = limit.micros(limit.capacity).saturating_add(self.owed);
        self.full_at.saturating_sub(now).clamp(0, most)
    }

    /// Takes `units`, all or nothing. More than the capacity is never there.
    ///
    /// # Errors
    /// [`Exceeded`] when less is left.
    pub fn take(&mut self, limit: Limit, units: u32, now: Timestamp) -> Result<(), Exceeded> {
        let at = now.timestamp_micros();
        let needed = self.missing(limit, at).saturating_add(limit.micros(units));
        let over = needed.saturating_sub(limit.micros(limit.capacity));
        if over > 0 {
            return Err(Exceeded {
                retry_after: Duration::microseconds(over),
            });
        }
        self.full_at = at.saturating_add(needed);
        Ok(())
    }

    /// Takes `units` that were used already; the bucket may be empty afterwards, and owes no more than before.
    pub fn charge(&mut self, limit: Limit, units: u32, now: Timestamp) {
        let at = now.timestamp_micros();
        let missing = self.missing(limit, at);
        let needed = missing.saturating_add(limit.micros(units));
        let empty = limit.micros(limit.capacity);
        self.full_at = at.saturating_add(needed.min(empty).max(missing));
    }

    /// Gives `units` back that were taken and not used.
    pub fn give_back(&mut self, limit: Limit, units: u32, now: Timestamp) {
        let at = now.timestamp_micros();
        let missing = self.missing(limit, at).saturating_sub(limit.micros(units)).max(0);
        self.full_at = at.saturating_add(missing);
    }

    /// How much is left.
    #[must_use]
    pub fn left(self, limit: Limit, now: Timestamp) -> u32 {
        let missing = self.missing(limit, now.timestamp_micros());
        let unit = i64::try_from(limit.unit).unwrap_or(i64::MAX);
        // Rounded up: a unit that has not come back whole is not there.
        let gone = missing.checked_add(unit - 1).map_or(i64::MAX, |sum| sum / unit);
        limit
            .capacity
            .saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX))
    }

    /// When it is full again: `now` or later.
    #[must_use]
    pub fn full_at(self, limit: Limit, now: Timestamp) -> Timestamp {
        now + Duration::microseconds(self.missing(limit, now.timestamp_micros()))
    }

    /// Whether nothing is missing, so that it may be forgotten.
    #[must_use]
    pub fn is_full(self, now: Timestamp) -> bool {
        self.full_at <= now.timestamp_micros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(1_781_517_600_000 + millis).unwrap()
    }

    #[test]
    fn a_bucket_gives_its_capacity_at_once_and_then_what_comes_back() {
        let limit = Limit::per_second(20, 20);
        let mut bucket = Bucket::default();
        for left in (0..20).rev() {
            assert_eq!(bucket.take(limit, 1, at(0)), Ok(()));
            assert_eq!(bucket.left(limit, at(0)), left);
        }
        let wait = Duration::milliseconds(50);
        assert_eq!(bucket.take(limit, 1, at(0)), Err(Exceeded { retry_after: wait }));
        assert!(bucket.take(limit, 1, at(49)).is_err());
        assert_eq!(bucket.take(limit, 1, at(50)), Ok(()));
        assert!(bucket.take(limit, 1, at(50)).is_err());
        assert_eq!(bucket.left(limit, at(10_000)), 20, "never more than the capacity");
        assert_eq!(bucket.full_at(limit, at(50)), at(1_050));
    }

    #[test]
    fn the_named_wait_is_enough_and_no_less_is() {
        let limit = Limit::per_second(2_000, 200);
        let mut bucket = Bucket::default();
        bucket.take(limit, 1_500, at(0)).unwrap();
        let Exceeded { retry_after } = bucket.take(limit, 600, at(0)).unwrap_err();
        assert_eq!(retry_after, Duration::milliseconds(500));
        assert!(bucket.take(limit, 600, at(499)).is_err());
        assert_eq!(bucket.take(limit, 600, at(500)), Ok(()));
    }

    #[test]
    fn what_was_not_used_goes_back_and_what_was_used_beyond_is_charged() {
        let limit = Limit::per_second(100, 10);
        let mut bucket = Bucket::default();
        bucket.take(limit, 100, at(0)).unwrap();
        bucket.give_back(limit, 60, at(0));
        assert_eq!(bucket.left(limit, at(0)), 60);
        bucket.give_back(limit, 1_000, at(0));
        assert_eq!(bucket.left(limit, at(0)), 100);
        bucket.charge(limit, 1_000, at(0));
        assert_eq!(bucket.left(limit, at(0)), 0);
        assert_eq!(bucket.left(limit, at(100)), 1, "it never owes");
    }

    #[test]
    fn more_than_the_capacity_is_never_there() {
        let limit = Limit::per_second(10, 10);
        assert!(Bucket::default().take(limit, 11, at(0)).is_err());
        assert!(Bucket::default().take(limit, u32::MAX, at(0)).is_err());
        assert_eq!(Bucket::default().take(limit, 10, at(0)), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nobody_wait_longer_than_for_an_empty_bucket() {
        let limit = Limit::per_second(10, 10);
        let mut bucket = Bucket::default();
        bucket.take(limit, 10, at(1_000_000)).unwrap();
        let Exceeded { retry_after } = bucket.take(limit, 1, at(0)).unwrap_err();
        assert_eq!(retry_after, Duration::milliseconds(100));
        assert_eq!(bucket.take(limit, 10, at(2_000_000)), Ok(()));
    }

    #[test]
    fn hours_count_too() {
        let limit = Limit::per_hour(10_000, 10_000);
        let mut bucket = Bucket::default();
        bucket.take(limit, 10_000, at(0)).unwrap();
        assert_eq!(
            bucket.take(limit, 1, at(0)).unwrap_err().retry_after,
            Duration::milliseconds(360)
        );
        assert_eq!(limit.restored_per_second(), 2);
    }

    proptest! {
        #[test]
        fn over_any_time_no_more_is_taken_than_capacity_and_what_came_back(
            capacity in 1_u32..500, restored in 1_u32..500, tries in prop::collection::vec((0_i64..200, 1_u32..50), 1..200),
        ) {
            let limit = Limit::per_second(capacity, restored);
            let (mut bucket, mut clock, mut taken) = (Bucket::default(), 0, 0_u64);
            for (wait, units) in tries {
                clock += wait;
                if bucket.take(limit, units, at(clock)).is_ok() {
                    taken += u64::from(units);
                }
                let came_back = u64::from(restored) * u64::try_from(clock).unwrap() / 1_000;
                prop_assert!(taken <= u64::from(capacity) + came_back + 1);
            }
        }
    }
}
