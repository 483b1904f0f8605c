//! Models and scenarios: from text to what is checked.

pub mod document;
mod lower;
pub mod model;
mod registry;
pub mod scenario;

pub(crate) use lower::lower_checked;
pub use lower::{LowerError, Setup, lower};
pub use registry::{NeuronKind, Registry};
