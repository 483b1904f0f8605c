//! Circuits: plain data, and the entities of populations, projections and trials.

mod activity;
mod build;
mod engine;
mod graph;
mod layout;
mod own;
mod plan;
mod population;
mod projection;
mod settling;
mod storage;
mod systems;
mod wire;

pub use activity::{Activity, Afferents, Changed, Motion};
pub(crate) use build::STAYS;
pub use build::{BuiltFrom, Clock, EtaScale, Seed, Wiring, build};
pub use engine::Engine;
pub use graph::Graph;
pub(crate) use layout::{COLUMNS, LAID_OUT, table};
pub use layout::{LayoutError, is_laid_out, lay_out};
pub use own::OwnModel;
pub use plan::{
    Circuit, ConnectivityPlan, Counts, NeuronsPlan, PlasticityPlan, PopulationPlan, ProjectionPlan,
    UpdatePlan, WeightsPlan,
};
pub use population::{NeuronId, NeuronParameters, Population};
pub(crate) use projection::StoredPlasticity;
pub use projection::{Plasticity, Projection, Synapses};
pub use settling::{charging, settling};
pub(crate) use storage::{store_all, store_settled};
pub use systems::Systems;
pub(crate) use wire::wire_events;
