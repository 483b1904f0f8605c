//! The only place that orders the stages of a step.
//!
//! ```text
//! occur -> send -> deliver -> integrate -> fire -> learn -> consolidate -> tick
//! ```
//!
//! Stages are ordered; neurons and populations are not. Within a stage everybody reads what was
//! sent before and nobody reads what another computes now.

mod simulation;
mod stages;
mod variable;

pub use simulation::Simulation;
pub use variable::Variable;
