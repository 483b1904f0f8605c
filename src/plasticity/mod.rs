//! How synapses change: kernels, rules with one file each, third factors, eligibilities and
//! optimisers.
//!
//! A new rule is one new file and one line in [`rules::ALL`]. The input of a rule is a
//! [`BasalSite`] or an [`ApicalSite`] and nothing else.

mod eligibility;
mod kernel;
pub(crate) mod optimiser;
mod rule;
pub mod rules;
mod third_factor;

pub(crate) use eligibility::StoredUpdater;
pub use eligibility::WeightUpdater;
pub use kernel::{ApicalKernel, ApicalSite, BasalKernel, BasalSite};
pub(crate) use kernel::{ColumnKernel, Columns};
pub use optimiser::Optimiser;
pub use rule::{Apical, Basal, Change, Criteria, Need, Rule};
pub(crate) use rule::{Effect, Kind};
pub use third_factor::{Modulation, Modulator, Neuromodulator, ThirdFactor};
