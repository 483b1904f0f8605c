//! Transfer functions: from a potential to the rate that a neuron sends.

use serde::{Deserialize, Serialize};

/// The transfer function `f` of a population and its slope `f'`.
///
/// | name | `f(u)` | slope `f'(u)` |
/// |---|---|---|
/// | `tanh` | hyperbolic tangent | `1 - f^2` |
/// | `logistic` | `1 / (1 + exp(-u))` | `f (1 - f)` |
/// | `relu` | `max(u, 0)` | 0 or 1 |
/// | `linear` | `u` | 1 |
/// | `softmax` | `exp(u_i) / sum_k exp(u_k)` over the population | 1, by the convention below |
///
/// With `softmax` and the teaching current `target - r`, cross-entropy has the gradient
/// `target - r` at the potential itself, so `delta = xi`: the slope is taken as 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// Hyperbolic tangent; the paper's hidden neurons.
    #[default]
    Tanh,
    /// Logistic function.
    Logistic,
    /// Rectified linear.
    Relu,
    /// Identity.
    Linear,
    /// Normalised exponential over the population of one trial.
    Softmax,
}

impl Transfer {
    /// Replaces each potential in `values` by its rate, `size` neurons a trial.
    pub fn rates(self, values: &mut [f32], size: usize) {
        match self {
            Self::Tanh => values.iter_mut().for_each(|u| *u = u.tanh()),
            Self::Logistic => values.iter_mut().for_each(|u| *u = logistic(*u)),
            Self::Relu => values.iter_mut().for_each(|u| *u = u.max(0.0)),
            Self::Linear => {}
            Self::Softmax => values.chunks_exact_mut(size).for_each(softmax),
        }
    }

    /// Slope `f'(b)` at the potential `b`.
    #[must_use]
    pub fn slope(self, b: f32) -> f32 {
        match self {
            Self::Tanh => self.slope_at_rate(b.tanh()),
            Self::Logistic => self.slope_at_rate(logistic(b)),
            Self::Relu => self.slope_at_rate(b.max(0.0)),
            Self::Linear | Self::Softmax => 1.0,
        }
    }

    /// Slope `f'` where the rate is `f`: every transfer function here rises, so it has an answer.
    #[inline]
    fn slope_at_rate(self, f: f32) -> f32 {
        match self {
            Self::Tanh => 1.0 - f * f,
            Self::Logistic => f * (1.0 - f),
            Self::Relu => f32::from(f > 0.0),
            Self::Linear | Self::Softmax => 1.0,
        }
    }

    /// Multiplies each mismatch by the slope where the rate is `rates`; equal lengths.
    pub fn teach(self, rates: &[f32], mismatches: &[f32], deltas: &mut [f32]) {
        // The choice is made once for a population, so that each loop can be vectorised.
        match self {
            Self::Tanh => through(rates, mismatches, deltas, |f| Self::Tanh.slope_at_rate(f)),
            Self::Logistic => {
                through(rates, mismatches, deltas, |f| {
                    Self::Logistic.slope_at_rate(f)
                });
            }
            Self::Relu => through(rates, mismatches, deltas, |f| Self::Relu.slope_at_rate(f)),
            Self::Linear | Self::Softmax => deltas.copy_from_slice(mismatches),
        }
    }
}

fn through(rates: &[f32], mismatches: &[f32], deltas: &mut [f32], slope: impl Fn(f32) -> f32) {
    for (delta, (f, xi)) in deltas.iter_mut().zip(rates.iter().zip(mismatches)) {
        *delta = slope(*f) * xi;
    }
}

fn logistic(u: f32) -> f32 {
    1.0 / (1.0 + (-u).exp())
}

/// The largest potential is taken off first: the result is the same and nothing overflows.
fn softmax(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for u in &mut *values {
        *u = (*u - largest).exp();
        sum += *u;
    }
    for u in values {
        *u /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::Transfer;

    #[test]
    fn slopes_are_the_central_differences_of_the_rates() {
        let h = 1e-3f32;
        for transfer in [
            Transfer::Tanh,
            Transfer::Logistic,
            Transfer::Relu,
            Transfer::Linear,
        ] {
            for u in [-2.0f32, -0.3, 0.4, 1.7] {
                let mut ends = [u - h, u + h];
                transfer.rates(&mut ends, 1);
                let difference = (ends[1] - ends[0]) / (2.0 * h);
                assert!(
                    (difference - transfer.slope(u)).abs() < 2e-4,
                    "{transfer:?}"
                );
            }
        }
    }

    #[test]
    fn softmax_is_normalised_per_trial_and_survives_large_potentials() {
        let mut values = [1000.0f32, 1000.0, -1000.0, 0.0];
        Transfer::Softmax.rates(&mut values, 2);
        assert_eq!(values, [0.5, 0.5, 0.0, 1.0]);
    }
}
