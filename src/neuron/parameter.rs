//! The parameters of neurons that may change during a run.

use serde::{Deserialize, Serialize};

/// A parameter of neurons that may change during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronParameter {
    /// Basal time constant in ms.
    TauBMs,
    /// Apical time constant in ms.
    TauAMs,
    /// Somatic time constant in ms.
    TauSMs,
    /// Apical coupling, dimensionless.
    GA,
    /// Somatic coupling, dimensionless.
    Lambda,
}

impl NeuronParameter {
    /// True if, after a change of the parameter, variables of neurons in the quasi-static limit may
    /// no longer follow from those of [`Settled`](crate::neuron::pyramidal::Settled).
    #[must_use]
    pub fn can_unsettle(self) -> bool {
        self != Self::GA
    }
}

impl std::fmt::Display for NeuronParameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TauBMs => "tau_b_ms",
            Self::TauAMs => "tau_a_ms",
            Self::TauSMs => "tau_s_ms",
            Self::GA => "g_a",
            Self::Lambda => "lambda",
        })
    }
}
