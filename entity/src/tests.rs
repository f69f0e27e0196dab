//! What holds for every table of tenants.

use crate::fixtures::tenant;
use sea_orm::{DbBackend, EntityTrait, QueryTrait, Select};

fn sql<E: EntityTrait>(select: &Select<E>) -> String {
    select.build(DbBackend::Postgres).to_string()
}

#[test]
fn every_finder_asks_for_merchant_and_mode() {
    let tenant = tenant();
    let queries = [
        ("api_requests", sql(&crate::api_request::Entity::of(tenant))),
        ("cards", sql(&crate::card::Entity::of(tenant))),
        ("credentials", sql(&crate::credential::Entity::of(tenant))),
        (
            "idempotency_records",
            sql(&crate::idempotency_record::Entity::of(tenant)),
        ),
        ("journals", sql(&crate::journal::Entity::of(tenant))),
        ("operations", sql(&crate::operation::Entity::of(tenant))),
        ("outbox_events", sql(&crate::outbox_event::Entity::of(tenant))),
        ("payments", sql(&crate::payment::Entity::of(tenant))),
        ("refunds", sql(&crate::refund::Entity::of(tenant))),
        (
            "webhook_endpoints",
            sql(&crate::webhook_endpoint::Entity::of(tenant)),
        ),
        (
            "webhook_deliveries",
            sql(&crate::webhook_delivery::Entity::of(tenant)),
        ),
        (
            "webhook_attempts",
            sql(&crate::webhook_attempt::Entity::of(tenant)),
        ),
        (
            "webhook_payloads",
            sql(&crate::webhook_payload::Entity::of(tenant)),
        ),
    ];
    for (table, query) in queries {
        let scope = format!(
            r#"FROM "{table}" WHERE "{table}"."merchant_id" = '{}' AND "{table}"."mode" = 'test'"#,
            tenant.merchant
        );
        assert!(query.ends_with(&scope), "{query}");
    }
}
