//! Kolen-Pollack feedback: both directions of a connection change alike, so they align.
//!
//! ```text
//! basal    dW_ki/dt     = eta delta_k r_i - decay W_ki
//! apical   dTheta_ki/dt = eta delta_k r_i - decay Theta_ki
//! ```
//!
//! The difference `W - Theta` decays as `exp(-decay t)` when both have the same `eta` and the same
//! `decay_per_ms`; without decay the common change grows over the difference.
//!
//! Source: Kolen and Pollack, *Backpropagation without weight transport*, ICNN 1994.

use super::dll::MismatchTimesRate;
use crate::plasticity::kernel::{ApicalKernel, ApicalSite};
use crate::plasticity::rule::{Change, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "kolen_pollack",
    about: "Kolen-Pollack: the apical synapse changes as its basal counterpart does",
    parameters: &[],
    basal: |_| Change::basal(MismatchTimesRate),
    apical: |_| Change::apical(OwnRate),
};

/// `r_i`, to be multiplied with `delta_k`: what the basal counterpart gains.
pub(super) struct OwnRate;

impl ApicalKernel for OwnRate {
    fn factor(&self, site: ApicalSite) -> f32 {
        site.rate
    }
}
