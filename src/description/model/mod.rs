//! Circuits as files: the RON schema of `models/*.ron`, and the check of a model.

mod check;
mod graph;
mod schema;

pub(crate) use check::{Files, Wired, afferents, check_with, name as check_name, needs};
pub use check::{MOST_NEURONS, check, fixed_connectivity, is_file_name};
pub use graph::ModelGraph;
pub use schema::*;
