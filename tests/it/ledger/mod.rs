//! The books, seen from behind: what the database refuses, and what the proof finds when somebody got past it.

mod append_only;
mod constraints;
mod constraints_of_webhooks;
mod days;
mod history;
mod intents;
mod references;
mod tampering;

use crate::support::{Hand, Merchant, TestApp, iqd};

/// A payment that was sold and partly refunded, and what the books say of it.
struct Books {
    payment: String,
    /// The sale.
    operation: String,
    refund: String,
    /// What the sale wrote: gross, fee, reserve.
    journal: String,
}

/// Sells 100,000 dinars and gives 40,000 back.
async fn books(app: &TestApp, merchant: &Merchant) -> Books {
    let sale = merchant.sale(iqd(100_000)).await.succeeds();
    let (payment, operation) = (
        sale.payment(),
        sale.data["operation"]["id"].as_str().unwrap().to_owned(),
    );
    let refund = merchant.refund(&payment, iqd(40_000)).await.succeeds();
    let refund = refund.data["refund"]["id"].as_str().unwrap().to_owned();
    let hand = Hand::at(&app.database.url).await;
    let journal = hand
        .text(&format!(
            "SELECT id FROM journals WHERE source_id = '{operation}'"
        ))
        .await;
    Books {
        payment,
        operation,
        refund,
        journal,
    }
}
