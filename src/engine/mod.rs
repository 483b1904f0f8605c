//! Order of the stages of a step, defined only here.
//!
//! ```text
//! Stage          dense             events
//! Events         apply_events      wake, apply_events
//! Noise          draw_noise        draw_noise
//! Own            neuron models     neuron models
//! Send           send              send
//! Arrive         deliver           arrive, update_tied
//! Compartments   integrate, fire   integrate
//! Loss           evaluate_loss     evaluate_loss
//! Learn          learn             learn
//! Update         update_weights    update_weights
//! Check          check_finite      check_finite
//! End            tick              rest
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

pub use look::{ChangeBaseline, Description, ProjectionDescription};
pub use neurons::Neurons;
pub use shared::{Runaway, Watchdog};
pub use simulation::{CircuitError, Simulation};
pub use stage::{Stage, check_systems};
pub use state::{State, StateError};
