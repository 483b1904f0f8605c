//! Order of the stages of a step, defined only here.
//!
//! ```text
//! dense    apply_events -> send -> deliver -> integrate -> fire -> learn -> update_weights -> check_finite -> tick
//! events   wake -> apply_events -> send -> arrive -> integrate -> learn -> update_weights -> check_finite -> rest
//! ```
//!
//! Stages are ordered; neurons and populations are not. Within a stage, systems read values sent in
//! earlier stages, and never the values that other neurons compute in the same stage.

mod dense;
mod events;
mod identity;
mod look;
mod neurons;
mod reset;
mod shared;
mod simulation;
mod stage;
mod state;

pub use look::{Description, ProjectionDescription, Watch};
pub use neurons::Neurons;
pub use shared::{Runaway, Watchdog};
pub use simulation::{CircuitError, Simulation};
pub use stage::{Stage, check_systems};
pub use state::{State, StateError};
