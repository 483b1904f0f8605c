//! Scenarios as files: the RON schema of `scenarios/*.ron`, and when things happen in them.

mod schema;
mod window;

pub use schema::*;
pub use window::{Window, settling};
