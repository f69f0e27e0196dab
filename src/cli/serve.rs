//! `tahsil serve`.

use super::shutdown::Signals;
use super::{Outcome, installation};
use crate::compose;
use crate::config::{Config, LiveProvider};
use crate::http::metrics::Metrics;
use crate::server::{self, Counters};
use anyhow::{Context, bail};
use service::App;
use std::sync::Arc;
use tokio::net::TcpListener;

/// More than a node can serve.
const MOST_FILES: u64 = 1_048_576;

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
    if config.provider.live == LiveProvider::Sandbox {
        tracing::warn!(
            "live payments go to the sandbox, which moves no money: set live_provider = \"none\" to refuse them"
        );
    }
    let server = Server::open(config).await?;
    let listener = listen(config).await?;
    server.until_stopped(listener, config).await
}

/// The address, taken, with room for as many connections as the system lets us have.
pub async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    match rlimit::increase_nofile_limit(MOST_FILES) {
        Ok(most) => tracing::info!(most, "files and connections that may be open at once"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
    let address = config.http.listen;
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: set another address with --listen"))
}

/// An installation that can be served.
pub struct Server {
    /// The installation, with its statements counted.
    pub app: App,
    metrics: Metrics,
}

impl Server {
    /// Opens the installation.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"))?;
        let statements = metrics.sql_statements();
        let app = compose::app(config, Some(Arc::new(move |_, _| statements.inc()))).await?;
        Ok(Self { app, metrics })
    }

    /// Serves until the first signal; then stops accepting, finishes what is under way and closes the database.
    pub async fn until_stopped(self, listener: TcpListener, config: &Config) -> anyhow::Result<Outcome> {
        let Self { app, metrics } = self;
        let signals = Signals::listen()?;
        let serve = async {
            let stop = signals.clone().first();
            let counters = Counters::new(&app, config, metrics);
            let served = server::serve(listener, app.clone(), config, counters, stop).await;
            installation::close(&app).await;
            served
        };
        tokio::select! {
            served = serve => served.context("the server failed").map(|()| Outcome::Done),
            () = signals.clone().second() => {
                bail!("stopped by a second signal before everything under way was finished")
            }
        }
    }
}
