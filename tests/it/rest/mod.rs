//! The REST doors.
//!
//! Each example of S2 has a test of its name: same path, method, status, keys, types and words. The statuses of the examples are those
//! of the version `2025-12-01.tigris`; `versions` shows where the newest differs.

mod authorize;
mod bad_requests;
mod bodies;
mod buyer;
mod capture;
mod confirm;
mod desk;
mod hang_up;
mod idempotency;
mod intent_keys;
mod intents;
mod limits;
mod native;
mod native_guards;
mod openapi;
mod payment;
mod public_guards;
mod refund;
mod request_log;
mod sale;
mod signed_desk;
mod strangers;
mod too_late;
mod transactions;
mod unknown_outcome;
mod versions;
mod void;
mod wallets;
mod webhook_config;
mod webhook_events;
