//! When the teacher speaks: after activity has arrived, and early enough to be heard everywhere.

use crate::model::{Compartment, Model};

use super::schema::Task;

/// How long activity takes to settle on its way up, and teaching on its way down, in ms.
///
/// Along a path, delays add up. A chain of leaks settles to 1 % within
/// `5 tau_max + 2 (sum of the others)`, an upper bound for the tail of a gamma distribution.
/// The slowest path without a repeated population counts.
#[must_use]
pub fn settling(model: &Model, output: &str) -> (f64, f64) {
    let mut up = 0.0f64;
    for input in &model.inputs {
        let mut path = Path::default();
        path.walk(
            model,
            Compartment::Basal,
            &input.name,
            Some(output),
            &mut up,
        );
    }
    let mut down = 0.0f64;
    let mut path = Path::default();
    path.enter(model, Compartment::Apical, output, 0.0);
    path.walk(model, Compartment::Apical, output, None, &mut down);
    (up, down)
}

#[derive(Clone, Default)]
struct Path {
    visited: Vec<String>,
    delays: f64,
    taus: f64,
    slowest: f64,
}

impl Path {
    fn settled(&self) -> f64 {
        self.delays + 5.0 * self.slowest + 2.0 * (self.taus - self.slowest)
    }

    /// Adds the delay and the time constants of a population that the path reaches.
    fn enter(&mut self, model: &Model, compartment: Compartment, population: &str, delay: f64) {
        self.delays += delay;
        self.visited.push(population.to_owned());
        let neuron = (model.populations.iter().find(|p| p.name == population))
            .and_then(|p| model.neurons.get(&p.neuron));
        if let Some(neuron) = neuron {
            let dendrite = match compartment {
                Compartment::Basal => neuron.tau_b_ms,
                Compartment::Apical => neuron.tau_a_ms,
            };
            for tau in [dendrite, neuron.tau_s_ms] {
                self.taus += tau;
                self.slowest = self.slowest.max(tau);
            }
        }
    }

    fn walk(
        &mut self,
        model: &Model,
        compartment: Compartment,
        here: &str,
        goal: Option<&str>,
        longest: &mut f64,
    ) {
        if goal.is_none_or(|goal| goal == here) {
            *longest = longest.max(self.settled());
        }
        for projection in &model.projections {
            if projection.compartment == compartment
                && projection.from == here
                && !self.visited.contains(&projection.to)
            {
                let mut further = self.clone();
                further.enter(model, compartment, &projection.to, projection.delay_ms);
                further.walk(model, compartment, &projection.to, goal, longest);
            }
        }
    }
}

/// The teacher's window within a presentation, in steps from the stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Steps from the stimulus to the teacher.
    pub on: u64,
    /// Steps from the stimulus to the teacher's end.
    pub off: u64,
    /// Steps of a presentation.
    pub length: u64,
    /// Steps until activity has settled at the output, whatever the teacher does.
    pub settled: u64,
}

impl Window {
    /// The window of `task`, with defaults from the circuit.
    ///
    /// The teacher's own current takes one more step.
    #[must_use]
    pub fn of(task: &Task, model: &Model, dt_ms: f64) -> Self {
        let (up, down) = settling(model, &task.output);
        let steps = |ms: f64| (ms / dt_ms - 1e-9).ceil().max(0.0) as u64;
        let length = (task.presentation_ms / dt_ms).round() as u64;
        let on = steps(task.teacher.latency_ms.unwrap_or(up));
        let before_end = steps(task.teacher.off_before_end_ms.unwrap_or(down));
        Self {
            on,
            off: length.saturating_sub(before_end),
            length,
            settled: steps(up),
        }
    }
}
