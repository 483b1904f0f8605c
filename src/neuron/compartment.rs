//! The compartments of a neuron, by name.

use serde::{Deserialize, Serialize};

/// Which dendrite a projection ends on, hence what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compartment {
    /// Carries rates `r` to basal dendrites.
    Basal,
    /// Carries teaching signals `delta` to apical dendrites.
    Apical,
}

/// A compartment that takes an injected current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// Adds to `I_b`.
    Basal,
    /// Adds to `I_a`.
    Apical,
    /// Adds to `s`, not to `b_hat`: teaching straight into the soma.
    Soma,
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basal => "basal",
            Self::Apical => "apical",
            Self::Soma => "soma",
        })
    }
}
