//! Where teaching currents come from.
//!
//! To a neuron the teacher is one more apical input, which may come late, flicker, be weak or be
//! absent: `I_a += teach (target - r)`, with `r` as it was sent in the step before.

use bevy_ecs::component::Component;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// A precision in which currents are summed.
pub trait FromDouble {
    /// The nearest number of this precision.
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

/// The teacher of one population; the default one is silent.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Teacher {
    /// Target rates, trials x size.
    pub target: Array2<f32>,
    /// Strength `teach` of each trial; 0 is silence.
    pub strength: Vec<f32>,
}

impl Teacher {
    /// Whether it says anything in any trial.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.strength.iter().any(|strength| *strength != 0.0)
    }

    /// Adds the teaching current to the apical currents of some whole trials, of which `first` is
    /// the first; trials x size each.
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
        let lessons = self.strength.iter().zip(self.target.rows()).skip(first);
        for ((rates, currents), (&strength, target)) in trials.zip(lessons) {
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
