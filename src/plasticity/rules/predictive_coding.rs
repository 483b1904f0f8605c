//! Predictive coding: somata relax under both inputs, and synapses learn the remaining mismatch.
//!
//! ```text
//! soma     tau_s dxi_i/dt = -xi_i + f'(s_i) sum_k W_ki xi_k             r_i = f(s_i),  xi_i = s_i - b_hat_i
//!          tau_s db_hat_i/dt = b_i - b_hat_i
//! basal    dW_ij/dt      = eta xi_i r_j
//! apical   Theta         = W transposed
//! ```
//!
//! The fixed point is the minimum of `E = sum of (s - b)^2 / 2` over all populations, as for the
//! descent of the source. During relaxation `E` may rise for some time: the prediction passes the
//! same leak as the soma, so that the onset of a stimulus causes no mismatch. This needs neurons
//! with `mismatch: potential` and `lambda: 1` (see [`crate::neuron::soma`]), and `tau_s_ms` not
//! below the delays, for stability. The output, with `lambda: 0`, answers from its basal side and
//! sends down `target - softmax(b)`, the part of `E` from the cross-entropy.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `gated_decay` | 1 | 0 | of basal synapses as in [`change_gated_decay`] |
//!
//! C3 holds, C1 and C2 do not: feedback uses the forward weights.
//!
//! Source: Rao and Ballard, *Predictive coding in the visual cortex*, Nature Neuroscience 1999;
//! Whittington and Bogacz, *An approximation of the error backpropagation algorithm in a
//! predictive coding network with local Hebbian synaptic plasticity*, Neural Computation 2017.

use super::change_gated_decay;
use super::dll::MismatchTimesRate;
use crate::plasticity::rule::{Change, Need, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "predictive_coding",
    about: "predictive coding: relaxing somata, feedback through the transposed weights",
    parameters: &[change_gated_decay::NONE],
    basal: |p| {
        Change::basal(MismatchTimesRate)
            .with_gated_decay(p.get("gated_decay"))
            .needing(Need::PotentialMismatch)
    },
    apical: |_| Change::transported().needing(Need::Relaxation),
};
