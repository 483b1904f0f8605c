//! The soma: it compares what both dendrites say and sends the outcome both ways.
//!
//! With a leaky soma (`tau_s > 0`) the somatic potential `s` **and** the basal prediction `b_hat`
//! pass through the same leak, so that the mismatch `xi = s - b_hat` is the filtered apical
//! contribution. A leaky soma minus an unfiltered basal potential would make every stimulus
//! onset look like an error.

use bevy_ecs::component::Component;
use bytemuck::TransparentWrapper;
use multiversion::multiversion;

use super::Transfer;
use crate::model::Units;

/// Somatic potential `s` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Potential(pub f32);

/// Injected somatic current `I_s` in a.u.; it counts as teaching, so it is part of `xi`.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Current(pub f32);

/// What the soma would be from the basal side alone, `b_hat`, in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Prediction(pub f32);

/// Mismatch `xi = s - b_hat` in a.u.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Mismatch(pub f32);

/// Output `r = f(b + lambda (s - b))`, what the neuron sends up.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Rate(pub f32);

/// Teaching signal `delta = f'(b) xi`, what the neuron sends down.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Delta(pub f32);

/// The neuron's own noise `n` in a.u., which moves its output and nothing else of it.
#[derive(Component, TransparentWrapper, Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Noise(pub f32);

/// What reaches the somata of a population; equal lengths.
#[derive(Clone, Copy, Debug)]
pub struct Dendrites<'a> {
    /// Basal potentials.
    pub b: &'a [f32],
    /// Apical potentials.
    pub a: &'a [f32],
    /// Injected somatic currents.
    pub i_s: &'a [f32],
}

/// The side from which something new has reached a soma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The basal potential.
    Basal,
    /// The apical potential or an injected current.
    Apical,
    /// Both, or a leak is still on its way.
    Both,
}

/// Moves `s` and `b_hat` through the same leak and sets their difference `xi`.
///
/// `(g_a, leak)`: apical coupling and the somatic leak fraction of the step.
#[multiversion(targets("x86_64+avx2"))]
pub fn compare(
    dendrites: Dendrites<'_>,
    s: &mut [f32],
    b_hat: &mut [f32],
    xi: &mut [f32],
    (g_a, leak): (f32, f32),
) {
    if leak == 1.0 {
        return settle(dendrites, s, b_hat, xi, (g_a, Side::Both));
    }
    let pairs = (dendrites.b.iter().zip(dendrites.a)).zip(dendrites.i_s);
    let states = s.iter_mut().zip(b_hat).zip(xi);
    for (((&b, &a), &i_s), ((s, b_hat), xi)) in pairs.zip(states) {
        *b_hat += leak * (b - *b_hat);
        *xi += leak * (g_a * a + i_s - *xi);
        *s = *b_hat + *xi;
    }
}

/// [`compare`] without a leak, where something new has come from one side or both.
///
/// The mismatch is then the apical contribution itself, free of rounding, and what the other side
/// has not changed is not written again: passes over columns are what populations at rest save.
#[multiversion(targets("x86_64+avx2"))]
pub fn settle(
    dendrites: Dendrites<'_>,
    s: &mut [f32],
    b_hat: &mut [f32],
    xi: &mut [f32],
    (g_a, new): (f32, Side),
) {
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

/// What the soma feels of the apical potential `a`, in the units of its mismatch: `a` itself, or
/// `f'(s) a`, with the slope where it last fired.
pub fn felt<'a>(
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

/// How the neurons of a population fire.
#[derive(Clone, Copy, Debug)]
pub struct Firing {
    /// Transfer function `f`.
    pub transfer: Transfer,
    /// In which units the soma compares.
    pub mismatch: Units,
    /// Somatic coupling.
    pub lambda: f32,
    /// Whether there is noise.
    pub noisy: bool,
    /// Neurons a trial.
    pub size: usize,
}

impl Firing {
    /// Whether the output is `f(b)` and the teaching signal `f'(b) xi`.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.lambda == 0.0 && !self.noisy && self.mismatch == Units::Rate
    }
}

/// What firing depends on; equal lengths.
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

/// Sets what a population sends: `r = f(b + n + lambda (s - b))`, and `delta = f'(b + n) xi` or,
/// where mismatches are those of potentials, `delta = xi`. Tells whether any rate and whether any
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
        // The slope is that of the basal side, whatever the soma adds to the rate.
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
    use super::super::leak_fraction;
    use super::{Dendrites, compare};

    #[test]
    fn a_leaky_soma_does_not_mistake_a_stimulus_for_an_error() {
        let (mut s, mut b_hat, mut xi) = ([0.0f32], [0.0f32], [0.0f32]);
        for _ in 0..50 {
            let dendrites = Dendrites {
                b: &[1.0],
                a: &[0.0],
                i_s: &[0.0],
            };
            let coupling = (1.0, leak_fraction(1.0, 10.0));
            compare(dendrites, &mut s, &mut b_hat, &mut xi, coupling);
            assert_eq!(xi[0], 0.0);
        }
    }

    #[test]
    fn the_mismatch_is_the_filtered_apical_and_injected_contribution() {
        let (mut s, mut b_hat, mut xi) = ([0.0f32], [0.0f32], [0.0f32]);
        for n in 1..=50 {
            let dendrites = Dendrites {
                b: &[-0.7],
                a: &[1.0],
                i_s: &[0.5],
            };
            let coupling = (0.5, leak_fraction(1.0, 10.0));
            compare(dendrites, &mut s, &mut b_hat, &mut xi, coupling);
            let reached = 1.0 - (-f64::from(n) / 10.0).exp();
            assert!((f64::from(xi[0]) - reached).abs() < 1e-6);
            assert!((f64::from(s[0]) - 0.3 * reached).abs() < 1e-6);
        }
    }
}
