//! `tahsil schema`.

use super::{Outcome, answer};

/// What to print.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tahsil schema > schema.graphql\n  tahsil schema --codes    every code of an error, what it comes with and what it means"
)]
pub struct Args {
    /// Print the codes of errors, as Markdown tables, in place of the schema.
    #[arg(long)]
    codes: bool,
}

/// Prints the schema in its definition language, or the codes of its errors.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let text = if args.codes {
        crate::graphql::reference::codes()?
    } else {
        crate::graphql::sdl()
    };
    answer::line(text.trim_end())?;
    Ok(Outcome::Done)
}
