//! `apical run`: a circuit goes through its scenario.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use crate::model::Model;
use crate::plasticity::Registry;
use crate::run::{Job, RunDirectory};
use crate::scenario::Scenario;

/// Runs a scenario.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The scenario's file
    scenario: PathBuf,
    /// Seed, in place of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    #[arg(long)]
    out: Option<PathBuf>,
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
    let mut scenario: Scenario = read(&arguments.scenario)?;
    scenario.seed = arguments.seed.unwrap_or(scenario.seed);
    let directory = arguments.scenario.parent().unwrap_or(Path::new("."));
    let model: Model = read(&directory.join(&scenario.model))?;
    let out = match &arguments.out {
        Some(o) => RunDirectory::create(o)?,
        None => RunDirectory::next(&scenario.name)?,
    };
    let job = Job {
        scenario: &scenario,
        model: &model,
        registry: &Registry::default(),
        directory,
        model_directory: directory,
        data_directory: None,
        quiet: false,
    };
    let summary = crate::run::run(&job, &out, &AtomicBool::new(false))?;
    println!("{summary:#?}");
    Ok(())
}
