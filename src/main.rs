//! The `apical` command.

use std::process::ExitCode;

use apical::description::Registry;

fn main() -> ExitCode {
    apical::cli::main(Registry::default())
}
