//! The `apical` command.

use std::process::ExitCode;

use apical::cli::{inspect, plot, run};
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
    /// Run a scenario and keep what comes of it
    Run(run::Arguments),
    /// Look into one neuron of a run
    Inspect(inspect::Arguments),
    /// Draw the figures of a run
    Plot(plot::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Plot(arguments) => plot::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
