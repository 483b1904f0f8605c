//! A rule of plasticity: `dW_ij/dt = eta r_i r_j`, the product of both rates (Hebb).

use apical::plasticity::{BasalKernel, BasalSite, Change, Rule};

struct PostsynapticRate;

impl BasalKernel for PostsynapticRate {
    fn factor(&self, site: BasalSite) -> f32 {
        site.rate
    }
}

pub const CORRELATION: Rule = Rule {
    name: "correlation",
    about: "the product of both rates, without teaching",
    parameters: &[],
    basal: |_| Change::basal(PostsynapticRate),
    apical: |_| Change::fixed(),
};
