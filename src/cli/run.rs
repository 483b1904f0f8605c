//! `apical run`: learns the task of a scenario and says how well.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use crate::model::Model;
use crate::plasticity::Registry;
use crate::run::Learner;
use crate::scenario::Scenario;

/// Learns the task of a scenario.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The scenario's file
    scenario: PathBuf,
    /// Seed, in place of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Epochs, in place of the scenario's
    #[arg(long)]
    epochs: Option<u64>,
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    options
        .from_str(&text)
        .map_err(|e| format!("{}:{e}", path.display()).into())
}

/// Runs the command.
///
/// # Errors
/// Whatever keeps the scenario from running, with the file it is in.
pub fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut scenario: Scenario = read(&arguments.scenario)?;
    scenario.seed = arguments.seed.unwrap_or(scenario.seed);
    let Some(task) = &mut scenario.task else {
        return Err(format!("{}: task: there is none", arguments.scenario.display()).into());
    };
    task.epochs = arguments.epochs.unwrap_or(task.epochs);
    let epochs = task.epochs;
    let directory = arguments.scenario.parent().unwrap_or(Path::new("."));
    let model: Model = read(&directory.join(&scenario.model))?;
    let mut learner = Learner::new(scenario, &model, &Registry::default(), directory)?;
    for _ in 0..epochs {
        let outcome = learner.epoch()?;
        println!(
            "epoch {:>3}/{epochs}  {:>8.2} s simulated  train {:5.1} %  validation {:5.1} %",
            outcome.epoch,
            learner.simulation().time_ms() / 1e3,
            outcome.train * 1e2,
            outcome.validation * 1e2,
        );
    }
    let test = learner.test()?;
    println!(
        "test accuracy {:.2} % after {:.1} s",
        test * 1e2,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}
