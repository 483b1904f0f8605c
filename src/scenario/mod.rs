//! Scenarios as files: the RON schema of `scenarios/*.ron`, and when things happen in them.

mod probe;
mod schema;
mod selector;
mod timeline;
mod window;

pub use probe::{Probe, Statistic};
pub use schema::*;
pub use selector::{Indices, Neurons, SelectorError};
pub use timeline::{Happening, Repeat, windows};
pub use window::{Window, settling};
