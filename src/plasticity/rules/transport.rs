//! Weight transport: the control that computes the gradient of backpropagation.
//!
//! ```text
//! basal    dW_ij/dt = eta delta_i r_j
//! apical   Theta    = W transposed, read from the reciprocal basal projection at every step
//! ```
//!
//! Not local and not biologically plausible, by design: it shows what exact feedback would give.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `turnover` | 1 / a.u. | 0 | of basal synapses as in [`turnover`], to tell what it does without alignment |
//!
//! Source: Rumelhart, Hinton and Williams, *Learning representations by back-propagating errors*,
//! Nature 1986.

use super::dll::MismatchTimesRate;
use super::turnover;
use crate::plasticity::rule::{Change, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "transport",
    about: "weight transport: feedback through the transposed weights, the backprop control",
    parameters: &[turnover::NONE],
    basal: |p| Change::basal(MismatchTimesRate).overwriting(p.get("turnover")),
    apical: |_| Change::transported(),
};
