//! `tahsil serve`.

use super::shutdown::Signals;
use super::{Outcome, installation};
use crate::config::Config;
use crate::http::metrics::Metrics;
use crate::{compose, server};
use anyhow::bail;
use service::App;
use std::sync::Arc;

/// How to begin. Where it listens and what it does are settings: `--listen`, `--role`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil serve\n  tahsil serve --listen 0.0.0.0:8080 --role api --database-url postgres://tahsil@db/tahsil\n\n\
                  Stops on SIGINT or SIGTERM: takes no new requests, finishes those under way, ends with code 0. A second \
                  signal stops at once."
)]
pub struct Args {
    /// Do not bring the schema up to date first; a schema that is not then stops the start.
    #[arg(long)]
    no_migrate: bool,
}

/// Serves until a signal comes.
pub async fn run(args: &Args, config: &Config) -> anyhow::Result<Outcome> {
    if !args.no_migrate {
        let applied = compose::migrate(&config.database.url).await?;
        tracing::info!(applied, "the schema is up to date");
    }
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"))?;
    let app = installation(config, &metrics).await?;
    until_stopped(app, config, metrics).await
}

/// The installation, with its statements counted.
pub async fn installation(config: &Config, metrics: &Metrics) -> anyhow::Result<App> {
    let statements = metrics.sql_statements();
    Ok(compose::app(config, Some(Arc::new(move |_, _| statements.inc()))).await?)
}

/// Serves `app` until the first signal; then stops accepting, finishes what is under way and closes the database.
pub async fn until_stopped(app: App, config: &Config, metrics: Metrics) -> anyhow::Result<Outcome> {
    let signals = Signals::listen()?;
    let serve = async {
        let served = server::serve(app.clone(), config, metrics, signals.clone().first()).await;
        installation::close(&app).await;
        served
    };
    tokio::select! {
        served = serve => served.map(|()| Outcome::Done),
        () = signals.second() => bail!("stopped by a second signal before everything under way was finished"),
    }
}
