//! The variables of a neuron that can be looked at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A variable of a neuron's compartments, by its symbol. Inputs have only `r`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Variable {
    /// `I_b`: what reaches the basal dendrite.
    #[serde(rename = "I_b")]
    BasalCurrent,
    /// `b`: the basal potential.
    #[serde(rename = "b")]
    BasalPotential,
    /// `I_a`: what reaches the apical dendrite, the teacher among it.
    #[serde(rename = "I_a")]
    ApicalCurrent,
    /// `a`: the apical potential.
    #[serde(rename = "a")]
    ApicalPotential,
    /// `s`: the somatic potential.
    #[serde(rename = "s")]
    SomaticPotential,
    /// `xi`: the mismatch.
    #[serde(rename = "xi")]
    Mismatch,
    /// `r`: the rate, sent up.
    #[serde(rename = "r")]
    Rate,
    /// `delta`: the teaching signal, sent down.
    #[serde(rename = "delta")]
    Delta,
}

impl Variable {
    /// All of them, in the order of the equations.
    pub const ALL: [Self; 8] = [
        Self::BasalCurrent,
        Self::BasalPotential,
        Self::ApicalCurrent,
        Self::ApicalPotential,
        Self::SomaticPotential,
        Self::Mismatch,
        Self::Rate,
        Self::Delta,
    ];

    pub(crate) fn all() -> Vec<Self> {
        Self::ALL.to_vec()
    }

    /// Its symbol in files and on axes.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::BasalCurrent => "I_b",
            Self::BasalPotential => "b",
            Self::ApicalCurrent => "I_a",
            Self::ApicalPotential => "a",
            Self::SomaticPotential => "s",
            Self::Mismatch => "xi",
            Self::Rate => "r",
            Self::Delta => "delta",
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}
