//! `tahsil completions`.

use super::{Cli, Outcome, answer};
use clap::CommandFactory;
use clap_complete::Shell;

/// For which shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tahsil completions bash > /etc/bash_completion.d/tahsil")]
pub struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    // To memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tahsil", &mut script);
    answer::line(String::from_utf8(script)?.trim_end())?;
    Ok(Outcome::Done)
}
