//! What commands tell the request log, and what they learn of their request beyond who asks.
//!
//! Invariant: it outlives the request, because a command does: whoever gives up waiting changes nothing of what is noted.

use super::admission::Head;
use super::cookie::SessionCookie;
use super::entry::Entry;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// What the commands of an operation made, for its row in the request log.
#[derive(Debug, Default)]
pub struct Noted(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    made: Vec<String>,
    idempotency_key: Option<String>,
    error: Option<String>,
}

impl Noted {
    fn with(&self, note: impl FnOnce(&mut Notes)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Something was made or changed.
    pub fn made(&self, id: impl ToString) {
        self.with(|notes| notes.made.push(id.to_string()));
    }

    /// The idempotency key of a command.
    pub fn idempotency_key(&self, key: &str) {
        self.with(|notes| notes.idempotency_key = Some(key.to_owned()));
    }

    /// The code of a refusal.
    pub fn refused(&self, code: &str) {
        self.with(|notes| notes.error = Some(code.to_owned()));
    }

    /// Moves all of it into the row.
    pub fn into_entry(&self, entry: &mut Entry) {
        self.with(|notes| {
            entry.made(notes.made.drain(..));
            if let Some(key) = notes.idempotency_key.take() {
                entry.idempotency_key(&key);
            }
            if let Some(code) = notes.error.take() {
                entry.error(&code);
            }
        });
    }
}

/// Where a request comes from, for whoever opens a session.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Its address.
    pub address: IpAddr,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// How its cookie is called.
    pub cookie: SessionCookie,
}

impl Visitor {
    /// The visitor behind a request.
    #[must_use]
    pub fn of(head: &Head<'_>, cookie: SessionCookie) -> Self {
        Self {
            address: head.address,
            user_agent: head.header("user-agent").map(str::to_owned),
            cookie,
        }
    }
}
