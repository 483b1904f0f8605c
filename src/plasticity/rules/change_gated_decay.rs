//! Kolen-Pollack with change-gated decay: every change overwrites a part of what was there, so that both
//! directions of a connection forget how they began as fast as they learn.
//!
//! ```text
//! D_ki    what the optimiser makes of the eligibility of delta_k r_i, on both sides
//! basal    W_ki     += D_ki - min(gated_decay |D_ki|, 1) W_ki
//! apical   Theta_ki += D_ki - min(gated_decay |D_ki|, 1) Theta_ki
//! ```
//!
//! With the same `eta` and optimiser, and rates that are held while there is teaching, both sides
//! compute the same `D_ki`, so that the difference `W_ki - Theta_ki` is multiplied by
//! `1 - gated_decay |D_ki|` at every weight update: feedback aligns with the sum of changes that a
//! synapse has seen, not with time. Decay, which Kolen and Pollack need for that, goes on where
//! nothing changes.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `gated_decay` | 1 / a.u. | 3 | part of a weight that a change of 1 a.u. overwrites |
//!
//! Needs a weight update. C1, C2 and C3 hold here: each synapse knows its own change and weight.
//!
//! Source: this project, after Kolen and Pollack, *Backpropagation without weight transport*, ICNN
//! 1994.

use super::dll::MismatchTimesRate;
use super::kolen_pollack::OwnRate;
use crate::parameter::Parameter;
use crate::plasticity::rule::{Change, Rule};

const TURNOVER: Parameter = Parameter {
    name: "gated_decay",
    default: 3.0,
    range: (0.0, 1e6),
    meaning: "part of a weight that a change of 1 a.u. overwrites",
};

/// The same of other rules, which have none by default.
pub(super) const NONE: Parameter = Parameter {
    default: 0.0,
    ..TURNOVER
};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "change_gated_decay",
    about: "Kolen-Pollack with change-gated decay: each change overwrites a part of what was there",
    parameters: &[TURNOVER],
    basal: |p| Change::basal(MismatchTimesRate).with_gated_decay(p.get("gated_decay")),
    apical: |p| Change::apical(OwnRate).with_gated_decay(p.get("gated_decay")),
};
