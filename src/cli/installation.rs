//! The installation that a command works on.

use crate::{compose, config::Config};
use domain::actor::Actor;
use service::App;

/// Opens the installation, does `work` and closes it again, whatever came of it.
///
/// # Errors
/// When it cannot be opened, or the work fails.
pub async fn with<T>(
    config: &Config,
    work: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let app = compose::app(config, None).await?;
    let done = work(&app).await;
    close(&app).await;
    done
}

/// Waits for commands under way and closes the database. What was committed stays so even if closing fails.
pub async fn close(app: &App) {
    app.drain().await;
    if let Err(error) = app.db().close().await {
        tracing::warn!(%error, "the database did not close");
    }
}

/// Who acts: whoever can run a command on this machine reads its key file and database, and so is an operator without having
/// a key. The id is made for this one command and stands in its log lines only.
pub fn owner(app: &App) -> Actor {
    Actor::Operator(app.id(app.now()))
}
