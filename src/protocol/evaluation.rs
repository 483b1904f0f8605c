//! Evaluation: answers of a frozen copy of the circuit to validation and test samples.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1};

use super::ProtocolError;
use super::classification::Part;
use super::replay::Replay;
use crate::circuit::Circuit;
use crate::description::scenario::TimelineEntry;
use crate::engine::Simulation;
use crate::neuron::Variable;

/// Weights of all projections that are not tied, by name.
pub type Weights = BTreeMap<Arc<str>, Array2<f32>>;

/// A copy of the circuit without plasticity and without noise. Evaluation neither changes the
/// learning circuit nor takes simulated time from it. For every batch of samples, the copy starts
/// from the state in which it was built, at time 0. Local variables and resources of user-defined
/// systems are not reset.
pub struct Evaluation {
    frozen: Simulation,
    /// Timeline entries of the scenario, as functions of the step.
    replay: Replay,
    trials: usize,
    input: String,
    output: String,
    /// Number of steps from a sample to the answer.
    answer: u64,
}

impl Evaluation {
    /// A frozen copy of `circuit` with samples at `input` and, after `answer` steps, answers at
    /// `output`.
    #[must_use]
    pub fn new(
        circuit: &Circuit,
        timeline: &[TimelineEntry],
        (input, output): (&str, &str),
        answer: u64,
    ) -> Self {
        Self {
            frozen: Simulation::new(circuit.frozen()),
            replay: Replay::new(timeline, circuit.dt_ms),
            trials: circuit.trials,
            input: input.to_owned(),
            output: output.to_owned(),
            answer,
        }
    }

    /// Answers to all samples of a part, with these weights: `[samples]`. The timeline entries of
    /// the steps `replayed` of learning are repeated; those active at the end remain active.
    ///
    /// # Errors
    /// [`ProtocolError::Circuit`] if data and circuit differ in size, [`ProtocolError::Answer`] for
    /// an answer that is not finite.
    pub fn answers(
        &mut self,
        (name, part): (&'static str, &Part),
        weights: &Weights,
        replayed: Range<u64>,
    ) -> Result<Vec<usize>, ProtocolError> {
        for (name, weights) in weights {
            self.frozen.set_weights(name, weights.clone())?;
        }
        let others = self.replay.events(&self.frozen, replayed)?;
        let mut answered = Vec::new();
        let samples: Vec<usize> = (0..part.samples.len()).collect();
        for batch in samples.chunks(self.trials) {
            // Trials beyond the last sample repeat it and are not counted.
            let shown: Vec<usize> = (0..self.trials)
                .map(|trial| batch[trial.min(batch.len() - 1)])
                .collect();
            let stimuli = part.stimuli(&shown);
            // Samples have no effect on later samples.
            self.frozen.reset();
            for (step, event) in &others {
                self.frozen.enter(*step, event.clone())?;
            }
            self.frozen.set_input(&self.input, stimuli.view())?;
            while self.frozen.steps() < self.answer {
                self.frozen.advance(self.answer);
                if let Some(misplaced) = self.frozen.misplaced() {
                    return Err(misplaced.clone().into());
                }
                if let Some(runaway) = self.frozen.runaway() {
                    return Err(ProtocolError::Answer {
                        part: name,
                        sample: part.samples[shown[runaway.trial]],
                        runaway: runaway.clone(),
                    });
                }
            }
            answered.extend(
                most_active(&mut self.frozen, &self.output)
                    .iter()
                    .take(batch.len()),
            );
        }
        Ok(answered)
    }
}

/// Numbers of samples, true class x answer.
pub(super) fn confusion(part: &Part, answers: &[usize], classes: usize) -> Array2<u32> {
    let mut counts = Array2::zeros((classes, classes));
    let samples: Vec<usize> = (0..part.samples.len()).collect();
    for (answer, label) in answers.iter().zip(part.labels(&samples)) {
        if let Some(count) = counts.get_mut((label, *answer)) {
            *count += 1;
        }
    }
    counts
}

/// Fraction on the diagonal; `None` if all counts are 0.
#[must_use]
pub fn accuracy(counts: &Array2<u32>) -> Option<f64> {
    let all = counts.sum();
    (all > 0).then(|| f64::from(counts.diag().sum()) / f64::from(all))
}

/// The most active neuron of each trial; the first of equally active ones.
pub(super) fn most_active(simulation: &mut Simulation, output: &str) -> Vec<usize> {
    let most_active = |row: ArrayView1<'_, f32>| {
        (row.iter().enumerate())
            .fold((0, f32::NEG_INFINITY), |best, (i, &r)| {
                if r > best.1 { (i, r) } else { best }
            })
            .0
    };
    let rates = simulation.read(output, Variable::RATE);
    let rates = rates.expect("the output is a population");
    rates.rows().into_iter().map(most_active).collect()
}
