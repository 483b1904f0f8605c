//! Kolen-Pollack feedback: both directions of a connection change equally, so they align.
//!
//! ```text
//! basal    dW_ki/dt     = eta delta_k r_i - decay W_ki
//! apical   dTheta_ki/dt = eta delta_k r_i - decay Theta_ki
//! ```
//!
//! The difference `W - Theta` decays as `exp(-decay t)` if both have the same `eta` and
//! `decay_per_ms`; without decay the common change becomes larger than the difference.
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

/// Factor `r_i`, to be multiplied by `delta_k`: the change of the basal counterpart.
pub(super) struct OwnRate;

impl ApicalKernel for OwnRate {
    fn factor(&self, site: ApicalSite) -> f32 {
        site.rate
    }
}
