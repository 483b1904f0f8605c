//! Direct feedback alignment: the output's mismatch is sent directly to every apical dendrite.
//!
//! ```text
//! basal    dW_ij/dt     = eta delta_i r_j
//! apical   dTheta_ki/dt = 0        k: the output, i: any hidden neuron
//! ```
//!
//! The kernels are those of feedback alignment; the circuit differs. All apical projections start
//! at the output population, so no hidden neuron sends a teaching signal.
//!
//! No parameters. C1, C2 and C3 hold: axons of the output reach every dendrite that needs them.
//!
//! Source: Nokland, *Direct feedback alignment provides learning in deep neural networks*, NeurIPS
//! 2016.

use super::dll::MismatchTimesRate;
use crate::plasticity::rule::{Change, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "direct_feedback_alignment",
    about: "direct feedback alignment: random fixed feedback from the output to every population",
    parameters: &[],
    basal: |_| Change::basal(MismatchTimesRate),
    apical: |_| Change::fixed(),
};
