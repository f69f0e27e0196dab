//! The REST doors.
//!
//! Each example of S2 has a test of its name: same path, method, status, keys, types and words. The statuses of the examples are those
//! of the version `2025-12-01.tigris`; `versions` shows where the newest differs.

mod authorize;
mod bad_requests;
mod capture;
mod desk;
mod hang_up;
mod idempotency;
mod limits;
mod openapi;
mod payment;
mod refund;
mod request_log;
mod sale;
mod strangers;
mod transactions;
mod unknown_outcome;
mod versions;
mod void;
mod wallets;
