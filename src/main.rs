//! The `apical` command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Simulates pyramidal neurons that learn
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learn the task of a scenario
    Run(apical::cli::run::Arguments),
    /// Say everything that is wrong with model and scenario files, and run nothing
    Validate(apical::cli::validate::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => apical::cli::run::run(&arguments),
        Command::Validate(arguments) => return apical::cli::validate::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
