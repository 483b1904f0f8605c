//! The `apical` command.

use std::process::ExitCode;

use apical::plasticity::Registry;

fn main() -> ExitCode {
    apical::cli::main(Registry::default())
}
