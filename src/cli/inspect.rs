//! `apical inspect`: one neuron of a run from the inside.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use super::say;
use crate::inspect::{self, InspectError};
use crate::run::Results;
use crate::terminal::stdout;

/// Looks into one neuron of a run.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The run's directory
    run: PathBuf,
    /// The neuron, such as `hidden1[17]`
    neuron: String,
    /// The trial, from 0
    #[arg(long, default_value_t = 0)]
    trial: usize,
    /// How many of the strongest synapses of each dendrite are shown
    #[arg(long, default_value_t = 5)]
    synapses: usize,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// A directory that is not a run, a neuron or a trial that does not exist, a damaged file.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let mut results = Results::open(&arguments.run)?;
    let (trial, most) = (arguments.trial, arguments.synapses);
    let inspection = inspect::neuron(&mut results, &arguments.neuron, trial, most);
    let inspection = inspection.map_err(|error| match error {
        // The trial is that of the option.
        InspectError::Trial { .. } => format!("--{error}").into(),
        other => Box::<dyn Error>::from(other),
    })?;
    let text = match arguments.json {
        true => format!("{}\n", serde_json::to_string_pretty(&inspection)?),
        false => inspection.to_string(),
    };
    say(stdout(), &text);
    Ok(ExitCode::SUCCESS)
}
