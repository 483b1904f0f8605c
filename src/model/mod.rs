//! Circuits as files: the RON schema of `models/*.ron`.

mod schema;

pub use schema::*;
