//! Who may ask: HTTP, GraphQL, REST doors, hosted pages, command line, configuration and wiring.
//!
//! Invariant: a module here parses, calls a use case of `service`, and prints. What may happen is decided further down.

pub mod checkout;
pub mod cli;
pub mod compose;
pub mod config;
pub mod demo;
pub mod events;
pub mod graphql;
pub mod http;
pub mod provider;
pub mod rest;
pub mod server;
mod sweeps;
pub mod telemetry;
pub mod webhooks;
