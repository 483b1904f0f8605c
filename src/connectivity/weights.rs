//! Initial weights of a projection.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Initial weights of a projection, a matrix of post x pre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Weights {
    /// Every weight the same.
    Constant(f32),
    /// Normal with mean 0 and this standard deviation.
    Normal {
        /// Standard deviation.
        std: f32,
    },
    /// Uniform between -limit and limit.
    Uniform {
        /// Largest magnitude.
        limit: f32,
    },
    /// Normal with variance `gain^2 / fan_in` (LeCun et al. 1998 with gain 1).
    FanIn {
        /// Multiplies the standard deviation.
        gain: f32,
    },
    /// A `.npy` file of numbers that `f32` holds exactly, post x pre, relative to the model's file.
    Npy(PathBuf),
}

impl Weights {
    pub(crate) fn zero() -> Self {
        Self::Constant(0.0)
    }
}
