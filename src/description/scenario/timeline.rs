//! What a scenario's timeline may hold.

use serde::{Deserialize, Serialize};

use super::selector::Neurons;
use crate::neuron::{NeuronParameter, Site};

/// Something that happens to a circuit from outside, in all trials alike.
///
/// Windows are `from_ms <= t < until_ms`, without `until_ms` to the end of the run. Windows of
/// one input, or of one teacher, must not overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TimelineEntry {
    /// An input fires at these rates, and at 0 afterwards.
    Rates {
        /// Input population.
        input: String,
        /// One rate a neuron, or a single one for all.
        values: Vec<f32>,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Once more after each period.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// A current flows into one compartment.
    Current {
        /// Which neurons.
        neurons: Neurons,
        /// Which compartment of theirs.
        compartment: Site,
        /// Current in a.u.
        amplitude: f32,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Once more after each period.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// A teacher speaks to the apical dendrites: `I_a += strength (target - r)`.
    Teacher {
        /// Population that is taught.
        population: String,
        /// One target rate a neuron, or a single one for all.
        target: Vec<f32>,
        /// Strength `teach`.
        #[serde(default = "full")]
        strength: f32,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Once more after each period.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// What is presented is of this kind: the third factor of rules that tell one kind from
    /// another, and 0 at other times.
    Presentation {
        /// The kind, such as 1 for patterns to learn and -1 for others.
        kind: f32,
        /// Start in ms.
        from_ms: f64,
        /// End in ms.
        #[serde(default)]
        until_ms: Option<f64>,
        /// Once more after each period.
        #[serde(default)]
        repeat: Option<Repeat>,
    },
    /// A parameter of the neurons of a population becomes this.
    Neuron {
        /// Population.
        population: String,
        /// Which parameter.
        parameter: NeuronParameter,
        /// Time in ms.
        at_ms: f64,
        /// Its new value.
        value: f64,
    },
    /// The learning rate of a projection becomes this; 0 freezes it.
    Eta {
        /// Projection, or `POPULATION_bias`.
        projection: String,
        /// Time in ms.
        at_ms: f64,
        /// Its new value, in the unit of the model's `eta`.
        value: f32,
    },
    /// Every learning rate is multiplied by this from now on, in place of the factor before.
    EtaScale {
        /// Time in ms.
        at_ms: f64,
        /// The factor.
        factor: f32,
    },
}

/// The same window again and again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// From the start of one window to the start of the next, in ms.
    pub every_ms: f64,
    /// Number of windows, the first among them.
    pub times: u32,
}

fn full() -> f32 {
    1.0
}

impl TimelineEntry {
    /// How often it happens.
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
    /// Start and end of the first window in ms, in a run until `end_ms`; an empty one for an entry
    /// that has a moment only.
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

    /// From one window to the next in ms, and the number of windows.
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

/// The windows `(from_ms, until_ms)` of an entry; none for those that have a moment only.
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
