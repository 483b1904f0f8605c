//! One run: a circuit goes through its scenario, is observed, and leaves a directory of results.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cpu_time::ProcessTime;
use ndarray::{Array2, stack};

use super::learn::{Lesson, Weights, accuracy};
use super::progress::{Epoch, Progress, Reporting};
use super::resolved::resolved;
use super::summary::{Summary, peak_memory_bytes};
use super::{RunDirectory, RunError, Window, answers, happen, shown};
use crate::circuit::Circuit;
use crate::data::LoadedData;
use crate::description::model::Model;
use crate::description::scenario::Scenario;
use crate::engine::Simulation;
use crate::math::Steps;
use crate::neuron::Variable;
use crate::record::csv::{Cell, CsvTable};
use crate::record::{Batch, Observer, Recorder, npy};

/// What to run.
pub struct Job<'a> {
    /// What happens; see [`crate::description::scenario`].
    pub scenario: &'a Scenario,
    /// The model as it is written.
    pub model: &'a Model,
    /// The circuit that it becomes with the scenario.
    pub circuit: Circuit,
    /// Where the scenario's relative paths start.
    pub directory: &'a Path,
    /// Where the model's relative paths start.
    pub model_directory: &'a Path,
    /// Where data sets are that are not shipped.
    pub data_directory: Option<&'a Path>,
    /// How it is told.
    pub reporting: Reporting<'a>,
    /// Whether no other run shares the process; only then are its processor time and its memory
    /// those of this run.
    pub alone: bool,
}

/// Runs `job` into `directory`, with the data of its task if it has one. When `stop` becomes true the run ends in order at the next step,
/// with everything recorded so far.
///
/// # Errors
/// [`RunError`]; what was recorded before stays.
pub fn run(
    job: &Job<'_>,
    data: Option<LoadedData>,
    directory: &RunDirectory,
    stop: &AtomicBool,
) -> Result<Summary, RunError> {
    let (started, processor) = (Instant::now(), ProcessTime::now());
    let (scenario, model) = (job.scenario, job.model);
    let data_sha256 = data.as_ref().map(LoadedData::sha256);
    let lesson = Lesson::new(scenario, model, &job.circuit, data)?;
    let mut simulation = Simulation::new(job.circuit.clone());
    let end = match (&lesson, scenario.duration_ms) {
        (Some(lesson), _) => lesson.steps(),
        (None, Some(ms)) => Steps::of(scenario.dt_ms).next(ms),
        (None, None) => return Err(RunError::Endless),
    };
    let end_ms = Steps::of(scenario.dt_ms).ms(end);
    happen::enter(&mut simulation, &scenario.timeline, scenario.trials, end_ms)?;
    for (name, text) in resolved(job)? {
        directory.write(name, &text)?;
    }
    if let Some(lesson) = &lesson {
        answers::write_parts(lesson, directory)?;
    }

    let tail = scenario.tail_probe(model);
    let metadata = [
        ("scenario", scenario.name.clone()),
        ("seed", scenario.seed.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let mut experiment = Experiment {
        observer: Observer::new(&scenario.probes, tail.as_ref(), &simulation, end),
        recorder: Recorder::create(directory.path(), &metadata)?,
        timeline: CsvTable::create(
            &directory.path().join("timeline.csv"),
            &["kind", "label", "from_ms", "until_ms", "trial"],
        )?,
        progress: Progress::new(
            &scenario.name,
            end,
            scenario.dt_ms,
            lesson.as_ref().map(Lesson::epochs),
            job.reporting,
        ),
        summary: Summary {
            scenario: scenario.name.clone(),
            model: model.name.clone(),
            seed: scenario.seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_sha256,
            dt_ms: scenario.dt_ms,
            trials: scenario.trials,
            neurons: (simulation.populations().iter())
                .map(|p| p.size * p.trials)
                .sum(),
            synapses: own_weights(&simulation).values().map(Array2::len).sum(),
            ..Summary::default()
        },
        simulation,
        stop,
        chosen: None,
    };
    experiment.show(shown(&scenario.timeline, Steps::of(scenario.dt_ms), end_ms))?;
    let first = lesson.as_ref().and_then(|lesson| {
        let first = lesson.epoch(0).into_iter().next()?;
        Some(lesson.show(&first, &mut experiment.simulation, 0))
    });
    let outcome = first
        .unwrap_or(Ok(()))
        .and_then(|()| experiment.observe())
        .and_then(|()| match lesson {
            Some(mut lesson) => experiment.learn(&mut lesson, directory),
            None => experiment.go(end, directory),
        });
    if let Err(RunError::Stopped) = outcome {
        experiment.summary.interrupted = true;
    }
    // Whatever happened, what is there is kept.
    experiment.progress.finish();
    let kept = experiment.keep(directory);
    let recorded = experiment.recorder.finish();
    let mut summary = experiment.summary;
    summary.samples_recorded = recorded
        .as_ref()
        .map_or(0, |files| files.iter().map(|file| file.rows).sum());
    summary.wall_seconds = started.elapsed().as_secs_f64();
    if job.alone {
        summary.cpu_seconds = Some(processor.elapsed().as_secs_f64());
        summary.peak_memory_bytes = peak_memory_bytes();
    }
    let written = summary.write(directory);
    // The first thing that went wrong is the one to tell.
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
    simulation: Simulation,
    observer: Observer,
    recorder: Recorder,
    timeline: CsvTable,
    progress: Progress,
    summary: Summary,
    stop: &'a AtomicBool,
    /// Weights of the epoch that validation chose, and the step at which learning had them.
    chosen: Option<(Weights, u64)>,
}

impl Experiment<'_> {
    fn observe(&mut self) -> Result<(), RunError> {
        (self.observer).observe(&mut self.simulation, &mut self.recorder)?;
        Ok(())
    }

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

    /// A run without a task: time passes.
    fn go(&mut self, end: u64, directory: &RunDirectory) -> Result<(), RunError> {
        const ROWS: u64 = 200;
        let mut names = vec!["time_ms".to_owned()];
        let populations = pyramidal(&self.simulation);
        for name in &populations {
            names.push(format!("{name}_mean_r"));
            names.push(format!("{name}_mean_abs_xi"));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut metrics = CsvTable::create(&directory.path().join("metrics.csv"), &names)?;
        let stride = end.div_ceil(ROWS).max(1);
        metrics.append(&self.means(&populations))?;
        while self.simulation.steps() < end {
            let steps = self.simulation.steps();
            self.advance(end.min(steps - steps % stride + stride))?;
            let steps = self.simulation.steps();
            if steps.is_multiple_of(stride) || steps == end {
                metrics.append(&self.means(&populations))?;
                self.progress.step(steps);
            }
        }
        Ok(())
    }

    /// A row of the metrics of a run without a task: the time, and of each population the mean
    /// rate and the mean magnitude of the mismatch.
    fn means(&mut self, populations: &[String]) -> Vec<Cell<'static>> {
        let mut row = vec![Cell::from(self.simulation.time_ms())];
        for name in populations {
            for (variable, size) in [
                (Variable::RATE, f32::from as fn(f32) -> f32),
                (Variable::MISMATCH, f32::abs),
            ] {
                let values = self.simulation.read(name, variable).unwrap_or_default();
                let mean = values.mapv(size).mean().unwrap_or_default();
                row.push(f64::from(mean).into());
            }
        }
        row
    }

    fn advance(&mut self, limit: u64) -> Result<(), RunError> {
        let Self {
            simulation,
            observer,
            recorder,
            stop,
            ..
        } = self;
        advance(simulation, limit, (observer, recorder), stop)
    }

    /// A run with a task: epochs of presentations, then the test part, once.
    fn learn(&mut self, lesson: &mut Lesson, directory: &RunDirectory) -> Result<(), RunError> {
        let names = [
            "epoch",
            "time_ms",
            "train_accuracy",
            "validation_accuracy",
            "eta_factor",
        ];
        let mut metrics = CsvTable::create(&directory.path().join("metrics.csv"), &names)?;
        let mut upcoming = lesson.epoch(0);
        for epoch in 1..=lesson.epochs() {
            let presentations = upcoming;
            upcoming = match epoch < lesson.epochs() {
                true => lesson.epoch(epoch),
                false => Vec::new(),
            };
            let (mut right, mut shown, mut eta_factor) = (Some(0), 0, 1.0);
            for (n, presentation) in presentations.iter().enumerate() {
                let next = presentations.get(n + 1).or_else(|| upcoming.first());
                let due = (self.observer).angles_due(&lesson.span(self.simulation.steps()));
                let Self {
                    simulation,
                    observer,
                    recorder,
                    stop,
                    ..
                } = self;
                let presented = lesson.present(
                    (presentation, next),
                    simulation,
                    &due,
                    |simulation, limit| advance(simulation, limit, (observer, recorder), stop),
                )?;
                for (projection, value) in presented.angles {
                    self.recorder.record(Batch::Statistic {
                        time_ms: self.simulation.time_ms(),
                        projection,
                        statistic: "gradient_angle",
                        value,
                    })?;
                }
                self.show(presented.windows)?;
                right = right.zip(presented.right).map(|(sum, more)| sum + more);
                shown += presentation.positions.len();
                eta_factor = lesson.eta_factor(presentation.done);
                self.progress.step(self.simulation.steps());
            }
            let weights = own_weights(&self.simulation);
            let learned = self.simulation.steps();
            let validation = lesson.validate(&weights, learned)?;
            let train = right.map(|right| right as f64 / shown.max(1) as f64);
            metrics.append(&[
                (epoch as f64).into(),
                self.simulation.time_ms().into(),
                train.unwrap_or(f64::NAN).into(),
                validation.unwrap_or(f64::NAN).into(),
                f64::from(eta_factor).into(),
            ])?;
            if validation >= self.summary.validation_accuracy {
                self.summary.validation_accuracy = validation;
                self.summary.chosen_epoch = Some(epoch);
                self.chosen = Some((weights, learned));
            }
            self.summary.epochs = Some(epoch);
            let outcome = Epoch {
                epoch,
                train,
                validation,
            };
            (self.progress).epoch(outcome, self.simulation.steps());
        }
        let Some((chosen, learned)) = &self.chosen else {
            return Ok(());
        };
        let counts = lesson.test(chosen, *learned)?;
        self.summary.test_accuracy = accuracy(&counts);
        self.summary.test_samples = Some(counts.sum() as usize);
        answers::write_answers(lesson, &counts, directory)
    }

    /// Counts what was sent along the projections; with the dense engine there is nothing to count.
    fn count_events(&mut self, directory: &RunDirectory) -> Result<(), RunError> {
        let traffic = self.simulation.traffic();
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

    /// Writes weights, state and what was sent as they are now.
    fn keep(&mut self, directory: &RunDirectory) -> Result<(), RunError> {
        self.summary.steps = self.simulation.steps();
        self.summary.simulated_ms = self.simulation.time_ms();
        self.count_events(directory)?;
        let folder = directory.folder("weights")?;
        for (name, weights) in own_weights(&self.simulation) {
            npy::write(&folder.join(format!("{name}.npy")), &weights)?;
        }
        if let Some((chosen, _)) = &self.chosen {
            let folder = directory.folder("weights/chosen")?;
            for (name, weights) in chosen {
                npy::write(&folder.join(format!("{name}.npy")), weights)?;
            }
        }
        let folder = directory.folder("state")?;
        for population in self.simulation.populations() {
            let name = population.name;
            let variables: Vec<_> = (Variable::ALL.into_iter())
                .filter_map(|variable| self.simulation.read(&name, variable))
                .collect();
            let views: Vec<_> = variables.iter().map(|v| v.view()).collect();
            if let Ok(state) = stack(ndarray::Axis(0), &views) {
                npy::write(&folder.join(format!("{name}.npy")), &state)?;
            }
        }
        let noisy = self.simulation.noise();
        if !noisy.is_empty() {
            let folder = directory.folder("state/noise")?;
            for (name, noise) in noisy {
                npy::write(&folder.join(format!("{name}.npy")), &noise)?;
            }
        }
        let folder = directory.folder("state/arrived")?;
        for (name, arrived) in self.simulation.arrived() {
            npy::write(&folder.join(format!("{name}.npy")), &arrived)?;
        }
        let folder = directory.folder("state/terms")?;
        for (name, term) in self.simulation.terms() {
            npy::write(&folder.join(format!("{name}.npy")), &term)?;
        }
        Ok(())
    }
}

/// On to step `limit`, or to the next step at which a probe looks or anything happens; seen by the
/// watchdog and by all probes.
fn advance(
    simulation: &mut Simulation,
    limit: u64,
    (observer, recorder): (&mut Observer, &mut Recorder),
    stop: &AtomicBool,
) -> Result<(), RunError> {
    if stop.load(Ordering::Relaxed) {
        return Err(RunError::Stopped);
    }
    let next = observer.next(simulation.steps()).unwrap_or(limit);
    simulation.advance(limit.min(next));
    if let Some(runaway) = simulation.runaway() {
        return Err(runaway.clone().into());
    }
    if let Some(misplaced) = simulation.misplaced() {
        return Err(misplaced.clone().into());
    }
    observer.observe(simulation, recorder)?;
    Ok(())
}

fn pyramidal(simulation: &Simulation) -> Vec<String> {
    (simulation.populations().iter())
        .filter(|p| p.transfer.is_some())
        .map(|p| p.name.to_string())
        .collect()
}

fn own_weights(simulation: &Simulation) -> Weights {
    (simulation.projections().into_iter())
        .filter(|p| !p.transported)
        .filter_map(|p| Some((p.name.clone(), simulation.weights(&p.name)?)))
        .collect()
}
