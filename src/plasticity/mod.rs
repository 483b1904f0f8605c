//! How synapses change: one file a rule, and the registry that names them.
//!
//! A new rule is one new file and one line in the registry. Rules see what [`BasalSite`] and
//! [`ApicalSite`] hold and nothing else.

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
