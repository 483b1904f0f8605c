//! The `apical` command.

use std::process::ExitCode;

use apical::cli::{inspect, plot, run, validate};
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
    /// Run a scenario; leave recordings and figures
    Run(run::Arguments),
    /// Say everything that is wrong with model and scenario files, and run nothing
    Validate(validate::Arguments),
    /// Look into one neuron of a run
    Inspect(inspect::Arguments),
    /// Draw the figures of a run
    Plot(plot::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Validate(arguments) => return validate::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Plot(arguments) => plot::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
