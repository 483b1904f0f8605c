//! State of a simulation, with which another simulation can continue exactly.

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::events::Rest;
use super::identity::Identity;
use super::simulation::Simulation;
use crate::circuit::{
    Activity, Changed, Circuit, Clock, EtaScale, LAID_OUT, NeuronId, NeuronParameters, Plasticity,
    Population, STAYS, StoredPlasticity, Synapses, Wiring, store_all, store_settled, table,
};
use crate::connectivity::{Lazy, Terminals};
use crate::event::{
    Axons, DelayLine, DeltaLine, Injections, RateLine, StoredAxons, Teacher, Timeline,
};
use crate::neuron::{OwnCurrents, apical, basal, soma};
use crate::plasticity::Neuromodulator;

/// State of a simulation: potentials, currents, synapses and their plasticity, messages under way,
/// the timeline and the clocks.
///
/// It can be restored in a simulation built from the same circuit; the continuation is then
/// identical, byte for byte. The bytes end with their SHA-256, and begin with the quantities of the
/// circuit on which its future depends, so that a state of another circuit is refused.
///
/// Components and resources that a program has added, and local variables of its systems, are not
/// part of the state; variables of neuron models are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(Vec<u8>);

impl State {
    /// The state as bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A state from bytes; they are checked by [`Simulation::restore`].
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Error of restoring a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The bytes are not a state.
    #[error("these bytes are no state of a simulation: {0}")]
    Damaged(String),
    /// The state belongs to another circuit.
    #[error("this state is of a circuit that differs in {0}; expected a state of the same circuit")]
    Circuit(String),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    step: u64,
    eta_scale: f32,
    timeline: Timeline,
    injections: Injections,
    neuromodulator: Neuromodulator,
    rest: Option<Rest>,
    populations: Vec<StoredPopulation>,
    projections: Vec<StoredProjection>,
    axons: Vec<StoredAxons>,
}

#[derive(Serialize, Deserialize)]
struct StoredPopulation {
    /// Leak fractions, apical and somatic coupling.
    parameters: Option<([f64; 3], [f32; 2])>,
    teacher: Option<Teacher>,
    changed: Option<Changed>,
    activity: Option<Activity>,
    /// Rates and teaching signals under way.
    lines: [Option<DelayLine>; 2],
    /// True if the neurons store the variables of the quasi-static limit alone.
    is_settled: bool,
    /// Components of the neurons, trials x size each.
    columns: Vec<Vec<f32>>,
    /// Currents of the neuron model, trials x size, and its variables.
    own: Option<(Vec<[f32; 3]>, Vec<u8>)>,
}

#[derive(Serialize, Deserialize)]
struct StoredProjection {
    #[serde(with = "crate::math::stored::optional")]
    weights: Option<Array2<f32>>,
    plasticity: Option<StoredPlasticity>,
    terminals: Option<Terminals>,
    lazy: Option<Lazy>,
}

/// Calls a function for every component but the rate that all pyramidal neurons have, in a fixed
/// order.
macro_rules! each_settled {
    ($do:ident, $($argument:expr),*) => {
        $do::<basal::Potential>($($argument),*);
        $do::<apical::Potential>($($argument),*);
        $do::<soma::Mismatch>($($argument),*);
        $do::<soma::Delta>($($argument),*);
    };
}

/// As [`each_settled`] for the other components of a pyramidal neuron.
macro_rules! each_moving {
    ($do:ident, $($argument:expr),*) => {
        $do::<basal::Current>($($argument),*);
        $do::<basal::Carry>($($argument),*);
        $do::<apical::Current>($($argument),*);
        $do::<apical::Carry>($($argument),*);
        $do::<soma::Current>($($argument),*);
        $do::<soma::Potential>($($argument),*);
        $do::<soma::Prediction>($($argument),*);
        $do::<soma::PredictionCarry>($($argument),*);
        $do::<soma::MismatchCarry>($($argument),*);
        $do::<soma::Noise>($($argument),*);
    };
}

pub(super) use {each_moving, each_settled};

fn take<T>(world: &mut World, population: &Population, columns: &mut Vec<Vec<f32>>)
where
    T: Component + TransparentWrapper<f32>,
{
    let mut query = world.query::<(&NeuronId, &T)>();
    let column = table(query.contiguous_iter(world), population).expect(LAID_OUT);
    columns.push(T::peel_slice(column)[population.rows.clone()].to_vec());
}

fn put<T>(world: &mut World, population: &Population, columns: &mut std::slice::Iter<'_, Vec<f32>>)
where
    T: Component<Mutability = Mutable> + TransparentWrapper<f32>,
{
    let mut query = world.query::<(&NeuronId, &mut T)>();
    let mut column = table(query.contiguous_iter_mut(world), population).expect(LAID_OUT);
    let column = T::peel_slice_mut(column.bypass_change_detection());
    let stored = columns
        .next()
        .expect("a state of this circuit has all columns");
    column[population.rows.clone()].copy_from_slice(stored);
}

/// The contents of a state of this circuit.
fn read(bytes: &[u8], circuit: &Circuit) -> Result<Stored, StateError> {
    let damaged = |what: &str| StateError::Damaged(what.to_owned());
    let length = bytes.len().checked_sub(Sha256::output_size());
    let (bytes, sum) = bytes.split_at(length.ok_or_else(|| damaged("there are too few"))?);
    if Sha256::digest(bytes).as_slice() != sum {
        return Err(damaged("their checksum is of other bytes"));
    }
    let unreadable = |error: postcard::Error| damaged(&error.to_string());
    let (identity, rest) = postcard::take_from_bytes::<Identity>(bytes).map_err(unreadable)?;
    if let Some(difference) = Identity::of(circuit).difference(&identity) {
        return Err(StateError::Circuit(difference));
    }
    let stored: Stored = postcard::from_bytes(rest).map_err(unreadable)?;
    for (plan, population) in circuit.populations.iter().zip(&stored.populations) {
        let (own, neurons) = (plan.own.as_ref(), circuit.trials * plan.size);
        if own
            .zip(population.own.as_ref())
            .is_some_and(|(own, (currents, stored))| {
                currents.len() != neurons || !own.fits(stored, neurons)
            })
        {
            let difference = format!("the variables of the neuron model of `{}`", plan.name);
            return Err(StateError::Circuit(difference));
        }
    }
    Ok(stored)
}

impl Simulation {
    /// The present state.
    ///
    /// # Panics
    /// If neurons are [misplaced](Simulation::misplaced).
    #[must_use]
    pub fn state(&mut self) -> State {
        if let Some(error) = self.misplaced() {
            panic!("{error}");
        }
        let wiring = self.world.resource::<Wiring>().clone();
        let populations = wiring
            .populations
            .iter()
            .map(|entity| self.stored_population(*entity));
        let populations = populations.collect();
        let circuit = self.circuit();
        let world = &self.world;
        let projections = wiring.projections.iter().map(|entity| StoredProjection {
            weights: match world.get::<Synapses>(*entity) {
                Some(Synapses::Own(weights)) => Some(weights.clone()),
                _ => None,
            },
            plasticity: world.get::<Plasticity>(*entity).map(Plasticity::stored),
            terminals: world.get::<Terminals>(*entity).cloned(),
            lazy: world.get::<Lazy>(*entity).cloned(),
        });
        let axons = wiring
            .axons
            .iter()
            .map(|entity| world.get::<Axons>(*entity).expect(STAYS));
        let stored = Stored {
            step: self.steps(),
            eta_scale: world.resource::<EtaScale>().0,
            timeline: world.resource::<Timeline>().clone(),
            injections: world.resource::<Injections>().clone(),
            neuromodulator: world.resource::<Neuromodulator>().clone(),
            rest: world.get_resource::<Rest>().copied(),
            populations,
            projections: projections.collect(),
            axons: axons.map(Axons::stored).collect(),
        };
        let stored = (Identity::of(&circuit), stored);
        let mut bytes = postcard::to_stdvec(&stored).expect("a state in memory can be written");
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
        State(bytes)
    }

    fn stored_population(&mut self, entity: Entity) -> StoredPopulation {
        let population = self
            .world
            .get::<Population>(entity)
            .expect("populations stay")
            .clone();
        let mut columns = Vec::new();
        take::<soma::Rate>(&mut self.world, &population, &mut columns);
        if !population.is_input {
            each_settled!(take, &mut self.world, &population, &mut columns);
            if !population.is_settled {
                each_moving!(take, &mut self.world, &population, &mut columns);
            }
        }
        let circuit = self.circuit();
        let own = circuit.of(population.id).own.as_ref().map(|own| {
            let mut query = self.world.query::<(&NeuronId, &OwnCurrents)>();
            let column = table(query.contiguous_iter(&self.world), &population).expect(LAID_OUT);
            let rows = column[population.rows.clone()].iter();
            let currents = rows.map(|own| own.currents).collect();
            (currents, own.save(&mut self.world, &population))
        });
        let world = &self.world;
        let parameters = world.get::<NeuronParameters>(entity);
        StoredPopulation {
            parameters: parameters.map(|p| (p.tau_ms, [p.g_a, p.lambda])),
            teacher: world.get::<Teacher>(entity).cloned(),
            changed: world.get::<Changed>(entity).cloned(),
            activity: world.get::<Activity>(entity).cloned(),
            lines: [
                world.get::<RateLine>(entity).map(|line| line.0.clone()),
                world.get::<DeltaLine>(entity).map(|line| line.0.clone()),
            ],
            is_settled: population.is_settled,
            columns,
            own,
        }
    }

    /// Restores a state in this simulation, which was built from the same circuit.
    ///
    /// # Errors
    /// [`StateError`] for bytes that are not a state, and for a state of another circuit; the
    /// simulation is then unchanged.
    pub fn restore(&mut self, state: &State) -> Result<(), StateError> {
        let circuit = self.circuit();
        let stored = read(&state.0, &circuit)?;
        let wiring = self.world.resource::<Wiring>().clone();
        for (entity, stored) in wiring.populations.iter().zip(stored.populations) {
            self.restore_population(*entity, stored);
        }
        let world = &mut self.world;
        for (entity, stored) in wiring.projections.iter().zip(stored.projections) {
            let mut entity = world.entity_mut(*entity);
            if let (Some(weights), Some(mut synapses)) =
                (stored.weights, entity.get_mut::<Synapses>())
            {
                *synapses = Synapses::Own(weights);
            }
            if let (Some(stored), Some(mut plasticity)) =
                (stored.plasticity, entity.get_mut::<Plasticity>())
            {
                plasticity.restore(stored);
            }
            if let (Some(stored), Some(mut terminals)) =
                (stored.terminals, entity.get_mut::<Terminals>())
            {
                terminals.restore(stored);
            }
            if let (Some(stored), Some(mut lazy)) = (stored.lazy, entity.get_mut::<Lazy>()) {
                lazy.restore(stored);
            }
        }
        for (entity, stored) in wiring.axons.iter().zip(stored.axons) {
            world
                .get_mut::<Axons>(*entity)
                .expect("axons stay")
                .restore(stored);
        }
        world.resource_mut::<Clock>().step = stored.step;
        world.insert_resource(EtaScale(stored.eta_scale));
        world.insert_resource(stored.timeline);
        world.insert_resource(stored.injections);
        world.insert_resource(stored.neuromodulator);
        world.insert_resource(super::shared::Watchdog::default());
        if let Some(rest) = stored.rest {
            let never = Rest::of(&circuit).never;
            world.insert_resource(Rest { never, ..rest });
        }
        Ok(())
    }

    fn restore_population(&mut self, entity: Entity, stored: StoredPopulation) {
        let stored_alike = match stored.is_settled {
            true => store_settled(&mut self.world, entity),
            false => store_all(&mut self.world, entity),
        };
        stored_alike.expect(LAID_OUT);
        let population = self
            .world
            .get::<Population>(entity)
            .expect("populations stay")
            .clone();
        let mut columns = stored.columns.iter();
        put::<soma::Rate>(&mut self.world, &population, &mut columns);
        if !population.is_input {
            each_settled!(put, &mut self.world, &population, &mut columns);
            if !population.is_settled {
                each_moving!(put, &mut self.world, &population, &mut columns);
            }
        }
        let circuit = self.circuit();
        if let (Some(own), Some((currents, variables))) =
            (&circuit.of(population.id).own, &stored.own)
        {
            own.load(&mut self.world, &population, variables);
            let mut query = self.world.query::<(&NeuronId, &mut OwnCurrents)>();
            let column = table(query.contiguous_iter_mut(&mut self.world), &population);
            let mut column = column.expect(LAID_OUT);
            let column = column[population.rows.clone()].iter_mut();
            (column.zip(currents)).for_each(|(own, stored)| own.currents = *stored);
        }
        let dt_ms = circuit.dt_ms;
        let mut entity = self.world.entity_mut(entity);
        if let (Some(mut parameters), Some((tau_ms, couplings))) =
            (entity.get_mut::<NeuronParameters>(), stored.parameters)
        {
            parameters.set_time_constants(tau_ms, dt_ms);
            [parameters.g_a, parameters.lambda] = couplings;
        }
        if let Some(teacher) = stored.teacher {
            entity.insert(teacher);
        }
        if let Some(changed) = stored.changed {
            entity.insert(changed);
        }
        if let Some(activity) = stored.activity {
            entity.insert(activity);
        }
        let [rates, deltas] = stored.lines;
        if let Some(line) = rates {
            entity.insert(RateLine(line));
        }
        if let Some(line) = deltas {
            entity.insert(DeltaLine(line));
        }
    }
}
