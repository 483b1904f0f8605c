//! Entries of a scenario's timeline.

use serde::{Deserialize, Serialize};

use super::selector::Neurons;
use crate::neuron::{NeuronParameter, Site};

/// A change of a circuit from outside, identical in all trials.
///
/// Windows are `from_ms <= t < until_ms`; without `until_ms` they last to the end of the run.
/// Windows of one input, or of one teacher, must not overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TimelineEntry {
    /// Rates of an input; 0 after the window.
    Rates {
        /// Input population.
        input: String,
        /// One rate per neuron, or a single one for all.
        values: Vec<f32>,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Repetition of the window.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// Current into one compartment.
    Current {
        /// Neurons that receive the current.
        neurons: Neurons,
        /// Compartment that receives the current.
        compartment: Site,
        /// Current in a.u.
        amplitude: f32,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Repetition of the window.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// Teaching current into the apical dendrites: `I_a += strength (target - r)`.
    Teacher {
        /// Population that is taught.
        population: String,
        /// One target rate per neuron, or a single one for all.
        target: Vec<f32>,
        /// Strength `teach`, dimensionless.
        #[serde(default = "full")]
        strength: f32,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Repetition of the window.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// Kind of the presentation: the third factor of rules that distinguish kinds; 0 outside the
    /// windows.
    Presentation {
        /// Kind, such as 1 for patterns to learn and -1 for others.
        kind: f32,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Repetition of the window.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// Change of a parameter of the neurons of a population.
    Neuron {
        /// Population.
        population: String,
        /// Parameter to change.
        parameter: NeuronParameter,
        /// Time in ms.
        at_ms: f64,
        /// New value.
        value: f64,
    },
    /// Change of the learning rate of a projection; 0 stops learning.
    Eta {
        /// Projection, or `POPULATION_bias`.
        projection: String,
        /// Time in ms.
        at_ms: f64,
        /// New value, in the unit of the model's `eta`.
        value: f32,
    },
    /// Change of the common factor of all learning rates.
    EtaScale {
        /// Time in ms.
        at_ms: f64,
        /// New factor, dimensionless.
        factor: f32,
    },
}

/// Repetition of a window at regular times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Time from the start of one window to the start of the next, in ms.
    pub every_ms: f64,
    /// Number of windows, including the first.
    pub times: u32,
}

fn full() -> f32 {
    1.0
}

impl TimelineEntry {
    /// Number of windows.
    #[must_use]
    pub fn times(&self) -> u32 {
        match self {
            Self::Rates { repeat, .. }
            | Self::Current { repeat, .. }
            | Self::Teacher { repeat, .. }
            | Self::Presentation { repeat, .. } => repeat.map_or(1, |repeat| repeat.times),
            _ => 1,
        }
    }
}

impl TimelineEntry {
    /// Start and end of the first window in ms, in a run until `end_ms`; an empty window for an
    /// entry that has only a time.
    #[must_use]
    pub fn window_ms(&self, end_ms: f64) -> (f64, f64) {
        match self {
            Self::Rates {
                from_ms, until_ms, ..
            }
            | Self::Current {
                from_ms, until_ms, ..
            }
            | Self::Teacher {
                from_ms, until_ms, ..
            }
            | Self::Presentation {
                from_ms, until_ms, ..
            } => (*from_ms, until_ms.unwrap_or(end_ms)),
            Self::Neuron { .. } | Self::Eta { .. } | Self::EtaScale { .. } => (0.0, 0.0),
        }
    }

    /// Period in ms, and number of windows.
    #[must_use]
    pub fn period(&self) -> (f64, u32) {
        let repeat = match self {
            Self::Rates { repeat, .. }
            | Self::Current { repeat, .. }
            | Self::Teacher { repeat, .. }
            | Self::Presentation { repeat, .. } => *repeat,
            _ => None,
        };
        (repeat.map_or(0.0, |repeat| repeat.every_ms), self.times())
    }
}

/// The windows `(from_ms, until_ms)` of an entry; empty for entries that have only a time.
#[must_use]
pub fn windows(entry: &TimelineEntry, end_ms: f64) -> Vec<(f64, f64)> {
    let (from_ms, until) = entry.window_ms(end_ms);
    let (every, times) = entry.period();
    (0..times)
        .map(|n| f64::from(n) * every)
        .map(|later| (from_ms + later, (until + later).min(end_ms)))
        .filter(|(from, until)| from < until)
        .collect()
}
