//! `tahsil schema`.

use super::{Outcome, answer, event};
use std::path::PathBuf;

/// What to print.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil schema > schema.graphql\n  tahsil schema --codes    every code of an error, what it comes with and what it means\n  tahsil schema --events docs/events    the catalogue of events, as files"
)]
pub struct Args {
    /// Print the codes of errors, as Markdown tables, in place of the schema.
    #[arg(long)]
    codes: bool,
    /// Write the catalogue of events into this directory, in place of printing the schema.
    #[arg(long, value_name = "DIR", conflicts_with = "codes")]
    events: Option<PathBuf>,
}

/// Prints the schema in its definition language, or the codes of its errors; or writes the catalogue of events.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    if let Some(directory) = &args.events {
        event::write(directory)?;
        return Ok(Outcome::Done);
    }
    let text = if args.codes {
        crate::graphql::reference::codes()?
    } else {
        crate::graphql::sdl()
    };
    answer::line(text.trim_end())?;
    Ok(Outcome::Done)
}
