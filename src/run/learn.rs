//! Learning a task: presentations one after the other, and what the circuit answers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1, Axis};

use super::RunError;
use super::answers::Legend;
use super::happen;
use crate::circuit::Setup;
use crate::event::Event;
use crate::model::Model;
use crate::plasticity::Registry;
use crate::record::descent;
use crate::record::statistics::angle;
use crate::scenario::{Scenario, Task, Window};
use crate::schedule::{Simulation, Variable};
use crate::stimulus::{Dataset, Loaded, Order, Split};
use crate::teaching::Teacher;

/// Weights of all projections that have their own, by name.
pub type Weights = BTreeMap<Arc<str>, Array2<f32>>;

/// A part of a data set.
pub(super) struct Part {
    pub data: Arc<Dataset>,
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
    window: Window,
    pub(super) train: Part,
    pub(super) validation: Part,
    pub(super) test: Part,
    classes: usize,
    /// What classes and features are called.
    pub(super) legend: Legend,
    /// Answers to the part that was asked last, `[samples of the part]`.
    pub(super) answered: Vec<usize>,
    /// The same circuit without plasticity: answers are taken from this copy, so that asking
    /// changes nothing and takes no simulated time from the one that learns.
    frozen: Simulation,
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
    /// What was shown in the first trial and when the teacher spoke.
    pub windows: [happen::Window; 2],
}

impl Lesson {
    /// Prepares the task of `scenario`, if it has one, with the `data` it names.
    ///
    /// # Errors
    /// See [`RunError`].
    pub fn new(
        scenario: &Scenario,
        model: &Model,
        registry: &Registry,
        setup: Setup<'_>,
        data: Option<Loaded>,
    ) -> Result<Option<Self>, RunError> {
        let (Some(task), Some(mut loaded)) = (scenario.task.clone(), data) else {
            return Ok(None);
        };
        let train = &mut loaded.train;
        let split = Split::stratified(&train.labels, train.classes, &task.split, scenario.seed)?;
        let encoder = task.encoding.fit(&train.inputs, &split.train);
        encoder.apply(&mut train.inputs)?;
        let data = Arc::new(loaded.train);
        let part = |samples| Part {
            data: data.clone(),
            samples,
        };
        // A source with a test part of its own keeps it, and all of it.
        let test = match loaded.test {
            None => part(split.test),
            Some(mut test) => {
                encoder.apply(&mut test.inputs)?;
                Part {
                    samples: (0..test.labels.len()).collect(),
                    data: Arc::new(test),
                }
            }
        };
        let mut still = model.clone();
        (still.synapses.values_mut()).for_each(|synapse| synapse.rule = None);
        // What has been learned is asked for without noise.
        (still.neurons.values_mut()).for_each(|neuron| neuron.noise = None);
        let window = Window::of(&task, model, scenario.dt_ms);
        if window.on >= window.off {
            return Err(RunError::NoTimeToTeach {
                presentation_ms: task.presentation_ms,
                on_ms: window.on as f64 * scenario.dt_ms,
                off_ms: window.off as f64 * scenario.dt_ms,
            });
        }
        Ok(Some(Self {
            window,
            seed: scenario.seed,
            trials: scenario.trials,
            train: part(split.train),
            validation: part(split.validation),
            test,
            classes: data.classes,
            legend: Legend {
                classes: loaded.classes,
                features: loaded.features,
                encoder,
            },
            answered: Vec::new(),
            frozen: Simulation::new(&still, registry, setup)?,
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
        self.task.epochs * self.presentations() * self.window.length
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
        start..start + self.window.length
    }

    /// Enters a presentation into the timeline and goes through it with `advance`, which goes on
    /// but not beyond the step it is given.
    ///
    /// # Errors
    /// Those of `advance`, and [`RunError::Misfit`] if data and circuit are of different sizes.
    pub fn present(
        &self,
        presentation: &Presentation,
        simulation: &mut Simulation,
        angles: &BTreeSet<Arc<str>>,
        mut advance: impl FnMut(&mut Simulation, u64) -> Result<(), RunError>,
    ) -> Result<Presented, RunError> {
        let start = simulation.steps();
        let (on, off) = (start + self.window.on, start + self.window.off);
        let input = simulation.input(&self.task.input)?;
        let taught: Vec<_> = (self.task.taught())
            .map(|population| simulation.pyramidal(population))
            .collect::<Result<_, _>>()?;
        let target = self.targets(&presentation.positions);
        let teacher = Teacher {
            target: target.clone(),
            strength: vec![self.task.teacher.strength; self.trials],
        };
        let stimuli = self.train.stimuli(&presentation.positions);
        simulation.enter(start, Event::EtaScale(self.eta_factor(presentation.done)))?;
        simulation.enter(start, Event::Rates(input, stimuli))?;
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
        let right = (self.window.on >= self.window.settled).then_some(right);
        let gradient = (watch.is_some())
            .then(|| descent(simulation, &self.task.output, &target))
            .flatten();
        let end = start + self.window.length;
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
        let label = self.train.labels(&presentation.positions[..1]).next();
        Ok(Presented {
            right,
            angles,
            windows: self.windows(start, label.unwrap_or_default(), simulation.dt_ms()),
        })
    }

    fn windows(&self, start: u64, label: usize, dt_ms: f64) -> [happen::Window; 2] {
        let window = |kind: &str, from: u64, until: u64| happen::Window {
            kind: kind.to_owned(),
            label: self.legend.class(label),
            from_ms: (start + from) as f64 * dt_ms,
            until_ms: (start + until) as f64 * dt_ms,
        };
        let Window {
            on, off, length, ..
        } = self.window;
        [window("stimulus", 0, length), window("teacher", on, off)]
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

    /// Fraction of right answers on the validation part, if there is one.
    ///
    /// # Errors
    /// [`RunError::Misfit`] if data and circuit are of different sizes.
    pub fn validate(&mut self, weights: &Weights) -> Result<Option<f64>, RunError> {
        let counts = self.confusion(weights, |lesson| &lesson.validation)?;
        Ok(accuracy(&counts))
    }

    /// Answers to the test part: how often a sample of the class of the row was taken for the
    /// class of the column.
    ///
    /// # Errors
    /// [`RunError::Misfit`] if data and circuit are of different sizes.
    pub fn test(&mut self, weights: &Weights) -> Result<Array2<u32>, RunError> {
        self.confusion(weights, |lesson| &lesson.test)
    }

    fn confusion(
        &mut self,
        weights: &Weights,
        part: impl Fn(&Self) -> &Part,
    ) -> Result<Array2<u32>, RunError> {
        for (name, weights) in weights {
            self.frozen.set_weights(name, weights.clone())?;
        }
        let mut counts = Array2::zeros((self.classes, self.classes));
        self.answered.clear();
        let samples: Vec<usize> = (0..part(self).samples.len()).collect();
        for batch in samples.chunks(self.trials) {
            // Trials beyond the last sample repeat it and are not counted.
            let shown: Vec<usize> = (0..self.trials)
                .map(|trial| batch[trial.min(batch.len() - 1)])
                .collect();
            let stimuli = part(self).stimuli(&shown);
            self.frozen.set_input(&self.task.input, stimuli.view())?;
            // However short a presentation is for learning, an answer is waited for.
            let end = self.frozen.steps() + self.window.length.max(self.window.settled);
            self.frozen.advance_to(end);
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
    let rates = simulation.read(output, Variable::Rate).unwrap_or_default();
    rates.rows().into_iter().map(most_active).collect()
}
