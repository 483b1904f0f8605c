//! Local losses: each population is taught through a readout of its own.
//!
//! ```text
//! basal    dW_ij/dt     = eta delta_i r_j
//! apical   dTheta_ki/dt = eta delta_k r_i      k: the readout of the population of i
//! ```
//!
//! The circuit has one readout for each hidden population, all with the same target (`taught` of a
//! scenario's task), and apical projections from a readout to its population alone: no teaching
//! signal passes from one population to another. A readout learns by the same basal rule; with a
//! synapse type without a rule it stays random. Its feedback aligns as in
//! [Kolen-Pollack](super::kolen_pollack).
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `gated_decay` | 1 | 0 | of all synapses as in [`change_gated_decay`] |
//!
//! C1, C2 and C3 hold.
//!
//! Source: Mostafa, Ramesh and Cauwenberghs, *Deep supervised learning using local errors*,
//! Frontiers in Neuroscience 2018; Nokland and Eidnes, *Training neural networks with local error
//! signals*, ICML 2019.

use super::change_gated_decay;
use super::dll::MismatchTimesRate;
use super::kolen_pollack::OwnRate;
use crate::plasticity::rule::{Change, Need, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "local_losses",
    about: "local losses: every population is taught by a readout of its own",
    parameters: &[change_gated_decay::NONE],
    basal: |p| {
        Change::basal(MismatchTimesRate)
            .with_gated_decay(p.get("gated_decay"))
            .needing(Need::Teacher)
    },
    apical: |p| Change::apical(OwnRate).with_gated_decay(p.get("gated_decay")),
};
