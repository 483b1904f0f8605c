//! Numbers that identify populations and projections in events and messages.

use serde::{Deserialize, Serialize};

/// The number of a population in its circuit, from 0 in the order of names, inputs among them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct PopulationId(pub u32);

/// The number of a projection in its circuit, from 0 in the order of names, biases among them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct ProjectionId(pub u32);

impl PopulationId {
    /// Its position in the order of names.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl ProjectionId {
    /// Its position in the order of names.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
