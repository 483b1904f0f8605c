//! Kolen-Pollack with change-gated decay: each change of a weight also reduces its earlier value,
//! so that both directions of a connection lose their initial values as fast as they learn.
//!
//! ```text
//! D_ki    change by the optimiser from the eligibility of delta_k r_i, on both sides
//! basal    W_ki     += D_ki - min(gated_decay sqrt(n) |D_ki|, 1) W_ki
//! apical   Theta_ki += D_ki - min(gated_decay sqrt(n) |D_ki|, 1) Theta_ki
//! ```
//!
//! `n` is the mean number of synapses of a receiver in the basal projection, so that `1 / sqrt(n)`
//! is the size of weights of unit gain: a change of this size overwrites the fraction `gated_decay`
//! of a weight, and no weight exceeds `1 / gated_decay` times this size, whatever the fan-in. The
//! apical projection has the `n` of its reciprocal basal one. The `n` of a bias is 1.
//!
//! With the same `eta` and optimiser, and constant rates during teaching, both sides compute the
//! same `D_ki`, so that the difference `W_ki - Theta_ki` is multiplied by
//! `1 - gated_decay sqrt(n) |D_ki|` at every weight update: alignment of feedback depends on the sum
//! of changes of a synapse, not on time. The decay of Kolen and Pollack also acts where weights do
//! not change.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `gated_decay` | 1 | 0.03 | fraction of a weight that a change of the size `1 / sqrt(n)` overwrites |
//!
//! Needs a weight update. C1, C2 and C3 hold: each synapse uses only its own change and weight.
//!
//! Source: this project, after Kolen and Pollack, *Backpropagation without weight transport*, ICNN
//! 1994.

use super::dll::MismatchTimesRate;
use super::kolen_pollack::OwnRate;
use crate::parameter::Parameter;
use crate::plasticity::rule::{Change, Rule};

const GATED_DECAY: Parameter = Parameter {
    name: "gated_decay",
    default: 0.03,
    range: (0.0, 1e6),
    meaning: "part of a weight that a change as large as a weight of unit gain overwrites",
};

/// The parameter in other rules, where its default is 0.
pub(super) const NONE: Parameter = Parameter {
    default: 0.0,
    ..GATED_DECAY
};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "change_gated_decay",
    about: "Kolen-Pollack with change-gated decay: each change overwrites a part of what was there",
    parameters: &[GATED_DECAY],
    basal: |p| Change::basal(MismatchTimesRate).with_gated_decay(p.get("gated_decay")),
    apical: |p| Change::apical(OwnRate).with_gated_decay(p.get("gated_decay")),
};
