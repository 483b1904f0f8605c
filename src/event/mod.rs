//! Events: changes from outside and their times, and messages between neurons and their arrival.
//!
//! Order within a step: events of the timeline, sending, arrival; see [`engine`](crate::engine).

mod axons;
mod delay;
mod ids;
mod teacher;
mod timeline;
mod values;

pub(crate) use axons::StoredAxons;
pub use axons::{Axons, Signal, Traffic, Volley};
pub use delay::{DelayLine, DeltaLine, RateLine};
pub use ids::{PopulationId, ProjectionId};
pub use teacher::Teacher;
pub use timeline::{Event, Injection, Injections, Timeline, Windows};
pub use values::Values;
