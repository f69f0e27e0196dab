//! `tahsil openapi`.

use super::{Outcome, answer};

/// What to print.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tahsil openapi > openapi.json")]
pub struct Args {}

/// Prints the OpenAPI document of the REST doors.
pub fn run(_: &Args) -> anyhow::Result<Outcome> {
    answer::line(crate::rest::openapi::text()?.trim_end())?;
    Ok(Outcome::Done)
}
