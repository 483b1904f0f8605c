//! Structures: the pairs of neurons that are connected, and the weight of each pair.
//!
//! A structure has an array of *parameters*, the weights that are stored and learned. Each pair of a
//! sender `j` and a receiver `i` has one parameter `p(i, j)`; several pairs can share one, as in a
//! convolution. With `h` for the values held and `f` for the factors of a rule, both trials x
//! neurons, all operations are sums over pairs:
//!
//! ```text
//! current      I_i = sum over pairs (i, j) of W_p(i,j) h_j
//! change       G_p = sum over trials and over pairs (i, j) with p(i, j) = p of f_i h_j
//! ```
//!
//! The *reversed* structure has the same pairs with sender and receiver exchanged, and the same
//! parameters: the way back of teaching signals.

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, ShapeBuilder};

use crate::math::columns::{Changing, flat, flat_mut};
use crate::math::pair;

/// Numbers of neurons or of parameters, in the order of the synapses of a bundle.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// `first + n step` for synapse `n`.
    Progression {
        /// Number of the first synapse.
        first: usize,
        /// Difference between consecutive synapses.
        step: usize,
    },
    /// One number for each synapse.
    Listed(&'a [u32]),
}

impl Numbers<'_> {
    /// The number of synapse `n` of the bundle.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, n: usize) -> usize {
        match self {
            Self::Progression { first, step } => first + n * step,
            Self::Listed(numbers) => numbers[n] as usize,
        }
    }
}

/// Some synapses of one sender.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    /// Receiving neurons, at most once each.
    pub neurons: Numbers<'a>,
    /// Positions of the weights in the array of parameters, in its order in memory.
    pub parameters: Numbers<'a>,
    /// Number of synapses.
    pub len: usize,
}

impl Bundle<'_> {
    /// Calls a function with the receiver and the parameter of each synapse.
    #[inline(always)]
    pub fn for_each(&self, mut each: impl FnMut(usize, usize)) {
        match (self.neurons, self.parameters) {
            (Numbers::Listed(neurons), Numbers::Progression { first, step: 1 }) => {
                for (n, neuron) in neurons[..self.len].iter().enumerate() {
                    each(*neuron as usize, first + n);
                }
            }
            _ => (0..self.len).for_each(|n| each(self.neurons.at(n), self.parameters.at(n))),
        }
    }
}

/// Pairs of connected neurons, and their parameters.
///
/// Only [`shape`](Self::shape), [`parameters`](Self::parameters), [`is_shared`](Self::is_shared),
/// [`bundles`](Self::bundles) and [`reversed`](Self::reversed) define a structure; the other methods
/// compute sums over its pairs, and a structure can replace them by faster ones.
pub trait Structure: Debug + Send + Sync {
    /// Number of receiving and of sending neurons.
    fn shape(&self) -> (usize, usize);

    /// Rows and columns of the array of parameters, which is stored column by column.
    fn parameters(&self) -> (usize, usize);

    /// True if several pairs have the same parameter.
    fn is_shared(&self) -> bool;

    /// Calls a function with all synapses of a sender, in a fixed order. All pairs are visited once
    /// if all senders are.
    fn bundles(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>));

    /// The same pairs and parameters with sender and receiver exchanged.
    fn reversed(&self) -> Arc<dyn Structure>;

    /// True if there may be parameters without any pair, whose weight is 0.
    fn has_unused(&self) -> bool {
        false
    }

    /// Bytes of memory in use while currents and changes of this number of trials are computed.
    fn scratch_bytes(&self, _trials: usize, _threads: usize) -> usize {
        0
    }

    /// The weight of all pairs, if the structure itself determines it.
    fn fixed_weight(&self) -> Option<f32> {
        None
    }

    /// Bytes of the structure itself, without weights.
    fn bytes(&self) -> usize {
        0
    }

    /// Number of pairs.
    fn synapses(&self) -> usize {
        let mut synapses = 0;
        for sender in 0..self.shape().1 {
            self.bundles(sender, &mut |bundle| synapses += bundle.len);
        }
        synapses
    }

    /// `out = scale x current`, trials x receivers, of the values `held`, trials x senders.
    fn current(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let mut sum = Array2::zeros((out.ncols(), out.nrows()));
        add_current(self, held, weights, &mut sum);
        out.zip_mut_with(&sum.t(), |out, sum| {
            *out = (f64::from(scale) * sum) as f32;
        });
    }

    /// `out = scale x change`, in the array of parameters, of the `factors`, trials x receivers, and
    /// the values `held`, trials x senders.
    fn change(
        &self,
        scale: f32,
        factors: ArrayView2<'_, f32>,
        held: ArrayView2<'_, f32>,
        out: &mut Array2<f32>,
    ) {
        if self.is_shared() {
            let factors = factors.mapv(f64::from);
            let change = change_in_double(self, f64::from(scale), factors.view(), held);
            return out.zip_mut_with(&change, |out, change| *out = *change as f32);
        }
        // Every parameter has one pair, so that its sum is over trials alone.
        let by_neuron = factors.t().as_standard_layout().into_owned();
        let by_sender = held.t().as_standard_layout().into_owned();
        let out = flat_mut(out);
        for (sender, held) in by_sender.rows().into_iter().enumerate() {
            let silent = held.iter().all(|value| *value == 0.0);
            self.bundles(sender, &mut |bundle| {
                bundle.for_each(|neuron, parameter| {
                    out[parameter] = match silent {
                        true => 0.0,
                        false => {
                            let terms = by_neuron.row(neuron);
                            let terms = terms.iter().zip(held);
                            let sum: f64 = terms.map(|(f, h)| f64::from(*f) * f64::from(*h)).sum();
                            (f64::from(scale) * sum) as f32
                        }
                    };
                });
            });
        }
    }
}

/// Adds the current in double precision to `sum`, receivers x trials.
pub(crate) fn add_current<S: Structure + ?Sized>(
    structure: &S,
    held: ArrayView2<'_, f32>,
    weights: &Array2<f32>,
    sum: &mut Array2<f64>,
) {
    let trials = held.nrows();
    let by_sender = held.t().as_standard_layout().into_owned();
    let (weights, sum) = (flat(weights), flat_mut(sum));
    for (sender, held) in by_sender.rows().into_iter().enumerate() {
        if held.iter().all(|value| *value == 0.0) {
            continue;
        }
        structure.bundles(sender, &mut |bundle| {
            bundle.for_each(|neuron, parameter| {
                let weight = f64::from(weights[parameter]);
                let of_neuron = &mut sum[neuron * trials..(neuron + 1) * trials];
                for (sum, held) in of_neuron.iter_mut().zip(held) {
                    *sum += weight * f64::from(*held);
                }
            });
        });
    }
}

/// `scale x change` in double precision, in the shape and the order of the array of parameters.
pub(crate) fn change_in_double<S: Structure + ?Sized>(
    structure: &S,
    scale: f64,
    factors: ArrayView2<'_, f64>,
    held: ArrayView2<'_, f32>,
) -> Array2<f64> {
    let mut change = Array2::zeros(structure.parameters().f());
    let by_neuron = factors.t().as_standard_layout().into_owned();
    let by_sender = held.t().as_standard_layout().into_owned();
    let out = flat_mut(&mut change);
    for (sender, held) in by_sender.rows().into_iter().enumerate() {
        if held.iter().all(|value| *value == 0.0) {
            continue;
        }
        structure.bundles(sender, &mut |bundle| {
            bundle.for_each(|neuron, parameter| {
                let terms = by_neuron.row(neuron);
                let terms = terms.iter().zip(held);
                let sum: f64 = terms.map(|(f, h)| f * f64::from(*h)).sum();
                out[parameter] += scale * sum;
            });
        });
    }
    change
}

/// `m += scale x change` in double precision, for weights with the parts below their last bits.
pub(crate) fn add_change_in_double(
    structure: &dyn Structure,
    scale: f64,
    factors: ArrayView2<'_, f64>,
    held: ArrayView2<'_, f32>,
    weights: Changing<'_>,
) {
    let (values, carries) = (flat_mut(weights.matrix), flat_mut(weights.carry));
    if structure.is_shared() {
        let change = change_in_double(structure, scale, factors, held);
        let all = values.iter_mut().zip(carries).zip(flat(&change));
        return all.for_each(|((value, carry), change)| pair::add(value, carry, *change));
    }
    let by_neuron = factors.t().as_standard_layout().into_owned();
    let by_sender = held.t().as_standard_layout().into_owned();
    for (sender, held) in by_sender.rows().into_iter().enumerate() {
        if held.iter().all(|value| *value == 0.0) {
            continue;
        }
        structure.bundles(sender, &mut |bundle| {
            bundle.for_each(|neuron, at| {
                let terms = by_neuron.row(neuron);
                let terms = terms.iter().zip(held);
                let sum: f64 = terms.map(|(f, h)| f * f64::from(*h)).sum();
                pair::add(&mut values[at], &mut carries[at], scale * sum);
            });
        });
    }
}

/// Largest and least magnitude of the weights other than 0 of each receiver; 0 and infinity if all
/// are 0, and infinity twice for a receiver without synapses.
pub(crate) fn extents(structure: &dyn Structure, weights: &Array2<f32>) -> Vec<(f32, f32)> {
    let (post, pre) = structure.shape();
    // Receivers without synapses have no weight that could lose precision.
    let mut extents = vec![(f32::NEG_INFINITY, f32::INFINITY); post];
    let weights = flat(weights);
    for sender in 0..pre {
        structure.bundles(sender, &mut |bundle| {
            bundle.for_each(|neuron, at| {
                let (size, (largest, least)) = (weights[at].abs(), &mut extents[neuron]);
                *largest = largest.max(size);
                *least = least.min(if size > 0.0 { size } else { f32::INFINITY });
            });
        });
    }
    for (largest, _) in &mut extents {
        *largest = if *largest < 0.0 {
            f32::INFINITY
        } else {
            *largest
        };
    }
    extents
}
