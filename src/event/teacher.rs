//! Sources of teaching currents.
//!
//! For a neuron the teacher is one more apical input, which may be delayed, intermittent, weak or
//! absent: `I_a += teach (target - r)`, with the rate `r` sent in the step before.

use bevy_ecs::component::Component;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Floating-point type in which currents are summed.
pub trait FromDouble {
    /// Nearest number of this type.
    fn from_double(x: f64) -> Self;
}

impl FromDouble for f32 {
    fn from_double(x: f64) -> Self {
        x as f32
    }
}

impl FromDouble for f64 {
    fn from_double(x: f64) -> Self {
        x
    }
}

/// The teacher of one population; by default there is no teaching current.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Teacher {
    /// Target rates, trials x size.
    pub target: Array2<f32>,
    /// Strength `teach` in each trial, dimensionless; 0 for no teaching current.
    pub strength: Vec<f32>,
}

impl Teacher {
    /// True if the strength differs from 0 in any trial.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.strength.iter().any(|strength| *strength != 0.0)
    }

    /// Adds the teaching current to the apical currents of consecutive whole trials, the first of
    /// which is `first`; trials x size each.
    pub fn teach<T: Into<f64> + Copy + FromDouble>(
        &self,
        rates: &[f32],
        currents: &mut [T],
        first: usize,
    ) {
        let size = self.target.ncols().max(1);
        let trials = rates
            .chunks_exact(size)
            .zip(currents.chunks_exact_mut(size));
        let targets = self.strength.iter().zip(self.target.rows()).skip(first);
        for ((rates, currents), (&strength, target)) in trials.zip(targets) {
            if strength == 0.0 {
                continue;
            }
            for (current, (rate, target)) in currents.iter_mut().zip(rates.iter().zip(target)) {
                let taught = f64::from(strength) * (f64::from(*target) - f64::from(*rate));
                *current = T::from_double((*current).into() + taught);
            }
        }
    }
}
