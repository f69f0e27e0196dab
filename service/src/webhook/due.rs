//! Which endpoints have something to be sent, told by transactions of this process.
//!
//! Invariant: a hint and never the truth: whoever sends looks into the database too, for what other processes wrote and what is due later.

use domain::id::WebhookEndpointId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// What was told and not yet taken; one process takes it.
#[derive(Debug, Default)]
pub struct Due {
    told: Mutex<News>,
    wake: Notify,
}

/// What was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Something is to be sent to these.
    pub due: BTreeSet<WebhookEndpointId>,
    /// These were changed.
    pub changed: BTreeSet<WebhookEndpointId>,
    /// Anything may be due: the clock was moved.
    pub anything: bool,
}

impl Due {
    /// Tells of something to be sent to these endpoints.
    pub(crate) fn tell(&self, endpoints: BTreeSet<WebhookEndpointId>) {
        self.change(|told| told.due.extend(endpoints));
    }

    /// Tells that an endpoint was changed.
    pub(crate) fn tell_changed(&self, endpoint: WebhookEndpointId) {
        self.change(|told| {
            told.changed.insert(endpoint);
        });
    }

    /// Tells that anything may be due.
    pub fn tell_all(&self) {
        self.change(|told| told.anything = true);
    }

    fn change(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// Takes what was told.
    #[must_use]
    pub fn take(&self) -> News {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something is told, perhaps something that was taken already.
    pub async fn news(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_told_is_there_once_for_whoever_waits() {
        let id = |n: u128| WebhookEndpointId::from(uuid::Uuid::from_u128(n));
        let due = Due::default();
        due.tell(BTreeSet::from([id(1)]));
        due.tell(BTreeSet::from([id(1), id(2)]));
        due.tell_changed(id(3));
        due.tell_all();
        due.news().await;
        let told = due.take();
        assert_eq!(told.due, BTreeSet::from([id(1), id(2)]));
        assert_eq!((told.changed, told.anything), (BTreeSet::from([id(3)]), true));
        assert_eq!(due.take(), News::default());
    }
}
