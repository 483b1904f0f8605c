//! Terminals: the values last received from the senders of a projection, and the resulting current.
//!
//! A current is either recomputed as one product in single precision, or updated by increments in
//! double precision when a few senders change. Increments accumulate rounding errors, which matter
//! if a value was large in the past. A bound of the error is therefore kept for each neuron; a
//! current is recomputed if its bound exceeds a few millionths of it.
//!
//! ```text
//! |error of I_i| <= 2^-53 x sum of |I_i| over the additions, with the terms that were added
//! ```

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, Zip, s};

use super::increments::{Increments, Weighted, touch_eligibilities};
use super::lazy::Lazy;
use super::pool::MaxPool;
use super::structure::Structure;
use crate::event::{Values, Volley};
use crate::math::columns::{self, Changing, Intercepts, PRODUCT_PAYS, extents};
use crate::math::{elementwise, pair, product};

/// With one trial, a current is recomputed if at least 1 / `MOST_SEND` of non-zero senders send.
const MOST_SEND: usize = 2;

/// As above, if the current is a product; increments then begin with a sum in double precision over
/// all values held.
const INCREMENTS_PAY: usize = 24;

/// Largest rounding error of a current, relative to the current.
const PRECISION: f64 = 2e-6;

/// Rounding error of a sum of magnitudes in double precision (last bit), in units of [`PRECISION`].
pub(super) const ROUNDING: f64 = f64::EPSILON / 2.0 / PRECISION;

/// Bound of a term of a current, in units of the largest weight times the change of the value:
/// intercepts may exceed the weights, and weights may have grown since they were measured.
const TERM: f64 = 16.0;

/// Largest fraction that gains outside the matrix contribute to the magnitudes of terms.
const OUTSIDE: f64 = 0.9;

/// Cost of recomputing one current alone, relative to its cost when a whole trial is recomputed:
/// the synapses of a neuron are not contiguous in memory.
const LOOK: usize = 8;

/// The axon terminals of a projection, with the last value that arrived from each sender.
///
/// A bias has one sender, whose value is 1 in all trials: one row serves for all trials.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct Terminals {
    /// Axons from which volleys arrive; `None` for a bias.
    #[serde(skip)]
    pub(crate) axons: Option<Entity>,
    /// True if the weights are read by another projection (weight transport).
    pub(crate) tied: bool,
    /// Number of changes of the weights that affected all of them at once.
    pub(crate) revision: u64,
    /// True if a plain weight update came after the current was last summed.
    plainly_updated: bool,
    /// Revision of the weights with which the current was computed.
    seen: u64,
    /// Last values, trials x pre.
    held: Arc<Values>,
    /// `(trials, pre)`.
    shape: (usize, usize),
    /// `W held` as one product, trials x post, used if there is no `sum`.
    #[serde(with = "crate::math::stored")]
    product: Array2<f32>,
    /// `W held` by increments, if they are in use: of a matrix of weights, or of a structure.
    sum: Option<Sum>,
    increments: Option<Increments>,
    /// Products of the values held in the trials, trials x trials; `None` until needed.
    #[serde(with = "crate::math::stored::optional")]
    gram: Option<Array2<f64>>,
    /// Largest magnitude of weights of each receiving neuron, and the revision of the measurement.
    largest: Vec<f32>,
    measured: Option<u64>,
}

/// A current to which increments are added.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sum {
    /// Trials x post.
    #[serde(with = "crate::math::stored")]
    current: Array2<f64>,
    /// Sums of the rounded magnitudes since a current was last recomputed, trials x post; negative
    /// for a current that is 0 because all its terms are 0.
    #[serde(with = "crate::math::stored")]
    rounded: Array2<f64>,
    /// Number of currents of each trial recomputed one by one since all of them were recomputed.
    alone: Vec<usize>,
}

/// A current as it is added to that of a compartment.
#[derive(Clone, Copy)]
pub(crate) enum Current<'a> {
    /// Computed as one product.
    Single(&'a [f32]),
    /// Computed by increments.
    Double(&'a [f64]),
}

impl Terminals {
    /// Restores the state of terminals of the same projection in another world.
    pub(crate) fn restore(&mut self, stored: Self) {
        let axons = self.axons;
        *self = Self { axons, ..stored };
    }

    /// Terminals before the first arrival.
    #[must_use]
    pub fn new(axons: Entity, trials: usize, (post, pre): (usize, usize)) -> Self {
        Self {
            axons: Some(axons),
            tied: false,
            revision: 0,
            plainly_updated: false,
            seen: 0,
            held: Arc::new(Values::new(trials, pre, 0.0)),
            shape: (trials, pre),
            product: Array2::zeros((trials, post)),
            sum: None,
            increments: None,
            gram: None,
            largest: Vec::new(),
            measured: None,
        }
    }

    /// The terminal of a unit whose value is always 1.
    #[must_use]
    pub fn bias(post: usize) -> Self {
        Self {
            axons: None,
            revision: 1,
            held: Arc::new(Values::new(1, 1, 1.0)),
            ..Self::new(Entity::PLACEHOLDER, 1, (post, 1))
        }
    }

    /// Last values, trials x pre; one row for a bias.
    #[must_use]
    pub fn held(&self) -> ArrayView2<'_, f32> {
        view(&self.held, self.shape)
    }

    /// The current, trials x post; one row for a bias.
    pub(crate) fn current(&self) -> Current<'_> {
        match (&self.sum, &self.increments) {
            (Some(sum), _) => Current::Double(sum.current.as_slice().expect("rows are contiguous")),
            (None, Some(increments)) => Current::Double(increments.currents()),
            (None, None) => Current::Single(self.product.as_slice().expect("rows are contiguous")),
        }
    }

    /// True if all values held are 0.
    #[must_use]
    pub fn silent(&self) -> bool {
        self.held.silent()
    }

    /// Largest magnitude of the values held.
    pub(crate) fn most(&self) -> f32 {
        elementwise::largest(self.held.all())
    }

    /// True if it is cheaper to process the values sent by these senders one by one.
    ///
    /// With one trial and continuously changing weights, updating columns costs no more than a pass
    /// over all weights.
    pub(crate) fn is_few(&self, few: &[(u32, f32)], is_continuous: bool) -> bool {
        if self.shape.0 == 1 {
            if is_continuous && self.sum.is_some() {
                return true;
            }
            let awake = few.iter().filter(|(_, value)| *value != 0.0).count();
            return few.len() * MOST_SEND < awake.max(self.held.awake() as usize);
        }
        let pays = match self.sum {
            Some(_) => PRODUCT_PAYS,
            None => INCREMENTS_PAY,
        };
        few.len() * pays < self.held.all().len()
    }

    /// True if there is one trial and the projection is not a bias.
    pub(crate) fn is_of_one_trial(&self) -> bool {
        self.shape.0 == 1 && self.axons.is_some()
    }

    /// True if all values held are 0 after these senders have sent.
    pub(crate) fn falls_silent(&self, few: &[(u32, f32)]) -> bool {
        few.len() == self.held.awake() as usize && few.iter().all(|(_, value)| *value == 0.0)
    }

    /// Stores the values of a volley; the current is not updated.
    pub(crate) fn hold(&mut self, volley: Volley<'_>) {
        match volley {
            Volley::Many(values) => self.held = Arc::clone(values),
            Volley::Few(few) => {
                let held = Arc::make_mut(&mut self.held);
                for &(at, value) in few {
                    held.set(at as usize, value);
                }
            }
        }
        self.gram = None;
        self.plainly_updated = false;
    }

    /// Stores the largest weight of each neuron.
    pub(crate) fn measure(&mut self, extents: &[(f32, f32)]) {
        self.largest = extents.iter().map(|(largest, _)| *largest).collect();
        self.measured = Some(self.revision);
    }

    /// Measures the weights if all of them have changed since the last measurement.
    fn keep_measured(&mut self, weights: &Array2<f32>) {
        if self.measured != Some(self.revision) {
            self.measure(&extents(weights.view()));
        }
    }

    /// Stores the values of a few senders and updates the current column by column:
    /// `I_i += W_ij (r_new - r_old)`.
    ///
    /// The weights and eligibilities of these senders are first brought up to date if they have
    /// gained anything since the last send. With parallel trials a weight is
    /// `W_ij = scale w^_ij + sum over trials b of D_bi r_jb`, so that the current of trial `c` also
    /// gains `sum over b of D_bi (sum over senders of r_jb,old (r_jc,new - r_jc,old))`, which needs
    /// no access to single synapses.
    pub(crate) fn touch(
        &mut self,
        few: &[(u32, f32)],
        mut weights: Changing<'_>,
        eligibility: Option<Changing<'_>>,
        lazy: Option<&Lazy>,
    ) {
        let (trials, _) = self.shape;
        self.keep_measured(weights.matrix);
        self.begin_increments(weights.reborrow(), lazy);
        let sends = self.sends(few);
        let held = view(&self.held, self.shape);
        let sum = self.sum.as_mut().expect("increments have begun");
        match lazy.and_then(|lazy| lazy.of_weights().map(|d| (lazy, d))) {
            Some((lazy, d)) if trials == 1 => {
                let current = &mut sum.current;
                columns::read_and_touch(&sends, lazy.scale(), d, weights.reborrow(), current);
            }
            Some((lazy, d)) => {
                sum.read(&sends, held, weights.reborrow(), Some(lazy));
                columns::touch(&sends, 1.0 / lazy.scale(), d, weights.reborrow());
            }
            None => sum.read(&sends, held, weights.reborrow(), lazy),
        }
        let integrals = lazy.and_then(Lazy::of_eligibilities);
        if let Some((d, eligibility)) = integrals.zip(eligibility) {
            columns::touch(&sends, 1.0, d, eligibility);
        }
        self.hold(Volley::Few(few));
        for sends in sends.chunk_by(|a, b| a.trial == b.trial) {
            let trial = sends[0].trial;
            let sum = self.sum.as_mut().expect("increments have begun");
            let doubtful = sum.add(sends, &self.largest);
            // If all values held are 0, the remainder of the differences is rounding error.
            if self.held.is_silent_in(trial) {
                sum.forget(trial);
            } else if doubtful {
                let held = view(&self.held, self.shape);
                if !sum.renew_some((trial, held), &weights, lazy) {
                    sum.renew((trial, held), &self.largest, weights.reborrow(), lazy);
                }
            }
        }
    }

    /// Replaces the product by a sum to which increments are added.
    fn begin_increments(&mut self, mut weights: Changing<'_>, lazy: Option<&Lazy>) {
        if self.sum.is_some() {
            return;
        }
        let trials = self.shape.0;
        let mut sum = Sum {
            current: Array2::zeros(self.product.raw_dim()),
            rounded: Array2::zeros(self.product.raw_dim()),
            alone: vec![0; trials],
        };
        self.keep_measured(weights.matrix);
        for trial in 0..trials {
            let held = view(&self.held, self.shape);
            sum.renew((trial, held), &self.largest, weights.reborrow(), lazy);
        }
        self.sum = Some(sum);
    }

    /// Recomputes the current of one trial from the columns of the non-zero senders.
    pub(crate) fn sum_columns(&mut self, weights: &Array2<f32>, scale: f64) {
        self.sum = None;
        let (current, _) = columns::sum(self.held.all(), weights);
        self.set_product(&current, scale);
        self.seen = self.revision;
    }

    /// Recomputes the current as one product of all weights and all values held.
    pub(crate) fn sum(&mut self, weights: ArrayView2<'_, f32>, scale: f64) {
        self.sum = None;
        if self.silent() {
            self.product.fill(0.0);
        } else {
            let held = view(&self.held, self.shape);
            let senders = s![.., product::active_range(held)];
            let (held, weights) = (held.slice(senders), weights.slice(senders));
            product::assign(scale as f32, held, weights.t(), self.product.view_mut());
        }
        self.seen = self.revision;
    }

    /// Recomputes the current of a structure from all weights and all values held.
    pub(crate) fn sum_structure(
        &mut self,
        structure: &dyn Structure,
        weights: &Array2<f32>,
        scale: f64,
    ) {
        self.increments = None;
        if self.silent() {
            self.product.fill(0.0);
        } else {
            let held = view(&self.held, self.shape);
            structure.current(scale as f32, held, weights, self.product.view_mut());
        }
        self.seen = self.revision;
    }

    /// [`Terminals::is_few`] for a structure: processing synapses one by one costs about as much as
    /// a pass over all of them, unless the pass is a matrix product.
    pub(crate) fn is_few_of_structure(
        &self,
        few: &[(u32, f32)],
        (is_shared, is_continuous): (bool, bool),
    ) -> bool {
        if is_continuous && self.increments.is_some() {
            return true;
        }
        let pays = if is_shared { INCREMENTS_PAY } else { MOST_SEND };
        let awake = few.iter().filter(|(_, value)| *value != 0.0).count();
        few.len() * pays < awake.max(self.held.awake() as usize)
    }

    /// Stores the values of a few senders and updates the current of a structure synapse by synapse.
    pub(crate) fn touch_structure(
        &mut self,
        few: &[(u32, f32)],
        (structure, weights): (&dyn Structure, Changing<'_>),
        eligibility: Option<Changing<'_>>,
        lazy: Option<&Lazy>,
    ) {
        let mut weighted = Weighted {
            structure,
            weights,
            lazy,
        };
        self.begin_structure(&weighted);
        let sends = self.sends(few);
        if let Some((d, eligibility)) = lazy.and_then(Lazy::of_eligibilities).zip(eligibility) {
            touch_eligibilities(&sends, structure, d, eligibility);
        }
        self.hold(Volley::Few(few));
        let increments = self.increments.as_mut().expect("increments have begun");
        for sends in sends.chunk_by(|a, b| a.trial == b.trial) {
            let trial = sends[0].trial;
            let doubtful = increments.touch(sends, &mut weighted);
            if doubtful || self.held.is_silent_in(trial) {
                increments.renew((trial, view(&self.held, self.shape)), &weighted);
            }
        }
    }

    /// Replaces the product of a structure by increments.
    fn begin_structure(&mut self, weighted: &Weighted<'_, '_>) {
        if self.increments.is_none() {
            let held = view(&self.held, self.shape);
            let mut increments = Increments::new(self.product.dim());
            (0..self.shape.0).for_each(|trial| increments.renew((trial, held), weighted));
            self.increments = Some(increments);
        }
    }

    /// [`Terminals::follow`] for a structure with one trial whose synapses have a weight each.
    pub(crate) fn follow_structure(
        &mut self,
        now: u64,
        (structure, weights): (&dyn Structure, Changing<'_>),
        lazy: &mut Lazy,
    ) {
        if self.increments.is_none() {
            // New increments already contain the weights of this step.
            lazy.catch_up(now, self.silent());
            lazy.write_out();
            return self.begin_structure(&Weighted {
                structure,
                weights,
                lazy: Some(lazy),
            });
        }
        let (gain, factors, kept) = lazy.drift();
        let increments = self.increments.as_mut().expect("there are increments");
        increments.follow(gain, factors, kept);
    }

    /// Changes of a few senders, relative to the values held.
    fn sends(&self, few: &[(u32, f32)]) -> Vec<columns::Send> {
        let pre = self.shape.1;
        let send = |&(at, value): &(u32, f32)| {
            let at = at as usize;
            let old = f64::from(self.held.all()[at]);
            columns::Send {
                trial: at / pre,
                sender: at % pre,
                old,
                change: f64::from(value) - old,
            }
        };
        few.iter().map(send).collect()
    }

    /// Recomputes the current of a pool to the largest value from the values held.
    pub(crate) fn sum_pool(&mut self, pool: &MaxPool) {
        let held = view(&self.held, self.shape);
        pool.current(held, None, self.product.view_mut());
        // Pools in the opposite direction read the winners.
        self.revision += 1;
        self.seen = self.revision;
    }

    /// Recomputes the current of a reversed pool from the values held and those held by the pool
    /// in the opposite direction.
    pub(crate) fn sum_reversed_pool(&mut self, pool: &MaxPool, image: ArrayView2<'_, f32>) {
        let held = view(&self.held, self.shape);
        pool.current(image, Some(held), self.product.view_mut());
        self.seen = self.revision;
    }

    /// Recomputes the current of one trial from the values held and the weights, which include
    /// episodes and applied integrals.
    pub(crate) fn sum_with_episodes(&mut self, mut weights: Changing<'_>, lazy: &mut Lazy) {
        self.sum = None;
        self.seen = self.revision;
        let held = view(&self.held, self.shape);
        let all = self.held.all();
        let (mut current, sizes) = columns::sum(all, weights.matrix);
        let most = lazy.read(all, &mut current);
        let beyond = |(reach, size): (f64, &f32)| reach > OUTSIDE * f64::from(*size);
        // In nearly all cases one bound for all neurons is sufficient.
        if sizes.iter().any(|size| beyond((most, size)))
            && lazy.reach(all).into_iter().zip(&sizes).any(beyond)
        {
            // If terms cancel, the rounding of the matrix would matter.
            lazy.flush_weights(weights.reborrow(), held);
            (current, _) = columns::sum(all, weights.matrix);
        }
        self.set_product(&current, 1.0);
    }

    /// Sets the product of one trial to `scale` times `current`.
    fn set_product(&mut self, current: &[f64], scale: f64) {
        let product = self.product.as_slice_mut().expect("rows are contiguous");
        (product.iter_mut().zip(current)).for_each(|(to, from)| *to = (scale * from) as f32);
    }

    /// Updates the current with the weights up to step `now`, the step being computed.
    pub(crate) fn follow(&mut self, now: u64, weights: Changing<'_>, lazy: &mut Lazy) {
        if self.sum.is_none() {
            // A new sum already contains the weights of this step.
            lazy.catch_up(now, self.silent());
            lazy.write_out();
            return self.begin_increments(weights, Some(lazy));
        }
        let gram = (self.gram).get_or_insert_with(|| products(view(&self.held, self.shape)));
        let sum = self.sum.as_mut().expect("there is a sum");
        lazy.follow(gram, &mut sum.current);
        sum.follow();
    }

    /// Applies the integrals as a plain weight update and updates the current.
    pub(crate) fn apply_plain(&mut self, mut weights: Changing<'_>, lazy: &mut Lazy, rate: f64) {
        lazy.write_out();
        // If the current is recomputed in every presentation, it needs no update here. If the
        // values held stay the same, the current is updated from the second weight update on.
        if self.plainly_updated && self.shape.0 == 1 {
            lazy.flush_past(weights.reborrow());
            self.begin_increments(weights, Some(lazy));
        }
        self.plainly_updated = true;
        if lazy.has_eligible_episodes() {
            self.sum = None;
        }
        match (&mut self.sum, lazy.integrals()) {
            (Some(sum), Some(integrals)) => {
                let held = view(&self.held, self.shape);
                let gram = (self.gram).get_or_insert_with(|| products(held));
                product::accumulate(rate, gram.view(), integrals.view(), sum.current.view_mut());
                sum.follow();
            }
            (Some(_), None) => {}
            (None, _) => self.revision += 1,
        }
        lazy.apply_plain(rate);
    }

    /// True if all weights have changed since the current was computed.
    pub(crate) fn is_stale(&self) -> bool {
        self.seen != self.revision
    }

    /// Marks the current as consistent with the present weights.
    pub(crate) fn acknowledge(&mut self) {
        self.seen = self.revision;
    }

    /// Takes over the revision of the projection whose weights are read.
    pub(crate) fn follow_source(&mut self, revision: u64) {
        self.revision = revision;
    }
}

impl Sum {
    /// Adds the effect of changed values to the current, with the present weights: intercepts and
    /// integrals.
    fn read(
        &mut self,
        sends: &[columns::Send],
        held: ArrayView2<'_, f32>,
        weights: Changing<'_>,
        lazy: Option<&Lazy>,
    ) {
        let gained = lazy.and_then(Lazy::of_weights);
        if let Some(d) = gained {
            let products = columns::products(sends, held);
            product::accumulate(1.0, products.view(), d.view(), self.current.view_mut());
        }
        let weights = Intercepts {
            scale: lazy.map_or(1.0, Lazy::scale),
            matrix: weights.matrix,
            // Intercepts larger than their weights need all their digits, and each term that is
            // added must be subtracted later with the same digits.
            carry: lazy.is_some().then_some(weights.carry),
        };
        columns::read(sends, weights, &mut self.current);
    }

    /// Counts the rounding of increments that a few senders of one trial have caused. True if it
    /// may exceed the precision of any neuron's current.
    fn add(&mut self, sends: &[columns::Send], largest: &[f32]) -> bool {
        let trial = sends[0].trial;
        let change: f64 = sends.iter().map(|send| send.change.abs()).sum();
        let additions = sends.len() as f64;
        let current = self.current.row(trial);
        round(
            self.rounded.row_mut(trial).into_slice().unwrap_or_default(),
            current.to_slice().unwrap_or_default(),
            largest,
            (additions, TERM * change),
        )
    }

    /// Counts the rounding of an update of all currents with the weights.
    fn follow(&mut self) {
        Zip::from(&mut self.rounded)
            .and(&self.current)
            .for_each(|rounded, current| *rounded += current.abs());
    }

    /// Recomputes the currents of a trial whose rounding is too large. False if there have been so
    /// many that recomputing the whole trial is cheaper.
    fn renew_some(
        &mut self,
        (trial, held): (usize, ArrayView2<'_, f32>),
        weights: &Changing<'_>,
        lazy: Option<&Lazy>,
    ) -> bool {
        let neurons: Vec<usize> = (self.current.row(trial).iter())
            .zip(self.rounded.row(trial))
            .enumerate()
            .filter(|(_, (current, rounded))| current.abs() < ROUNDING * *rounded)
            .map(|(neuron, _)| neuron)
            .collect();
        self.alone[trial] += neurons.len();
        if self.alone[trial] * LOOK > self.current.ncols() {
            return false;
        }
        let scale = lazy.map_or(1.0, Lazy::scale);
        let gained = lazy.and_then(Lazy::of_weights);
        let awake: Vec<(usize, f64)> = (held.row(trial).iter().enumerate())
            .filter(|(_, value)| **value != 0.0)
            .map(|(sender, value)| (sender, f64::from(*value)))
            .collect();
        for neuron in neurons {
            let term = |&(sender, value): &(usize, f64)| {
                let at = [neuron, sender];
                let carry = lazy.map_or(0.0, |_| weights.carry[at]);
                let gained = gained.map_or(0.0, |d| {
                    let terms = d.column(neuron).into_iter().zip(held.column(sender));
                    terms.map(|(d, r)| d * f64::from(*r)).sum()
                });
                (scale * pair::number(weights.matrix[at], carry) + gained) * value
            };
            let terms = awake.iter().map(term);
            let (sum, size) = terms.fold((0.0, 0.0), |(sum, size): (f64, f64), term| {
                (sum + term, size + term.abs())
            });
            self.current[[trial, neuron]] = sum;
            self.rounded[[trial, neuron]] = awake.len() as f64 * size;
            self.spare_unmoved(trial, neuron);
        }
        true
    }

    /// Marks a current that is 0 because all its terms are 0 as exact until it differs from 0.
    fn spare_unmoved(&mut self, trial: usize, neuron: usize) {
        if self.current[[trial, neuron]] == 0.0 {
            self.rounded[[trial, neuron]] = f64::NEG_INFINITY;
        }
    }

    /// Recomputes the current of a trial.
    fn renew(
        &mut self,
        (trial, held): (usize, ArrayView2<'_, f32>),
        largest: &[f32],
        weights: Changing<'_>,
        lazy: Option<&Lazy>,
    ) {
        self.forget(trial);
        let sends: Vec<columns::Send> = (held.row(trial).iter().enumerate())
            .filter(|(_, value)| **value != 0.0)
            .map(|(sender, value)| columns::Send {
                trial,
                sender,
                old: 0.0,
                change: f64::from(*value),
            })
            .collect();
        self.read(&sends, held, weights, lazy);
        if !sends.is_empty() {
            self.add(&sends, largest);
        }
        for neuron in 0..self.current.ncols() {
            self.spare_unmoved(trial, neuron);
        }
    }

    /// Sets the currents of a trial in which all values held are 0.
    fn forget(&mut self, trial: usize) {
        self.current.row_mut(trial).fill(0.0);
        self.rounded.row_mut(trial).fill(0.0);
        self.alone[trial] = 0;
    }
}

/// Adds to `rounded` the magnitudes of currents and of added terms (`by` times the largest weight),
/// times `additions`. True if the rounding is too large for any current.
#[multiversion(targets("x86_64+avx2"))]
fn round(
    rounded: &mut [f64],
    currents: &[f64],
    largest: &[f32],
    (additions, by): (f64, f64),
) -> bool {
    // Without an early exit the loop can be vectorised.
    let neurons = rounded.iter_mut().zip(currents.iter().zip(largest));
    neurons.fold(false, |found, (rounded, (current, largest))| {
        let before = if *current == 0.0 {
            *rounded
        } else {
            rounded.max(0.0)
        };
        *rounded = before + additions * (current.abs() + by * f64::from(*largest));
        found | (current.abs() < ROUNDING * *rounded)
    })
}

/// Products of the values held in the trials, trials x trials.
fn products(held: ArrayView2<'_, f32>) -> Array2<f64> {
    let held = held.mapv(f64::from);
    let mut gram = Array2::zeros((held.nrows(), held.nrows()));
    product::assign(1.0, held.view(), held.t(), gram.view_mut());
    gram
}

fn view(held: &Values, shape: (usize, usize)) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape(shape, held.all()).expect("there are as many values as places")
}
