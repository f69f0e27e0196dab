//! The command line.
//!
//! Invariant: standard output carries what a command was asked for and nothing else; logs and errors go to standard error.
//! The code of the process is 0 when the command did what it says, 1 when it failed or found a problem, 2 when the command
//! line itself is wrong. Whoever runs a command owns the machine, so commands ask nobody for a key.

mod answer;
mod completions;
mod config;
mod credential;
mod demo;
mod doctor;
pub mod event;
mod failure;
mod installation;
mod merchant;
mod migrate;
mod openapi;
mod operator;
mod outcome;
mod private_key;
mod schema;
mod serve;
mod shutdown;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use failure::failed;
pub use outcome::Outcome;

use crate::config::{Config, SettingFlags};
use crate::telemetry;
use clap::{Parser, Subcommand};
use std::future::Future;

/// Takes payments, keeps the ledger, answers over GraphQL.
#[derive(Debug, Parser)]
#[command(
    name = "tahsil",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tahsil demo                                try it: data, server and keys in one step
  tahsil serve --listen 0.0.0.0:8080         run it
  tahsil merchant create --name 'Al-Noor'    add who takes payments

Every setting is also a flag: see `tahsil --help`. Settings come from tahsil.toml, then TAHSIL_* variables, then flags.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill a database with sample data, serve it, and print how to try it.
    Demo(demo::Args),
    /// Answer requests until told to stop.
    Serve(serve::Args),
    /// Bring the schema of the database up to date.
    Migrate(migrate::Args),
    /// Merchants: who takes payments.
    #[command(subcommand)]
    Merchant(merchant::Command),
    /// Operators: who runs this installation.
    #[command(subcommand)]
    Operator(operator::Command),
    /// Credentials: the API keys of merchants.
    #[command(subcommand)]
    Credential(credential::Command),
    /// Sign a request and show how, to find out why a signature is refused; needs no database.
    Sign(sign::Args),
    /// Recompute the ledger from what happened, and compare.
    Verify(verify::Args),
    /// Look for what would keep the server from working well.
    Doctor(doctor::Args),
    /// Print the settings in force, and who said each.
    Config(config::Args),
    /// Print the GraphQL schema; needs no database.
    Schema(schema::Args),
    /// Print the OpenAPI document of the REST API; needs no database.
    Openapi(openapi::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// When it cannot be done; [`failed`] reports that.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let settings = self.settings;
        match self.command {
            // These print something fixed, or the very thing that may be wrong with the configuration.
            Command::Schema(args) => schema::run(&args),
            Command::Openapi(args) => openapi::run(&args),
            Command::Completions(args) => completions::run(&args),
            Command::Sign(args) => sign::run(&args),
            Command::Config(args) => config::run(&args, &settings),
            Command::Doctor(args) => block_on(doctor::run(&args, &settings)),

            Command::Demo(args) => {
                let config = logged(&demo::settings(settings)?)?;
                block_on(demo::run(&args, &config))
            }
            Command::Serve(args) => {
                let config = logged(&settings)?;
                block_on(serve::run(&args, &config))
            }
            Command::Migrate(args) => {
                let config = logged(&settings)?;
                block_on(migrate::run(&args, &config))
            }
            Command::Merchant(command) => {
                let config = logged(&settings)?;
                block_on(merchant::run(command, &config))
            }
            Command::Operator(command) => {
                let config = logged(&settings)?;
                block_on(operator::run(&command, &config))
            }
            Command::Credential(command) => {
                let config = logged(&settings)?;
                block_on(credential::run(command, &config))
            }
            Command::Verify(args) => {
                let config = logged(&settings)?;
                block_on(verify::run(&args, &config))
            }
        }
    }
}

/// The configuration, with the log going where it says.
fn logged(flags: &SettingFlags) -> anyhow::Result<Config> {
    let config = Config::from_values(&crate::config::in_force(flags, std::env::vars_os())?)?;
    telemetry::init(&config.log)?;
    Ok(config)
}

/// Deep queries resolve in deep calls: async-graphql needs more stack than tokio's two megabytes, most of all unoptimised.
const STACK: usize = 8 * 1024 * 1024;

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()?
        .block_on(work)
}
