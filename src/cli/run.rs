//! `apical run`: simulates a scenario and writes recordings and figures.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::MultiProgress;

use super::{INTERRUPTED, counted, refused, say, start_threads, stop_on_interrupt};
use crate::data::formats::file::data_dir;
use crate::data::{self};
use crate::description::Registry;
use crate::description::document::Problems;
use crate::description::scenario::{LoadedScenario, data, load};
use crate::plot::{comparison, gallery};
use crate::run::{
    Job, Reporting, Results, RunDirectory, Summary, check_memory, peak_memory_bytes, run as run_job,
};
use crate::terminal::{stderr, stdout};

/// Runs a scenario; writes recordings and figures.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// File of the scenario
    scenario: PathBuf,
    /// Change a value, for example `task.epochs=3` or `model.neurons.pyramidal.tau_b_ms=5`
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of initial weights, split and order; short for `--set seed=N`
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Parallel trials that share the synapses; short for `--set trials=N`
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trials: Option<u64>,
    /// Directory of the results [default: runs/NAME, numbered if it exists]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Directory of data sets outside the package [default: the variable APICAL_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads; results do not depend on their number [default: one per core]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    threads: Option<u16>,
    /// Print errors only
    #[arg(long)]
    quiet: bool,
}

/// Runs the command.
///
/// # Errors
/// Before any run: all errors of scenario, model and data. Later: errors that prevent the run from
/// continuing.
pub fn run(arguments: &Arguments, registry: Registry) -> Result<ExitCode, Box<dyn Error>> {
    let mut set = arguments.set.clone();
    set.extend(arguments.seed.map(|seed| format!("seed={seed}")));
    set.extend(arguments.trials.map(|trials| format!("trials={trials}")));
    let mut loaded = match load(&arguments.scenario, &set, &registry) {
        Ok(loaded) => loaded,
        Err(problems) => return Ok(refused(&problems)),
    };
    if !arguments.quiet && !loaded.warnings.0.is_empty() {
        loaded.warnings.say();
        say(stderr(), "\n");
    }
    start_threads(arguments.threads).map_err(|error| error as Box<dyn Error>)?;
    let stop = stop_on_interrupt("stopping; what was recorded is being kept")?;
    let session = Session {
        registry,
        data: data_dir(arguments.data.clone()),
        quiet: arguments.quiet,
        stop,
    };
    let variants = std::mem::take(&mut loaded.variants);
    let mut jobs = vec![(None, loaded)];
    if !variants.is_empty() {
        jobs = variants
            .into_iter()
            .map(|(name, job)| (Some(name), job))
            .collect();
    }
    // Memory and all data are checked before the first circuit runs.
    let (mut ready, mut warnings) = (Vec::new(), Problems::default());
    for (name, loaded) in jobs {
        check_memory(&loaded.scenario, &loaded.circuit)?;
        match data(&loaded, session.data.as_deref(), &session.registry) {
            Ok(data) => {
                let (data, found) = data.unzip();
                // Most variants have the same data, so warnings are merged.
                warnings.merge(found.unwrap_or_default());
                ready.push((name, loaded, data));
            }
            Err(problems) => return Ok(refused(&problems)),
        }
    }
    if !arguments.quiet && !warnings.0.is_empty() {
        warnings.say();
        say(stderr(), "\n");
    }
    let Some((_, first, _)) = ready.first() else {
        return Ok(ExitCode::SUCCESS);
    };
    let name = first.scenario.name.clone();
    let directory = match &arguments.out {
        Some(out) => RunDirectory::create(out)?,
        None => RunDirectory::next(&name)?,
    };
    let (mut finished, mut failed) = (Vec::new(), false);
    for (variant, loaded, data) in ready {
        let own = (variant.as_ref())
            .map(|variant| RunDirectory::create(&directory.path().join(variant)))
            .transpose()?;
        let place = own.as_ref().unwrap_or(&directory);
        if let (Some(variant), false) = (&variant, session.quiet) {
            say(stdout(), &format!("{name}: {variant}\n"));
        }
        let drawn = session.run(&loaded, data, place)?;
        if session.stop.load(Ordering::Relaxed) {
            return Ok(ExitCode::from(INTERRUPTED));
        }
        failed |= !drawn;
        finished.extend(variant.zip(own));
    }
    session.compare(&name, &finished, directory.path())?;
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// State that all runs of one command have in common.
struct Session {
    registry: Registry,
    data: Option<PathBuf>,
    quiet: bool,
    stop: Arc<AtomicBool>,
}

impl Session {
    /// Runs a scenario and draws its figures; returns true if all figures were drawn.
    fn run(
        &self,
        loaded: &LoadedScenario,
        data: Option<data::LoadedData>,
        directory: &RunDirectory,
    ) -> Result<bool, Box<dyn Error>> {
        let bars = MultiProgress::new();
        let job = Job {
            scenario: &loaded.scenario,
            model: &loaded.model,
            circuit: loaded.circuit.clone(),
            directory: &loaded.directory,
            model_directory: &loaded.model_directory,
            data_directory: self.data.as_deref(),
            reporting: match self.quiet {
                true => Reporting::Nothing,
                false => Reporting::Alone(&bars),
            },
            alone: true,
        };
        // Inside the pool, so that parallel work starts without a switch of threads.
        let mut summary = rayon::scope(|_| run_job(&job, data, directory, &self.stop))?;
        let drawn = gallery(&Results::open(directory.path())?, &[], &self.stop)?;
        // Drawing may need more memory than the run.
        summary.peak_memory_bytes = peak_memory_bytes();
        summary.write(directory)?;
        if !self.quiet {
            say(stdout(), &report(&summary, directory.path(), &drawn.saved));
        }
        if !drawn.left_out.is_empty() {
            let (what, place) = (drawn.left_out.join(", "), directory.path().display());
            let line = format!("figures left out: {what}; `apical plot {place}` draws them\n");
            say(stderr(), &line);
        }
        for wrong in &drawn.wrong {
            say(stderr(), &format!("error: {wrong}\n"));
        }
        Ok(drawn.wrong.is_empty())
    }

    /// Draws a comparison of variants.
    fn compare(
        &self,
        name: &str,
        finished: &[(String, RunDirectory)],
        directory: &Path,
    ) -> Result<(), Box<dyn Error>> {
        let runs = (finished.iter())
            .map(|(variant, place)| Ok((variant.clone(), Results::open(place.path())?)))
            .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        for path in comparison(name, &runs, &directory.join("figures"))? {
            if !self.quiet {
                say(stdout(), &format!("{}\n", path.display()));
            }
        }
        Ok(())
    }
}

/// Summary of a run in words.
fn report(summary: &Summary, directory: &Path, figures: &[PathBuf]) -> String {
    let mut text = String::from("\n");
    let mut line = |content: String| {
        let _ = writeln!(text, "{content}");
    };
    if summary.interrupted {
        line(format!("{} was stopped before its end", summary.scenario));
    }
    if let (Some(accuracy), Some(samples)) = (summary.test_accuracy, summary.test_samples) {
        let chosen = match (summary.chosen_epoch, summary.validation_accuracy) {
            (Some(epoch), Some(v)) => format!(", epoch {epoch} by validation {:.2} %", v * 1e2),
            _ => String::new(),
        };
        line(format!(
            "{}: test accuracy {:.2} % ({samples} samples{chosen})",
            summary.scenario,
            accuracy * 1e2
        ));
    }
    let rate = summary.steps as f64 / summary.wall_seconds.max(1e-9);
    let memory = (summary.peak_memory_bytes)
        .map(|bytes| format!(", {:.0} MB", bytes as f64 / 1e6))
        .unwrap_or_default();
    line(format!(
        "{}, {}, {:.1} ms simulated in {} steps: {:.1} s, {rate:.0} steps/s{memory}",
        counted(summary.neurons as u64, "neuron"),
        counted(summary.synapses as u64, "synapse"),
        summary.simulated_ms,
        summary.steps,
        summary.wall_seconds,
    ));
    if let Some(messages) = summary.messages() {
        line(format!(
            "messages sent: {:.3} % of the dense simulation's",
            1e2 * messages
        ));
    }
    line(format!("results in {}", directory.display()));
    for path in figures
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "png"))
    {
        line(format!("  {}", path.display()));
    }
    text
}
