//! The program `tahsil`.

use clap::Parser;
use std::process::ExitCode;
use tahsil::cli::{self, Cli};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Help, version and misuse end here, the last with code 2.
    let cli = Cli::parse();
    match cli.run() {
        Ok(outcome) => outcome.into(),
        Err(error) => cli::failed(&error),
    }
}
