//! What waits to be written to one connection.
//!
//! Invariant: a queue holds at most [`MOST_ITEMS`] messages and [`MOST_BYTES`], whatever happens and however slow its reader is. Who has more
//! to say waits, or remembers where it was and reads on later; nobody else is held up.

use axum::body::Bytes;
use service::followed::Place;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most messages.
pub const MOST_ITEMS: usize = 256;
/// Most bytes of their contents.
pub const MOST_BYTES: usize = 512 * 1024;

/// Room for messages that an empty queue keeps.
const KEPT_ITEMS: usize = 8;

/// A message of an operation.
#[derive(Clone, Debug)]
pub enum Item {
    /// A result: bytes that all who follow the same share.
    Next {
        /// Whose.
        operation: Arc<str>,
        /// The execution result, as JSON.
        payload: Bytes,
        /// Up to where it tells; none for the answer to a query.
        place: Option<Place>,
    },
    /// It could not be executed, or cannot go on; the last message of its operation.
    Error {
        /// Whose.
        operation: Arc<str>,
        /// The errors, as a JSON array.
        errors: Bytes,
    },
    /// It has ended.
    Complete {
        /// Whose.
        operation: Arc<str>,
    },
    /// It goes on with another node only: the connection is to be made anew.
    Elsewhere {
        /// Whose.
        operation: Arc<str>,
    },
}

impl Item {
    fn operation(&self) -> &Arc<str> {
        match self {
            Self::Next { operation, .. }
            | Self::Error { operation, .. }
            | Self::Complete { operation }
            | Self::Elsewhere { operation } => operation,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Next { payload, .. } => payload.len(),
            Self::Error { errors, .. } => errors.len(),
            Self::Complete { .. } | Self::Elsewhere { .. } => 0,
        }
    }
}

/// There is no room now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
    is_gone: bool,
}

impl Waiting {
    fn has_room(&self, more: usize) -> bool {
        // One message that is longer than all may be still goes, alone.
        self.items.is_empty()
            || (self.items.len() < MOST_ITEMS && self.bytes.saturating_add(more) <= MOST_BYTES)
    }
}

/// What waits for one connection.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    filled: Notify,
    emptied: Notify,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, if there is room.
    ///
    /// # Errors
    /// When there is none. A connection that is gone takes everything.
    pub fn offer(&self, item: Item) -> Result<(), Full> {
        {
            let mut waiting = self.waiting();
            if waiting.is_gone {
                return Ok(());
            }
            if !waiting.has_room(item.bytes()) {
                return Err(Full);
            }
            waiting.bytes = waiting.bytes.saturating_add(item.bytes());
            waiting.items.push_back(item);
        }
        self.filled.notify_one();
        Ok(())
    }

    /// Adds a message, when there is room.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&self, item: Item) -> Result<(), Gone> {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            // Registered before looking, so that room which comes in between is not missed.
            emptied.as_mut().enable();
            if self.waiting().is_gone {
                return Err(Gone);
            }
            if self.offer(item.clone()).is_ok() {
                return Ok(());
            }
            emptied.await;
        }
    }

    /// The next message; waits for it. Dropping the future loses nothing.
    pub async fn next(&self) -> Item {
        loop {
            if let Some(item) = self.take() {
                return item;
            }
            self.filled.notified().await;
        }
    }

    /// The next message, if there is one.
    pub fn take(&self) -> Option<Item> {
        let item = {
            let mut waiting = self.waiting();
            let item = waiting.items.pop_front()?;
            waiting.bytes = waiting.bytes.saturating_sub(item.bytes());
            // A busy moment leaves no room behind.
            if waiting.items.is_empty() && waiting.items.capacity() > KEPT_ITEMS {
                waiting.items.shrink_to(KEPT_ITEMS);
            }
            item
        };
        self.emptied.notify_waiters();
        Some(item)
    }

    /// Drops what waits of an operation that was ended: nothing more of it is to be written.
    pub fn forget(&self, operation: &str) {
        {
            let mut waiting = self.waiting();
            waiting
                .items
                .retain(|item| item.operation().as_ref() != operation);
            waiting.bytes = waiting.items.iter().map(Item::bytes).sum();
        }
        self.emptied.notify_waiters();
    }

    /// The connection is gone: whoever waits for room stops.
    pub fn close(&self) {
        {
            let mut waiting = self.waiting();
            waiting.is_gone = true;
            waiting.items.clear();
            waiting.bytes = 0;
        }
        self.emptied.notify_waiters();
        self.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(operation: &str, bytes: usize) -> Item {
        Item::Next {
            operation: operation.into(),
            payload: Bytes::from(vec![b'x'; bytes]),
            place: None,
        }
    }

    #[tokio::test]
    async fn a_queue_is_full_by_number_and_by_bytes() {
        let queue = Queue::default();
        for _ in 0..MOST_ITEMS {
            queue.offer(next("a", 1)).unwrap();
        }
        assert_eq!(queue.offer(next("a", 1)), Err(Full));
        queue.take().unwrap();
        queue.offer(next("a", 1)).unwrap();

        let queue = Queue::default();
        queue.offer(next("a", MOST_BYTES + 1)).unwrap();
        assert_eq!(
            queue.offer(next("a", 0)),
            Ok(()).and(Err(Full)),
            "one that is too long goes alone"
        );
        queue.take().unwrap();
        queue.offer(next("a", MOST_BYTES - 1)).unwrap();
        assert_eq!(queue.offer(next("a", 2)), Err(Full));
        queue.offer(next("a", 1)).unwrap();
    }

    #[tokio::test]
    async fn whoever_waits_for_room_goes_on_when_there_is_some_and_stops_when_the_reader_is_gone() {
        let queue = Arc::new(Queue::default());
        while queue.offer(next("a", 1)).is_ok() {}
        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.send(next("b", 1)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        queue.take().unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(()));

        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.send(next("b", 1)).await }
        });
        tokio::task::yield_now().await;
        queue.close();
        assert_eq!(waiting.await.unwrap(), Err(Gone));
        assert_eq!(queue.offer(next("a", 1)), Ok(()), "nobody minds");
        assert!(queue.take().is_none());
    }

    #[test]
    fn what_was_ended_is_not_written_any_more() {
        let queue = Queue::default();
        for operation in ["a", "b", "a"] {
            queue.offer(next(operation, 10)).unwrap();
        }
        queue.forget("a");
        assert_eq!(queue.take().unwrap().operation().as_ref(), "b");
        assert!(queue.take().is_none());
        assert_eq!(queue.waiting().bytes, 0);
    }
}
