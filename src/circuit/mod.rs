//! Circuits: populations, projections and trials as entities.

mod build;
mod population;
pub mod product;
mod projection;

pub use build::{BuildError, Clock, EtaScale, Setup, Wiring, build};
pub use population::{NeuronId, Parameters, Population};
pub use projection::{Plasticity, Projection, Synapses};
