//! Conversion of a circuit to entities; no other code spawns neurons, populations or projections.
//!
//! No file is opened here and no error can occur: the circuit has been checked.

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::resource::Resource;
use bevy_ecs::world::World;
use ndarray::{Array2, ShapeBuilder};

use super::activity::{Activity, Afferents, Changed};
use super::engine::Engine;
use super::layout::lay_out;
use super::plan::{Circuit, PlasticityPlan, PopulationPlan, WeightsPlan};
use super::population::{NeuronId, NeuronParameters, Population};
use super::projection::{Plasticity, Projection, Synapses};
use super::wire::wire_events;
use crate::connectivity::Connectivity;
use crate::event::{
    DelayLine, DeltaLine, Injections, PopulationId, ProjectionId, RateLine, Teacher, Timeline,
};
use crate::math::Steps;
use crate::neuron::pyramidal::{Pyramidal, Settled};
use crate::neuron::soma;
use crate::plasticity::{Modulation, Neuromodulator, WeightUpdater};

/// Entities of populations and projections by their numbers.
///
/// Systems use this order, so that sums and random draws do not depend on the order of declarations
/// in a model or on the order of rows.
#[derive(Resource, Clone, Debug, Default)]
pub struct Wiring {
    /// Populations, including inputs.
    pub populations: Vec<Entity>,
    /// Projections, including biases.
    pub projections: Vec<Entity>,
    /// Axons of the event engine: for each population those of rates, then those of teaching
    /// signals, ordered by threshold.
    pub axons: Vec<Entity>,
}

impl Wiring {
    /// The entity of a population.
    #[must_use]
    pub fn population(&self, id: PopulationId) -> Entity {
        self.populations[id.index()]
    }

    /// The entity of a projection.
    #[must_use]
    pub fn projection(&self, id: ProjectionId) -> Entity {
        self.projections[id.index()]
    }
}

/// Step of the simulation and number of steps so far.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Clock {
    /// Times of steps.
    pub steps: Steps,
    /// Step in ms.
    pub dt_ms: f64,
    /// Steps since the start.
    pub step: u64,
}

/// Seed of all random numbers of a circuit.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Seed(pub u64);

/// Common factor of all learning rates, set by the scenario's schedule.
#[derive(Resource, Clone, Copy, Debug)]
pub struct EtaScale(pub f32);

/// The circuit that a world was built from.
#[derive(Resource, Clone)]
pub struct BuiltFrom(pub Arc<Circuit>);

/// Message of the panic if an entity of a circuit was despawned or lost a component.
pub(crate) const STAYS: &str = "entities of a circuit stay as they were built";

/// Builds the entities of `circuit` in a new world.
#[must_use]
pub fn build(circuit: Circuit) -> World {
    let circuit = Arc::new(circuit);
    let mut world = World::new();
    world.insert_resource(Clock {
        steps: circuit.steps(),
        dt_ms: circuit.dt_ms,
        step: 0,
    });
    world.insert_resource(EtaScale(1.0));
    world.init_resource::<Timeline>();
    world.init_resource::<Injections>();
    world.insert_resource(Neuromodulator::new(circuit.trials));
    world.insert_resource(Seed(circuit.seed));
    let mut wiring = Wiring::default();
    spawn_populations(&mut world, &mut wiring, &circuit);
    spawn_projections(&mut world, &mut wiring, &circuit);
    if circuit.engine == Engine::Events {
        wire_events(&mut world, &mut wiring, &circuit);
    }
    world.insert_resource(wiring);
    world.insert_resource(BuiltFrom(circuit));
    lay_out(&mut world).expect("neurons are spawned in order");
    world
}

fn spawn_populations(world: &mut World, wiring: &mut Wiring, circuit: &Circuit) {
    let longest = circuit.longest_delay() as usize;
    for (number, plan) in (0..).zip(&circuit.populations) {
        let PopulationPlan {
            name,
            size,
            neurons,
            own,
            ..
        } = plan;
        let id = PopulationId(number);
        let width = size * circuit.trials;
        let population = Population {
            id,
            name: name.clone(),
            size: *size,
            trials: circuit.trials,
            rows: 0..width,
            is_input: neurons.is_none(),
            is_settled: circuit.is_settled(plan),
        };
        let is_settled = population.is_settled;
        let mut entity = world.spawn(population);
        match circuit.engine {
            Engine::Events => entity.insert(Changed::default()),
            Engine::Dense => entity.insert(RateLine(DelayLine::new(width, longest))),
        };
        if let Some(neurons) = neurons {
            let parameters = NeuronParameters::new(neurons, circuit.dt_ms);
            entity.insert((parameters, Teacher::default()));
            match circuit.engine {
                Engine::Events => {
                    entity.insert((Activity::of(own.is_some()), Afferents::default()))
                }
                Engine::Dense => entity.insert(DeltaLine(DelayLine::new(width, longest))),
            };
        }
        let entity = entity.id();
        wiring.populations.push(entity);
        let ids = NeuronId::all(id, circuit.trials, *size);
        match (neurons, own) {
            (None, _) => drop(world.spawn_batch(ids.map(|id| (id, soma::Rate::default())))),
            (Some(_), None) if is_settled => {
                drop(world.spawn_batch(ids.map(|id| (id, Settled::default()))));
            }
            (Some(_), None) => drop(world.spawn_batch(ids.map(|id| (id, Pyramidal::default())))),
            (Some(_), Some(own)) => own.spawn(entity, ids.collect(), world),
        }
    }
}

fn spawn_projections(world: &mut World, wiring: &mut Wiring, circuit: &Circuit) {
    let mut tied = Vec::new();
    let connectivities = circuit.connectivities();
    for ((number, plan), connectivity) in (0..).zip(&circuit.projections).zip(connectivities) {
        let mut entity = world.spawn(Projection {
            id: ProjectionId(number),
            name: plan.name.clone(),
            pre: plan.pre.map(|pre| wiring.population(pre)),
            post: wiring.population(plan.post),
            compartment: plan.compartment,
            signal: plan.signal,
            connectivity: connectivity.clone(),
            delay: plan.delay as usize,
        });
        match &plan.weights {
            WeightsPlan::Own(initial, plasticity) => {
                let mut weights = initial.array(&connectivity, circuit.seed, &plan.name);
                if let Some(plan) = plasticity {
                    let mut plasticity = plasticity_of(plan, &connectivity, circuit);
                    plasticity.confine(&mut weights, &connectivity);
                    entity.insert(plasticity);
                }
                entity.insert(Synapses::Own(weights));
            }
            WeightsPlan::Tied(source) => tied.push((entity.id(), *source)),
        }
        wiring.projections.push(entity.id());
    }
    for (entity, source) in tied {
        let source = wiring.projection(source);
        world
            .entity_mut(entity)
            .insert(Synapses::Transported(source));
    }
}

fn plasticity_of(
    plan: &PlasticityPlan,
    connectivity: &Connectivity,
    circuit: &Circuit,
) -> Plasticity {
    let (shape, (post, _)) = (connectivity.parameters(), connectivity.shape());
    let update = plan.update.map(|update| {
        let clock = (update.every, update.offset, circuit.dt_ms);
        WeightUpdater::new(shape.f(), clock, update.optimiser).with_gated_decay(update.gated_decay)
    });
    let third =
        (plan.third).map(|third| Modulation::new(third, (circuit.trials, post), circuit.dt_ms));
    Plasticity {
        kernel: plan.kernel.clone(),
        eta: plan.eta,
        decay_per_ms: plan.decay_per_ms,
        carry: Array2::zeros(shape.f()),
        bounds: plan.bounds,
        norm: plan.norm,
        update,
        third,
    }
}
