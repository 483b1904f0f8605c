//! Weight transport: the control that computes the gradient of backpropagation.
//!
//! ```text
//! basal    dW_ij/dt = eta delta_i r_j
//! apical   Theta    = W transposed, read from the reciprocal basal projection at every step
//! ```
//!
//! Not local and not biologically plausible, by design: it shows the effect of exact feedback.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `gated_decay` | 1 | 0 | of basal synapses as in [`change_gated_decay`], to measure its effect without alignment |
//!
//! Source: Rumelhart, Hinton and Williams, *Learning representations by back-propagating errors*,
//! Nature 1986.

use super::change_gated_decay;
use super::dll::MismatchTimesRate;
use crate::plasticity::rule::{Change, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "transport",
    about: "weight transport: feedback through the transposed weights, the backprop control",
    parameters: &[change_gated_decay::NONE],
    basal: |p| Change::basal(MismatchTimesRate).with_gated_decay(p.get("gated_decay")),
    apical: |_| Change::transported(),
};
