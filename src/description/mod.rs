//! Models and scenarios: from text to what is checked.

pub mod document;
mod lower;
pub mod model;
pub mod scenario;

pub(crate) use lower::lower_checked;
pub use lower::{LowerError, Setup, lower};
