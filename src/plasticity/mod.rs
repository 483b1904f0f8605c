//! How synapses change: one file a rule, and the registry that names them.
//!
//! A new rule is one new file and one line in the registry. Rules see what [`BasalSite`] and
//! [`ApicalSite`] hold and nothing else.

mod consolidation;
pub mod direct_feedback_alignment;
pub mod dll;
mod episodes;
pub mod feedback_alignment;
pub mod hebbian;
mod kernel;
pub mod kolen_pollack;
pub(crate) mod lazy;
pub mod local_losses;
pub mod node_perturbation;
pub(crate) mod optimiser;
pub mod predictive_coding;
mod registry;
mod rule;
mod third_factor;
pub mod transport;
pub mod turnover;

pub use consolidation::Consolidator;
pub use kernel::{ApicalKernel, ApicalSite, BasalKernel, BasalSite};
pub(crate) use kernel::{ColumnKernel, Columns};
pub use lazy::Lazy;
pub use registry::{RECOMMENDED, Registry};
pub(crate) use rule::Kind;
pub use rule::{Apical, Basal, Change, Criteria, Parameter, Parameters, Rule};
pub use third_factor::{Broadcast, Modulation, Modulator, ThirdFactor};
