//! Events as they happen, over WebSockets and event streams.

mod guards;
mod protocol;
mod requests;
mod seam;
mod sequencing;
mod slow;
mod stream;
mod streaming;

use crate::support::{Engine, Hand, Merchant, TestApp};

/// An installation that numbers its events.
async fn working(engine: Engine) -> TestApp {
    TestApp::with_settings(engine, &[("TAHSIL_ROLE", "all")]).await
}

/// What tests follow.
const EVENTS: &str = "subscription Events($after: EventCursor, $types: [EventType!]) {
    events(after: $after, types: $types) { cursor event { id type name sequence subject { id } } }
}";

/// An event of `who` as a newer version may write it: of a type that this one does not know.
async fn newer_event(app: &TestApp, who: &Merchant) {
    let row = format!(
        "INSERT INTO outbox_events (id, merchant_id, mode, type, subject_id, data, occurred_at) VALUES \
         ('evt_00000000000000000000000001', '{}', '{}', 'dispute.opened', 'dp_1', '{{}}', '{}')",
        who.tenant.merchant,
        who.tenant.mode.as_str(),
        app.now().to_rfc3339()
    );
    Hand::at(&app.database.url).await.change(&row).await;
}
