//! Result of an update of the neurons of a population.

use multiversion::multiversion;

use crate::circuit::{Activity, Changed, Motion, NeuronParameters, Population};
use crate::event::Teacher;

/// Number of neurons in a piece of work, in whole trials: its columns fit into the nearest cache.
pub(super) fn piece(population: &Population) -> usize {
    const PIECE: usize = 1 << 10;
    (PIECE / population.size).max(1) * population.size
}

/// Result of an update.
#[derive(Clone, Copy, Default)]
pub(super) struct Outcome {
    /// True if any rate has changed.
    pub rate_changed: bool,
    /// True if any teaching signal has changed.
    pub delta_changed: bool,
    /// True if any mismatch differs from 0.
    pub mismatched: bool,
    /// True if any somatic potential may not be finite.
    pub ran_away: bool,
    /// True if any potential has not reached the value given by its currents.
    pub far: bool,
}

impl Outcome {
    pub fn and(self, other: Self) -> Self {
        Self {
            rate_changed: self.rate_changed | other.rate_changed,
            delta_changed: self.delta_changed | other.delta_changed,
            mismatched: self.mismatched | other.mismatched,
            ran_away: self.ran_away | other.ran_away,
            far: self.far | other.far,
        }
    }

    pub fn enter(
        self,
        activity: &mut Activity,
        changed: &mut Changed,
        teacher: &Teacher,
        parameters: &NeuronParameters,
        ended: bool,
    ) {
        changed.rate |= self.rate_changed;
        changed.delta |= self.delta_changed;
        activity.mismatched = self.mismatched;
        activity.ran_away = self.ran_away;
        activity.basal = false;
        activity.soma = false;
        // The teacher uses the rates of the step before.
        activity.apical = self.rate_changed && teacher.is_active();
        activity.motion = if ended || parameters.is_quasi_static() {
            Motion::Resting
        } else if !self.far {
            Motion::Arriving
        } else {
            Motion::Moving
        };
    }
}

/// True if all values are finite. Without an early exit the loop can be vectorised.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn is_finite(values: &[f32]) -> bool {
    let bits = values.iter().map(|s| s.abs().to_bits());
    bits.fold(0, u32::max) < f32::INFINITY.to_bits()
}
