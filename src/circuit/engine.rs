//! Which of the two engines advances a circuit.

use serde::{Deserialize, Serialize};

/// How a circuit is advanced in time. Both engines mean the same; they differ in cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Cost follows events: who has nothing new to say sends nothing, synapses change when they
    /// are read, and time in which nothing happens is jumped over.
    #[default]
    Events,
    /// Everybody is updated and every synapse changes in every step; the definition of what a
    /// simulation means. Thresholds count as 0.
    Dense,
}
