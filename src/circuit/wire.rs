//! What the event engine adds to populations and projections once they stand.

use std::collections::BTreeMap;

use bevy_ecs::entity::Entity;
use bevy_ecs::world::World;

use super::activity::{Activity, Afferents};
use super::build::{Setup, Wiring};
use super::population::Population;
use super::projection::{Plasticity, Projection, Synapses};
use crate::connectivity::{Lazy, Terminals};
use crate::description::model::Model;
use crate::event::{Axons, Signal};
use crate::math::columns::extents;
use crate::neuron::Compartment;

/// What the event engine needs beside populations and projections: axons, terminals, integrals.
pub(crate) fn wire_events(world: &mut World, wiring: &mut Wiring, model: &Model, setup: Setup<'_>) {
    let thresholds: BTreeMap<String, f32> = (model.projections.iter())
        .map(|projection| (projection.name(), model.threshold(projection)))
        .collect();
    let threshold = |name: &str| thresholds.get(name).copied().unwrap_or_default();
    let mut delays_of = BTreeMap::new();
    let mut ends = Vec::new();
    for (name, &entity) in &wiring.projections {
        let Some(projection) = world.get::<Projection>(entity).cloned() else {
            continue;
        };
        let key = projection.pre.map(|pre| {
            let signal = Signal::of(projection.compartment);
            (pre, signal, threshold(name).to_bits())
        });
        if let Some(key) = key {
            let delays: &mut Vec<u64> = delays_of.entry(key).or_default();
            delays.push(projection.delay as u64);
        }
        ends.push((entity, projection, key));
    }
    let mut axons = BTreeMap::new();
    for ((pre, signal, bits), delays) in delays_of {
        let Some(population) = world.get::<Population>(pre).cloned() else {
            continue;
        };
        let kind = (pre, signal, f32::from_bits(bits));
        let shape = (population.trials, population.size);
        let entity = world.spawn(Axons::new(kind, shape, delays)).id();
        wiring.axons.insert((population.name, signal, bits), entity);
        axons.insert((pre, signal, bits), entity);
    }
    let mut mirrored = Vec::new();
    for (entity, projection, key) in ends {
        let (trials, shape) = match (world.get::<Population>(projection.post), projection.pre) {
            (Some(post), Some(pre)) => {
                let size = world.get::<Population>(pre).map_or(0, |p| p.size);
                (post.trials, (post.size, size))
            }
            (Some(post), None) => (1, (post.size, 1)),
            (None, _) => continue,
        };
        let terminals = match key.and_then(|key| axons.get(&key)) {
            Some(axons) => Terminals::new(*axons, trials, shape),
            None => Terminals::bias(shape.0),
        };
        world.entity_mut(entity).insert(terminals);
        if let Some(Synapses::Transported(source)) = world.get::<Synapses>(entity) {
            mirrored.push(*source);
        }
        if let Some(plasticity) = world.get::<Plasticity>(entity) {
            let decay = plasticity.decay_per_ms * setup.dt_ms;
            let continuous = plasticity.consolidation.is_none();
            let mut lazy = Lazy::new((trials, shape.0), decay, continuous);
            if let Some(Synapses::Own(weights)) = world.get::<Synapses>(entity) {
                lazy.measure(&extents(weights.view()));
            }
            world.entity_mut(entity).insert(lazy);
        }
        if let Some(mut afferents) = world.get_mut::<Afferents>(projection.post) {
            match projection.compartment {
                Compartment::Basal => afferents.basal.push(entity),
                Compartment::Apical => afferents.apical.push(entity),
            }
        }
    }
    for source in mirrored {
        if let Some(mut terminals) = world.get_mut::<Terminals>(source) {
            terminals.mirrored = true;
        }
    }
    set_tolerances(world, wiring, &threshold);
}

/// A compartment need not come nearer to rest than the thresholds around it can tell.
fn set_tolerances(world: &mut World, wiring: &Wiring, threshold: &impl Fn(&str) -> f32) {
    /// Part of a threshold that is no distance.
    const PART: f32 = 0.1;
    let mut smallest: BTreeMap<(Entity, Signal), f32> = BTreeMap::new();
    for (name, &entity) in &wiring.projections {
        let Some(projection) = world.get::<Projection>(entity) else {
            continue;
        };
        let signal = Signal::of(projection.compartment);
        for end in projection
            .pre
            .into_iter()
            .flat_map(|pre| [pre, projection.post])
        {
            let least = smallest.entry((end, signal)).or_insert(f32::INFINITY);
            *least = least.min(threshold(name));
        }
    }
    for ((entity, signal), least) in smallest {
        if let Some(mut activity) = world.get_mut::<Activity>(entity) {
            activity.tolerance[signal as usize] = PART * least;
        }
    }
}
