//! The engine that advances a circuit.

use serde::{Deserialize, Serialize};

/// Method of advancing a circuit in time. Both engines compute the same model; they differ in cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Cost is proportional to events: only changed values are sent, weights are updated when they
    /// are read, and periods without events are skipped.
    #[default]
    Events,
    /// All neurons and synapses are updated in every step; this is the definition of the
    /// simulation. Thresholds are treated as 0.
    Dense,
}
