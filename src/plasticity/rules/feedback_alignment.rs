//! Feedback alignment: teaching signals are sent down through random synapses that never change.
//!
//! ```text
//! basal    dW_ij/dt     = eta delta_i r_j
//! apical   dTheta_ki/dt = 0
//! ```
//!
//! The basal weights change until the fixed feedback is useful.
//!
//! C1, C2 and C3 hold: a feedback synapse depends on no other synapse.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `gated_decay` | 1 | 0 | of basal synapses as in [`change_gated_decay`], to measure its effect without alignment |
//!
//! Source: Lillicrap, Cownden, Tweed and Akerman, *Random synaptic feedback weights support error
//! backpropagation for deep learning*, Nature Communications 2016.

use super::change_gated_decay;
use super::dll::MismatchTimesRate;
use crate::plasticity::rule::{Change, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "feedback_alignment",
    about: "feedback alignment: random feedback that never changes, population by population",
    parameters: &[change_gated_decay::NONE],
    basal: |p| Change::basal(MismatchTimesRate).with_gated_decay(p.get("gated_decay")),
    apical: |_| Change::fixed(),
};
