//! Where teaching currents come from.
//!
//! To a neuron the teacher is one more apical input, which may come late, flicker, be weak or be
//! absent: `I_a += teach (target - r)`, with `r` as it was sent in the step before.

use bevy_ecs::component::Component;
use ndarray::Array2;

/// The teacher of one population; the default one is silent.
#[derive(Component, Clone, Debug, Default)]
pub struct Teacher {
    /// Target rates, trials x size.
    pub target: Array2<f32>,
    /// Strength `teach` of each trial; 0 is silence.
    pub strength: Vec<f32>,
}

impl Teacher {
    /// Adds the teaching current of one population to its apical currents; trials x size each.
    pub fn teach(&self, rates: &[f32], currents: &mut [f32]) {
        let size = self.target.ncols();
        for (trial, &strength) in self.strength.iter().enumerate() {
            if strength == 0.0 {
                continue;
            }
            let rows = trial * size..(trial + 1) * size;
            let pairs = rates[rows.clone()].iter().zip(self.target.row(trial));
            for (current, (rate, target)) in currents[rows].iter_mut().zip(pairs) {
                *current += strength * (target - rate);
            }
        }
    }
}
