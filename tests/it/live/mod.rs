//! Events as they happen, over WebSockets and event streams.

mod guards;
mod protocol;
mod requests;
mod seam;
mod sequencing;
mod slow;
mod stream;
mod streaming;

use crate::support::{Engine, TestApp};

/// An installation that numbers its events.
async fn working(engine: Engine) -> TestApp {
    TestApp::with_settings(engine, &[("TAHSIL_ROLE", "all")]).await
}

/// What tests follow.
const EVENTS: &str = "subscription Events($after: EventCursor, $types: [EventType!]) {
    events(after: $after, types: $types) { cursor event { id type name sequence subject { id } } }
}";
