//! Scenarios as files: the RON schema of `scenarios/*.ron`, times within a presentation, and
//! loading and checking of a scenario with its model.

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
pub use window::PresentationSteps;
