//! A circuit with its timeline, run by the simulator and by the recursion side by side.

use std::path::Path;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::{Registry, Setup, lower};
use apical::engine::Simulation;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Reference, TimelineEntry, Verdict};

/// A circuit, what happens to it, and when it is looked at.
#[derive(Clone, Debug)]
pub struct Case {
    /// The circuit.
    pub model: Model,
    /// Step in ms.
    pub dt_ms: f64,
    /// Parallel trials.
    pub trials: usize,
    /// Seed of weights, noise and times of looking.
    pub seed: u64,
    /// What happens before which step, in ascending order.
    pub timeline: Vec<(u64, TimelineEntry)>,
    /// Length in steps.
    pub steps: u64,
    /// Largest number of steps between two looks.
    pub look_every: u64,
}

impl Case {
    /// The circuit at rest, in an engine and in the recursion.
    pub fn begin(&self, engine: Engine) -> (Simulation, Reference) {
        let setup = Setup {
            engine,
            dt_ms: self.dt_ms,
            trials: self.trials,
            seed: self.seed,
            presentation_ms: 1.0,
            directory: Path::new("."),
        };
        let simulation = Simulation::new(lower(&self.model, &Registry::default(), setup).unwrap());
        let how = (self.dt_ms, self.trials, self.seed);
        let reference = Reference::new(&self.model, &simulation, how);
        (simulation, reference)
    }

    /// Runs it, comparing everything now and then and at the end.
    pub fn run(&self, engine: Engine) -> Verdict {
        let (mut simulation, mut reference) = self.begin(engine);
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ 0x100c);
        let mut verdict = Verdict::default();
        let mut timeline = self.timeline.iter().peekable();
        while reference.step < self.steps {
            let now = reference.step;
            let until = (now + random.random_range(1..=self.look_every)).min(self.steps);
            while let Some((step, entry)) = timeline.next_if(|(step, _)| *step < until) {
                advance(&mut reference, *step);
                // Weights are set between two steps, not by an event of the timeline.
                if matches!(entry, TimelineEntry::Weights(..)) {
                    simulation.advance_to(*step);
                }
                entry.enter(&mut simulation, *step);
                reference.happen(entry);
            }
            advance(&mut reference, until);
            simulation.advance_to(until);
            verdict.look(&mut simulation, &reference);
            if simulation.runaway().is_some() {
                verdict.worst = f64::INFINITY;
                verdict.at = format!("{}", simulation.runaway().unwrap());
            }
            if verdict.worst.is_infinite() {
                break;
            }
        }
        verdict
    }
}

impl Case {
    /// The same up to the step before a natural magnitude is beyond `most`: a circuit that runs
    /// away magnifies every error, until a promise of a part of its magnitudes says nothing.
    pub fn before_running_away(mut self, most: f64) -> Self {
        let (_, mut reference) = self.begin(Engine::Dense);
        let mut timeline = self.timeline.iter().peekable();
        while reference.step < self.steps {
            while let Some((_, entry)) = timeline.next_if(|(step, _)| *step <= reference.step) {
                reference.happen(entry);
            }
            reference.step();
            let beyond = reference.populations.iter().any(|population| {
                let variables = population.variables().iter();
                let mut numbers = variables.flat_map(|variable| population.variable(*variable));
                numbers.any(|number| number.size > most || number.size.is_nan())
            });
            if beyond {
                self.steps = reference.step - 1;
            }
        }
        self
    }

    /// Runs the recursion beside one in which only what is sent is in single precision: whether
    /// what is promised can be kept. With `settles` potentials settle, too.
    pub fn run_in_single_precision(&self, settles: bool) -> Verdict {
        let (_, mut reference) = self.begin(Engine::Dense);
        let mut other = reference.clone();
        other.send_in_single_precision(settles);
        let mut verdict = Verdict::default();
        let mut timeline = self.timeline.iter().peekable();
        while reference.step < self.steps {
            while let Some((_, entry)) = timeline.next_if(|(step, _)| *step <= reference.step) {
                reference.happen(entry);
                other.happen(entry);
            }
            reference.step();
            other.step();
            if reference.step.is_multiple_of(self.look_every) || reference.step == self.steps {
                verdict.look_at_recursion(&other, &reference);
            }
        }
        verdict
    }
}

fn advance(reference: &mut Reference, until: u64) {
    while reference.step < until {
        reference.step();
    }
}
