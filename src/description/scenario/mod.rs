//! Scenarios as files: the RON schema of `scenarios/*.ron`, when things happen in them, and how
//! one is loaded with its model and checked.

mod check;
mod load;
mod probe;
mod schema;
mod selector;
mod tail;
mod timeline;
mod window;

pub use check::{check, check_data, data, fitting, read_data};
pub use load::{LoadedModel, LoadedScenario, load, load_model, load_with};
pub use probe::{Probe, Statistic};
pub use schema::*;
pub use selector::{Indices, Neurons, SelectorError};
pub use tail::Tail;
pub use timeline::{Repeat, TimelineEntry, windows};
pub use window::{PresentationSteps, charging, settling};
