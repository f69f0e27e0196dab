//! The REST doors: thin, each with the words, statuses and shapes of its source.
//!
//! Invariant: a door finds out who asks by the one gate, so that a check that one of them makes none of them forgets; what went wrong is
//! one [`fault::Fault`] on all of them, and each door prints it in its own shape. No door knows a table.
//!
//! | Part | What it does |
//! | --- | --- |
//! | [`door`] | what a door is made of, and a request as it came |
//! | [`asked`] | one request from who asks to the answer, with its row of the log |
//! | [`fault`] | what went wrong: the one mapping to status, code and words |
//! | [`json`], [`problems`] | reading a body, and everything that is wrong with it |
//! | [`openapi`] | the document of all doors, and the page that reads it |
//! | [`v1`], [`v2`], [`public`], [`native`], [`rasedi`] | the doors |

pub mod asked;
pub mod door;
pub mod fault;
pub mod json;
pub mod native;
pub mod openapi;
pub mod problems;
pub mod public;
pub mod rasedi;
pub mod said;
pub mod v1;
pub mod v2;
