//! The command line: one file a command.

pub mod run;
pub mod validate;
