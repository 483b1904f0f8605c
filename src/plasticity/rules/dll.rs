//! Dendritic Localized Learning.
//!
//! ```text
//! basal    dW_ij/dt     =   eta delta_i r_j
//! apical   dTheta_ki/dt = s eta delta_k xi_i        s = +1, 0 or -1
//! ```
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `s` | 1 | 1 | sign of the apical change: -1 in the paper, +1 in its released CNN, 0 in its released MLP |
//!
//! Source: Lv, Xu, Lu, et al., *Dendritic Localized Learning: Toward Biologically Plausible
//! Algorithm*, ICML 2025. On MNIST the default `s = 1` learns better than the paper's -1, and no
//! better than `s = 0` (`docs/rules.md`).

use crate::parameter::Parameter;
use crate::plasticity::kernel::{ApicalKernel, ApicalSite, BasalKernel, BasalSite};
use crate::plasticity::rule::{Change, Rule};

/// The registry's entry.
pub const RULE: Rule = Rule {
    name: "dll",
    about: "Dendritic Localized Learning: post mismatch times what was sent, on both dendrites",
    parameters: &[Parameter {
        name: "s",
        default: 1.0,
        range: (-1.0, 1.0),
        meaning: "sign of the apical change, +1, 0 or -1",
    }],
    basal: |_| Change::basal(MismatchTimesRate),
    apical: |p| match p.get("s") {
        0.0 => Change::fixed(),
        s => Change::apical(SignedMismatch { s }),
    },
};

/// Factor `delta_i`, to be multiplied by `r_j`: the basal side of most rules.
pub(super) struct MismatchTimesRate;

impl BasalKernel for MismatchTimesRate {
    fn factor(&self, site: BasalSite) -> f32 {
        site.delta
    }
}

struct SignedMismatch {
    s: f32,
}

impl ApicalKernel for SignedMismatch {
    fn factor(&self, site: ApicalSite) -> f32 {
        self.s * site.mismatch
    }
}
