//! Third factors: scalars that all synapses of a trial are told, whatever neuron they sit on.
//!
//! ```text
//! tau de_i/dt  = -e_i + factor(site of i)      eligibility of the neuron; tau 0: the factor itself
//! dW_ij/dt     = eta M(t) e_i r_j
//! ```
//!
//! The trace is the neuron's, not the synapse's: what is credited late is credited to who sends
//! when the third factor comes. That is right where senders hold their rates until then, as they
//! do within a presentation.
//!
//! Which factor that is, is declared; a kernel never sees it. *Reward* `M = L_mean - L` says how
//! much better the circuit does than of late, where `L` is the loss of all populations that a
//! teacher speaks to and `L_mean` its running mean over `baseline_ms`; without a teacher nobody
//! knows how well it does, and `M = 0`. *Presentation* is a number that the scenario's timeline
//! gives to a stretch of time, such as 1 for patterns to be learned and -1 for others.

use bevy_ecs::resource::Resource;

use crate::neuron::leak_fraction;

/// What modulates plasticity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Modulator {
    /// How much smaller the loss is than its running mean over `baseline_ms`.
    Reward {
        /// Time constant of the running mean in ms.
        baseline_ms: f64,
    },
    /// The kind of presentation, from the timeline.
    Presentation,
}

/// A modulator and the eligibility that waits for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThirdFactor {
    /// What modulates.
    pub modulator: Modulator,
    /// Time constant `tau` of the eligibility in ms; 0: none outlasts its cause.
    pub trace_ms: f64,
}

impl ThirdFactor {
    pub(crate) fn knows_presentations(&self) -> bool {
        self.modulator == Modulator::Presentation
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.modulator {
            Modulator::Reward { .. } => "local x reward",
            Modulator::Presentation => "local x presentation",
        }
    }
}

/// What all synapses of each trial are told.
#[derive(Resource, Clone, Debug)]
pub struct Neuromodulator {
    /// Loss of what is taught; not a number while nothing is.
    pub loss: Vec<f64>,
    /// Kind of presentation.
    pub presentation: f32,
}

impl Neuromodulator {
    /// Nothing is taught or presented in `trials` trials.
    #[must_use]
    pub fn new(trials: usize) -> Self {
        Self {
            loss: vec![f64::NAN; trials],
            presentation: 0.0,
        }
    }
}

/// The third factor of one projection, in time.
#[derive(Clone, Debug)]
pub struct Modulation {
    modulator: Modulator,
    /// Leak fractions of a step: of the eligibility and of the running mean.
    leak: f64,
    baseline_leak: f64,
    /// Running mean of the loss in each trial; not a number before the first.
    baseline: Vec<f64>,
    /// `M` in each trial.
    factor: Vec<f64>,
    /// Eligibilities, trials x post.
    trace: Vec<f64>,
    /// Whether anything was another in the last step than in the one before.
    moving: bool,
}

impl Modulation {
    /// At rest, for `trials` x `post` neurons and steps of `dt_ms`.
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

    /// Everything is as at the start.
    pub(crate) fn restart(&mut self) {
        self.baseline.fill(f64::NAN);
        self.factor.fill(0.0);
        self.trace.fill(0.0);
        self.moving = false;
    }

    /// Whether the next step has to be computed.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.moving
    }

    /// Whether a step with these scalars would be like the last one, if the neurons are.
    #[must_use]
    pub fn rests(&self, neuromodulator: &Neuromodulator) -> bool {
        let told = match self.modulator {
            Modulator::Reward { .. } => neuromodulator.loss.iter().all(|loss| loss.is_nan()),
            Modulator::Presentation => {
                let kind = f64::from(neuromodulator.presentation);
                self.factor.iter().all(|f| *f == kind)
            }
        };
        told && !self.moving
    }

    /// One step: postsynaptic factors, trials x post, become what synapses change by. Tells
    /// whether any is not 0.
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
                // Near enough is there, or it would never rest.
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

/// Part of a cause that is no distance of its eligibility from it.
const NEAR: f64 = 1e-6;

/// Magnitude at which an eligibility without a cause has vanished.
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
        // Nobody knows how well it does, then there is no mean yet.
        assert_eq!([step(f64::NAN), step(3.0)], [0.0, 0.0]);
        // The mean follows with 10 ms; the loss is smaller, which is good.
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
