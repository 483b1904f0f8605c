//! Lazy synapses: a weight is brought up to date when its sender sends, and is exact whenever it is
//! read.
//!
//! Between two sends of `j` the rule `dW_ij/dt = eta f_i(t) r_j` has a constant `r_j`, so one
//! running integral per *neuron* is sufficient, `D_i(t)` of `eta f_i`:
//!
//! ```text
//! W_ij(t) = w^_ij + D_i(t) r_j            and when j sends at t:   w^_ij += D_i(t) (r_j,old - r_j,new)
//! ```
//!
//! The matrix holds the *intercepts* `w^`; single synapses store no time. With parallel trials, `D`
//! and `r` have one row per trial, products are summed over rows and `eta` is divided by their
//! number. With decay, a common factor `scale` multiplies the matrix; `D` decays at the same rate:
//!
//! ```text
//! W_ij(t) = scale(t) w^_ij + sum over trials of D_i(t) r_j
//! ```
//!
//! With weight updates, the matrix is the eligibility, computed likewise without `eta` and without
//! decay. A plain weight update is lazy, too: when it is due, the integrals are added to the
//! *applied* integrals, which replace `D` for the weights.
//!
//! With one trial and a plain weight update, gains under former values can be stored separately as
//! episodes (`episodes.rs`), so that no synapse is touched when most senders send:
//! `W_ij = w^_ij + P_i r_j + sum over episodes`, with the applied integrals `P`.
//!
//! Integrals are in double precision and intercepts are values with carries
//! ([`crate::math::pair`]): changes per step far below the last bit of a weight are not lost.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;

use bevy_ecs::component::Component;
use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, ShapeBuilder, Zip, s};
use rayon::prelude::*;

use super::episodes::Episodes;
use super::structure::{self, Structure, add_change_in_double};
use super::wiring::Connectivity;
use crate::math::columns::{self, Changing, flat, flat_mut};
use crate::math::{elementwise, pair, product};

/// Ratio of an intercept to the largest weight of its neuron above which the integrals restart at
/// 0.
pub(crate) const REACH: f32 = 4.0;

/// Likewise for the smallest weight of a neuron: of 48 bits, 30 may be lost; the other 18 are one
/// part in 260 000 of the weight.
const REACH_OF_LEAST: f32 = 1e9;

/// Representation of the integrals. While factors are constant, integrals are a multiple of them,
/// and writing them out, a pass over all neurons in double precision, is postponed.
///
/// | | `Nothing` | `Factors` | `Former` | `Integrals` | `Touched` |
/// |---|---|---|---|---|---|
/// | time passes, factors are not 0 | `Factors` | `Factors` | `Integrals` | `Integrals` | `Touched` |
/// | time passes, all factors are 0 | `Nothing` | `Factors` | `Former` | `Integrals` | `Touched` |
/// | new factors | `Nothing` | `Former` | `Former` | `Integrals` | `Touched` |
/// | `write_out` | `Nothing` | `Integrals` | `Integrals` | `Integrals` | `Touched` |
/// | `touch` | `Nothing` | - | - | `Touched` | `Touched` |
/// | integrals added to the matrix | `Nothing` | `Nothing` | `Nothing` | `Nothing` | `Nothing` |
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Holding {
    /// All are 0; the array is out of date.
    Nothing,
    /// This multiple of the factors, in ms or a.u. ms.
    Factors(f64),
    /// This multiple of the former factors.
    Former(f64),
    /// The values in the array.
    Integrals,
    /// The values in the array; columns of the matrix were touched since the integrals started, so
    /// that intercepts may be larger than the weights.
    Touched,
}

/// Present factors of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Factors {
    /// Not computed, because all values held are 0; they count as 0.
    Stale,
    /// All are 0.
    Zero,
    /// Some are not 0.
    NonZero,
}

/// The running integrals of the neurons on which a plastic projection ends.
///
/// Rows are trials; a bias, whose value is the same in all trials, has one row.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct Lazy {
    /// Factors of the rule's kernel, rows x post.
    #[serde(with = "crate::math::stored")]
    factors: Array2<f32>,
    factors_are: Factors,
    /// `D`, rows x post, valid for [`Holding::Integrals`].
    #[serde(with = "crate::math::stored")]
    integrals: Array2<f64>,
    /// Factors before their last change, rows x post, valid for [`Holding::Former`].
    #[serde(with = "crate::math::stored")]
    former: Array2<f32>,
    /// Representation of the integrals.
    holding: Holding,
    /// First step that is not yet integrated.
    since: u64,
    /// Increment of an integral per step for a factor of 1, in ms or a.u. ms.
    gain: f64,
    /// Decay per step, dimensionless: a weight is multiplied by `exp(-decay)`.
    decay: f64,
    /// Accumulated decay factor of the stored matrix, dimensionless.
    scale: f64,
    /// True if the integrals change weights, not eligibilities.
    continuous: bool,
    /// Applied integrals: sum over plain weight updates, rows x post, valid while `applied`.
    #[serde(with = "crate::math::stored")]
    steady: Array2<f64>,
    /// True if any applied integral may differ from 0.
    applied: bool,
    /// Episodes of the weights and of the eligibilities: gains under former values.
    past: Episodes,
    eligible: Episodes,
    /// Largest product of integral and value for each neuron at which intercepts remain precise.
    limits: Vec<f32>,
    /// Connected pairs, and the place of the weight of each.
    #[serde(skip)]
    connectivity: Connectivity,
}

impl Lazy {
    /// Integrals at rest of a projection with this number of rows.
    ///
    /// A weight is multiplied by `exp(-decay)` in each step; 0 for no decay.
    #[must_use]
    pub fn new((rows, connectivity): (usize, Connectivity), decay: f64, continuous: bool) -> Self {
        let (post, _) = connectivity.shape();
        Self {
            factors: Array2::zeros((rows, post)),
            factors_are: Factors::Stale,
            integrals: Array2::zeros((rows, post)),
            former: Array2::zeros((0, 0)),
            holding: Holding::Nothing,
            since: 0,
            gain: 0.0,
            decay,
            scale: 1.0,
            continuous,
            steady: Array2::zeros((0, 0)),
            applied: false,
            past: Episodes::default(),
            eligible: Episodes::default(),
            limits: vec![0.0; post],
            connectivity,
        }
    }

    /// Restores the state of the integrals of the same projection in another world.
    pub(crate) fn restore(&mut self, stored: Self) {
        let connectivity = std::mem::take(&mut self.connectivity);
        *self = Self {
            connectivity,
            ..stored
        };
    }

    /// True if weights are a matrix of post x pre, so that a column can be changed alone.
    pub(crate) fn is_all_to_all(&self) -> bool {
        self.connectivity.is_all_to_all()
    }

    /// True if weights are brought up to date in every step in which they change: those of
    /// structures, unless there is one trial and each pair has a weight of its own.
    pub(crate) fn is_whole(&self) -> bool {
        let one_by_one = |structure: &dyn Structure| !structure.is_shared() && self.rows() == 1;
        (self.connectivity.structure()).is_some_and(|structure| !one_by_one(&**structure))
    }

    /// Change of a current over one step, `I = kept (I + gain f |r|^2)`: gain, factors of the
    /// neurons of one trial, and remaining fraction.
    pub(crate) fn drift(&self) -> (f64, &[f32], f64) {
        let gain = if self.continuous && self.works() {
            self.gain
        } else {
            0.0
        };
        let kept = if self.fades() { self.kept(1) } else { 1.0 };
        (gain, flat(&self.factors), kept)
    }

    /// Plain weight update: the weights become `matrix + (steady + rate D) held`. True if the
    /// integrals for the values now held could differ from 0.
    pub(crate) fn apply_plain(&mut self, rate: f64) -> bool {
        self.eligible.apply(rate, &mut self.past);
        if !self.is_pending() {
            return false;
        }
        self.write_out();
        if self.steady.is_empty() {
            self.steady = Array2::zeros(self.integrals.raw_dim());
        }
        if !self.applied {
            self.steady.fill(0.0);
        }
        self.steady.scaled_add(rate, &self.integrals);
        self.applied = true;
        self.holding = Holding::Nothing;
        true
    }

    /// True if any integral may differ from 0.
    fn is_pending(&self) -> bool {
        self.holding != Holding::Nothing
    }

    /// Writes the integrals to the array, as needed before columns are touched one by one.
    pub(crate) fn write_out(&mut self) {
        let (times, factors) = match self.holding {
            Holding::Factors(times) => (times, &self.factors),
            Holding::Former(times) => (times, &self.former),
            Holding::Nothing | Holding::Integrals | Holding::Touched => return,
        };
        let to = flat_mut(&mut self.integrals);
        elementwise::both(to, flat(factors), |d, f| *d = times * f64::from(f));
        self.holding = Holding::Integrals;
    }

    /// True if any factor differs from 0.
    fn works(&self) -> bool {
        self.factors_are == Factors::NonZero
    }

    /// True if the factors are out of date.
    pub(crate) fn is_stale(&self) -> bool {
        self.factors_are == Factors::Stale
    }

    /// True if weights, and hence currents, change in every step while any value held is not 0.
    pub(crate) fn drifts(&self) -> bool {
        self.fades() || (self.continuous && self.works())
    }

    /// True if the matrix will change when it is next brought up to date.
    pub(crate) fn at_work(&self) -> bool {
        self.works() || self.gathers()
    }

    /// True if there are episodes of eligibilities.
    pub(crate) fn has_eligible_episodes(&self) -> bool {
        !self.eligible.is_empty()
    }

    /// True if integrals or episodes have yet to be added to the matrix.
    pub(crate) fn gathers(&self) -> bool {
        self.is_pending() || !self.eligible.is_empty()
    }

    /// True if the weights decay.
    pub(crate) fn fades(&self) -> bool {
        self.decay > 0.0
    }

    pub(crate) fn is_continuous(&self) -> bool {
        self.continuous
    }

    /// Sets the increment per step for a factor of 1, from the first step not yet integrated on.
    pub(crate) fn set_gain(&mut self, gain: f64, now: u64, silent: bool) {
        if gain != self.gain {
            self.catch_up(now, silent);
            self.gain = gain;
        }
    }

    /// Integrates up to step `now`, exclusive. If `silent`, the integrals remain unchanged.
    pub(crate) fn catch_up(&mut self, now: u64, silent: bool) {
        let steps = now.saturating_sub(self.since);
        if steps == 0 {
            return;
        }
        self.since = now;
        let (fade, reach) = self.passing(steps);
        self.scale *= self.kept(steps);
        let works = self.works();
        if silent || !(works || self.is_pending()) {
            return;
        }
        let more = if works { reach } else { 0.0 };
        match &mut self.holding {
            Holding::Nothing => {
                self.holding = Holding::Factors(more);
                return;
            }
            Holding::Factors(times) => {
                *times = *times * fade + more;
                return;
            }
            Holding::Former(times) if !works => {
                *times *= fade;
                return;
            }
            Holding::Former(_) | Holding::Integrals | Holding::Touched => self.write_out(),
        }
        let to = flat_mut(&mut self.integrals);
        let factors = flat(&self.factors);
        if fade != 1.0 {
            elementwise::both(to, factors, |d, f| *d = *d * fade + more * f64::from(f));
        } else if works {
            elementwise::both(to, factors, |d, f| *d += more * f64::from(f));
        }
    }

    /// Factor by which a weight decays in this number of steps, dimensionless.
    fn kept(&self, steps: u64) -> f64 {
        (-self.decay * steps as f64).exp()
    }

    /// Decay factor of an integral over these steps, and its increment for a factor of 1.
    fn passing(&self, steps: u64) -> (f64, f64) {
        if !self.continuous || !self.fades() {
            return (1.0, self.gain * steps as f64);
        }
        // The sum of exp(-decay n) for n from 1 to the number of steps.
        let sum =
            (-self.decay).exp() * (-self.decay * steps as f64).exp_m1() / (-self.decay).exp_m1();
        (self.kept(steps), self.gain * sum)
    }

    /// Updates the current with the weights over one step: `I += D' (r . r)`, where `gram` holds
    /// the products of the values held in the trials.
    pub(crate) fn follow(&self, gram: &Array2<f64>, current: &mut Array2<f64>) {
        if self.continuous && self.works() {
            if gram.len() == 1 {
                let gain = self.gain * gram[[0, 0]];
                elementwise::both(flat_mut(current), flat(&self.factors), |i, f| {
                    *i += gain * f64::from(f);
                });
            } else {
                let factors = self.factors.mapv(f64::from);
                product::accumulate(self.gain, gram.view(), factors.view(), current.view_mut());
            }
        }
        if self.fades() {
            let kept = self.kept(1);
            current.mapv_inplace(|i| i * kept);
        }
    }

    /// Takes new factors from the rule, from step `now` on. `fill` writes them to its slice and
    /// returns true if any differs from 0.
    pub(crate) fn refresh(&mut self, now: u64, fill: impl FnOnce(&mut [f32]) -> bool) {
        self.catch_up(now, false);
        if let Holding::Factors(times) = self.holding {
            if self.former.is_empty() {
                self.former = Array2::zeros(self.factors.raw_dim());
            }
            std::mem::swap(&mut self.factors, &mut self.former);
            self.holding = Holding::Former(times);
        }
        self.factors_are = match fill(flat_mut(&mut self.factors)) {
            true => Factors::NonZero,
            false => Factors::Zero,
        };
    }

    /// All values held are 0: stops updating factors until a value differs from 0.
    pub(crate) fn sleep(&mut self) {
        self.factors_are = Factors::Stale;
    }

    /// Adds the integrals to an eligibility and restarts them at 0. If the eligibility is `blank`,
    /// it is computed as one product in single precision.
    pub(crate) fn flush(
        &mut self,
        mut eligibility: Changing<'_>,
        held: ArrayView2<'_, f32>,
        blank: bool,
    ) {
        self.eligible.flush(eligibility.reborrow());
        if !self.is_pending() {
            return;
        }
        if let Connectivity::Structured(structure) = &self.connectivity {
            if self.holding == Holding::Touched && !blank {
                let integrals = self.integrals.view();
                add_change_in_double(&**structure, 1.0, integrals, held, eligibility);
            } else {
                let (times, integrals) = self.single();
                if blank {
                    structure.change(times, integrals.view(), held, eligibility.matrix);
                    eligibility.carry.fill(0.0);
                } else {
                    add_change(&**structure, (times, integrals.view()), held, eligibility);
                }
            }
        } else if blank {
            let (times, integrals) = self.single();
            let out = eligibility.matrix.view_mut();
            product::assign(times, integrals.t(), held, out);
            eligibility.carry.fill(0.0);
        } else if self.holding == Holding::Touched {
            self.write_out();
            gain(1.0, &self.integrals, held, eligibility);
        } else {
            let (times, integrals) = self.single();
            gain_single(times, integrals.view(), held, eligibility);
        }
        self.holding = Holding::Nothing;
    }

    /// Records that columns have been touched and hold intercepts from now on. Integrals must have
    /// been written out.
    pub(crate) fn touch(&mut self) {
        debug_assert!(self.is_written_out());
        if self.is_pending() {
            self.holding = Holding::Touched;
        }
    }

    /// True if the integrals are 0 or in the array.
    fn is_written_out(&self) -> bool {
        !matches!(self.holding, Holding::Factors(_) | Holding::Former(_))
    }

    /// Restarts the integrals at 0, once they have been added to the matrix.
    pub(crate) fn forget(&mut self) {
        self.holding = Holding::Nothing;
        self.applied = false;
    }

    /// Converts intercepts to the weights that they represent, except for the decay.
    pub(crate) fn flush_weights(&mut self, mut weights: Changing<'_>, held: ArrayView2<'_, f32>) {
        self.flush_past(weights.reborrow());
        if self.continuous {
            let exact = self.holding == Holding::Touched || self.rows() == 1;
            if let (true, Connectivity::Structured(structure)) =
                (self.is_pending(), &self.connectivity)
            {
                if self.holding == Holding::Touched {
                    let integrals = self.integrals.view();
                    add_change_in_double(&**structure, 1.0 / self.scale, integrals, held, weights);
                } else {
                    let (times, integrals) = self.single();
                    let times = (f64::from(times) / self.scale) as f32;
                    add_change(&**structure, (times, integrals.view()), held, weights);
                }
            } else if self.is_pending() && exact {
                self.write_out();
                gain(1.0 / self.scale, &self.integrals, held, weights);
            } else if self.is_pending() {
                let (times, integrals) = self.single();
                let times = (f64::from(times) / self.scale) as f32;
                gain_single(times, integrals.view(), held, weights);
            }
            self.holding = Holding::Nothing;
        } else if self.applied {
            gain(1.0, &self.steady, held, weights);
            self.applied = false;
        }
    }

    /// Adds the episodes of weights to the matrix.
    pub(crate) fn flush_past(&mut self, weights: Changing<'_>) {
        self.past.flush(weights);
    }

    /// Stores the gain under the present values, which are about to change, as an episode.
    ///
    /// False if there is no room: the gain has to be added to the matrix.
    pub(crate) fn turn(&mut self, held: ArrayView2<'_, f32>) -> bool {
        let needed = usize::from(self.applied) + self.eligible.len() + 1;
        if !(self.past.has_room_for(needed) && self.eligible.has_room_for(1)) {
            return false;
        }
        if self.applied {
            self.past.push(self.steady.row(0), held.row(0));
            self.applied = false;
        }
        if self.is_pending() {
            self.write_out();
            self.eligible.push(self.integrals.row(0), held.row(0));
            self.holding = Holding::Nothing;
        }
        true
    }

    /// Adds the part of the weights outside the matrix to the current of one trial. Returns an
    /// upper bound, over neurons, of the sum of the magnitudes of these terms.
    pub(crate) fn read(&self, held: &[f32], current: &mut [f64]) -> f64 {
        let mut most = self.past.read(held, current);
        if let Some(gained) = self.of_weights() {
            let squares = squares(held);
            let mut largest = 0.0f64;
            for (current, d) in current.iter_mut().zip(gained) {
                *current += d * squares;
                largest = largest.max(d.abs());
            }
            most += largest * squares;
        }
        most
    }

    /// Sum of the magnitudes of the terms of [`Lazy::read`] for each neuron.
    pub(crate) fn reach(&self, held: &[f32]) -> Vec<f64> {
        let mut reach = vec![0.0; self.factors.ncols()];
        self.past.reach(held, &mut reach);
        if let Some(gained) = self.of_weights() {
            let squares = squares(held);
            (reach.iter_mut().zip(gained)).for_each(|(reach, d)| *reach += d.abs() * squares);
        }
        reach
    }

    /// Gain of the weights since their sender last sent, divided by its value, rows x post.
    pub(crate) fn of_weights(&self) -> Option<&Array2<f64>> {
        if self.continuous {
            self.integrals()
        } else {
            self.applied.then_some(&self.steady)
        }
    }

    /// Likewise for the eligibilities.
    pub(crate) fn of_eligibilities(&self) -> Option<&Array2<f64>> {
        self.integrals().filter(|_| !self.continuous)
    }

    /// First step that is not yet integrated.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// Takes new weights; the integrals of weights restart at 0, those of eligibilities are kept.
    pub(crate) fn replace(&mut self, now: u64, weights: &Array2<f32>) {
        self.catch_up(now, false);
        self.scale = 1.0;
        if self.continuous {
            self.holding = Holding::Nothing;
        }
        self.applied = false;
        self.past.forget();
        self.measure(weights);
    }

    /// Multiplies the matrix by the common decay factor.
    pub(crate) fn fold(&mut self, weights: Changing<'_>) {
        if self.scale != 1.0 {
            let scale = self.scale;
            Zip::from(weights.matrix)
                .and(weights.carry)
                .for_each(|w, carry| {
                    let scaled = scale * pair::number(*w, *carry);
                    pair::set(w, carry, scaled);
                });
            self.scale = 1.0;
        }
    }

    /// True if intercepts are about to lose precision. `most` is the largest magnitude of the
    /// values held, now or next.
    pub(crate) fn strained(&self, most: f32) -> bool {
        let Some(integrals) = self.of_weights() else {
            return false;
        };
        let (most, scale) = (f64::from(most), self.scale);
        let beyond = |row: ndarray::ArrayView1<'_, f64>| {
            // Without an early exit the loop can be vectorised.
            (row.iter().zip(&self.limits)).fold(false, |found, (d, limit)| {
                found | (d.abs() * most > f64::from(*limit) * scale)
            })
        };
        scale < 1e-3 || integrals.rows().into_iter().any(beyond)
    }

    /// Stores the largest and smallest weight of each neuron, for [`Lazy::strained`].
    pub(crate) fn measure(&mut self, weights: &Array2<f32>) {
        match &self.connectivity {
            Connectivity::AllToAll { .. } => self.limit(&columns::extents(weights.view())),
            Connectivity::Structured(structure) if !self.is_whole() => {
                let extents = structure::extents(&**structure, weights);
                self.limit(&extents);
            }
            _ => {}
        }
    }

    /// As [`Lazy::measure`], with known extents.
    pub(crate) fn limit(&mut self, extents: &[(f32, f32)]) {
        for (limit, (largest, least)) in self.limits.iter_mut().zip(extents) {
            *limit = (REACH * largest).min(REACH_OF_LEAST * least);
        }
    }

    /// The integrals, for touching columns one by one. They must have been written out.
    pub(crate) fn integrals(&self) -> Option<&Array2<f64>> {
        debug_assert!(self.is_written_out());
        self.is_pending().then_some(&self.integrals)
    }

    /// The integrals in single precision, as a factor and an array, for a product.
    pub(crate) fn single(&self) -> (f32, CowArray<'_, f32, Ix2>) {
        match self.holding {
            Holding::Factors(times) => (times as f32, self.factors.view().into()),
            Holding::Former(times) => (times as f32, self.former.view().into()),
            Holding::Nothing | Holding::Integrals | Holding::Touched => {
                (1.0, self.integrals.mapv(|d| d as f32).into())
            }
        }
    }

    /// Factor from the matrix to the weights, dimensionless.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// The weights at step `now`, with all integrals, including steps not yet integrated.
    pub(crate) fn weights(
        &self,
        (matrix, carry): (&Array2<f32>, &Array2<f32>),
        held: ArrayView2<'_, f32>,
        now: u64,
    ) -> Array2<f32> {
        let mut ahead = self.clone();
        let (mut weights, mut carry) = (matrix.clone(), carry.clone());
        let mut changing = Changing {
            matrix: &mut weights,
            carry: &mut carry,
        };
        ahead.catch_up(now, false);
        ahead.flush_weights(changing.reborrow(), held);
        ahead.fold(changing);
        weights
    }

    /// The eligibilities at step `now`, likewise.
    pub(crate) fn eligibilities(
        &self,
        (mut eligibilities, mut carry): (Array2<f32>, Array2<f32>),
        held: ArrayView2<'_, f32>,
        now: u64,
    ) -> Array2<f32> {
        let mut ahead = self.clone();
        ahead.catch_up(now, false);
        let changing = Changing {
            matrix: &mut eligibilities,
            carry: &mut carry,
        };
        ahead.flush(changing, held, false);
        eligibilities
    }

    /// One synapse of [`Lazy::weights`]; `intercept` is the sum of its value and carry.
    pub(crate) fn weight(
        &self,
        intercept: f64,
        held: ArrayView2<'_, f32>,
        (post, pre): (usize, usize),
        now: u64,
    ) -> f32 {
        let steps = now.saturating_sub(self.since);
        let start = intercept * self.scale * self.kept(steps);
        let held = held.column(pre).into_iter().map(|r| f64::from(*r));
        let gained: f64 = if self.continuous {
            let (fade, reach) = self.passing(steps);
            let integral = |row: usize| {
                let at = [row, post];
                let f = f64::from(self.factors[at]);
                let d = match self.holding {
                    Holding::Nothing => 0.0,
                    Holding::Factors(times) => times * f,
                    Holding::Former(times) => times * f64::from(self.former[at]),
                    Holding::Integrals | Holding::Touched => self.integrals[at],
                };
                d * fade + if self.works() { reach * f } else { 0.0 }
            };
            (0..self.rows())
                .map(integral)
                .zip(held)
                .map(|(d, r)| d * r)
                .sum()
        } else {
            let steady = self.of_weights().map(|steady| steady.column(post));
            let steady = steady.iter().flat_map(|steady| steady.iter());
            let now: f64 = steady.zip(held).map(|(p, r)| p * r).sum();
            now + self.past.of_synapse((post, pre))
        };
        (start + gained) as f32
    }

    /// Number of rows: trials, or 1 for a bias.
    pub(crate) fn rows(&self) -> usize {
        self.factors.len_of(Axis(0))
    }
}

/// Sum of the squares of the values held in one trial.
fn squares(held: &[f32]) -> f64 {
    held.iter().map(|r| f64::from(*r).powi(2)).sum()
}

/// Number of synapses whose change is computed together, so that it stays in the nearest cache.
const STRETCH: usize = 1 << 13;

/// `m += scale integrals^T held` in double precision, for the non-zero senders.
fn gain(scale: f64, integrals: &Array2<f64>, held: ArrayView2<'_, f32>, weights: Changing<'_>) {
    if integrals.nrows() == 1 {
        let sends: Vec<columns::Send> = (held.row(0).iter().enumerate())
            .filter(|(_, value)| **value != 0.0)
            .map(|(sender, value)| columns::Send {
                trial: 0,
                sender,
                old: 0.0,
                change: -f64::from(*value),
            })
            .collect();
        return columns::touch(&sends, scale, integrals, weights);
    }
    let senders = s![.., product::active_range(held)];
    let held = held.slice(senders).mapv(f64::from);
    let (mut matrix, mut carry) = (
        weights.matrix.slice_mut(senders),
        weights.carry.slice_mut(senders),
    );
    let width = STRETCH.div_ceil(matrix.nrows().max(1));
    let matrices = matrix.axis_chunks_iter_mut(Axis(1), width).into_par_iter();
    let carries = carry.axis_chunks_iter_mut(Axis(1), width);
    (matrices
        .zip(carries)
        .zip(held.axis_chunks_iter(Axis(1), width)))
    .for_each(|((matrix, carry), held)| {
        let mut change = Array2::zeros((held.ncols(), integrals.ncols())).reversed_axes();
        product::assign_alone(scale, integrals.t(), held, change.view_mut());
        Zip::from(matrix)
            .and(carry)
            .and(&change)
            .for_each(|w, carry, change| pair::add(w, carry, *change));
    });
}

/// [`gain`] in single precision, for terms that are all changes: rounding is then relative to the
/// change, not to intercepts that cancel.
pub(super) fn gain_single(
    scale: f32,
    integrals: ArrayView2<'_, f32>,
    held: ArrayView2<'_, f32>,
    weights: Changing<'_>,
) {
    let post = integrals.ncols();
    let senders = product::active_range(held);
    let held = held.slice(s![.., senders.clone()]);
    let here = senders.start * post..senders.end * post;
    let width = STRETCH.div_ceil(post.max(1));
    let matrices = flat_mut(weights.matrix)[here.clone()].par_chunks_mut(width * post);
    let carries = flat_mut(weights.carry)[here].par_chunks_mut(width * post);
    (matrices.zip(carries).enumerate()).for_each(|(n, (values, carries))| {
        let from = n * width;
        let held = held.slice(s![.., from..from + values.len() / post]);
        CHANGE.with_borrow_mut(|change| {
            change.resize(change.len().max(values.len()), 0.0);
            let change = &mut change[..values.len()];
            let shape = (post, held.ncols()).f();
            let out = ArrayViewMut2::from_shape(shape, &mut *change);
            let out = out.expect("there are as many changes as synapses");
            product::assign_alone(scale, integrals.t(), held, out);
            add_single(values, carries, change);
        });
    });
}

/// Adds the change of a structure's weights, in single precision.
fn add_change(
    structure: &dyn Structure,
    (times, integrals): (f32, ArrayView2<'_, f32>),
    held: ArrayView2<'_, f32>,
    weights: Changing<'_>,
) {
    let mut change = Array2::zeros(weights.matrix.raw_dim().f());
    structure.change(times, integrals, held, &mut change);
    let (values, carries) = (flat_mut(weights.matrix), flat_mut(weights.carry));
    add_single(values, carries, flat(&change));
}

thread_local! {
    /// Changes of one stretch.
    static CHANGE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add_single(values: &mut [f32], carries: &mut [f32], changes: &[f32]) {
    for ((value, carry), change) in values.iter_mut().zip(carries).zip(changes) {
        pair::add_single(value, carry, *change);
    }
}
