//! Transfer functions: from a potential to the rate of a neuron.
//!
//! `tanh`, `logistic` and the exponential are computed here, without branches and with single
//! precision operations that are rounded identically on every machine: loops over slices are
//! vectorised, and the result does not depend on the position in a slice or on the processor.
//! Errors relative to the exact value, over all arguments: `tanh` within 2.6 units in the last
//! place (1.8e-7 relative), `logistic` within 2.6 (0 below -88.7), the exponential within 1.1.

use std::fmt;

use multiversion::multiversion;

use crate::parameter::Symbol;

/// The transfer function `f` of a population and its slope `f'`.
///
/// | name | `f(u)` | slope `f'(u)` |
/// |---|---|---|
/// | `tanh` | hyperbolic tangent | `1 - f^2` |
/// | `logistic` | `1 / (1 + exp(-u))` | `f (1 - f)` |
/// | `relu` | `max(u, 0)` | 1 above 1e-6 a.u., 0 up to there |
/// | `linear` | `u` | 1 |
/// | `softmax` | `exp(u_i) / sum_k exp(u_k)` over the population | 1, by the convention below |
///
/// The floor is the scale of the slope of `relu`: if a potential is 0 except for rounding errors
/// (1e-8 a.u. or 1e-17), a jump at 0 would make the slope 0 or 1 by chance. A ramp instead would
/// multiply the rounding errors of any potential within it.
///
/// With `softmax` and the teaching current `target - r`, cross-entropy has the gradient
/// `target - r` at the potential itself, so `delta = xi`: the slope is taken as 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// A function that a program has added to its registry.
    Own(OwnTransfer),
}

impl From<Transfer> for Symbol {
    fn from(transfer: Transfer) -> Self {
        Self::new(transfer.name())
    }
}

/// A user-defined transfer function. It increases, so that its slope is a function of its rate.
///
/// ```
/// use apical::neuron::TransferFunction;
///
/// /// `ln(1 + exp(u))`, with the slope `1 - exp(-r)`.
/// struct Softplus;
/// impl TransferFunction for Softplus {
///     fn name(&self) -> &'static str { "softplus" }
///     fn rate(&self, u: f32) -> f32 { u.max(0.0) + (-u.abs()).exp().ln_1p() }
///     fn slope_at_rate(&self, r: f32) -> f32 { -(-r).exp_m1() }
/// }
/// ```
pub trait TransferFunction: Send + Sync {
    /// Name in model files.
    fn name(&self) -> &'static str;

    /// The rate at the potential `u`.
    fn rate(&self, u: f32) -> f32;

    /// The slope `f'` at the potential where the rate is `r`.
    fn slope_at_rate(&self, r: f32) -> f32;
}

/// A user-defined transfer function; two functions with the same name are equal.
#[derive(Clone, Copy)]
pub struct OwnTransfer(pub &'static dyn TransferFunction);

impl OwnTransfer {
    /// Name in model files.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl PartialEq for OwnTransfer {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for OwnTransfer {}

impl fmt::Debug for OwnTransfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Transfer {
    /// Functions that are part of the crate.
    pub const ALL: [Self; 5] = [
        Self::Tanh,
        Self::Logistic,
        Self::Relu,
        Self::Linear,
        Self::Softmax,
    ];

    /// Function of the crate with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Name in model files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "tanh",
            Self::Logistic => "logistic",
            Self::Relu => "relu",
            Self::Linear => "linear",
            Self::Softmax => "softmax",
            Self::Own(own) => own.name(),
        }
    }

    /// Replaces each potential in `values` by its rate; `size` neurons per trial.
    pub fn rates(self, values: &mut [f32], size: usize) {
        rates(self, values, size);
    }

    /// Slope `f'(b)` at the potential `b`.
    #[must_use]
    pub fn slope(self, b: f32) -> f32 {
        match self {
            Self::Tanh => self.slope_at_rate(tanh(b)),
            Self::Logistic => self.slope_at_rate(logistic(b)),
            Self::Relu => self.slope_at_rate(b.max(0.0)),
            Self::Linear | Self::Softmax => 1.0,
            Self::Own(own) => own.0.slope_at_rate(own.0.rate(b)),
        }
    }

    /// Slope `f'` at the rate `f`; it is unique because every transfer function here increases.
    #[inline(always)]
    fn slope_at_rate(self, f: f32) -> f32 {
        match self {
            Self::Tanh => 1.0 - f * f,
            Self::Logistic => f * (1.0 - f),
            Self::Relu => f32::from(f > RELU_FLOOR),
            Self::Linear | Self::Softmax => 1.0,
            Self::Own(own) => own.0.slope_at_rate(f),
        }
    }

    /// Sets `rates` to the rates at `potentials`, for whole trials of `size` neurons; equal
    /// lengths. True if any rate has changed.
    pub fn fire(self, potentials: &[f32], rates: &mut [f32], size: usize) -> bool {
        fire(self, potentials, rates, size)
    }

    /// Sets `deltas` to the mismatches times the slopes at `rates`; equal lengths. True if any has
    /// changed.
    pub fn teach(self, rates: &[f32], mismatches: &[f32], deltas: &mut [f32]) -> bool {
        teach(self, rates, mismatches, deltas)
    }
}

/// Rate in a.u. up to which a `relu` neuron counts as silent.
const RELU_FLOOR: f32 = 1e-6;

// In the next functions, `match` is outside the loops, so that each loop can be vectorised.

#[multiversion(targets("x86_64+avx2"))]
fn rates(transfer: Transfer, values: &mut [f32], size: usize) {
    match transfer {
        Transfer::Tanh => each(values, tanh),
        Transfer::Logistic => each(values, logistic),
        Transfer::Relu => each(values, |u| u.max(0.0)),
        Transfer::Linear => {}
        Transfer::Softmax => softmax(values, size),
        Transfer::Own(own) => each(values, |u| own.0.rate(u)),
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn fire(transfer: Transfer, potentials: &[f32], rates: &mut [f32], size: usize) -> bool {
    let to = (potentials, &mut *rates);
    match transfer {
        Transfer::Tanh => renew(to, tanh),
        Transfer::Logistic => renew(to, logistic),
        Transfer::Relu => renew(to, |u| u.max(0.0)),
        Transfer::Linear => renew(to, |u| u),
        Transfer::Softmax => {
            let mut new = potentials.to_vec();
            softmax(&mut new, size);
            renew((&new, rates), |u| u)
        }
        Transfer::Own(own) => renew(to, |u| own.0.rate(u)),
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn teach(transfer: Transfer, rates: &[f32], mismatches: &[f32], deltas: &mut [f32]) -> bool {
    let through = (rates, mismatches, &mut *deltas);
    match transfer {
        Transfer::Tanh => slopes(through, |f| Transfer::Tanh.slope_at_rate(f)),
        Transfer::Logistic => slopes(through, |f| Transfer::Logistic.slope_at_rate(f)),
        Transfer::Relu => slopes(through, |f| Transfer::Relu.slope_at_rate(f)),
        Transfer::Linear | Transfer::Softmax => renew((mismatches, deltas), |xi| xi),
        Transfer::Own(own) => slopes(through, |f| own.0.slope_at_rate(f)),
    }
}

#[inline(always)]
fn each(values: &mut [f32], f: impl Fn(f32) -> f32) {
    for u in values {
        *u = f(*u);
    }
}

/// Sets each of `to` to `f` of `from`; true if any has changed. Differing bits are collected in an
/// integer, so that the loop is vectorised.
#[inline(always)]
fn renew((from, to): (&[f32], &mut [f32]), f: impl Fn(f32) -> f32) -> bool {
    let mut differing = 0;
    for (to, from) in to.iter_mut().zip(from) {
        let new = f(*from);
        differing |= new.to_bits() ^ to.to_bits();
        *to = new;
    }
    differing != 0
}

#[inline(always)]
fn slopes(
    (rates, mismatches, deltas): (&[f32], &[f32], &mut [f32]),
    slope: impl Fn(f32) -> f32,
) -> bool {
    let mut differing = 0;
    for (delta, (f, xi)) in deltas.iter_mut().zip(rates.iter().zip(mismatches)) {
        let new = slope(*f) * xi;
        differing |= new.to_bits() ^ delta.to_bits();
        *delta = new;
    }
    differing != 0
}

/// Subtracts the largest potential first: the result is the same, without overflow.
#[inline(always)]
fn softmax(values: &mut [f32], size: usize) {
    for trial in values.chunks_exact_mut(size) {
        let largest = trial.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        each(trial, |u| u - largest);
    }
    // Over all trials at once: one population is too short for efficient vectorisation.
    each(values, exp);
    for trial in values.chunks_exact_mut(size) {
        let sum: f32 = trial.iter().sum();
        each(trial, |u| u / sum);
    }
}

/// `(exp(2|u|) - 1) / (exp(2|u|) + 1)` with the sign of `u`.
#[inline(always)]
fn tanh(u: f32) -> f32 {
    // Above about 9 the quotient is 1. The comparison is false for NaN, which is passed on.
    let size = if u.abs() > 10.0 { 10.0 } else { u.abs() };
    let (rest, n) = exp_m1_reduced(2.0 * size);
    // No cancellation for small `u`, since `n` is then 0.
    let exp_m1 = (power_of_2(n) - 1.0) + power_of_2(n) * rest;
    (exp_m1 / (exp_m1 + 2.0)).copysign(u)
}

#[inline(always)]
fn logistic(u: f32) -> f32 {
    1.0 / (1.0 + exp(-u))
}

#[inline(always)]
fn exp(x: f32) -> f32 {
    // Beyond these, the result is infinite or 0. Comparisons are false for NaN, which is kept.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (rest, n) = exp_m1_reduced(x);
    // In two factors, since the range of results exceeds that of normal powers of 2.
    let half = n >> 1;
    (1.0 + rest) * power_of_2(half) * power_of_2(n - half)
}

/// `(exp(r) - 1, n)` with `x = n ln 2 + r` and `|r| <= ln 2 / 2`.
#[inline(always)]
fn exp_m1_reduced(x: f32) -> (f32, i32) {
    /// 1.5 x 2^23: nearby numbers are integers, so adding it rounds and leaves `n` in the low bits.
    const WHOLE: f32 = 12_582_912.0;
    /// `ln 2` in two parts: products of the first, which has ten bits, with `n` are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -0.000_212_194_44];
    /// Minimax polynomial of `(exp(r) - 1 - r) / r^2`: the error of `exp(r)` is at most 3.1e-9.
    const SERIES: [f32; 5] = [
        0.499_999_94,
        0.166_665_21,
        0.041_668_39,
        0.008_368_717,
        0.001_381_459_8,
    ];
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let series = (SERIES.iter().rev()).fold(0.0, |sum, coefficient| sum * r + coefficient);
    let n = (shifted.to_bits() as i32).wrapping_sub(WHOLE.to_bits() as i32);
    (r + r * r * series, n)
}

/// `2^n` for `-126 <= n <= 127`.
#[inline(always)]
fn power_of_2(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::{Transfer, exp, logistic, tanh};

    /// Every 499th of all 2^32 numbers, of both signs, including subnormal numbers.
    fn samples() -> impl Iterator<Item = f32> {
        (0..=u32::MAX)
            .step_by(499)
            .map(f32::from_bits)
            .filter(|x| !x.is_nan())
    }

    /// True if `got` is within `ulps` of `exact`; a result too large is infinite.
    fn close(got: f32, exact: f64, ulps: f64) -> bool {
        let nearest = exact as f32;
        if nearest.is_infinite() || exact == 0.0 {
            return got == nearest;
        }
        let magnitude = nearest.abs();
        let ulp = f64::from(magnitude) - f64::from(magnitude.next_down());
        (f64::from(got) - exact).abs() <= ulps * ulp.max(f64::from(f32::from_bits(1)))
    }

    #[test]
    fn tanh_logistic_and_exp_are_right_to_the_last_digits() {
        for x in samples() {
            let u = f64::from(x);
            assert!(close(tanh(x), u.tanh(), 3.0), "tanh {x:e}");
            let logistic_is = 1.0 / (1.0 + (-u).exp());
            let vanishes = x < -88.7 && logistic(x) == 0.0;
            assert!(
                vanishes || close(logistic(x), logistic_is, 3.0),
                "logistic {x:e}"
            );
            assert!(close(exp(x), u.exp(), 1.5), "exp {x:e}");
        }
    }

    #[test]
    fn tanh_is_odd_bounded_and_the_identity_near_zero() {
        for x in samples() {
            assert_eq!(tanh(-x).to_bits(), (-tanh(x)).to_bits());
            assert!(tanh(x).abs() <= 1.0);
            assert!(x.abs() > 1e-4 || tanh(x) == x || (tanh(x) / x - 1.0).abs() < 3e-7);
        }
        assert_eq!(tanh(-0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(tanh(f32::from_bits(1)), f32::from_bits(1));
    }

    #[test]
    fn infinities_are_limits_and_nan_goes_through() {
        for (f, low, high) in [
            (tanh as fn(f32) -> f32, -1.0, 1.0),
            (logistic, 0.0, 1.0),
            (exp, 0.0, f32::INFINITY),
        ] {
            assert_eq!((f(f32::NEG_INFINITY), f(f32::INFINITY)), (low, high));
            assert!(f(f32::NAN).is_nan() && f(-f32::NAN).is_nan());
        }
    }

    #[test]
    fn a_value_is_the_same_bytes_wherever_a_slice_is_cut() {
        let potentials: Vec<f32> = (0..1003).map(|i| (i as f32 - 500.0) / 37.0).collect();
        for transfer in [Transfer::Tanh, Transfer::Logistic] {
            let mut whole = potentials.clone();
            transfer.rates(&mut whole, 1003);
            for length in [1, 3, 8, 17] {
                let mut cut = potentials.clone();
                cut.chunks_mut(length)
                    .for_each(|c| transfer.rates(c, c.len()));
                assert!(
                    cut.iter()
                        .zip(&whole)
                        .all(|(a, b)| a.to_bits() == b.to_bits())
                );
            }
        }
    }

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
