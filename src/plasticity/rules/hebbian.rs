//! Hebbian learning: neurons that fire together wire together, with a supervised output.
//!
//! ```text
//! basal    dW_ij/dt = s eta r_i r_j           taught 0: unsupervised populations
//!          dW_ij/dt = eta delta_i r_j         taught 1: supervised output
//! ```
//!
//! Weights need a normalisation, or they grow without limit: `norm` of the synapse type keeps the
//! length of each neuron's weights. Populations need competition, or all neurons learn the same:
//! with `transfer: softmax` an active neuron suppresses others, and each learns the mean direction
//! of the stimuli for which it wins, as in soft spherical k-means. If few neurons win for all
//! stimuli, the others learn nothing: a bias with `s` -1, which falls with activity, lets each win
//! at times (DeSieno's conscience; soft-max does not depend on the common part of all biases).
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `taught` | 1 | 0 | 1 for the supervised output, 0 elsewhere |
//! | `s` | 1 | 1 | sign of rate times rate: -1 is anti-Hebbian |
//!
//! C1, C2 and C3 hold for the rule itself: `norm` scales all synapses of a neuron together, and
//! soft-max is competition without synapses. There is no feedback to learn: apical synapses stay
//! unchanged.
//!
//! Source: Hebb, *The organization of behavior*, 1949; Oja, *Simplified neuron model as a principal
//! component analyzer*, Journal of Mathematical Biology 1982; DeSieno, *Adding a conscience to
//! competitive learning*, ICNN 1988; Moraitis, Toichkin, Journe, Chua and Guo, *SoftHebb: Bayesian
//! inference in unsupervised Hebbian soft winner-take-all networks*, 2022.

use super::dll::MismatchTimesRate;
use crate::parameter::Parameter;
use crate::plasticity::kernel::{BasalKernel, BasalSite};
use crate::plasticity::rule::{Change, Need, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "hebbian",
    about: "Hebbian: rates on both sides, normalised weights, and a supervised output",
    parameters: &[
        Parameter {
            name: "taught",
            default: 0.0,
            range: (0.0, 1.0),
            meaning: "1 for the supervised output, 0 elsewhere",
        },
        Parameter {
            name: "s",
            default: 1.0,
            range: (-1.0, 1.0),
            meaning: "sign of rate times rate: -1 anti-Hebbian",
        },
    ],
    basal: |p| match p.get("taught") {
        0.0 if p.get("s") > 0.0 => {
            Change::basal(RateTimesRate { s: p.get("s") }).needing(Need::Norm)
        }
        0.0 => Change::basal(RateTimesRate { s: p.get("s") }),
        _ => Change::basal(MismatchTimesRate).needing(Need::Teacher),
    },
    apical: |_| Change::fixed(),
};

struct RateTimesRate {
    s: f32,
}

impl BasalKernel for RateTimesRate {
    fn factor(&self, site: BasalSite) -> f32 {
        self.s * site.rate
    }
}
