//! Components of populations and projections that only the event engine needs.

use std::collections::BTreeMap;

use bevy_ecs::entity::Entity;
use bevy_ecs::world::World;

use super::activity::{Activity, Afferents};
use super::build::{STAYS, Wiring};
use super::plan::{Circuit, WeightsPlan};
use super::projection::{Plasticity, Projection, Synapses};
use crate::connectivity::{Lazy, Terminals};
use crate::event::{Axons, PopulationId, Signal};
use crate::neuron::Compartment;

/// Adds the components of the event engine: axons, terminals, integrals.
pub(crate) fn wire_events(world: &mut World, wiring: &mut Wiring, circuit: &Circuit) {
    let axons = spawn_axons(world, wiring, circuit);
    for (plan, &entity) in circuit.projections.iter().zip(&wiring.projections) {
        let shape = circuit.shape(plan);
        let (trials, terminals) = match plan.pre {
            Some(pre) => {
                let axons = axons[&(pre, plan.signal, plan.threshold.to_bits())];
                let trials = circuit.trials;
                (trials, Terminals::new(axons, trials, shape))
            }
            None => (1, Terminals::bias(shape.0)),
        };
        world.entity_mut(entity).insert(terminals);
        if let Some(plasticity) = world.get::<Plasticity>(entity) {
            let decay = plasticity.decay_per_ms * circuit.dt_ms;
            let continuous = plasticity.update.is_none();
            let connectivity = world
                .get::<Projection>(entity)
                .expect(STAYS)
                .connectivity
                .clone();
            let mut lazy = Lazy::new((trials, connectivity), decay, continuous);
            if let Some(Synapses::Own(weights)) = world.get::<Synapses>(entity) {
                lazy.measure(weights);
            }
            world.entity_mut(entity).insert(lazy);
        }
        let post = wiring.population(plan.post);
        if let Some(mut afferents) = world.get_mut::<Afferents>(post) {
            match plan.compartment {
                Compartment::Basal => afferents.basal.push(entity),
                Compartment::Apical => afferents.apical.push(entity),
            }
        }
    }
    for plan in &circuit.projections {
        if let WeightsPlan::Tied(source) = plan.weights
            && let Some(mut terminals) = world.get_mut::<Terminals>(wiring.projection(source))
        {
            terminals.tied = true;
        }
    }
    set_tolerances(world, wiring, circuit);
}

/// Key of axons: population, signal, and the bits of the threshold.
type Kind = (PopulationId, Signal, u32);

/// Spawns axons, each shared by all projections of one signal and one threshold.
fn spawn_axons(
    world: &mut World,
    wiring: &mut Wiring,
    circuit: &Circuit,
) -> BTreeMap<Kind, Entity> {
    let mut delays: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
    for plan in &circuit.projections {
        if let Some(pre) = plan.pre {
            let kind = (pre, plan.signal, plan.threshold.to_bits());
            delays.entry(kind).or_default().push(plan.delay);
        }
    }
    let mut axons = BTreeMap::new();
    for ((pre, signal, bits), delays) in delays {
        let population = wiring.population(pre);
        let shape = (circuit.trials, circuit.of(pre).size);
        let kind = (population, signal, f32::from_bits(bits));
        let entity = world.spawn(Axons::new(kind, shape, delays)).id();
        wiring.axons.push(entity);
        axons.insert((pre, signal, bits), entity);
    }
    axons
}

/// Sets the tolerances: distances from rest far below the thresholds around a compartment.
fn set_tolerances(world: &mut World, wiring: &Wiring, circuit: &Circuit) {
    /// Fraction of a threshold that counts as negligible.
    const PART: f32 = 0.1;
    let mut smallest: BTreeMap<(PopulationId, Signal), f32> = BTreeMap::new();
    for plan in &circuit.projections {
        let Some(pre) = plan.pre else {
            continue;
        };
        for key in [
            (pre, plan.signal),
            (plan.post, Signal::of(plan.compartment)),
        ] {
            let least = smallest.entry(key).or_insert(f32::INFINITY);
            *least = least.min(plan.threshold);
        }
    }
    for ((population, signal), least) in smallest {
        if let Some(mut activity) = world.get_mut::<Activity>(wiring.population(population)) {
            activity.tolerance[signal as usize] = PART * least;
        }
    }
}
