//! Models and scenarios: from text to what is checked.

pub mod document;
pub mod model;
pub mod scenario;
