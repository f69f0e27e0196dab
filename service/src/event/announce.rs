//! Telling other nodes of a PostgreSQL database that events got places.
//!
//! Invariant: what is told is a number and never an event: who hears it reads the log. A number that is lost costs time, nothing else.

use crate::db::{OpenError, sql};
use crate::{App, Result};
use sqlx::postgres::PgListener;

/// The channel; PostgreSQL keeps those of each database apart.
const CHANNEL: &str = "tahsil_events";

/// Tells everybody who listens that events have places up to `pos`. Only the numbering node does this, once a batch: PostgreSQL takes
/// one lock over all databases for each commit that notifies, which must not be on the way of a payment.
///
/// # Errors
/// Storage errors.
pub async fn announce(app: &App, pos: i64) -> Result<()> {
    let notify = sql(true, "SELECT pg_notify(?, ?)")
        .bind(CHANNEL)
        .bind(pos.to_string());
    notify.one(app.db().reads()).await?;
    Ok(())
}

/// A connection that hears what is told.
pub struct Listener(PgListener);

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(app: &App) -> std::result::Result<Self, OpenError> {
        let mut listener = PgListener::connect(app.db().url())
            .await
            .map_err(OpenError::Refused)?;
        listener.listen(CHANNEL).await.map_err(OpenError::Refused)?;
        Ok(Self(listener))
    }

    /// The next number that is told; `None` after the connection broke and was made again, when some may have been missed.
    ///
    /// # Errors
    /// When it cannot be made again.
    pub async fn hear(&mut self) -> std::result::Result<Option<i64>, OpenError> {
        let heard = self.0.try_recv().await.map_err(OpenError::Refused)?;
        Ok(heard.and_then(|heard| heard.payload().parse().ok()))
    }
}
