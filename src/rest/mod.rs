//! The REST doors: thin, each with the words, statuses and shapes of its source.
//!
//! Invariant: a door finds out who asks by the one gate, so that a check that one of them makes none of them forgets.

pub mod rasedi;
