//! The soma: comparison of both dendrites, output and teaching signal.
//!
//! With a leaky soma (`tau_s > 0`) the somatic potential `s` **and** the basal prediction `b_hat`
//! pass through the same leak, so that the mismatch `xi = s - b_hat` is the filtered apical
//! contribution. If only the soma were leaky, every stimulus onset would produce a mismatch.

use bevy_ecs::component::Component;
use bytemuck::TransparentWrapper;
use multiversion::multiversion;

use crate::math::pair;
use crate::neuron::Transfer;
use serde::{Deserialize, Serialize};

/// Somatic potential `s` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Potential(pub f32);

/// Injected somatic current `I_s` in a.u.; it counts as teaching, so it is part of `xi`.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Current(pub f32);

/// Basal prediction `b_hat` in a.u.: the somatic potential without apical and injected input.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Prediction(pub f32);

/// Mismatch `xi = s - b_hat` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Mismatch(pub f32);

/// Output `r = f(b + lambda (s - b))`, sent to basal dendrites.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Rate(pub f32);

/// Teaching signal `delta = f'(b) xi`, sent to apical dendrites.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Delta(pub f32);

/// Noise `n` of the neuron in a.u., which affects only its output.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Noise(pub f32);

/// Part of the basal prediction that is below the last bit of [`Prediction`], in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct PredictionCarry(pub f32);

/// Part of the mismatch that is below the last bit of [`Mismatch`], in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct MismatchCarry(pub f32);

/// Inputs of the somata of a population; slices of equal length.
#[derive(Clone, Copy, Debug)]
pub struct Dendrites<'a> {
    /// Basal potentials.
    pub b: &'a [f32],
    /// Apical potentials.
    pub a: &'a [f32],
    /// Injected somatic currents.
    pub i_s: &'a [f32],
}

/// Side from which the input of a soma has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The basal potential.
    Basal,
    /// The apical potential or an injected current.
    Apical,
    /// Both, or a leaky potential is still moving.
    Both,
}

/// State of the somata of a population; slices of equal length.
#[derive(Debug)]
pub struct Somata<'a> {
    /// Somatic potentials.
    pub s: &'a mut [f32],
    /// Basal predictions.
    pub b_hat: &'a mut [f32],
    /// Mismatches.
    pub xi: &'a mut [f32],
    /// Carries of the basal predictions; may be empty without a leak.
    pub b_hat_carry: &'a mut [f32],
    /// Carries of the mismatches; may be empty without a leak.
    pub xi_carry: &'a mut [f32],
}

/// Units in which a soma compares its two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    /// The apical input is a mismatch of rates, `xi = g_a a`, and the slope is applied to the
    /// teaching signal, `delta = f'(b) xi`: Dendritic Localized Learning.
    #[default]
    Rate,
    /// The apical input is converted to a mismatch of potentials where it arrives,
    /// `xi = f'(s) g_a a`, and sent unchanged, `delta = xi`: predictive coding.
    Potential,
}

/// Updates `s`, `b_hat` and their difference `xi` with the same leak.
///
/// `(g_a, leak)`: apical coupling and somatic leak fraction of the step, dimensionless.
#[multiversion(targets("x86_64+avx2"))]
pub fn compare(dendrites: Dendrites<'_>, somata: Somata<'_>, (g_a, leak): (f32, f64)) {
    if leak == 1.0 {
        return compare_quasi_static(dendrites, somata, (g_a, Side::Both));
    }
    let inputs = (dendrites.b.iter().zip(dendrites.a)).zip(dendrites.i_s);
    let predictions = somata.b_hat.iter_mut().zip(somata.b_hat_carry);
    let mismatches = somata.xi.iter_mut().zip(somata.xi_carry);
    let states = somata.s.iter_mut().zip(predictions).zip(mismatches);
    for (((&b, &a), &i_s), ((s, (b_hat, b_hat_carry)), (xi, xi_carry))) in inputs.zip(states) {
        let before = pair::number(*b_hat, *b_hat_carry);
        pair::set(b_hat, b_hat_carry, before + leak * (f64::from(b) - before));
        let before = pair::number(*xi, *xi_carry);
        let apical = f64::from(g_a) * f64::from(a) + f64::from(i_s);
        pair::set(xi, xi_carry, before + leak * (apical - before));
        *s = *b_hat + *xi;
    }
}

/// [`compare`] without a leak, if one side or both have changed.
///
/// The mismatch then equals the apical contribution, without rounding, and variables of the
/// unchanged side are not written again, which saves passes over columns for populations at rest.
#[multiversion(targets("x86_64+avx2"))]
pub fn compare_quasi_static(dendrites: Dendrites<'_>, somata: Somata<'_>, (g_a, new): (f32, Side)) {
    let Somata {
        s,
        b_hat,
        xi,
        b_hat_carry,
        xi_carry,
    } = somata;
    b_hat_carry.fill(0.0);
    xi_carry.fill(0.0);
    if new != Side::Apical {
        b_hat.copy_from_slice(dendrites.b);
    }
    if new == Side::Basal {
        for (s, (b, xi)) in s.iter_mut().zip(dendrites.b.iter().zip(xi)) {
            *s = b + *xi;
        }
        return;
    }
    let apical = dendrites.a.iter().zip(dendrites.i_s);
    for ((s, xi), (b, (a, i_s))) in s.iter_mut().zip(xi).zip(dendrites.b.iter().zip(apical)) {
        *xi = g_a * a + i_s;
        *s = b + *xi;
    }
}

/// Mismatches `xi = g_a a` without a leak and without an injected current; slices of equal length.
#[multiversion(targets("x86_64+avx2"))]
pub fn mismatches(a: &[f32], g_a: f32, xi: &mut [f32]) {
    // As in `compare`, the injected current of 0 turns -0 into 0.
    (xi.iter_mut().zip(a)).for_each(|(xi, a)| *xi = g_a * a + 0.0);
}

/// Apical input of the soma in the units of its mismatch: `a` itself, or `f'(s) a`, with the slope
/// at the last rate `r`.
pub fn apical_drive<'a>(
    (mismatch, transfer): (Units, Transfer),
    r: &[f32],
    a: &'a [f32],
    scratch: &'a mut Vec<f32>,
) -> &'a [f32] {
    match mismatch {
        Units::Rate => a,
        Units::Potential => {
            scratch.resize(a.len(), 0.0);
            transfer.teach(r, a, scratch);
            scratch
        }
    }
}

/// Parameters of the output of a population.
#[derive(Clone, Copy, Debug)]
pub struct Firing {
    /// Transfer function `f`.
    pub transfer: Transfer,
    /// Units in which the soma compares its two sides.
    pub mismatch: Units,
    /// Somatic coupling, dimensionless.
    pub lambda: f32,
    /// True if there is noise.
    pub noisy: bool,
    /// Neurons per trial.
    pub size: usize,
}

impl Firing {
    /// True if the output is `f(b)` and the teaching signal `f'(b) xi`.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.lambda == 0.0 && !self.noisy && self.mismatch == Units::Rate
    }
}

/// Variables that determine the output; slices of equal length.
#[derive(Clone, Copy, Debug)]
pub struct Potentials<'a> {
    /// Basal potentials.
    pub b: &'a [f32],
    /// Somatic potentials.
    pub s: &'a [f32],
    /// Mismatches.
    pub xi: &'a [f32],
    /// Noise.
    pub noise: &'a [f32],
}

/// Sets the output of a population: `r = f(b + n + lambda (s - b))`, and `delta = f'(b + n) xi`, or
/// `delta = xi` if mismatches are in units of potential. Returns whether any rate and whether any
/// teaching signal has changed.
pub fn fire(
    how: Firing,
    potentials: Potentials<'_>,
    r: &mut [f32],
    delta: &mut [f32],
) -> (bool, bool) {
    let (transfer, size) = (how.transfer, how.size);
    let Potentials { b, s, xi, noise } = potentials;
    if how.is_plain() {
        let rate_changed = transfer.fire(b, r, size);
        return (rate_changed, transfer.teach(r, xi, delta));
    }
    let mut u: Vec<f32> = b.iter().zip(noise).map(|(b, n)| b + n).collect();
    let delta_changed = match how.mismatch {
        // The slope is that of the basal side, even if the soma contributes to the rate.
        Units::Rate => {
            let mut unnudged = u.clone();
            transfer.rates(&mut unnudged, size);
            transfer.teach(&unnudged, xi, delta)
        }
        Units::Potential => Transfer::Linear.teach(r, xi, delta),
    };
    for (u, (b, s)) in u.iter_mut().zip(b.iter().zip(s)) {
        *u += how.lambda * (s - b);
    }
    (transfer.fire(&u, r, size), delta_changed)
}

#[cfg(test)]
mod tests {
    use super::{Dendrites, Somata, compare};
    use crate::neuron::leak_fraction;

    /// `s` and `xi` after each of 50 steps with constant potentials and current.
    fn run((b, a, i_s): (f32, f32, f32), g_a: f32) -> Vec<(f32, f32)> {
        let [mut s, mut b_hat, mut xi, mut b_hat_carry, mut xi_carry] = [[0.0f32]; 5];
        (0..50)
            .map(|_| {
                let dendrites = Dendrites {
                    b: &[b],
                    a: &[a],
                    i_s: &[i_s],
                };
                let somata = Somata {
                    s: &mut s,
                    b_hat: &mut b_hat,
                    xi: &mut xi,
                    b_hat_carry: &mut b_hat_carry,
                    xi_carry: &mut xi_carry,
                };
                compare(dendrites, somata, (g_a, leak_fraction(1.0, 10.0)));
                (s[0], xi[0])
            })
            .collect()
    }

    #[test]
    fn a_leaky_soma_does_not_mistake_a_stimulus_for_an_error() {
        assert!(run((1.0, 0.0, 0.0), 1.0).iter().all(|(_, xi)| *xi == 0.0));
    }

    #[test]
    fn the_mismatch_is_the_filtered_apical_and_injected_contribution() {
        for (n, (s, xi)) in (1..).zip(run((-0.7, 1.0, 0.5), 0.5)) {
            let reached = -(-f64::from(n) / 10.0).exp_m1();
            assert!((f64::from(xi) - reached).abs() < 1e-7);
            assert!((f64::from(s) - 0.3 * reached).abs() < 1e-7);
        }
    }
}
