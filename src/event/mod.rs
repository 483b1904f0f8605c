//! Events: what happens from outside and when, what neurons sent and when it arrives.
//!
//! Within a step the order is: events of the timeline, sending, arriving; see
//! [`engine`](crate::engine).

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
