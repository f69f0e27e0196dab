//! `tahsil schema`.

use super::{Outcome, answer};

/// Nothing to say.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil schema > schema.graphql")]
pub struct Args {}

/// Prints the schema in its definition language.
pub fn run() -> anyhow::Result<Outcome> {
    answer::line(crate::graphql::sdl().trim_end())?;
    Ok(Outcome::Done)
}
