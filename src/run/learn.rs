//! Learning a task: presentations one after the other, and what the circuit answers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1, Axis};

use super::answers::Legend;
use super::replay::Replay;
use super::{RunError, Window};
use crate::circuit::Circuit;
use crate::data::{Encoded, LoadedData, Order, Split};
use crate::description::model::Model;
use crate::description::scenario::{
    PresentationSteps, Probe, Scenario, Task, TimelineEntry, charging,
};
use crate::engine::Simulation;
use crate::event::{Event, Teacher};
use crate::math::Steps;
use crate::neuron::Variable;
use crate::record::descent;
use crate::record::statistics::angle;

/// Weights of all projections that have their own, by name.
pub type Weights = BTreeMap<Arc<str>, Array2<f32>>;

/// A part of a data set.
pub(super) struct Part {
    pub data: Arc<Encoded>,
    pub samples: Vec<usize>,
}

impl Part {
    fn labels<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        (positions.iter()).map(|&position| self.data.labels[self.samples[position]])
    }

    fn stimuli(&self, positions: &[usize]) -> Array2<f32> {
        let samples: Vec<usize> = positions.iter().map(|&p| self.samples[p]).collect();
        self.data.inputs.select(Axis(0), &samples)
    }
}

/// The task of a scenario: its data, and when what is shown.
///
/// It acts on a circuit through its timeline and by nothing else.
pub struct Lesson {
    task: Task,
    seed: u64,
    trials: usize,
    steps: PresentationSteps,
    pub(super) train: Part,
    pub(super) validation: Part,
    pub(super) test: Part,
    classes: usize,
    /// What classes and features are called.
    pub(super) legend: Legend,
    /// Answers to the part that was asked last, `[samples of the part]`.
    pub(super) answered: Vec<usize>,
    /// The same circuit without plasticity and without noise: answers are taken from this copy, so
    /// that asking changes nothing and takes no simulated time from the one that learns. Every
    /// batch of samples finds it as it was built.
    frozen: Simulation,
    /// The model as it is written.
    model: Model,
    /// What the copy hears beside the samples.
    replay: Replay,
    /// Steps from a sample to the answer.
    answer: u64,
    /// Trials of which something is recorded.
    recorded: BTreeSet<usize>,
}

/// What one presentation needs to know when it begins.
pub struct Presentation {
    /// Fraction of the run that is over, which sets the learning rate.
    pub done: f64,
    /// Positions in the training part, one a trial.
    pub positions: Vec<usize>,
}

/// What came of one presentation.
pub struct Presented {
    /// How many answers were right just before the teacher spoke; none if it did not wait for
    /// the activity to settle.
    pub right: Option<usize>,
    /// Angles to the exact gradient in degrees, of the projections that were asked for.
    pub angles: Vec<(Arc<str>, f64)>,
    /// What was shown and when the teacher spoke, in each trial of which something is recorded.
    pub windows: Vec<Window>,
}

impl Lesson {
    /// Prepares the task of `scenario`, if it has one, with the `data` it names.
    ///
    /// # Errors
    /// See [`RunError`].
    pub fn new(
        scenario: &Scenario,
        model: &Model,
        circuit: &Circuit,
        data: Option<LoadedData>,
    ) -> Result<Option<Self>, RunError> {
        let (Some(task), Some(loaded)) = (scenario.task.clone(), data) else {
            return Ok(None);
        };
        let train = loaded.train;
        let classes = train.classes;
        let split = Split::stratified(&train.labels, train.classes, &task.split, scenario.seed)?;
        let encoder = task.encoding.fit(&train.inputs, &split.train);
        let data = Arc::new(train.encode(&encoder)?);
        let part = |samples| Part {
            data: data.clone(),
            samples,
        };
        // A source with a test part of its own keeps it, and all of it.
        let test = match loaded.test {
            None => part(split.test),
            Some(test) => Part {
                samples: (0..test.samples()).collect(),
                data: Arc::new(test.encode(&encoder)?),
            },
        };
        let steps = PresentationSteps::of(&task, model, scenario.dt_ms);
        if steps.on >= steps.off {
            return Err(RunError::NoTimeToTeach {
                presentation_ms: task.presentation_ms,
                on_ms: Steps::of(scenario.dt_ms).ms(steps.on),
                off_ms: Steps::of(scenario.dt_ms).ms(steps.off),
            });
        }
        // However short a presentation is for learning, an answer is waited for.
        let held = Steps::of(scenario.dt_ms).next(charged(&scenario.timeline, model, &task));
        let answer = (steps.length.max(steps.settled)).max(held);
        Ok(Some(Self {
            steps,
            answer,
            replay: Replay::new(&scenario.timeline, scenario.dt_ms),
            recorded: recorded(scenario),
            seed: scenario.seed,
            trials: scenario.trials,
            train: part(split.train),
            validation: part(split.validation),
            test,
            classes,
            legend: Legend {
                classes: loaded.classes,
                features: loaded.features,
                encoder,
            },
            answered: Vec::new(),
            frozen: Simulation::new(circuit.frozen()),
            model: model.clone(),
            task,
        }))
    }

    /// Presentations of one epoch.
    #[must_use]
    pub fn presentations(&self) -> u64 {
        self.train.samples.len().div_ceil(self.trials) as u64
    }

    /// Steps of the whole run.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.task.epochs * self.presentations() * self.steps.length
    }

    /// Number of epochs.
    #[must_use]
    pub fn epochs(&self) -> u64 {
        self.task.epochs
    }

    /// Factor of all learning rates when the fraction `done` of the run is over.
    #[must_use]
    pub fn eta_factor(&self, done: f64) -> f32 {
        self.task.eta_schedule.factor(done)
    }

    /// The presentations of an epoch: the training part in an order of the epoch's own. The last
    /// one is filled up with the first samples of the epoch.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Vec<Presentation> {
        let order = Order {
            seed: self.seed,
            samples: self.train.samples.len(),
        };
        let order = order.epoch(epoch);
        let count = self.presentations() as usize;
        (0..count)
            .map(|n| Presentation {
                done: (epoch as f64 + n as f64 / count as f64) / self.task.epochs as f64,
                positions: (0..self.trials)
                    .map(|trial| order[(n * self.trials + trial) % order.len()])
                    .collect(),
            })
            .collect()
    }

    /// The steps of a presentation that begins at `start`.
    #[must_use]
    pub fn span(&self, start: u64) -> Range<u64> {
        start..start + self.steps.length
    }

    /// Enters the stimuli of a presentation that begins at step `start` into the timeline. Those
    /// of the first are entered at the start of a run, so that they count as sent at time 0.
    ///
    /// # Errors
    /// [`RunError::CircuitError`] if data and circuit are of different sizes.
    pub fn show(
        &self,
        presentation: &Presentation,
        simulation: &mut Simulation,
        start: u64,
    ) -> Result<(), RunError> {
        let input = simulation.input(&self.task.input)?;
        let stimuli = self.train.stimuli(&presentation.positions);
        simulation.enter(start, Event::Rates(input, stimuli))?;
        Ok(())
    }

    /// Goes through a presentation, whose stimuli have been entered by [`Self::show`], with
    /// `advance`, which goes on but not beyond the step it is given. The stimuli of the `next` one
    /// are entered as well: at its end they count as sent.
    ///
    /// # Errors
    /// Those of `advance`, and [`RunError::CircuitError`] if data and circuit are of different sizes.
    pub fn present(
        &self,
        (presentation, next): (&Presentation, Option<&Presentation>),
        simulation: &mut Simulation,
        angles: &BTreeSet<Arc<str>>,
        mut advance: impl FnMut(&mut Simulation, u64) -> Result<(), RunError>,
    ) -> Result<Presented, RunError> {
        let start = simulation.steps();
        let (on, off) = (start + self.steps.on, start + self.steps.off);
        let taught: Vec<_> = (self.task.taught())
            .map(|population| simulation.pyramidal(population))
            .collect::<Result<_, _>>()?;
        let target = self.targets(&presentation.positions);
        let teacher = Teacher {
            target: target.clone(),
            strength: vec![self.task.teacher.strength; self.trials],
        };
        simulation.enter(start, Event::EtaScale(self.eta_factor(presentation.done)))?;
        if let Some(next) = next {
            self.show(next, simulation, start + self.steps.length)?;
        }
        for population in taught {
            simulation.enter(on, Event::Teacher(population, teacher.clone()))?;
            simulation.enter(off, Event::Strength(population, 0.0))?;
        }
        let watch = (!angles.is_empty()).then(|| simulation.watch_changes());
        while simulation.steps() < on {
            advance(simulation, on)?;
        }
        let answers = answers(simulation, &self.task.output);
        let labels = self.train.labels(&presentation.positions);
        let right = (answers.into_iter().zip(labels))
            .filter(|(a, l)| a == l)
            .count();
        let right = (self.steps.on >= self.steps.settled).then_some(right);
        let gradient = (watch.is_some())
            .then(|| descent(simulation, &self.task.output, &target))
            .flatten();
        let end = start + self.steps.length;
        while simulation.steps() < end {
            advance(simulation, end)?;
        }
        let changes = watch
            .map(|watch| simulation.change(watch))
            .unwrap_or_default();
        let angles = (gradient.iter().flatten())
            .filter(|(name, _)| angles.contains(*name))
            .filter_map(|(name, gradient)| {
                let change = changes.get(name)?;
                Some((name.clone(), angle(change.view(), gradient.view())?))
            })
            .collect();
        Ok(Presented {
            right,
            angles,
            windows: self.windows(start, &presentation.positions, simulation.dt_ms()),
        })
    }

    fn windows(&self, start: u64, positions: &[usize], dt_ms: f64) -> Vec<Window> {
        let PresentationSteps {
            on, off, length, ..
        } = self.steps;
        let labels: Vec<usize> = self.train.labels(positions).collect();
        let trials = (self.recorded.iter()).filter_map(|trial| Some((*trial, labels.get(*trial)?)));
        let rows = trials.flat_map(|(trial, label)| {
            [("stimulus", 0, length), ("teacher", on, off)].map(|(kind, from, until)| Window {
                kind: kind.to_owned(),
                label: self.legend.class(*label),
                from_ms: Steps::of(dt_ms).ms(start + from),
                until_ms: Steps::of(dt_ms).ms(start + until),
                trial: Some(trial),
            })
        });
        rows.collect()
    }

    fn targets(&self, positions: &[usize]) -> Array2<f32> {
        let smoothing = self.task.teacher.label_smoothing;
        let spread = smoothing / self.classes as f32;
        let mut targets = Array2::from_elem((positions.len(), self.classes), spread);
        for (mut row, label) in targets
            .rows_mut()
            .into_iter()
            .zip(self.train.labels(positions))
        {
            row[label] += 1.0 - smoothing;
        }
        targets
    }

    /// Fraction of right answers on the validation part, if there is one, with the weights that
    /// learning had at step `learned`.
    ///
    /// # Errors
    /// As [`Self::test`].
    pub fn validate(&mut self, weights: &Weights, learned: u64) -> Result<Option<f64>, RunError> {
        let counts = self.confusion((weights, learned), ("validation", |l| &l.validation))?;
        Ok(accuracy(&counts))
    }

    /// Answers to the test part with the weights that learning had at step `learned`: how often a
    /// sample of the class of the row was taken for the class of the column.
    ///
    /// # Errors
    /// [`RunError::CircuitError`] if data and circuit are of different sizes, [`RunError::Answer`] for
    /// an answer that is no number.
    pub fn test(&mut self, weights: &Weights, learned: u64) -> Result<Array2<u32>, RunError> {
        self.confusion((weights, learned), ("test", |lesson| &lesson.test))
    }

    /// The steps of learning that samples are asked in once more, so far as the timeline goes: the
    /// last presentation before step `learned`, up to the moment at which learning reads its own
    /// answers, just before the teacher; all of it if the teacher does not wait for them. What
    /// holds at their end holds on.
    fn heard(&self, learned: u64) -> Range<u64> {
        let PresentationSteps {
            on,
            length,
            settled,
            ..
        } = self.steps;
        let start = learned.saturating_sub(length);
        start..start + if on >= settled { on } else { length }
    }

    fn confusion(
        &mut self,
        (weights, learned): (&Weights, u64),
        (name, part): (&'static str, fn(&Self) -> &Part),
    ) -> Result<Array2<u32>, RunError> {
        for (name, weights) in weights {
            self.frozen.set_weights(name, weights.clone())?;
        }
        let circuit = (&self.model, self.trials);
        let others = (self.replay).events(&self.frozen, circuit, self.heard(learned))?;
        let mut counts = Array2::zeros((self.classes, self.classes));
        self.answered.clear();
        let samples: Vec<usize> = (0..part(self).samples.len()).collect();
        for batch in samples.chunks(self.trials) {
            // Trials beyond the last sample repeat it and are not counted.
            let shown: Vec<usize> = (0..self.trials)
                .map(|trial| batch[trial.min(batch.len() - 1)])
                .collect();
            let stimuli = part(self).stimuli(&shown);
            // No sample leaves anything behind for the next.
            self.frozen.reset();
            for (step, event) in &others {
                self.frozen.enter(*step, event.clone())?;
            }
            self.frozen.set_input(&self.task.input, stimuli.view())?;
            while self.frozen.steps() < self.answer {
                self.frozen.advance(self.answer);
                if let Some(runaway) = self.frozen.runaway() {
                    return Err(RunError::Answer {
                        part: name,
                        sample: part(self).samples[shown[runaway.trial]],
                        runaway: runaway.clone(),
                    });
                }
            }
            let answers = answers(&mut self.frozen, &self.task.output);
            self.answered.extend(answers.iter().take(batch.len()));
            for (answer, label) in answers.into_iter().zip(part(self).labels(batch)) {
                if let Some(count) = counts.get_mut((label, answer)) {
                    *count += 1;
                }
            }
        }
        Ok(counts)
    }
}

/// The trials of which a scenario records traces, the first among them.
fn recorded(scenario: &Scenario) -> BTreeSet<usize> {
    let trials = scenario.probes.iter().flat_map(|probe| match probe {
        Probe::Traces { trials, .. } => trials.among(scenario.trials),
        Probe::Weights { .. } | Probe::Statistics { .. } => Vec::new(),
    });
    trials.chain([0]).collect()
}

/// Time in ms until the populations that answer have settled to what the timeline injects or
/// teaches.
fn charged(timeline: &[TimelineEntry], model: &Model, task: &Task) -> f64 {
    let populations = timeline.iter().filter_map(|entry| match entry {
        TimelineEntry::Current { neurons, .. } => Some(&neurons.population),
        TimelineEntry::Teacher { population, .. } => Some(population),
        _ => None,
    });
    let populations: BTreeSet<&String> = populations.collect();
    let times = populations
        .into_iter()
        .map(|population| charging(model, population, task.taught()));
    times.fold(0.0, f64::max)
}

/// Fraction on the diagonal; none if nothing was counted.
#[must_use]
pub fn accuracy(counts: &Array2<u32>) -> Option<f64> {
    let all = counts.sum();
    (all > 0).then(|| f64::from(counts.diag().sum()) / f64::from(all))
}

/// The most active neuron of each trial; the first of equals.
fn answers(simulation: &mut Simulation, output: &str) -> Vec<usize> {
    let most_active = |row: ArrayView1<'_, f32>| {
        (row.iter().enumerate())
            .fold((0, f32::NEG_INFINITY), |best, (i, &r)| {
                if r > best.1 { (i, r) } else { best }
            })
            .0
    };
    let rates = simulation.read(output, Variable::RATE).unwrap_or_default();
    rates.rows().into_iter().map(most_active).collect()
}
