//! How synapses change: one file a rule, and the registry that names them.
//!
//! A new rule is one new file and one line in the registry. Rules see what [`BasalSite`] and
//! [`ApicalSite`] hold and nothing else.

mod consolidation;
pub mod dll;
mod kernel;
pub mod kolen_pollack;
pub(crate) mod lazy;
mod registry;
pub mod transport;

pub use consolidation::Consolidator;
pub use kernel::{ApicalKernel, ApicalSite, BasalKernel, BasalSite};
pub(crate) use kernel::{ColumnKernel, Columns};
pub use lazy::Lazy;
pub(crate) use registry::Kind;
pub use registry::{Change, Parameter, Parameters, Registry, Rule};
