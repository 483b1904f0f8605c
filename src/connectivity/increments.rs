//! Currents of structures, updated synapse by synapse when a few senders change.
//!
//! For each receiver, the magnitudes of the terms of its current are added as its terms are, so that
//! the error of a current can be compared with the sum of the magnitudes of its terms; all terms of a
//! trial are added anew if it may exceed a few millionths of it. A current without any term is 0.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::lazy::Lazy;
use super::structure::Structure;
use super::terminals::ROUNDING;
use crate::math::columns::{Changing, Send, flat, flat_mut};
use crate::math::pair;

/// Currents of the receivers in all trials.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Increments {
    /// Trials x receivers.
    receivers: Vec<Receiver>,
    /// The same currents, contiguous in memory.
    #[serde(with = "crate::math::stored")]
    currents: Array2<f64>,
}

/// One receiver in one trial, in half a cache line.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[repr(align(32))]
struct Receiver {
    /// Sum of the terms, a.u.
    current: f64,
    /// Sum of the squares of the values held by its synapses.
    squares: f64,
    /// Sum of the magnitudes of the terms, a.u.
    size: f32,
    /// Sum of the magnitudes of the current over its additions, a.u.
    rounded: f32,
    /// Number of values other than 0 held by its synapses.
    awake: u32,
}

/// Number of synapses whose receivers are loaded together, so that the loads from memory overlap.
const BLOCK: usize = 16;

/// Ratio of a sum in single precision to its terms up to which no term is lost.
const MOST_ROUNDED: f64 = 4e6;

/// A structure with its weights, and the integrals by which they change.
pub(super) struct Weighted<'a, 'b> {
    pub structure: &'a dyn Structure,
    pub weights: Changing<'b>,
    /// `None` for weights without plasticity.
    pub lazy: Option<&'a Lazy>,
}

impl Increments {
    pub fn new((trials, post): (usize, usize)) -> Self {
        Self {
            receivers: vec![Receiver::default(); trials * post],
            currents: Array2::zeros((trials, post)),
        }
    }

    /// Currents, trials x receivers.
    pub fn currents(&self) -> &[f64] {
        flat(&self.currents)
    }

    /// Adds all terms of a trial anew.
    pub fn renew(&mut self, (trial, held): (usize, ArrayView2<'_, f32>), from: &Weighted<'_, '_>) {
        let post = self.currents.ncols();
        let receivers = &mut self.receivers[trial * post..(trial + 1) * post];
        receivers.fill(Receiver::default());
        let scale = from.lazy.map_or(1.0, Lazy::scale);
        let gained = from.lazy.and_then(Lazy::of_weights).map(flat);
        let (values, carries) = (flat(from.weights.matrix), flat(from.weights.carry));
        for (sender, value) in held.row(trial).iter().enumerate() {
            if *value == 0.0 {
                continue;
            }
            let value = f64::from(*value);
            from.structure.bundles(sender, &mut |bundle| {
                bundle.for_each(|neuron, at| {
                    let carry = carries.get(at).copied().unwrap_or(0.0);
                    let mut weight = scale * pair::number(values[at], carry);
                    if let Some(gained) = gained {
                        weight += gained[neuron] * value;
                    }
                    let receiver = &mut receivers[neuron];
                    receiver.current += weight * value;
                    receiver.size += (weight * value).abs() as f32;
                    receiver.squares += value * value;
                    receiver.awake += 1;
                });
            });
        }
        for receiver in receivers {
            receiver.rounded = receiver.awake as f32 * receiver.size;
        }
        self.copy(trial);
    }

    /// Adds the changes of a few senders of one trial, and keeps the gains of their synapses: with
    /// one trial the weight is `scale w^ + D_i old`, and `w^ -= D_i change / scale`. True if the
    /// error of a current may be too large.
    pub fn touch(&mut self, sends: &[Send], to: &mut Weighted<'_, '_>) -> bool {
        let (post, trial) = (self.currents.ncols(), sends[0].trial);
        let receivers = &mut self.receivers[trial * post..(trial + 1) * post];
        let scale = to.lazy.map_or(1.0, Lazy::scale);
        let gained = to.lazy.and_then(Lazy::of_weights).map(flat);
        let values = flat_mut(to.weights.matrix);
        let carries = flat_mut(to.weights.carry);
        for send in sends {
            let (old, change) = (send.old, send.change);
            let new = old + change;
            let (grown, squares) = (new.abs() - old.abs(), new * new - old * old);
            let awake = u32::from(new != 0.0).wrapping_sub(u32::from(old != 0.0));
            let one = |receiver: &mut Receiver, weight: f64| {
                receiver.awake = receiver.awake.wrapping_add(awake);
                receiver.current += change * weight;
                receiver.size += (grown * weight.abs()) as f32;
                receiver.rounded += (receiver.current.abs() + (change * weight).abs()) as f32;
                receiver.squares += squares;
                if receiver.awake == 0 {
                    *receiver = Receiver::default();
                }
            };
            to.structure.bundles(send.sender, &mut |bundle| {
                for from in (0..bundle.len).step_by(BLOCK) {
                    let len = (bundle.len - from).min(BLOCK);
                    let mut block = [(0usize, 0.0f64, Receiver::default()); BLOCK];
                    for (n, (neuron, d, receiver)) in block[..len].iter_mut().enumerate() {
                        *neuron = bundle.neurons.at(from + n);
                        *d = gained.map_or(0.0, |gained| gained[*neuron]);
                        *receiver = receivers[*neuron];
                    }
                    for (n, (_, d, receiver)) in block[..len].iter_mut().enumerate() {
                        let at = bundle.parameters.at(from + n);
                        let carry = carries.get(at).copied().unwrap_or(0.0);
                        let intercept = pair::number(values[at], carry);
                        one(receiver, scale * intercept + *d * old);
                        if gained.is_some() {
                            let rest = intercept - change / scale * *d;
                            pair::set(&mut values[at], &mut carries[at], rest);
                        }
                    }
                    for (neuron, _, receiver) in &block[..len] {
                        receivers[*neuron] = *receiver;
                    }
                }
            });
        }
        self.copy(trial)
    }

    /// Changes the currents of one trial with the weights over one step: `I_i = kept (I_i + gain f_i
    /// sum of squares of the values held)`.
    pub fn follow(&mut self, gain: f64, factors: &[f32], kept: f64) {
        for (receiver, factor) in self.receivers.iter_mut().zip(factors) {
            let by = gain * f64::from(*factor) * receiver.squares;
            receiver.current = kept * (receiver.current + by);
            receiver.size = kept as f32 * (receiver.size + by.abs() as f32);
            receiver.rounded += receiver.current.abs() as f32;
        }
        self.copy(0);
    }

    /// Copies the currents of a trial. True if the error of one may be too large.
    fn copy(&mut self, trial: usize) -> bool {
        let post = self.currents.ncols();
        let receivers = &self.receivers[trial * post..(trial + 1) * post];
        let mut doubtful = false;
        for (to, receiver) in self.currents.row_mut(trial).iter_mut().zip(receivers) {
            *to = receiver.current;
            // Magnitudes may have changed with the weights since they were added.
            let size = f64::from(receiver.size).max(receiver.current.abs());
            let rounded = f64::from(receiver.rounded);
            doubtful |= 0.5 * size < ROUNDING * rounded || rounded > MOST_ROUNDED * size;
        }
        doubtful
    }
}

/// `e^ -= D_i change` for the eligibilities of a few senders: a synapse keeps its gain so far.
/// `integrals` are trials x receivers.
pub(super) fn touch_eligibilities(
    sends: &[Send],
    structure: &dyn Structure,
    integrals: &Array2<f64>,
    eligibilities: Changing<'_>,
) {
    let post = integrals.ncols();
    let integrals = flat(integrals);
    let (values, carries) = (
        flat_mut(eligibilities.matrix),
        flat_mut(eligibilities.carry),
    );
    for send in sends {
        let d = &integrals[send.trial * post..(send.trial + 1) * post];
        structure.bundles(send.sender, &mut |bundle| {
            bundle.for_each(|neuron, at| {
                pair::add(&mut values[at], &mut carries[at], -send.change * d[neuron]);
            });
        });
    }
}
