//! Lazy synapses: a weight is brought up to date when its sender sends, and exact whenever it is
//! read.
//!
//! Between two sends of `j` the rule `dW_ij/dt = eta f_i(t) r_j` has a constant `r_j`, so that one
//! running integral a *neuron*, `D_i(t)` of `eta f_i`, is all that is needed:
//!
//! ```text
//! W_ij(t) = w^_ij + D_i(t) r_j            and when j sends at t:   w^_ij += D_i(t) (r_j,old - r_j,new)
//! ```
//!
//! The matrix holds the *intercepts* `w^`; no synapse has a clock of its own. With parallel trials
//! `D` and `r` have one row a trial, the products are summed over them and `eta` is divided by
//! their number. With decay a common factor `scale` fades the matrix and `D` fades alike:
//!
//! ```text
//! W_ij(t) = scale(t) w^_ij + sum over trials of D_i(t) r_j
//! ```
//!
//! With consolidation the matrix is the eligibility: the same without `eta` and without decay. A
//! plain consolidation is as lazy again: when its clock strikes, the integrals are added to a
//! second kind of them, the *consolidated* ones, which take the place of `D` for the weights.

use bevy_ecs::component::Component;
use ndarray::{Array2, ArrayView2, Axis, Zip, s};

use crate::circuit::{pieces, product};

/// When intercepts are larger than the weights by this factor, the integrals start again at 0:
/// the difference of two large numbers would cost more than two of 24 bits.
const REACH: f32 = 4.0;

/// The running integrals of the neurons on which a plastic projection ends.
///
/// Rows are trials; a bias, whose sender says the same in all trials, has one row for all.
#[derive(Component, Clone, Debug)]
pub struct Lazy {
    /// What the rule's kernel said last, rows x post.
    factors: Array2<f32>,
    /// Whether any factor is not 0.
    working: bool,
    /// `D`, rows x post, while `pending`.
    integrals: Array2<f32>,
    /// Whether any integral is not 0; if not, `integrals` holds what is past.
    pending: bool,
    /// The first step that the integrals do not hold.
    since: u64,
    /// What a factor of 1 adds to an integral in a step.
    gain: f32,
    /// What a step leaves of a weight.
    kept: f32,
    /// What `kept` has left of the matrix.
    scale: f64,
    /// Whether the integrals change weights, not eligibilities.
    continuous: bool,
    /// What plain consolidations have made of integrals, rows x post, while `consolidated`.
    steady: Array2<f32>,
    /// Whether any of them is not 0.
    consolidated: bool,
    /// Largest weight when the integrals last started again.
    largest: f32,
    /// Factors have not been followed while nothing was held.
    pub(crate) behind: bool,
}

impl Lazy {
    /// Integrals at rest for a projection onto `post` neurons.
    ///
    /// `kept` is what decay leaves of a weight in a step, 1 without decay.
    #[must_use]
    pub fn new((rows, post): (usize, usize), kept: f32, continuous: bool) -> Self {
        Self {
            factors: Array2::zeros((rows, post)),
            working: false,
            integrals: Array2::zeros((rows, post)),
            pending: false,
            since: 0,
            gain: 0.0,
            kept,
            scale: 1.0,
            continuous,
            steady: Array2::zeros((0, 0)),
            consolidated: false,
            largest: 0.0,
            behind: true,
        }
    }

    /// A plain consolidation: from now on weights are `matrix + (steady + rate D) held`. The current
    /// follows, `gram` being the products of what is held in the trials.
    pub(crate) fn strike(&mut self, rate: f32, gram: &Array2<f32>, current: &mut Array2<f32>) {
        if !self.pending {
            return;
        }
        if self.steady.is_empty() {
            self.steady = Array2::zeros(self.integrals.raw_dim());
        }
        if !self.consolidated {
            self.steady.fill(0.0);
        }
        let integrals = flat(&self.integrals);
        pieces::add(rate, integrals, flat_mut(&mut self.steady));
        if gram.len() == 1 {
            pieces::add(rate * gram[[0, 0]], integrals, flat_mut(current));
        } else {
            product::accumulate(rate, gram.view(), self.integrals.view(), current.view_mut());
        }
        self.consolidated = true;
        self.pending = false;
    }

    /// Whether weights, and with them currents, change in every step while anything is held.
    pub(crate) fn drifts(&self) -> bool {
        self.kept < 1.0 || (self.continuous && self.working)
    }

    /// Whether the matrix will change when it is next brought up to date.
    pub(crate) fn at_work(&self) -> bool {
        self.working || self.pending
    }

    /// Whether the weights decay.
    pub(crate) fn fades(&self) -> bool {
        self.kept < 1.0
    }

    pub(crate) fn is_continuous(&self) -> bool {
        self.continuous
    }

    /// From the next step not yet integrated on, a factor adds this much.
    pub(crate) fn set_gain(&mut self, gain: f32, now: u64, silent: bool) {
        if gain != self.gain {
            self.catch_up(now, silent);
            self.gain = gain;
        }
    }

    /// Integrals up to step `now`, without it. What is silent changes nothing.
    pub(crate) fn catch_up(&mut self, now: u64, silent: bool) {
        let steps = now.saturating_sub(self.since);
        if steps == 0 {
            return;
        }
        self.since = now;
        let (fade, reach) = self.passing(steps);
        self.scale *= f64::from(self.kept).powf(steps as f64);
        if silent || !self.at_work() {
            return;
        }
        let factors = flat(&self.factors);
        if !self.pending {
            pieces::each(flat_mut(&mut self.integrals), factors, |to, factors| {
                to.iter_mut().zip(factors).for_each(|(d, f)| *d = reach * f);
            });
        } else if fade == 1.0 {
            if self.working {
                pieces::add(reach, factors, flat_mut(&mut self.integrals));
            }
        } else {
            Zip::from(&mut self.integrals)
                .and(&self.factors)
                .for_each(|d, &f| *d = *d * fade + reach * f);
        }
        self.pending = true;
    }

    /// What so many steps leave of an integral, and add to it for a factor of 1.
    fn passing(&self, steps: u64) -> (f32, f32) {
        if !self.continuous || self.kept == 1.0 {
            return (1.0, self.gain * steps as f32);
        }
        let kept = f64::from(self.kept);
        let fade = kept.powf(steps as f64);
        let sum = kept * (1.0 - fade) / (1.0 - kept);
        (fade as f32, (f64::from(self.gain) * sum) as f32)
    }

    /// The current follows the weights over one step, `held` being what it is made of:
    /// `I += D' (r . r)`, with the products of what is held in the trials, `gram`.
    pub(crate) fn follow(&self, gram: &Array2<f32>, current: &mut Array2<f32>) {
        if self.continuous && self.working {
            if gram.len() == 1 {
                let gain = self.gain * gram[[0, 0]];
                pieces::add(gain, flat(&self.factors), flat_mut(current));
            } else {
                product::accumulate(
                    self.gain,
                    gram.view(),
                    self.factors.view(),
                    current.view_mut(),
                );
            }
        }
        if self.kept < 1.0 {
            let kept = self.kept;
            flat_mut(current).iter_mut().for_each(|i| *i *= kept);
        }
    }

    /// New factors from the rule, from step `now` on. `fill` is given where to put them and tells
    /// whether any is not 0.
    pub(crate) fn refresh(&mut self, now: u64, fill: impl FnOnce(&mut [f32]) -> bool) {
        self.catch_up(now, false);
        self.working = fill(flat_mut(&mut self.factors));
        self.behind = false;
    }

    /// Nothing is held: factors need not be followed until something is.
    pub(crate) fn sleep(&mut self) {
        self.working = false;
        self.behind = true;
    }

    /// What the integrals hold goes into the matrix, and they start again at 0. `blank` says that
    /// the matrix is 0 so far.
    pub(crate) fn settle(
        &mut self,
        matrix: &mut Array2<f32>,
        held: ArrayView2<'_, f32>,
        blank: bool,
    ) {
        if !self.pending {
            return;
        }
        if blank {
            product::assign(1.0, self.integrals.t(), held, matrix.view_mut());
        } else {
            let scale = if self.continuous {
                (1.0 / self.scale) as f32
            } else {
                1.0
            };
            gain(scale, &self.integrals, held, matrix);
        }
        self.pending = false;
    }

    /// The integrals start again at 0, since what they held is where it belongs.
    pub(crate) fn forget(&mut self) {
        self.pending = false;
    }

    /// Weights that change continuously become what they stand for; with bounds and mirrors, for
    /// which only whole weights will do, the fading goes into them too.
    pub(crate) fn settle_weights(&mut self, weights: &mut Array2<f32>, held: ArrayView2<'_, f32>) {
        if self.continuous {
            self.settle(weights, held, false);
        } else if self.consolidated {
            gain(1.0, &self.steady, held, weights);
            self.consolidated = false;
        }
    }

    /// What the weights of a sender, its value apart, have gained since the sender last sent.
    pub(crate) fn of_weights(&self) -> Option<&Array2<f32>> {
        if self.continuous {
            self.pending.then_some(&self.integrals)
        } else {
            self.consolidated.then_some(&self.steady)
        }
    }

    /// Likewise of the eligibilities.
    pub(crate) fn of_eligibilities(&self) -> Option<&Array2<f32>> {
        (self.pending && !self.continuous).then_some(&self.integrals)
    }

    /// The first step that the integrals do not hold.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// The weights become others; what the integrals hold of weights is forgotten, eligibilities
    /// stay.
    pub(crate) fn replace(&mut self, now: u64, weights: &Array2<f32>) {
        self.catch_up(now, false);
        self.scale = 1.0;
        if self.continuous {
            self.pending = false;
        }
        self.consolidated = false;
        self.measure(weights);
    }

    /// The common factor of decay goes into the matrix.
    pub(crate) fn fold(&mut self, weights: &mut Array2<f32>) {
        if self.scale != 1.0 {
            let scale = self.scale as f32;
            weights.mapv_inplace(|w| w * scale);
            self.scale = 1.0;
        }
    }

    /// Whether intercepts are about to cost precision. `most` is the largest value held.
    pub(crate) fn strained(&self, most: f32) -> bool {
        let Some(integrals) = self.of_weights() else {
            return false;
        };
        let largest = pieces::largest(flat(integrals));
        self.scale < 1e-3 || largest * most > REACH * self.largest
    }

    /// Takes the measure of the weights, for [`Lazy::strained`].
    pub(crate) fn measure(&mut self, weights: &Array2<f32>) {
        self.largest = pieces::largest(flat(weights));
    }

    /// The integrals of a row, for columns that are touched one by one.
    pub(crate) fn integrals(&self) -> Option<&Array2<f32>> {
        self.pending.then_some(&self.integrals)
    }

    /// What the matrix is multiplied by to be weights.
    pub(crate) fn scale(&self) -> f32 {
        self.scale as f32
    }

    /// The weights as of step `now`, with all that the integrals hold and have yet to hold.
    pub(crate) fn weights(
        &self,
        matrix: &Array2<f32>,
        held: ArrayView2<'_, f32>,
        now: u64,
    ) -> Array2<f32> {
        let (mut ahead, mut weights) = (self.clone(), matrix.clone());
        ahead.catch_up(now, false);
        ahead.settle_weights(&mut weights, held);
        ahead.fold(&mut weights);
        weights
    }

    /// The eligibilities as of step `now`, likewise.
    pub(crate) fn eligibilities(
        &self,
        matrix: &Array2<f32>,
        held: ArrayView2<'_, f32>,
        now: u64,
    ) -> Array2<f32> {
        let (mut ahead, mut eligibilities) = (self.clone(), matrix.clone());
        ahead.catch_up(now, false);
        ahead.settle(&mut eligibilities, held, false);
        eligibilities
    }

    /// One synapse of [`Lazy::weights`].
    pub(crate) fn weight(
        &self,
        matrix: &Array2<f32>,
        held: ArrayView2<'_, f32>,
        (post, pre): (usize, usize),
        now: u64,
    ) -> f32 {
        let steps = now.saturating_sub(self.since);
        let scale = self.scale * f64::from(self.kept).powf(steps as f64);
        let start = matrix[[post, pre]] * scale as f32;
        if !self.continuous {
            let steady = self.of_weights().map(|steady| steady.column(post));
            let trials = steady
                .iter()
                .flat_map(|steady| steady.iter().zip(held.column(pre)));
            return trials.fold(start, |w, (p, r)| w + p * r);
        }
        let (fade, reach) = self.passing(steps);
        let neuron = self.integrals.column(post);
        let trials = (neuron.iter().zip(self.factors.column(post))).zip(held.column(pre));
        trials.fold(start, |w, ((d, f), r)| {
            let f = if self.working { *f } else { 0.0 };
            let d = if self.pending { *d } else { 0.0 };
            w + (d * fade + reach * f) * r
        })
    }

    /// Number of rows: trials, or 1 for a bias.
    pub(crate) fn rows(&self) -> usize {
        self.factors.len_of(Axis(0))
    }
}

/// `matrix += scale integrals^T held`: what synapses gain, of senders who say anything.
fn gain(scale: f32, integrals: &Array2<f32>, held: ArrayView2<'_, f32>, matrix: &mut Array2<f32>) {
    let senders = s![.., product::speaking(held)];
    let (held, matrix) = (held.slice(senders), matrix.slice_mut(senders));
    product::accumulate(scale, integrals.t(), held, matrix);
}

pub(crate) fn flat(a: &Array2<f32>) -> &[f32] {
    a.as_slice_memory_order().unwrap_or(&[])
}

pub(crate) fn flat_mut(a: &mut Array2<f32>) -> &mut [f32] {
    a.as_slice_memory_order_mut().unwrap_or(&mut [])
}
