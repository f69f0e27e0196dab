//! Schema changes.
//!
//! Invariant: a migration that was released never changes its meaning: it carries its own frozen SQL and knows no entity. All
//! pending migrations run under one lock, each in a transaction of its own, on both databases. How to write one: README.md.

mod dialect;
mod lock;
mod m20261120_000001_tenants;
mod m20261120_000002_payments;
mod m20261120_000003_ledger;
mod m20261120_000004_outbox;
mod m20261120_000005_credentials;
mod m20261120_000006_api_requests;
mod m20261120_000007_integrity;
mod m20261120_000008_rate_limits;
mod m20261120_000009_intents;
mod m20261120_000010_callback_keys;
mod m20261120_000011_holds;
mod m20261128_000012_event_positions;
mod m20261128_000013_request_positions;
mod m20261130_000014_webhooks;

pub use lock::run_pending;
pub use sea_orm_migration::{MigratorTrait, sea_orm};

use sea_orm_migration::MigrationTrait;

/// The list of all migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_tenants::Migration),
            Box::new(m20261120_000002_payments::Migration),
            Box::new(m20261120_000003_ledger::Migration),
            Box::new(m20261120_000004_outbox::Migration),
            Box::new(m20261120_000005_credentials::Migration),
            Box::new(m20261120_000006_api_requests::Migration),
            Box::new(m20261120_000007_integrity::Migration),
            Box::new(m20261120_000008_rate_limits::Migration),
            Box::new(m20261120_000009_intents::Migration),
            Box::new(m20261120_000010_callback_keys::Migration),
            Box::new(m20261120_000011_holds::Migration),
            Box::new(m20261128_000012_event_positions::Migration),
            Box::new(m20261128_000013_request_positions::Migration),
            Box::new(m20261130_000014_webhooks::Migration),
        ]
    }
}
