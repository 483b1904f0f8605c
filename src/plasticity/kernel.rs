//! Interface between rules and the engine: the variables available to a synapse.
//!
//! A synapse changes by the product of the value sent by its sender, which the engine supplies, and
//! a postsynaptic factor, which is the rule's kernel:
//!
//! ```text
//! dW_ij/dt = eta factor(site of i) sent_j
//! ```
//!
//! The input of a kernel is a *site*: the variables of the compartment of its synapse and of the
//! soma behind it, by value, and nothing else: no layer index, no phase, no other neuron. A kernel
//! must be a pure function of the site, which types cannot enforce. This compiles:
//!
//! ```
//! use apical::plasticity::{BasalKernel, BasalSite};
//! struct Hebb;
//! impl BasalKernel for Hebb {
//!     fn factor(&self, site: BasalSite) -> f32 { site.rate }
//! }
//! ```
//!
//! and these do not, since a basal synapse has no access to the apical potential, to a layer, or to
//! the world:
//!
//! ```compile_fail,E0609
//! use apical::plasticity::{BasalKernel, BasalSite};
//! struct Nosy;
//! impl BasalKernel for Nosy {
//!     fn factor(&self, site: BasalSite) -> f32 { site.apical_potential }
//! }
//! ```
//!
//! ```compile_fail,E0609
//! use apical::plasticity::{BasalKernel, BasalSite};
//! struct Nosy;
//! impl BasalKernel for Nosy {
//!     fn factor(&self, site: BasalSite) -> f32 { site.layer }
//! }
//! ```
//!
//! ```compile_fail,E0053
//! use apical::plasticity::{BasalKernel, BasalSite};
//! struct Nosy;
//! impl BasalKernel for Nosy {
//!     fn factor(&self, site: &bevy_ecs::world::World) -> f32 { 0.0 }
//! }
//! ```

use std::ops::Range;

/// Variables of a neuron that are available to its basal synapses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BasalSite {
    /// Basal potential `b`.
    pub potential: f32,
    /// Somatic mismatch `xi`.
    pub mismatch: f32,
    /// Teaching signal `delta = f'(b) xi`.
    pub delta: f32,
    /// Output `r`.
    pub rate: f32,
    /// Noise `n` of the neuron, which affects only its output; 0 without noise.
    pub noise: f32,
}

/// Variables of a neuron that are available to its apical synapses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ApicalSite {
    /// Apical potential `a`.
    pub potential: f32,
    /// Somatic mismatch `xi`.
    pub mismatch: f32,
    /// Output `r`.
    pub rate: f32,
    /// Noise `n` of the neuron, which affects only its output; 0 without noise.
    pub noise: f32,
}

/// Postsynaptic factor of a basal synapse; the sent value is the rate `r_j`.
pub trait BasalKernel: Send + Sync + 'static {
    /// The factor in `dW_ij/dt = eta factor r_j`.
    fn factor(&self, site: BasalSite) -> f32;
}

/// Postsynaptic factor of an apical synapse; the sent value is the teaching signal `delta_k`.
pub trait ApicalKernel: Send + Sync + 'static {
    /// The factor in `dTheta_ki/dt = eta factor delta_k`.
    fn factor(&self, site: ApicalSite) -> f32;
}

/// Columns of one population from which the engine reads sites; equal lengths.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub potential: &'a [f32],
    pub mismatch: &'a [f32],
    pub delta: &'a [f32],
    pub rate: &'a [f32],
    /// `None` if it is 0 for all neurons.
    pub noise: Option<&'a [f32]>,
}

impl<'a> Columns<'a> {
    /// Columns of some of the neurons.
    pub fn part(self, range: Range<usize>) -> Self {
        Self {
            potential: &self.potential[range.clone()],
            mismatch: &self.mismatch[range.clone()],
            delta: &self.delta[range.clone()],
            rate: &self.rate[range.clone()],
            noise: self.noise.map(|noise| &noise[range]),
        }
    }
}

/// A kernel for whole columns: one dynamic call per population, with the kernel inlined.
pub(crate) trait ColumnKernel: Send + Sync {
    /// Writes the factor of each neuron; columns and `out` have equal length. Returns true if any
    /// factor differs from 0.
    fn fill(&self, columns: Columns<'_>, out: &mut [f32]) -> bool;
}

pub(crate) struct OnBasal<K>(pub K);
pub(crate) struct OnApical<K>(pub K);

impl<K: BasalKernel> ColumnKernel for OnBasal<K> {
    fn fill(&self, c: Columns<'_>, out: &mut [f32]) -> bool {
        let mut magnitudes = 0;
        let sites = (c.potential.iter().zip(c.mismatch)).zip(c.delta.iter().zip(c.rate));
        with_noise(c.noise, out, sites, |out, site, noise| {
            let ((&potential, &mismatch), (&delta, &rate)) = site;
            *out = self.0.factor(BasalSite {
                potential,
                mismatch,
                delta,
                rate,
                noise,
            });
            magnitudes |= out.abs().to_bits();
        });
        magnitudes != 0
    }
}

impl<K: ApicalKernel> ColumnKernel for OnApical<K> {
    fn fill(&self, c: Columns<'_>, out: &mut [f32]) -> bool {
        let mut magnitudes = 0;
        let sites = (c.potential.iter().zip(c.mismatch)).zip(c.rate);
        with_noise(c.noise, out, sites, |out, site, noise| {
            let ((&potential, &mismatch), &rate) = site;
            *out = self.0.factor(ApicalSite {
                potential,
                mismatch,
                rate,
                noise,
            });
            magnitudes |= out.abs().to_bits();
        });
        magnitudes != 0
    }
}

/// Calls a function with each factor, its site and its noise. Two loops, so that each can be
/// vectorised.
#[inline(always)]
fn with_noise<S>(
    noise: Option<&[f32]>,
    out: &mut [f32],
    sites: impl Iterator<Item = S>,
    mut each: impl FnMut(&mut f32, S, f32),
) {
    let sites = out.iter_mut().zip(sites);
    match noise {
        Some(noise) => (sites.zip(noise)).for_each(|((out, site), noise)| each(out, site, *noise)),
        None => sites.for_each(|(out, site)| each(out, site, 0.0)),
    }
}
