//! How many requests a second an endpoint wants.
//!
//! Invariant: in any second from the first request on, no more begin than twice its rate: a bucket that holds one second's worth.

use std::time::Duration;
use tokio::time::Instant;

/// Micro-requests in a request, so that parts of one can be counted in whole numbers.
const WHOLE: u64 = 1_000_000;

/// A bucket of requests.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<u32>,
    left: u64,
    at: Instant,
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            rate: None,
            left: 0,
            at: now,
        }
    }

    /// Goes by another rate from now on.
    pub(super) fn set(&mut self, rate: Option<u32>, now: Instant) {
        if self.rate != rate {
            (self.rate, self.at) = (rate, now);
            self.left = u64::from(rate.unwrap_or_default()) * WHOLE;
        }
    }

    /// How many requests may begin at `now`.
    pub(super) fn room(&mut self, now: Instant) -> u32 {
        let Some(rate) = self.rate else { return u32::MAX };
        let passed = u64::try_from(now.saturating_duration_since(self.at).as_micros()).unwrap_or(u64::MAX);
        self.at = now;
        let most = u64::from(rate) * WHOLE;
        self.left = self
            .left
            .saturating_add(passed.saturating_mul(rate.into()))
            .min(most);
        u32::try_from(self.left / WHOLE).unwrap_or(u32::MAX)
    }

    /// So many began.
    pub(super) fn took(&mut self, requests: usize) {
        let requests = u64::try_from(requests).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(requests.saturating_mul(WHOLE));
    }

    /// Whether none may begin now, as of the last look.
    pub(super) fn is_empty(&self) -> bool {
        self.rate.is_some() && self.left < WHOLE
    }

    /// How long until one more may begin, when none may now.
    pub(super) fn wait(&self) -> Duration {
        let missing = WHOLE.saturating_sub(self.left);
        let rate = u64::from(self.rate.unwrap_or(u32::MAX)).max(1);
        Duration::from_micros(missing.div_ceil(rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_what_the_rate_says_after_the_first_burst() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.room(start), u32::MAX, "without a rate there is no limit");
        pace.set(Some(4), start);
        assert_eq!(pace.room(start), 4);
        pace.took(4);
        assert_eq!(pace.room(start), 0);
        assert_eq!(pace.wait(), Duration::from_millis(250));
        assert_eq!(pace.room(start + Duration::from_millis(249)), 0);
        assert_eq!(pace.room(start + Duration::from_millis(250)), 1);
        pace.took(1);
        assert_eq!(
            pace.room(start + Duration::from_secs(60)),
            4,
            "what is not used is not kept"
        );
    }
}
