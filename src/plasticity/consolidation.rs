//! Consolidation: the eligibility of a synapse becomes weight change at its own clock.

use ndarray::{Array2, ArrayView2, ShapeBuilder, Zip};

use super::Lazy;
use crate::model::Optimiser;

/// Part of an optimiser's memory that is nothing beside a weight in single precision.
const FADED: f64 = 1e-12;

/// Per-synapse state between consolidations.
///
/// `eligibility` is the integral of the rule's rate of change (without `eta`) since the last
/// consolidation, in a.u. x ms; `g` is its mean, `eligibility / period`.
pub struct Consolidator {
    /// Integral since the last consolidation, post x pre.
    eligibility: Array2<f32>,
    /// Period in steps.
    pub every_steps: u64,
    /// Sum of what was consolidated since somebody began to look, post x pre.
    pub watched: Option<Array2<f32>>,
    period_ms: f32,
    optimiser: Optimiser,
    first: Array2<f32>,
    second: Array2<f32>,
    count: i32,
    /// Whether nothing has been gathered since the last consolidation.
    blank: bool,
    /// Consolidations of nothing in a row.
    idle: u64,
    /// The step of the last consolidation, counted from 1.
    last: u64,
}

impl Consolidator {
    /// A consolidator at rest for weights of `shape` (post, pre).
    #[must_use]
    pub fn new(shape: (usize, usize), every_steps: u64, dt_ms: f64, optimiser: Optimiser) -> Self {
        let state = |needed: bool| Array2::zeros(if needed { shape } else { (0, 0) }.f());
        Self {
            eligibility: Array2::zeros(shape.f()),
            every_steps,
            watched: None,
            period_ms: (every_steps as f64 * dt_ms) as f32,
            optimiser,
            first: state(!matches!(optimiser, Optimiser::Plain)),
            second: state(matches!(optimiser, Optimiser::Adam { .. })),
            count: 0,
            blank: true,
            idle: 0,
            last: 0,
        }
    }

    /// Whether the clock strikes at the end of `step`.
    #[must_use]
    pub fn strikes(&self, step: u64) -> bool {
        (step + 1).is_multiple_of(self.every_steps)
    }

    /// The first step from `step` on at whose end the clock strikes.
    #[must_use]
    pub fn next_strike(&self, step: u64) -> u64 {
        (step + 1).next_multiple_of(self.every_steps) - 1
    }

    /// The eligibility, post x pre.
    #[must_use]
    pub fn eligibility(&self) -> &Array2<f32> {
        &self.eligibility
    }

    /// The eligibility, to be added to.
    pub fn gather(&mut self) -> &mut Array2<f32> {
        self.blank = false;
        &mut self.eligibility
    }

    /// What the integrals of lazy synapses hold goes into the eligibility.
    pub(crate) fn settle(&mut self, lazy: &mut Lazy, held: ArrayView2<'_, f32>) {
        if lazy.integrals().is_some() {
            lazy.settle(&mut self.eligibility, held, self.blank);
            self.blank = false;
        }
    }

    /// Whether a consolidation would change nothing: nothing was gathered, and what an optimiser
    /// remembers has faded below single precision.
    #[must_use]
    pub fn rests(&self) -> bool {
        let faded = match self.optimiser {
            Optimiser::Plain => true,
            Optimiser::Momentum { momentum: fading } | Optimiser::Adam { beta1: fading, .. } => {
                self.count == 0 || self.idle as f64 * f64::from(fading).ln() < FADED.ln()
            }
        };
        self.blank && faded
    }

    /// What the optimiser remembers fades as it would have in the consolidations of nothing that
    /// were left out since the last one, up to that at the end of `step`.
    pub(crate) fn catch_up(&mut self, step: u64) {
        let missed = ((step + 1 - self.last) / self.every_steps).saturating_sub(1);
        self.last = step + 1;
        if missed == 0 {
            return;
        }
        let (fading1, fading2) = match self.optimiser {
            Optimiser::Plain => (0.0, 0.0),
            Optimiser::Momentum { momentum } => (momentum, 0.0),
            Optimiser::Adam { beta1, beta2, .. } => (beta1, beta2),
        };
        for (memory, fading) in [(&mut self.first, fading1), (&mut self.second, fading2)] {
            let left = f64::from(fading).powf(missed as f64) as f32;
            memory.mapv_inplace(|m| m * left);
        }
        self.count = self
            .count
            .saturating_add(missed.min(i32::MAX as u64) as i32);
    }

    /// Changes `weights` at the rate `eta` and starts a new eligibility from zero.
    pub fn consolidate(&mut self, weights: &mut Array2<f32>, eta: f32) {
        let per_ms = 1.0 / self.period_ms;
        self.count = self.count.saturating_add(1);
        match self.optimiser {
            Optimiser::Plain => weights.scaled_add(eta * per_ms, &self.eligibility),
            Optimiser::Momentum { momentum } => {
                Zip::from(weights)
                    .and(&self.eligibility)
                    .and(&mut self.first)
                    .for_each(|w, &e, v| {
                        *v = momentum * *v + e * per_ms;
                        *w += eta * *v;
                    });
            }
            Optimiser::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                // The corrections are folded into the step size and into epsilon's scale.
                let unbias1 = 1.0 - f64::from(beta1).powi(self.count);
                let unbias2 = (1.0 - f64::from(beta2).powi(self.count)).sqrt();
                let step = (f64::from(eta) * unbias2 / unbias1) as f32;
                let floor = (f64::from(epsilon) * unbias2) as f32;
                Zip::from(weights)
                    .and(&self.eligibility)
                    .and(&mut self.first)
                    .and(&mut self.second)
                    .for_each(|w, &e, m, v| {
                        let g = e * per_ms;
                        *m += (1.0 - beta1) * (g - *m);
                        *v += (1.0 - beta2) * (g * g - *v);
                        *w += step * *m / (v.sqrt() + floor);
                    });
            }
        }
        if let Some(watched) = &mut self.watched {
            *watched += &self.eligibility;
        }
        if self.blank {
            self.idle += 1;
        } else {
            self.eligibility.fill(0.0);
            self.idle = 0;
        }
        self.blank = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    fn run(optimiser: Optimiser, gradients: &[f32], eta: f32) -> f32 {
        let mut consolidator = Consolidator::new((1, 1), 10, 0.5, optimiser);
        let mut weights = arr2(&[[1.0f32]]);
        for g in gradients {
            consolidator.gather()[[0, 0]] += g * 5.0;
            consolidator.consolidate(&mut weights, eta);
        }
        weights[[0, 0]]
    }

    #[test]
    fn plain_adds_the_mean_rate() {
        assert!((run(Optimiser::Plain, &[0.2, -0.1], 0.5) - 1.05).abs() < 1e-6);
    }

    #[test]
    fn momentum_keeps_a_fraction_of_the_last_change() {
        let momentum = Optimiser::Momentum { momentum: 0.9 };
        // v: 0.2, then 0.18 - 0.1 = 0.08
        assert!((run(momentum, &[0.2, -0.1], 0.5) - 1.14).abs() < 1e-6);
    }

    #[test]
    fn adam_follows_kingma_and_ba_in_f64() {
        let adam = Optimiser::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        };
        let gradients = [0.3f32, -0.2, 0.7, 0.01, -1.5];
        let (mut m, mut v, mut w) = (0.0f64, 0.0f64, 1.0f64);
        for (t, g) in gradients.iter().enumerate() {
            let g = f64::from(*g);
            let t = t as i32 + 1;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (m_hat, v_hat) = (m / (1.0 - 0.9f64.powi(t)), v / (1.0 - 0.999f64.powi(t)));
            w += 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
        }
        assert!((f64::from(run(adam, &gradients, 0.01)) - w).abs() < 1e-5);
    }
}
