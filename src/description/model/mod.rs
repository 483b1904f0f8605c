//! Circuits as files: the RON schema of `models/*.ron`, and what can be wrong with one.

mod check;
mod graph;
mod schema;

pub use check::check;
pub(crate) use check::{MOST_NEURONS, check_with, is_file_name, name as check_name, needs};
pub use graph::Graph;
pub use schema::*;
