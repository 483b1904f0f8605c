//! `apical plot`: the figures of a run.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use super::say;
use crate::description::document::unknown;
use crate::description::scenario::Neurons;
use crate::plot::gallery;
use crate::run::{Results, RunDirectory};
use crate::terminal::stdout;

/// Draws the figures of a run, from its recordings alone.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Directory of the run
    run: PathBuf,
    /// Draw only the membranes of these neurons, such as `hidden1[17]` or `output[0..3]`
    #[arg(long = "neuron", value_name = "NEURONS")]
    neurons: Vec<Neurons>,
}

/// Runs the command.
///
/// # Errors
/// A directory without a run, a damaged recording, a folder that cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let results = Results::open(&arguments.run)?;
    for neurons in &arguments.neurons {
        let name = &neurons.population;
        let known = results.model.populations.iter().map(|p| p.name.as_str());
        let Some(population) = results.population(name) else {
            return Err(unknown("population", name, known).into());
        };
        let what = format!("neurons of `{name}`");
        if let Some(misfit) = neurons.indices.misfit(population.arrangement(), &what) {
            return Err(format!("{neurons}: {misfit}").into());
        }
    }
    // Two processes that draw into one directory would mix their figures.
    let _claim = RunDirectory::claim(&arguments.run)?;
    let drawn = gallery(&results, &arguments.neurons, &AtomicBool::new(false))?;
    for path in &drawn.saved {
        say(stdout(), &format!("{}\n", path.display()));
    }
    if !drawn.wrong.is_empty() {
        return Err(drawn.wrong.join("\nerror: ").into());
    }
    if drawn.saved.is_empty() {
        let wanted: Vec<String> = arguments.neurons.iter().map(Neurons::to_string).collect();
        let what = match &wanted[..] {
            [] => "anything".to_owned(),
            wanted => wanted.join(", "),
        };
        return Err(format!("nothing was recorded of {what}; see `probes` of the scenario").into());
    }
    Ok(ExitCode::SUCCESS)
}
