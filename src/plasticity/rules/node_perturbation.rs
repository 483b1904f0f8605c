//! Node perturbation: a neuron learns its noise if the noise reduced the loss of the circuit.
//!
//! ```text
//! basal    tau de_i/dt = -e_i + n_i
//!          dW_ij/dt    = eta M e_i r_j         M = L_mean - L, the same for every synapse
//! ```
//!
//! Neurons need `noise` (see [`crate::description::model::Noise`]): each draws its own value at
//! intervals and keeps it until the next draw, while the loss shows its effect. On average `M n_i`
//! is minus the variance of the noise times the slope of the loss along the neuron's potential, if
//! a draw lasts longer than the path to the output, and somewhat less, since the running mean
//! includes the present loss. There are no clean and noisy phases: the noise is always present.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `baseline_ms` | ms | 20 | time constant of the mean loss |
//! | `trace_ms` | ms | 0 | time constant `tau` of the eligibility; 0: the noise itself |
//!
//! C1, C2 and C3 hold, with a global modulator. There are no apical synapses to learn: they stay
//! unchanged.
//!
//! Source: Werfel, Xie and Seung, *Learning curves for stochastic gradient descent in linear
//! feedforward networks*, Neural Computation 2005; Fiete and Seung, *Gradient learning in spiking
//! neural networks by dynamic perturbation of conductances*, Physical Review Letters 2006.

use crate::parameter::Parameter;
use crate::plasticity::kernel::{BasalKernel, BasalSite};
use crate::plasticity::rule::{Change, Need, Rule};
use crate::plasticity::third_factor::{Modulator, ThirdFactor};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "node_perturbation",
    about: "node perturbation: a neuron's own noise times a reward common to all synapses",
    parameters: &[
        Parameter {
            name: "baseline_ms",
            default: 20.0,
            range: (0.0, 1e9),
            meaning: "time constant of the mean loss in ms",
        },
        Parameter {
            name: "trace_ms",
            default: 0.0,
            range: (0.0, 1e9),
            meaning: "time constant of the eligibility in ms",
        },
    ],
    basal: |p| {
        let third = ThirdFactor {
            modulator: Modulator::Reward {
                baseline_ms: p.get("baseline_ms").into(),
            },
            trace_ms: p.get("trace_ms").into(),
        };
        Change::modulated_basal(OwnNoise, third)
            .needing(Need::Noise)
            .needing(Need::Loss)
    },
    apical: |_| Change::fixed(),
};

struct OwnNoise;

impl BasalKernel for OwnNoise {
    fn factor(&self, site: BasalSite) -> f32 {
        site.noise
    }
}
