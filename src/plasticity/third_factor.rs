//! Third factors: scalars common to all synapses of a trial, whatever their neuron.
//!
//! ```text
//! tau de_i/dt  = -e_i + factor(site of i)      eligibility; for tau 0 the factor itself
//! dW_ij/dt     = eta M(t) e_i r_j
//! ```
//!
//! The trace belongs to the neuron, not to the synapse: late credit is given to the senders that
//! are active when the third factor arrives. That is correct if senders keep their rates until
//! then, as within a presentation.
//!
//! The kind of factor is declared; a kernel has no access to it. *Reward* `M = L_mean - L` is the
//! decrease of the loss below its recent mean, where `L` is the loss of all populations that have a
//! teacher and `L_mean` its running mean over `baseline_ms`; without a teacher the loss is
//! undefined, and `M = 0`. *Presentation* is a number that the scenario's timeline assigns to a
//! time interval, such as 1 for patterns to be learned and -1 for others.

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::neuron::leak_fraction;

/// Modulator of plasticity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Modulator {
    /// Running mean of the loss over `baseline_ms` minus the loss.
    Reward {
        /// Time constant of the running mean in ms.
        baseline_ms: f64,
    },
    /// The kind of presentation, from the timeline.
    Presentation,
}

/// A modulator and the eligibility that it multiplies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThirdFactor {
    /// Modulator.
    pub modulator: Modulator,
    /// Time constant `tau` of the eligibility in ms; for 0 the eligibility ends with its cause.
    pub trace_ms: f64,
}

impl ThirdFactor {
    pub(crate) fn depends_on_presentations(&self) -> bool {
        self.modulator == Modulator::Presentation
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.modulator {
            Modulator::Reward { .. } => "local x reward",
            Modulator::Presentation => "local x presentation",
        }
    }
}

/// Scalars common to all synapses of a trial.
#[derive(Resource, Clone, Debug, Serialize, Deserialize)]
pub struct Neuromodulator {
    /// Loss of the taught populations, per trial; NaN without a teacher.
    pub loss: Vec<f64>,
    /// Kind of presentation, dimensionless.
    pub presentation: f32,
}

impl Neuromodulator {
    /// State without teacher or presentation, for `trials` trials.
    #[must_use]
    pub fn new(trials: usize) -> Self {
        Self {
            loss: vec![f64::NAN; trials],
            presentation: 0.0,
        }
    }
}

/// Third factor of one projection over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Modulation {
    modulator: Modulator,
    /// Leak fractions per step: of the eligibility and of the running mean, dimensionless.
    leak: f64,
    baseline_leak: f64,
    /// Running mean of the loss in each trial; NaN before the first.
    baseline: Vec<f64>,
    /// `M` in each trial.
    factor: Vec<f64>,
    /// Eligibilities, trials x post.
    trace: Vec<f64>,
    /// True if any variable changed in the last step.
    moving: bool,
}

impl Modulation {
    /// Modulation at rest, for `trials` x `post` neurons and steps of `dt_ms`.
    #[must_use]
    pub fn new(third: ThirdFactor, (trials, post): (usize, usize), dt_ms: f64) -> Self {
        let baseline_leak = match third.modulator {
            Modulator::Reward { baseline_ms } => leak_fraction(dt_ms, baseline_ms),
            Modulator::Presentation => 1.0,
        };
        Self {
            modulator: third.modulator,
            leak: leak_fraction(dt_ms, third.trace_ms),
            baseline_leak,
            baseline: vec![f64::NAN; trials],
            factor: vec![0.0; trials],
            trace: vec![0.0; trials * post],
            moving: false,
        }
    }

    /// Resets to the state at the start.
    pub(crate) fn restart(&mut self) {
        self.baseline.fill(f64::NAN);
        self.factor.fill(0.0);
        self.trace.fill(0.0);
        self.moving = false;
    }

    /// True if the next step must be computed.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.moving
    }

    /// True if a step with these scalars would equal the last one, for unchanged neurons.
    #[must_use]
    pub fn rests(&self, neuromodulator: &Neuromodulator) -> bool {
        let steady = match self.modulator {
            Modulator::Reward { .. } => neuromodulator.loss.iter().all(|loss| loss.is_nan()),
            Modulator::Presentation => {
                let kind = f64::from(neuromodulator.presentation);
                self.factor.iter().all(|f| *f == kind)
            }
        };
        steady && !self.moving
    }

    /// Computes one step: converts postsynaptic factors, trials x post, to factors of weight
    /// change. Returns true if any differs from 0.
    pub fn apply(&mut self, neuromodulator: &Neuromodulator, factors: &mut [f32]) -> bool {
        self.moving = false;
        for (trial, factor) in self.factor.iter_mut().enumerate() {
            let new = match self.modulator {
                Modulator::Reward { .. } => {
                    let (loss, mean) = (neuromodulator.loss[trial], &mut self.baseline[trial]);
                    if loss.is_nan() || mean.is_nan() {
                        *mean = loss;
                    }
                    *mean += self.baseline_leak * (loss - *mean);
                    if loss.is_nan() { 0.0 } else { *mean - loss }
                }
                Modulator::Presentation => f64::from(neuromodulator.presentation),
            };
            self.moving |= new != *factor;
            *factor = new;
        }
        let size = self.trace.len() / self.factor.len();
        let trials = self.trace.chunks_exact_mut(size).zip(&self.factor);
        let mut works = 0;
        for ((trace, modulator), factors) in trials.zip(factors.chunks_exact_mut(size)) {
            for (trace, factor) in trace.iter_mut().zip(factors) {
                let cause = f64::from(*factor);
                let away = cause - *trace;
                // Set to the cause when near enough, as it would otherwise never come to rest.
                if self.leak == 1.0 || away.abs() <= (NEAR * cause.abs()).max(VANISHED) {
                    *trace = cause;
                } else {
                    *trace += self.leak * away;
                    self.moving = true;
                }
                *factor = (modulator * *trace) as f32;
                works |= factor.abs().to_bits();
            }
        }
        works != 0
    }
}

/// Largest distance between cause and eligibility that counts as 0, as a fraction of the cause.
const NEAR: f64 = 1e-6;

/// Magnitude below which an eligibility without a cause counts as 0.
const VANISHED: f64 = 1e-30;

#[cfg(test)]
mod tests {
    use super::{Modulation, Modulator, Neuromodulator, ThirdFactor};

    #[test]
    fn reward_is_what_the_loss_lies_below_its_running_mean() {
        let third = ThirdFactor {
            modulator: Modulator::Reward { baseline_ms: 10.0 },
            trace_ms: 0.0,
        };
        let mut modulation = Modulation::new(third, (1, 1), 1.0);
        let mut neuromodulator = Neuromodulator::new(1);
        let mut step = |loss: f64| {
            neuromodulator.loss[0] = loss;
            let mut factors = [2.0];
            modulation.apply(&neuromodulator, &mut factors);
            factors[0]
        };
        // First the loss is undefined, then there is no mean yet.
        assert_eq!([step(f64::NAN), step(3.0)], [0.0, 0.0]);
        // The mean follows with 10 ms; the loss is smaller, so the reward is positive.
        let kept = (-0.1f32).exp();
        assert!((step(2.0) - 2.0 * kept).abs() < 1e-6);
        assert!((step(2.0) - 2.0 * kept * kept).abs() < 1e-6);
        assert_eq!([step(f64::NAN), step(5.0)], [0.0, 0.0]);
    }

    #[test]
    fn eligibility_outlasts_its_cause_by_its_time_constant() {
        let third = ThirdFactor {
            modulator: Modulator::Presentation,
            trace_ms: 5.0,
        };
        let mut modulation = Modulation::new(third, (1, 1), 1.0);
        let mut neuromodulator = Neuromodulator::new(1);
        neuromodulator.presentation = -1.0;
        let mut last = 0.0;
        for step in 0..40 {
            let cause = f32::from(step < 20);
            let mut factors = [cause];
            modulation.apply(&neuromodulator, &mut factors);
            last = factors[0];
        }
        let exact = -(1.0 - (-4.0f32).exp()) * (-4.0f32).exp();
        assert!((last - exact).abs() < 1e-6);
        assert!(modulation.is_moving() && !modulation.rests(&neuromodulator));
        for _ in 0..400 {
            modulation.apply(&neuromodulator, &mut [0.0]);
        }
        assert!(modulation.rests(&neuromodulator));
    }
}
