//! Learning a task: presentations one after the other, and what the circuit answers.

use std::path::Path;

use ndarray::{Array2, ArrayView2};

use crate::circuit::{BuildError, Setup};
use crate::model::Model;
use crate::plasticity::Registry;
use crate::scenario::{Scenario, Task, Window};
use crate::schedule::{Simulation, Variable};
use crate::stimulus::{DataError, Dataset, Order, Split};
use crate::teaching::Teacher;

/// Why a scenario could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The model does not describe a circuit.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The data are not what they should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Scenario and circuit do not fit.
    #[error("{0}")]
    Misfit(String),
}

/// Fractions of right answers after an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Epochs done.
    pub epoch: u64,
    /// While learning, just before the teacher spoke.
    pub train: f64,
    /// On the validation part, from a frozen copy.
    pub validation: f64,
}

/// A circuit that learns a task.
pub struct Learner {
    scenario: Scenario,
    task: Task,
    window: Window,
    data: Dataset,
    split: Split,
    simulation: Simulation,
    /// The same circuit without plasticity: answers are taken from this copy, so that asking
    /// changes nothing and takes no simulated time from the one that learns.
    frozen: Simulation,
    epoch: u64,
}

impl Learner {
    /// Loads the data and builds the circuit; paths are relative to `directory`.
    ///
    /// # Errors
    /// See [`RunError`].
    pub fn new(
        scenario: Scenario,
        model: &Model,
        registry: &Registry,
        directory: &Path,
    ) -> Result<Self, RunError> {
        let Some(task) = scenario.task.clone() else {
            return Err(RunError::Misfit("task: there is none to learn".into()));
        };
        let mut data = task.data.load(directory, None)?.train;
        task.encoding.apply(&mut data.inputs)?;
        let split = Split::stratified(&data.labels, data.classes, &task.split, scenario.seed)?;
        let setup = Setup {
            dt_ms: scenario.dt_ms,
            trials: scenario.trials,
            seed: scenario.seed,
            presentation_ms: task.presentation_ms,
            directory,
        };
        let mut still = model.clone();
        (still.synapses.values_mut()).for_each(|synapse| synapse.rule = None);
        let window = Window::of(&task, model, scenario.dt_ms);
        if window.on >= window.off {
            return Err(RunError::Misfit(format!(
                "task.presentation_ms: {} ms leave no time for the teacher, which comes on after {} and goes off after {} steps",
                task.presentation_ms, window.on, window.off
            )));
        }
        let simulation = Simulation::new(model, registry, setup)?;
        let frozen = Simulation::new(&still, registry, setup)?;
        Ok(Self {
            window,
            data,
            split,
            simulation,
            frozen,
            epoch: 0,
            scenario,
            task,
        })
    }

    /// Shows the training part once, in an order of its own, and evaluates on the validation part.
    ///
    /// The last presentation is filled up with the first samples of the epoch.
    ///
    /// # Errors
    /// [`RunError::Misfit`] if data and circuit are of different sizes.
    pub fn epoch(&mut self) -> Result<Outcome, RunError> {
        let trials = self.scenario.trials;
        let order = Order {
            seed: self.scenario.seed,
            samples: self.split.train.len(),
        };
        let order = order.epoch(self.epoch);
        let presentations = order.len().div_ceil(trials);
        let mut right = 0;
        for presentation in 0..presentations {
            let samples: Vec<usize> = (0..trials)
                .map(|trial| order[(presentation * trials + trial) % order.len()])
                .map(|position| self.split.train[position])
                .collect();
            let passed = self.epoch as f64 + presentation as f64 / presentations as f64;
            let done = passed / self.task.epochs as f64;
            (self.simulation).scale_eta(self.task.eta_schedule.factor(done));
            right += self.present(&samples)?;
        }
        self.epoch += 1;
        let validation = self.split.validation.clone();
        Ok(Outcome {
            epoch: self.epoch,
            train: right as f64 / (presentations * trials) as f64,
            validation: self.accuracy(&validation)?,
        })
    }

    /// Fraction of right answers on the test part.
    ///
    /// # Errors
    /// [`RunError::Misfit`] if data and circuit are of different sizes.
    pub fn test(&mut self) -> Result<f64, RunError> {
        let test = self.split.test.clone();
        self.accuracy(&test)
    }

    /// The circuit that learns.
    pub fn simulation(&mut self) -> &mut Simulation {
        &mut self.simulation
    }

    /// One presentation with its teacher; how many answers were right before the teacher spoke.
    fn present(&mut self, samples: &[usize]) -> Result<usize, RunError> {
        let stimuli = self.stimuli(samples);
        let task = &self.task;
        let target = self.targets(samples, task.teacher.label_smoothing);
        show(&mut self.simulation, &task.input, stimuli.view())?;
        let mut right = 0;
        for step in 0..self.window.length {
            let strength = if step == self.window.on {
                right = (answers(&mut self.simulation, &task.output)?
                    .iter()
                    .zip(samples))
                .filter(|(answer, sample)| **answer == self.data.labels[**sample])
                .count();
                Some(task.teacher.strength)
            } else {
                (step == self.window.off).then_some(0.0)
            };
            if let Some(strength) = strength {
                let teacher = Teacher {
                    target: target.clone(),
                    strength: vec![strength; samples.len()],
                };
                if !self.simulation.teach(&task.output, teacher) {
                    return Err(RunError::Misfit(format!(
                        "task.output: there is no population `{}` of {} neurons, one a class",
                        task.output, self.data.classes
                    )));
                }
            }
            self.simulation.step();
        }
        Ok(right)
    }

    fn stimuli(&self, samples: &[usize]) -> Array2<f32> {
        self.data.inputs.select(ndarray::Axis(0), samples)
    }

    fn targets(&self, samples: &[usize], smoothing: f32) -> Array2<f32> {
        let classes = self.data.classes;
        let spread = smoothing / classes as f32;
        Array2::from_shape_fn((samples.len(), classes), |(trial, class)| {
            let is_label = self.data.labels[samples[trial]] == class;
            spread + f32::from(is_label) * (1.0 - smoothing)
        })
    }

    fn accuracy(&mut self, samples: &[usize]) -> Result<f64, RunError> {
        for name in self.simulation.projections() {
            if let Some(weights) = self.simulation.weights(&name) {
                self.frozen.set_weights(&name, weights);
            }
        }
        let task = &self.task;
        let trials = self.scenario.trials;
        let mut right = 0;
        for batch in samples.chunks(trials) {
            // Trials beyond the last sample repeat it and are not counted.
            let shown: Vec<usize> = (0..trials)
                .map(|trial| batch[trial.min(batch.len() - 1)])
                .collect();
            let stimuli = self.data.inputs.select(ndarray::Axis(0), &shown);
            show(&mut self.frozen, &task.input, stimuli.view())?;
            for _ in 0..self.window.length {
                self.frozen.step();
            }
            right += (answers(&mut self.frozen, &task.output)?.iter().zip(batch))
                .filter(|(answer, sample)| **answer == self.data.labels[**sample])
                .count();
        }
        Ok(right as f64 / samples.len().max(1) as f64)
    }
}

fn show(
    simulation: &mut Simulation,
    input: &str,
    stimuli: ArrayView2<'_, f32>,
) -> Result<(), RunError> {
    if simulation.set_input(input, stimuli) {
        Ok(())
    } else {
        let features = stimuli.ncols();
        Err(RunError::Misfit(format!(
            "task.input: there is no input `{input}` of {features} neurons, one a feature"
        )))
    }
}

/// The most active neuron of each trial; the first of equals.
fn answers(simulation: &mut Simulation, output: &str) -> Result<Vec<usize>, RunError> {
    let rates = (simulation.read(output, Variable::Rate)).ok_or_else(|| {
        RunError::Misfit(format!("task.output: there is no population `{output}`"))
    })?;
    let most_active = |row: ndarray::ArrayView1<'_, f32>| {
        (row.iter().enumerate())
            .fold((0, f32::NEG_INFINITY), |best, (i, &r)| {
                if r > best.1 { (i, r) } else { best }
            })
            .0
    };
    Ok(rates.rows().into_iter().map(most_active).collect())
}
