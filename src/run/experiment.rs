//! One run: a circuit is simulated and recorded by its scenario, into a directory of results.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use cpu_time::ProcessTime;
use ndarray::{Array2, stack};

use super::observed::Observed;
use super::progress::{Progress, Reporting};
use super::resolved::resolved;
use super::summary::{Summary, peak_memory_bytes};
use super::{RunDirectory, RunError, answers};
use crate::circuit::Circuit;
use crate::connectivity::Connectivity;
use crate::data::LoadedData;
use crate::description::model::Model;
use crate::description::scenario::Scenario;
use crate::engine::Simulation;
use crate::math::Steps;
use crate::neuron::Variable;
use crate::protocol::{
    ClassificationProtocol, FreeProtocol, Protocol, ProtocolError, Report, Weights, Window,
    accuracy, enter, own_weights, shown,
};
use crate::record::csv::{Cell, CsvTable};
use crate::record::{Observer, Recorder, npy};

/// Input of a run.
pub struct Job<'a> {
    /// Scenario; see [`crate::description::scenario`].
    pub scenario: &'a Scenario,
    /// The model as given.
    pub model: &'a Model,
    /// The circuit of the model and the scenario.
    pub circuit: Circuit,
    /// Base directory of the scenario's relative paths.
    pub directory: &'a Path,
    /// Base directory of the model's relative paths.
    pub model_directory: &'a Path,
    /// Directory of data sets that are not part of the crate.
    pub data_directory: Option<&'a Path>,
    /// Reporting of progress.
    pub reporting: Reporting<'a>,
    /// True if no other run shares the process; only then are processor time and memory of the
    /// process those of this run.
    pub alone: bool,
}

/// Runs `job` into `directory`, with the data of its task if it has one. When `stop` becomes true,
/// the run ends at the next step, and all recordings so far are kept.
///
/// # Errors
/// [`RunError`]; earlier recordings are kept.
pub fn run(
    job: &Job<'_>,
    data: Option<LoadedData>,
    directory: &RunDirectory,
    stop: &AtomicBool,
) -> Result<Summary, RunError> {
    let (started, processor) = (Instant::now(), ProcessTime::now());
    let (scenario, model) = (job.scenario, job.model);
    let data_sha256 = data.as_ref().map(LoadedData::sha256);
    let task = ClassificationProtocol::new(scenario, &job.circuit, data)?;
    let mut simulation = Simulation::new(job.circuit.clone());
    let end = match (&task, scenario.duration_ms) {
        (Some(task), _) => task.steps(),
        (None, Some(ms)) => Steps::of(scenario.dt_ms).next(ms),
        (None, None) => return Err(RunError::Endless),
    };
    let end_ms = Steps::of(scenario.dt_ms).ms(end);
    enter(&mut simulation, &scenario.timeline, scenario.trials, end_ms)
        .map_err(ProtocolError::from)?;
    for (name, text) in resolved(job)? {
        directory.write(name, &text)?;
    }
    if let Some(task) = &task {
        answers::write_parts(task, directory)?;
    }

    let tail = scenario.tail_probe(&job.circuit);
    let metadata = [
        ("scenario", scenario.name.clone()),
        ("seed", scenario.seed.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let observer = Observer::new(&scenario.probes, tail.as_ref(), &simulation, end);
    let recorder = Recorder::create(directory.path(), &metadata)?;
    let summary = Summary {
        scenario: scenario.name.clone(),
        model: model.name.clone(),
        seed: scenario.seed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_sha256,
        dt_ms: scenario.dt_ms,
        trials: scenario.trials,
        teacher_ms: task.as_ref().map(ClassificationProtocol::teacher_ms),
        neurons: (simulation.populations().iter())
            .map(|p| p.size * p.trials)
            .sum(),
        synapses: own_weights(&simulation).values().map(Array2::len).sum(),
        ..Summary::default()
    };
    let mut experiment = Experiment {
        timeline: CsvTable::create(
            &directory.path().join("timeline.csv"),
            &["kind", "label", "from_ms", "until_ms", "trial"],
        )?,
        progress: Progress::new(
            &scenario.name,
            end,
            scenario.dt_ms,
            task.as_ref().map(ClassificationProtocol::epochs),
            job.reporting,
        ),
        observed: Observed::new(simulation, observer, recorder, stop),
        summary,
        chosen: None,
    };
    experiment.show(shown(&scenario.timeline, Steps::of(scenario.dt_ms), end_ms))?;
    let outcome = match task {
        Some(task) => experiment.learn(task, directory),
        None => {
            let mut time = FreeProtocol::new(&experiment.observed.simulation, end);
            experiment.follow(&mut time, directory)
        }
    };
    if let Err(RunError::Stopped) = outcome {
        experiment.summary.interrupted = true;
    }
    // Results so far are kept in any case.
    experiment.progress.finish();
    let kept = experiment.keep(directory);
    let Experiment {
        observed,
        mut summary,
        ..
    } = experiment;
    let (_, recorded) = observed.finish();
    summary.samples_recorded = recorded
        .as_ref()
        .map_or(0, |files| files.iter().map(|file| file.rows).sum());
    summary.wall_seconds = started.elapsed().as_secs_f64();
    if job.alone {
        summary.cpu_seconds = Some(processor.elapsed().as_secs_f64());
        summary.peak_memory_bytes = peak_memory_bytes();
    }
    let written = summary.write(directory);
    // The first error is returned.
    if let Err(error) = outcome
        && !matches!(error, RunError::Stopped)
    {
        return Err(error);
    }
    recorded?;
    kept?;
    written?;
    Ok(summary)
}

struct Experiment<'a> {
    observed: Observed<'a>,
    timeline: CsvTable,
    progress: Progress,
    summary: Summary,
    /// Weights of the epoch selected by validation, and the step at which learning had them.
    chosen: Option<(Weights, u64)>,
}

impl Experiment<'_> {
    fn show(&mut self, windows: impl IntoIterator<Item = Window>) -> Result<(), RunError> {
        for window in windows {
            self.timeline.append(&[
                window.kind.as_str().into(),
                window.label.as_str().into(),
                window.from_ms.into(),
                window.until_ms.into(),
                (window.trial).map_or("all".into(), |trial| Cell::from(trial as f64)),
            ])?;
        }
        Ok(())
    }

    /// Executes a protocol to its end.
    fn follow(
        &mut self,
        protocol: &mut impl Protocol,
        directory: &RunDirectory,
    ) -> Result<(), RunError> {
        let first = protocol.prepare(&mut self.observed.simulation)?;
        self.observed.observe()?;
        let columns = protocol.columns();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut metrics = CsvTable::create(&directory.path().join("metrics.csv"), &columns)?;
        self.report(first, &mut metrics)?;
        while let Some(segment) = protocol.begin(&mut self.observed.simulation)? {
            self.observed.run(&segment)?;
            let report = protocol.end(&mut self.observed.simulation)?;
            self.report(report, &mut metrics)?;
        }
        Ok(())
    }

    /// Writes the report on a segment.
    fn report(&mut self, report: Report, metrics: &mut CsvTable) -> Result<(), RunError> {
        self.show(report.windows)?;
        let steps = self.observed.simulation.steps();
        self.progress.step(steps);
        if let Some(row) = report.metrics {
            let row: Vec<Cell<'_>> = row.into_iter().map(Cell::from).collect();
            metrics.append(&row)?;
        }
        if let Some(epoch) = report.epoch {
            if epoch.validation >= self.summary.validation_accuracy {
                self.summary.validation_accuracy = epoch.validation;
                self.summary.chosen_epoch = Some(epoch.epoch);
                self.chosen = Some((own_weights(&self.observed.simulation), steps));
            }
            self.summary.epochs = Some(epoch.epoch);
            self.progress.epoch(epoch, steps);
        }
        Ok(())
    }

    /// A run with a task: its protocol, then the test part, once.
    fn learn(
        &mut self,
        mut task: ClassificationProtocol,
        directory: &RunDirectory,
    ) -> Result<(), RunError> {
        self.follow(&mut task, directory)?;
        let Some((chosen, learned)) = &self.chosen else {
            return Ok(());
        };
        let (answers, counts) = task.test(chosen, *learned)?;
        self.summary.test_accuracy = accuracy(&counts);
        self.summary.test_samples = Some(counts.sum() as usize);
        answers::write_answers(&task, (&answers, &counts), directory)
    }

    /// Writes the counts of values sent along the projections; not with the dense engine.
    fn count_messages(&mut self, directory: &RunDirectory) -> Result<(), RunError> {
        let traffic = self.observed.simulation.traffic();
        if traffic.is_empty() {
            return Ok(());
        }
        self.summary.enter_traffic(&traffic);
        let names = ["projection", "sent", "suppressed", "of_dense", "worst_hold"];
        let mut table = CsvTable::create(&directory.path().join("messages.csv"), &names)?;
        for (name, (traffic, all)) in &traffic {
            table.append(&[
                (&**name).into(),
                (traffic.sent as f64).into(),
                (traffic.suppressed as f64).into(),
                (*all as f64).into(),
                f64::from(traffic.worst_hold).into(),
            ])?;
        }
        Ok(())
    }

    /// Writes the present weights, state and counts of values sent.
    fn keep(&mut self, directory: &RunDirectory) -> Result<(), RunError> {
        self.summary.steps = self.observed.simulation.steps();
        self.summary.simulated_ms = self.observed.simulation.time_ms();
        self.count_messages(directory)?;
        let folder = directory.folder("weights")?;
        for (name, weights) in own_weights(&self.observed.simulation) {
            npy::write(&folder.join(format!("{name}.npy")), &weights)?;
            let connectivity = self.observed.simulation.connectivity(&name);
            if let Some(pairs) = connectivity.and_then(Connectivity::listed_pairs) {
                npy::write(&folder.join(format!("{name}.pairs.npy")), &pairs)?;
            }
        }
        if let Some((chosen, _)) = &self.chosen {
            let folder = directory.folder("weights/chosen")?;
            for (name, weights) in chosen {
                npy::write(&folder.join(format!("{name}.npy")), weights)?;
            }
        }
        let folder = directory.folder("state")?;
        for population in self.observed.simulation.populations() {
            let name = population.name;
            let variables: Vec<_> = (Variable::ALL.into_iter())
                .filter_map(|variable| self.observed.simulation.read(&name, variable))
                .collect();
            let views: Vec<_> = variables.iter().map(|v| v.view()).collect();
            if let Ok(state) = stack(ndarray::Axis(0), &views) {
                npy::write(&folder.join(format!("{name}.npy")), &state)?;
            }
        }
        let noisy = self.observed.simulation.noise();
        if !noisy.is_empty() {
            let folder = directory.folder("state/noise")?;
            for (name, noise) in noisy {
                npy::write(&folder.join(format!("{name}.npy")), &noise)?;
            }
        }
        let own = self.observed.simulation.own_currents();
        if !own.is_empty() {
            let folder = directory.folder("state/own")?;
            for (name, currents) in own {
                npy::write(&folder.join(format!("{name}.npy")), &currents)?;
            }
        }
        let folder = directory.folder("state/arrived")?;
        for (name, arrived) in self.observed.simulation.arrived() {
            npy::write(&folder.join(format!("{name}.npy")), &arrived)?;
        }
        let folder = directory.folder("state/terms")?;
        for (name, term) in self.observed.simulation.terms() {
            npy::write(&folder.join(format!("{name}.npy")), &term)?;
        }
        Ok(())
    }
}
