//! Circuits: populations, projections and trials as entities.

mod activity;
mod build;
mod engine;
mod population;
mod projection;
mod wire;

pub use activity::{Activity, Afferents, News, Way};
pub(crate) use build::by_sender;
pub(crate) use build::initial_weights;
pub use build::{BuildError, Clock, EtaScale, Seed, Setup, Wiring, build};
pub use engine::Engine;
pub use population::{NeuronId, Parameters, Population};
pub use projection::{Plasticity, Projection, Synapses};
pub(crate) use wire::wire_events;
