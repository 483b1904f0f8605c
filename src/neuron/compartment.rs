//! The compartments of a neuron, by name.

use serde::{Deserialize, Serialize};

/// Dendrite on which a projection ends; it determines which signal is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compartment {
    /// Basal dendrites, which receive rates `r`.
    Basal,
    /// Apical dendrites, which receive teaching signals `delta`.
    Apical,
}

/// A compartment that can receive an injected current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// Adds to `I_b`.
    Basal,
    /// Adds to `I_a`.
    Apical,
    /// Adds to `s`, not to `b_hat`: direct teaching of the soma.
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
