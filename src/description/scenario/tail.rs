//! Recording of the end of a run, in addition to the probes: the history of neurons for later
//! inspection.

use serde::{Deserialize, Serialize};

use super::{Indices, Neurons, Probe, Scenario};
use crate::circuit::Circuit;
use crate::neuron::Variable;

/// Recording of the end of a run, trial 0, in every step, to `tail.parquet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Tail {
    /// No recording.
    None,
    /// All variables of selected neurons.
    Last {
        /// Length in ms; absent: one presentation, or 200 steps without a task; 1000 steps at most.
        #[serde(default)]
        ms: Option<f64>,
        /// Recorded neurons; absent: the first 64 of each population, 1024 in total.
        #[serde(default)]
        neurons: Option<Vec<Neurons>>,
    },
}

/// Default number of neurons of a population.
const OF_A_POPULATION: usize = 64;
/// Default number of neurons of a circuit.
const OF_A_CIRCUIT: usize = 1024;

impl Default for Tail {
    fn default() -> Self {
        Self::Last {
            ms: None,
            neurons: None,
        }
    }
}

impl Scenario {
    /// Length of the recorded end of a run, in ms.
    #[must_use]
    pub fn tail_ms(&self) -> f64 {
        const STEPS: f64 = 200.0;
        const MOST_STEPS: f64 = 1000.0;
        if let Tail::Last { ms: Some(ms), .. } = self.tail {
            return ms;
        }
        let usual = (self.task.as_ref()).map_or(STEPS * self.dt_ms, |task| task.presentation_ms);
        usual.min(MOST_STEPS * self.dt_ms)
    }

    /// The recording as a probe; `None` if there is none.
    #[must_use]
    pub fn tail_probe(&self, circuit: &Circuit) -> Option<Probe> {
        let Tail::Last { neurons, .. } = &self.tail else {
            return None;
        };
        let neurons = match neurons {
            Some(neurons) => neurons.clone(),
            None => first(circuit),
        };
        Some(Probe::Traces {
            neurons,
            variables: Variable::ALL.to_vec(),
            trials: Indices::one(0),
            every_ms: None,
            from_ms: Some(-self.tail_ms()),
            until_ms: None,
        })
    }
}

/// The first neurons of each population, up to the limit for a circuit.
fn first(circuit: &Circuit) -> Vec<Neurons> {
    let mut left = OF_A_CIRCUIT;
    let pyramidal = (circuit.populations.iter()).filter(|p| p.neurons.is_some());
    let chosen = pyramidal.map(|population| {
        let count = population.size.min(OF_A_POPULATION).min(left);
        left -= count;
        Neurons {
            population: population.name.to_string(),
            indices: Indices::first(count),
        }
    });
    chosen
        .filter(|neurons| neurons.indices.largest().is_some())
        .collect()
}
