//! Circuits as files: the RON schema of `models/*.ron`, and the check of a model.

mod check;
mod graph;
mod schema;

pub use check::{MOST_NEURONS, check, is_file_name};
pub(crate) use check::{afferents, check_with, name as check_name, needs};
pub use graph::ModelGraph;
pub use schema::*;
