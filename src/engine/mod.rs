//! The only place that orders the stages of a step.
//!
//! ```text
//! dense    occur -> send -> deliver -> integrate -> fire -> learn -> consolidate -> watch -> tick
//! events   stir -> occur -> send -> arrive -> live -> learn -> consolidate -> watch -> rest
//! ```
//!
//! Stages are ordered; neurons and populations are not. Within a stage everybody reads what was
//! sent before and nobody reads what another computes now.

mod dense;
mod events;
mod look;
mod reset;
mod shared;
mod simulation;

pub use look::{Description, ProjectionDescription, Watch};
pub use shared::{Runaway, Watchdog};
pub use simulation::{Misfit, Simulation};
