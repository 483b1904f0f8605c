//! From a description to entities; nothing else spawns neurons, populations or projections.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::resource::Resource;
use bevy_ecs::world::World;
use ndarray::{Array2, ShapeBuilder};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Uniform};

use super::activity::{Activity, Afferents, News};
use super::engine::Engine;
use super::population::{NeuronId, Parameters, Population};
use super::projection::{Plasticity, Projection, Synapses};
use super::wire::wire_events;
use crate::connectivity::Weights;
use crate::data::formats::npy;
use crate::description::model::{self, Model};
use crate::engine::Watchdog;
use crate::event::{DelayLine, DeltaLine, Injections, RateLine, Signal, Teacher, Timeline};
use crate::math::Steps;
use crate::math::random::stream;
use crate::neuron::{Compartment, apical, basal, soma};
use crate::plasticity::{
    Broadcast, Consolidator, Kind, Modulation, Parameters as RuleParameters, Registry,
};

/// What a circuit needs beside its model.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// Step in ms.
    pub dt_ms: f64,
    /// Parallel trials.
    pub trials: usize,
    /// Seed of the initial weights.
    pub seed: u64,
    /// Period of consolidations that give none, in ms.
    pub presentation_ms: f64,
    /// Where relative paths of initial weights start.
    pub directory: &'a Path,
    /// How the circuit is advanced.
    pub engine: Engine,
}

/// Why a description could not become a circuit.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct BuildError {
    /// Path in the model, such as `projections.pixels_to_hidden1.weights`.
    pub place: String,
    /// What is wrong and what would be right.
    pub message: String,
}

fn wrong(place: impl Into<String>, message: impl Into<String>) -> BuildError {
    BuildError {
        place: place.into(),
        message: message.into(),
    }
}

/// Entities of populations and projections in the order of their names.
///
/// Systems go through them in this order, so that sums and draws do not depend on the order in
/// which a model declares things or rows happen to stand.
#[derive(Resource, Clone, Debug, Default)]
pub struct Wiring {
    /// Populations by name, inputs among them.
    pub populations: BTreeMap<Arc<str>, Entity>,
    /// Projections by name, biases among them.
    pub projections: BTreeMap<Arc<str>, Entity>,
    /// Axons of the event engine by sender, signal and the bits of their threshold.
    pub axons: BTreeMap<(Arc<str>, Signal, u32), Entity>,
}

/// Step of the simulation and how many have passed.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Clock {
    /// Times of steps.
    pub steps: Steps,
    /// Step in ms.
    pub dt_ms: f64,
    /// Steps since the start.
    pub step: u64,
}

/// What everything random in a circuit is keyed by.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Seed(pub u64);

/// Multiplies every learning rate; the scenario's schedule sets it.
#[derive(Resource, Clone, Copy, Debug)]
pub struct EtaScale(pub f32);

/// Builds the entities of `model` in a new world.
///
/// # Errors
/// A reference to something unknown, a duplicate name, a delay shorter than a step, weights of the
/// wrong shape: each with its path in the model.
pub fn build(model: &Model, registry: &Registry, setup: Setup<'_>) -> Result<World, BuildError> {
    let mut world = World::new();
    world.insert_resource(Clock {
        steps: Steps::of(setup.dt_ms),
        dt_ms: setup.dt_ms,
        step: 0,
    });
    world.insert_resource(EtaScale(1.0));
    world.init_resource::<Timeline>();
    world.init_resource::<Injections>();
    world.init_resource::<Watchdog>();
    world.insert_resource(Broadcast::new(setup.trials));
    world.insert_resource(Seed(setup.seed));
    let longest = longest_delay(model, setup.dt_ms)?;
    let mut wiring = Wiring::default();
    spawn_populations(&mut world, &mut wiring, model, longest, setup)?;
    spawn_projections(&mut world, &mut wiring, model, registry, setup)?;
    if setup.engine == Engine::Events {
        wire_events(&mut world, &mut wiring, model, setup);
    }
    world.insert_resource(wiring);
    Ok(world)
}

/// Delay in whole steps.
fn delay_steps(projection: &model::Projection, dt_ms: f64) -> Result<usize, BuildError> {
    let steps = Steps::of(dt_ms).whole(projection.delay_ms);
    let steps = steps.filter(|steps| *steps >= 1);
    steps.map(|steps| steps as usize).ok_or_else(|| {
        wrong(
            format!("projections.{}.delay_ms", projection.name()),
            format!(
                "{} ms is not a whole number of steps of {dt_ms} ms, at least one",
                projection.delay_ms
            ),
        )
    })
}

fn longest_delay(model: &Model, dt_ms: f64) -> Result<usize, BuildError> {
    let mut longest = 1;
    for projection in &model.projections {
        longest = longest.max(delay_steps(projection, dt_ms)?);
    }
    Ok(longest)
}

fn spawn_populations(
    world: &mut World,
    wiring: &mut Wiring,
    model: &Model,
    longest: usize,
    setup: Setup<'_>,
) -> Result<(), BuildError> {
    let (mut input_row, mut pyramidal_row) = (0, 0);
    let inputs = model.inputs.iter().map(|i| (&i.name, i.size, None));
    let pyramidal = (model.populations.iter()).map(|p| (&p.name, p.size, Some(&p.neuron)));
    for (name, size, neuron) in inputs.chain(pyramidal) {
        let place = format!("populations.{name}");
        let name: Arc<str> = name.as_str().into();
        let width = size * setup.trials;
        let row = if neuron.is_none() {
            &mut input_row
        } else {
            &mut pyramidal_row
        };
        let population = Population {
            name: name.clone(),
            size,
            trials: setup.trials,
            rows: *row..*row + width,
            is_input: neuron.is_none(),
        };
        *row += width;
        let entity = match setup.engine {
            Engine::Events => world.spawn((population, News::default())).id(),
            Engine::Dense => {
                let rates = RateLine(DelayLine::new(width, longest));
                world.spawn((population, rates)).id()
            }
        };
        if wiring.populations.insert(name, entity).is_some() {
            return Err(wrong(place, "two populations have this name"));
        }
        let ids = neuron_ids(entity, setup.trials, size);
        let Some(neuron) = neuron else {
            world.spawn_batch(ids.map(|id| (id, soma::Rate::default())));
            continue;
        };
        let kind = (model.neurons.get(neuron))
            .ok_or_else(|| wrong(&place, format!("there is no neuron type `{neuron}`")))?;
        (world.entity_mut(entity)).insert((Parameters::new(kind, setup.dt_ms), Teacher::default()));
        match setup.engine {
            Engine::Events => {
                (world.entity_mut(entity)).insert((Activity::default(), Afferents::default()));
            }
            Engine::Dense => {
                (world.entity_mut(entity)).insert(DeltaLine(DelayLine::new(width, longest)));
            }
        }
        world.spawn_batch(ids.map(|id| {
            (
                id,
                (basal::Current::default(), basal::Potential::default()),
                (apical::Current::default(), apical::Potential::default()),
                (soma::Potential::default(), soma::Prediction::default()),
                (soma::Current::default(), soma::Mismatch::default()),
                (soma::Rate::default(), soma::Delta::default()),
                soma::Noise::default(),
                (basal::Carry::default(), apical::Carry::default()),
                (
                    soma::PredictionCarry::default(),
                    soma::MismatchCarry::default(),
                ),
            )
        }));
    }
    Ok(())
}

fn neuron_ids(
    population: Entity,
    trials: usize,
    size: usize,
) -> impl Iterator<Item = NeuronId> + use<> {
    (0..trials * size).map(move |row| NeuronId {
        population,
        trial: (row / size) as u32,
        index: (row % size) as u32,
    })
}

fn spawn_projections(
    world: &mut World,
    wiring: &mut Wiring,
    model: &Model,
    registry: &Registry,
    setup: Setup<'_>,
) -> Result<(), BuildError> {
    let mut transported = Vec::new();
    let find = |wiring: &Wiring, name: &str, place: &str| {
        (wiring.populations.get(name).copied())
            .ok_or_else(|| wrong(place, format!("there is no population `{name}`")))
    };
    for description in &model.projections {
        let name: Arc<str> = description.name().into();
        let place = format!("projections.{name}");
        let pre = find(wiring, &description.from, &place)?;
        let post = find(wiring, &description.to, &place)?;
        let size = |world: &World, e| world.get::<Population>(e).map_or(0, |p| p.size);
        let shape = (size(world, post), size(world, pre));
        let is_input = |world: &World, e| world.get::<Population>(e).is_some_and(|p| p.is_input);
        if is_input(world, post) {
            return Err(wrong(place, "an input has no dendrites to project to"));
        }
        if description.compartment == Compartment::Apical && is_input(world, pre) {
            return Err(wrong(place, "an input sends no teaching signal"));
        }
        let weights = by_sender(initial_weights(&description.weights, shape, &name, setup)?);
        let compartment = description.compartment;
        let entity = world
            .spawn(Projection {
                name: name.clone(),
                pre: Some(pre),
                post,
                compartment,
                delay: delay_steps(description, setup.dt_ms)?,
            })
            .id();
        let change = plasticity(
            model,
            registry,
            &description.synapse,
            compartment,
            shape,
            setup,
        )
        .map_err(|message| wrong(&place, message))?;
        match change {
            Plastic::Fixed => {
                world.entity_mut(entity).insert(Synapses::Own(weights));
            }
            Plastic::Local(mut plasticity) => {
                let mut weights = weights;
                plasticity.confine(&mut weights);
                (world.entity_mut(entity)).insert((Synapses::Own(weights), *plasticity));
            }
            Plastic::Transported => {
                let source = (model.mirrored(description)).map(model::Projection::name);
                let source = source.ok_or_else(|| {
                    let message = "weight transport needs a basal projection back, one alone or \
                                   chosen by `mirrors`";
                    wrong(&place, message)
                })?;
                transported.push((entity, source));
            }
        }
        if wiring.projections.insert(name, entity).is_some() {
            return Err(wrong(place, "two projections have this name"));
        }
    }
    spawn_biases(world, wiring, model, registry, setup)?;
    for (entity, source) in transported {
        // A projection that is mirrored has been spawned with all others.
        let source = wiring.projections[source.as_str()];
        (world.entity_mut(entity)).insert(Synapses::Transported(source));
    }
    Ok(())
}

fn spawn_biases(
    world: &mut World,
    wiring: &mut Wiring,
    model: &Model,
    registry: &Registry,
    setup: Setup<'_>,
) -> Result<(), BuildError> {
    for population in &model.populations {
        let Some(bias) = &population.bias else {
            continue;
        };
        let name: Arc<str> = format!("{}_bias", population.name).into();
        let place = format!("populations.{}.bias", population.name);
        let shape = (population.size, 1);
        let weights = by_sender(initial_weights(&bias.weights, shape, &name, setup)?);
        let projection = Projection {
            name: name.clone(),
            pre: None,
            post: wiring.populations[population.name.as_str()],
            compartment: Compartment::Basal,
            delay: 1,
        };
        let change = plasticity(
            model,
            registry,
            &bias.synapse,
            Compartment::Basal,
            shape,
            setup,
        )
        .map_err(|message| wrong(&place, message))?;
        let entity = match change {
            Plastic::Local(mut plasticity) => {
                let mut weights = weights;
                plasticity.confine(&mut weights);
                world
                    .spawn((projection, Synapses::Own(weights), *plasticity))
                    .id()
            }
            _ => world.spawn((projection, Synapses::Own(weights))).id(),
        };
        if wiring.projections.insert(name, entity).is_some() {
            return Err(wrong(place, "a projection has the name of this bias"));
        }
    }
    Ok(())
}

enum Plastic {
    Fixed,
    Local(Box<Plasticity>),
    Transported,
}

fn plasticity(
    model: &Model,
    registry: &Registry,
    synapse: &str,
    compartment: Compartment,
    shape: (usize, usize),
    setup: Setup<'_>,
) -> Result<Plastic, String> {
    let synapse = (model.synapses.get(synapse))
        .ok_or_else(|| format!("there is no synapse type `{synapse}`"))?;
    let Some(rule) = &synapse.rule else {
        return Ok(Plastic::Fixed);
    };
    let rule = (registry.get(rule)).ok_or_else(|| format!("there is no rule `{rule}`"))?;
    let parameters = RuleParameters::of(rule, &synapse.parameters);
    let effect = rule.effect(compartment, &parameters);
    let (kernel, third) = match effect.kind {
        Kind::Fixed => return Ok(Plastic::Fixed),
        Kind::Transported => return Ok(Plastic::Transported),
        Kind::Local(kernel, third) => (kernel, third),
    };
    let consolidation = (synapse.consolidation.as_ref()).map(|c| {
        let every_ms = c.every_ms.unwrap_or(setup.presentation_ms);
        let steps = Steps::of(setup.dt_ms);
        let every_steps = steps.next(every_ms).max(1);
        let offset_steps = steps.next(c.offset_ms);
        let clock = (every_steps, offset_steps, setup.dt_ms);
        Consolidator::new(shape.f(), clock, c.optimiser).with_turnover(effect.turnover)
    });
    Ok(Plastic::Local(Box::new(Plasticity {
        kernel,
        eta: synapse.eta,
        decay_per_ms: synapse.decay_per_ms,
        carry: Array2::zeros(shape.f()),
        bounds: synapse.bounds,
        norm: synapse.norm,
        consolidation,
        third: third.map(|third| Modulation::new(third, (setup.trials, shape.0), setup.dt_ms)),
    })))
}

/// The same matrix with the synapses of a sender, its column, contiguous in memory.
pub(crate) fn by_sender(weights: Array2<f32>) -> Array2<f32> {
    let mut columns = Array2::zeros(weights.raw_dim().f());
    columns.assign(&weights);
    columns
}

/// Draws from a stream keyed by seed and projection, whatever is built before.
pub(crate) fn initial_weights(
    weights: &Weights,
    (post, pre): (usize, usize),
    name: &str,
    setup: Setup<'_>,
) -> Result<Array2<f32>, BuildError> {
    let place = || format!("projections.{name}.weights");
    let mut rng = stream(setup.seed, &format!("weights of {name}"), 0);
    let normal = |std: f32, rng: &mut ChaCha8Rng| {
        let normal = Normal::new(0.0f32, std).map_err(|e| wrong(place(), e.to_string()))?;
        Ok(Array2::from_shape_simple_fn((post, pre), || {
            normal.sample(rng)
        }))
    };
    match weights {
        Weights::Constant(value) => Ok(Array2::from_elem((post, pre), *value)),
        Weights::Normal { std } => normal(*std, &mut rng),
        Weights::FanIn { gain } => normal(gain / (pre.max(1) as f32).sqrt(), &mut rng),
        Weights::Uniform { limit } => {
            let uniform = Uniform::new_inclusive(-limit, *limit)
                .map_err(|e| wrong(place(), e.to_string()))?;
            Ok(Array2::from_shape_simple_fn((post, pre), || {
                uniform.sample(&mut rng)
            }))
        }
        Weights::Npy(path) => {
            let path = setup.directory.join(path);
            npy::weights(&path, (post, pre)).map_err(|e| wrong(place(), e.to_string()))
        }
    }
}
