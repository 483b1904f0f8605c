//! Weight update: conversion of eligibilities to weight changes at regular times.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Ix2, ShapeBuilder, Zip, s};
use rayon::prelude::*;

use super::optimiser::{Operands, Optimiser, Pairs, Step, needs_carry};
use crate::connectivity::Lazy;
use crate::math::columns::{Changing, flat, flat_mut};
use crate::math::{Steps, pair, product, threads};

/// Fraction of an optimiser's state that is negligible relative to a weight in single precision.
const FADED: f64 = 1e-12;

/// Number of synapses that one thread changes together, so that their data stay in its cache.
const STRETCH: usize = 1 << 14;

/// Content of the eligibility matrix. Setting it to 0 is postponed, since it would be one more pass
/// over all synapses.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Gathered {
    /// Zeros.
    Nothing,
    /// Eligibilities that have been applied and count as 0.
    Past,
    /// The eligibility.
    Something,
}

/// Per-synapse state between weight updates.
///
/// `eligibility` is the integral of the rule's rate of change (without `eta`) since the last
/// weight update, in a.u. x ms; `g` is its mean, `eligibility / period`.
pub struct WeightUpdater {
    /// Integral since the last weight update, post x pre, valid for [`Gathered::Something`].
    eligibility: Array2<f32>,
    /// Part of the eligibility below its last bits; empty until values are added to an eligibility.
    eligibility_carry: Array2<f32>,
    gathered: Gathered,
    every_steps: u64,
    offset_steps: u64,
    /// Sum of the eligibilities applied during observation, post x pre; otherwise `None`.
    pub watched: Option<Array2<f32>>,
    period_ms: f64,
    optimiser: Optimiser,
    gated_decay: f32,
    /// Moments of the optimiser with their carries; empty if the optimiser has none.
    first: [Array2<f32>; 2],
    second: [Array2<f32>; 2],
    count: i32,
    /// Number of consecutive weight updates with zero eligibility.
    idle: u64,
    /// The step of the last weight update, counted from 1.
    last: u64,
}

/// Stored state of a weight updater.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredUpdater {
    #[serde(with = "crate::math::stored")]
    eligibility: Array2<f32>,
    #[serde(with = "crate::math::stored")]
    eligibility_carry: Array2<f32>,
    gathered: Gathered,
    #[serde(with = "crate::math::stored::optional")]
    watched: Option<Array2<f32>>,
    moments: [Moment; 4],
    count: i32,
    idle: u64,
    last: u64,
}

/// A moment of an optimiser, or its carries.
#[derive(Serialize, Deserialize)]
struct Moment(#[serde(with = "crate::math::stored")] Array2<f32>);

impl WeightUpdater {
    /// State to be stored.
    pub(crate) fn stored(&self) -> StoredUpdater {
        let [first, first_carry] = self.first.clone();
        let [second, second_carry] = self.second.clone();
        StoredUpdater {
            eligibility: self.eligibility.clone(),
            eligibility_carry: self.eligibility_carry.clone(),
            gathered: self.gathered,
            watched: self.watched.clone(),
            moments: [first, first_carry, second, second_carry].map(Moment),
            count: self.count,
            idle: self.idle,
            last: self.last,
        }
    }

    /// Restores the state of the updater of the same projection.
    pub(crate) fn restore(&mut self, stored: StoredUpdater) {
        let [first, first_carry, second, second_carry] = stored.moments.map(|moment| moment.0);
        self.first = [first, first_carry];
        self.second = [second, second_carry];
        self.eligibility = stored.eligibility;
        self.eligibility_carry = stored.eligibility_carry;
        self.gathered = stored.gathered;
        self.watched = stored.watched;
        (self.count, self.idle, self.last) = (stored.count, stored.idle, stored.last);
    }

    /// An updater at rest for weights of `shape` (post, pre), with the same memory layout.
    ///
    /// `(every_steps, offset_steps, dt_ms)`: period and start in steps, and step in ms.
    #[must_use]
    pub fn new(
        shape: impl ShapeBuilder<Dim = Ix2>,
        (every_steps, offset_steps, dt_ms): (u64, u64, f64),
        optimiser: Optimiser,
    ) -> Self {
        let eligibility = Array2::zeros(shape);
        let none = || Array2::zeros((0, 0));
        let state = |fading: Option<f64>| {
            let zeros = |needed: bool| if needed { eligibility.clone() } else { none() };
            [
                zeros(fading.is_some()),
                zeros(fading.is_some_and(needs_carry)),
            ]
        };
        let (first, second) = optimiser.fading();
        Self {
            every_steps,
            offset_steps,
            watched: None,
            period_ms: Steps::of(dt_ms).ms(every_steps),
            optimiser,
            gated_decay: 0.0,
            first: state(first),
            second: state(second),
            eligibility_carry: none(),
            eligibility,
            count: 0,
            gathered: Gathered::Nothing,
            idle: 0,
            last: offset_steps,
        }
    }

    /// The same with a change that overwrites part of the weight: `W += D - gated_decay |D| W`.
    #[must_use]
    pub fn with_gated_decay(self, gated_decay: f32) -> Self {
        Self {
            gated_decay,
            ..self
        }
    }

    /// Resets eligibilities and the state of the optimiser to 0, as at the start.
    pub(crate) fn restart(&mut self) {
        let eligibility = [&mut self.eligibility, &mut self.eligibility_carry];
        let moments = self.first.iter_mut().chain(&mut self.second);
        (eligibility.into_iter().chain(moments)).for_each(|memory| memory.fill(0.0));
        self.gathered = Gathered::Nothing;
        self.watched = None;
        (self.count, self.idle, self.last) = (0, 0, self.offset_steps);
    }

    /// True if a weight update is due at the end of `step`.
    #[must_use]
    pub fn is_due(&self, step: u64) -> bool {
        self.next_due(step) == step
    }

    /// First step from `step` on at whose end a weight update is due.
    #[must_use]
    pub fn next_due(&self, step: u64) -> u64 {
        let running = (step + 1).saturating_sub(self.offset_steps).max(1);
        self.offset_steps + running.next_multiple_of(self.every_steps) - 1
    }

    /// The eligibility, post x pre.
    #[must_use]
    pub fn eligibility(&self) -> Array2<f32> {
        self.gathered().0
    }

    /// The eligibility and its part below the last bits.
    pub(crate) fn gathered(&self) -> (Array2<f32>, Array2<f32>) {
        let shape = || (self.eligibility.raw_dim()).set_f(!self.eligibility.is_standard_layout());
        let of = |array: &Array2<f32>| match self.nothing_gathered() || array.is_empty() {
            true => Array2::zeros(shape()),
            false => array.clone(),
        };
        (of(&self.eligibility), of(&self.eligibility_carry))
    }

    fn nothing_gathered(&self) -> bool {
        self.gathered != Gathered::Something
    }

    fn clear(&mut self) {
        if self.gathered == Gathered::Past {
            self.eligibility.fill(0.0);
            self.eligibility_carry.fill(0.0);
            self.gathered = Gathered::Nothing;
        }
    }

    /// The eligibility with its carry, for adding to it.
    pub fn gather(&mut self) -> Changing<'_> {
        self.clear();
        self.gathered = Gathered::Something;
        self.changing()
    }

    fn changing(&mut self) -> Changing<'_> {
        if self.eligibility_carry.is_empty() {
            let fortran = !self.eligibility.is_standard_layout();
            let shape = self.eligibility.raw_dim().set_f(fortran);
            self.eligibility_carry = Array2::zeros(shape);
        }
        Changing {
            matrix: &mut self.eligibility,
            carry: &mut self.eligibility_carry,
        }
    }

    /// Adds the integrals of lazy synapses to the eligibility.
    pub(crate) fn flush(&mut self, lazy: &mut Lazy, held: ArrayView2<'_, f32>) {
        if lazy.gathers() {
            let blank = self.nothing_gathered() && !lazy.has_eligible_episodes();
            if blank {
                // The eligibility is assigned, not added to, so that no carry is needed.
                let changing = Changing {
                    matrix: &mut self.eligibility,
                    carry: &mut self.eligibility_carry,
                };
                lazy.flush(changing, held, blank);
            } else {
                self.clear();
                lazy.flush(self.changing(), held, blank);
            }
            self.gathered = Gathered::Something;
        }
    }

    /// Factor of the eligibility in a plain weight update at the rate `eta`; `None` for other
    /// optimisers or if the eligibility is observed.
    pub(crate) fn plain_rate(&self, eta: f32) -> Option<f64> {
        self.is_plain().then_some(f64::from(eta) / self.period_ms)
    }

    /// True if weight updates only add eligibilities to weights, without observation.
    pub(crate) fn is_plain(&self) -> bool {
        self.optimiser == Optimiser::Plain && self.gated_decay == 0.0 && self.watched.is_none()
    }

    /// True if the eligibility is 0 and not observed.
    pub(crate) fn is_blank(&self) -> bool {
        self.nothing_gathered() && self.watched.is_none()
    }

    /// True if a weight update would change nothing: the eligibility is 0, and the state of the
    /// optimiser has decayed below single precision.
    #[must_use]
    pub fn rests(&self) -> bool {
        let faded = match self.optimiser.fading() {
            (Some(first), _) => self.count == 0 || self.idle as f64 * first.ln() < FADED.ln(),
            (None, _) => true,
        };
        self.nothing_gathered() && faded
    }

    /// Applies the decay of the optimiser's state in the weight updates with zero eligibility that
    /// were skipped since the last one, up to that at the end of `step`.
    pub(crate) fn catch_up(&mut self, step: u64) {
        let missed = ((step + 1 - self.last) / self.every_steps).saturating_sub(1);
        self.last = step + 1;
        if missed == 0 {
            return;
        }
        let (first, second) = self.optimiser.fading();
        for (memory, fading) in [(&mut self.first, first), (&mut self.second, second)] {
            let left = fading.unwrap_or(0.0).powf(missed as f64);
            let [values, carries] = memory;
            if carries.is_empty() {
                values.mapv_inplace(|m| (left * f64::from(m)) as f32);
                continue;
            }
            (Zip::from(values).and(carries)).for_each(|m, carry| {
                let rest = left * pair::number(*m, *carry);
                pair::set(m, carry, rest);
            });
        }
        self.count = self
            .count
            .saturating_add(missed.min(i32::MAX as u64) as i32);
    }

    /// Changes `weights` at the rate `eta` and starts a new eligibility from zero.
    ///
    /// # Panics
    ///
    /// If the memory layout of `weights` differs from the shape given to [`new`](Self::new).
    pub fn apply(&mut self, weights: Changing<'_>, eta: f32) {
        if let (Some(watched), Gathered::Something) = (&mut self.watched, self.gathered) {
            *watched += &self.eligibility;
        }
        self.clear();
        let nothing = self.nothing_gathered();
        self.idle = if nothing { self.idle + 1 } else { 0 };
        let eligibility = std::mem::take(&mut self.eligibility);
        self.change(weights, &eligibility, eta);
        self.eligibility = eligibility;
        if !nothing {
            self.gathered = Gathered::Past;
        }
    }

    /// Changes `weights` by the given `eligibility` instead of the stored one.
    ///
    /// # Panics
    ///
    /// If a memory layout differs from the shape given to [`new`](Self::new).
    pub fn change(&mut self, weights: Changing<'_>, eligibility: &Array2<f32>, eta: f32) {
        let alike = |a: &Array2<f32>| {
            a.dim() == eligibility.dim()
                && a.is_standard_layout() == eligibility.is_standard_layout()
        };
        assert!(
            alike(weights.matrix) && alike(weights.carry),
            "weights and eligibility are laid out alike"
        );
        let e = flat(eligibility);
        self.in_stretches(weights, eta, STRETCH, |step, start, synapses| {
            let e = &e[start..start + synapses.weights.values.len()];
            step.apply(synapses, e);
        });
    }

    /// Applies the integrals of lazy synapses if the stored eligibility is 0.
    ///
    /// The eligibility of a group of senders is computed where their synapses are changed, in the
    /// nearest cache, and never stored.
    pub(crate) fn apply_lazy(
        &mut self,
        lazy: &mut Lazy,
        held: ArrayView2<'_, f32>,
        weights: Changing<'_>,
        eta: f32,
    ) {
        debug_assert!(self.is_blank());
        let post = weights.matrix.nrows();
        let (times, integrals) = lazy.single();
        self.idle = 0;
        // Whole columns, enough that repacking an operand for each stretch costs little.
        let columns = (4 * STRETCH).div_ceil(post).max(8);
        let active_range = product::active_range(held);
        self.in_stretches(weights, eta, columns * post, |step, start, synapses| {
            let from = start / post;
            let to = from + synapses.weights.values.len() / post;
            // Senders with a value of 0 cause no eligibility.
            let senders = active_range.start.clamp(from, to)..active_range.end.clamp(from, to);
            ELIGIBILITY.with_borrow_mut(|e| {
                let synapses_here = synapses.weights.values.len();
                e.resize(e.len().max(synapses_here), 0.0);
                let e = &mut e[..synapses_here];
                let (before, rest) = e.split_at_mut((senders.start - from) * post);
                let (made, after) = rest.split_at_mut(senders.len() * post);
                before.fill(0.0);
                after.fill(0.0);
                let shape = (post, senders.len()).f();
                if let Ok(out) = ArrayViewMut2::from_shape(shape, made) {
                    product::assign_alone(times, integrals.t(), held.slice(s![.., senders]), out);
                }
                step.apply(synapses, e);
            });
        });
        lazy.forget();
    }

    /// Calls `work` with the optimiser's step, the first index and the synapses of each stretch.
    fn in_stretches(
        &mut self,
        weights: Changing<'_>,
        eta: f32,
        stretch: usize,
        work: impl Fn(Step, usize, Operands<'_>) + Send + Sync,
    ) {
        self.count = self.count.saturating_add(1);
        let times = (self.count, self.period_ms);
        let step = Step::new(self.optimiser, times, eta, self.gated_decay);
        let few = weights.matrix.len() < threads::UPDATED_SYNAPSES;
        // State that an optimiser does not use is empty in every stretch.
        let stretches_of = |values, carries| {
            let chunks = |array| flat_mut(array).chunks_mut(stretch);
            let (mut values, mut carries) = (chunks(values), chunks(carries));
            move || Pairs {
                values: values.next().unwrap_or_default(),
                carries: carries.next().unwrap_or_default(),
            }
        };
        let count = weights.matrix.len().div_ceil(stretch);
        let mut w = stretches_of(weights.matrix, weights.carry);
        let [first, first_carry] = &mut self.first;
        let mut first = stretches_of(first, first_carry);
        let [second, second_carry] = &mut self.second;
        let mut second = stretches_of(second, second_carry);
        let stretches = (0..count).map(|n| {
            let synapses = Operands {
                weights: w(),
                first: first(),
                second: second(),
            };
            (n * stretch, synapses)
        });
        if few {
            stretches.for_each(|(start, synapses)| work(step, start, synapses));
        } else {
            let stretches: Vec<_> = stretches.collect();
            (stretches.into_par_iter()).for_each(|(start, synapses)| work(step, start, synapses));
        }
    }
}

thread_local! {
    /// Eligibilities of one stretch of synapses.
    static ELIGIBILITY: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    fn run(optimiser: Optimiser, gradients: &[f32], eta: f32) -> f32 {
        let mut updater = WeightUpdater::new((1, 1), (10, 0, 0.5), optimiser);
        let (mut weights, mut carry) = (arr2(&[[1.0f32]]), arr2(&[[0.0f32]]));
        for g in gradients {
            updater.gather().matrix[[0, 0]] += g * 5.0;
            let changing = Changing {
                matrix: &mut weights,
                carry: &mut carry,
            };
            updater.apply(changing, eta);
        }
        weights[[0, 0]]
    }

    #[test]
    fn the_clock_starts_at_its_offset() {
        let updater = WeightUpdater::new((1, 1), (10, 3, 0.5), Optimiser::Plain);
        let due: Vec<u64> = (0..40).filter(|step| updater.is_due(*step)).collect();
        assert_eq!(due, [12, 22, 32]);
        assert_eq!([0, 12, 13].map(|step| updater.next_due(step)), [12, 12, 22]);
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

    const OPTIMISERS: [Optimiser; 3] = [
        Optimiser::Plain,
        Optimiser::Momentum { momentum: 0.9 },
        Optimiser::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
    ];

    fn value((i, j): (usize, usize)) -> f32 {
        ((i * 31 + j * 17 + i * j) % 101) as f32 / 50.0 - 1.0
    }

    /// Weights after two weight updates, with enough synapses for several threads.
    fn two_updates(optimiser: Optimiser, fortran: bool) -> Array2<f32> {
        let shape = || (419, 331).set_f(fortran);
        let mut updater = WeightUpdater::new(shape(), (1, 0, 1.0), optimiser);
        let mut weights = Array2::from_shape_fn(shape(), value);
        let mut carry = Array2::zeros(shape());
        for scale in [0.3, -1.0] {
            for (at, e) in updater.gather().matrix.indexed_iter_mut() {
                *e += scale * value((at.1, at.0));
            }
            let changing = Changing {
                matrix: &mut weights,
                carry: &mut carry,
            };
            updater.apply(changing, 0.1);
            assert!(updater.eligibility().iter().all(|e| *e == 0.0));
        }
        weights
    }

    #[test]
    fn bytes_are_the_same_for_any_number_of_threads_and_either_layout() {
        for optimiser in OPTIMISERS {
            let reference = two_updates(optimiser, false);
            assert_ne!(reference, Array2::from_shape_fn((419, 331), value));
            for threads in 1..4 {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let weights = pool.unwrap().install(|| two_updates(optimiser, true));
                assert_eq!(weights.mapv(f32::to_bits), reference.mapv(f32::to_bits));
            }
        }
    }

    #[test]
    #[should_panic(expected = "laid out alike")]
    fn another_layout_is_refused() {
        let mut updater = WeightUpdater::new((2, 3), (1, 0, 1.0), Optimiser::Plain);
        let changing = Changing {
            matrix: &mut Array2::zeros((2, 3).f()),
            carry: &mut Array2::zeros((2, 3).f()),
        };
        updater.apply(changing, 0.1);
    }
}
