//! State of a simulation, with which another simulation can continue exactly.

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;
use bytemuck::TransparentWrapper;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::events::Rest;
use super::simulation::Simulation;
use crate::circuit::{
    Activity, BuiltFrom, Changed, Clock, EtaScale, NeuronId, NeuronParameters, Plasticity,
    Population, StoredPlasticity, Synapses, Wiring, table,
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
/// identical, byte for byte. Parameters of the circuit are included only if events have changed
/// them.
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
    #[error(
        "this state is of a circuit that differs in {0}; expected one of the same model, step, \
         trials and engine"
    )]
    Circuit(String),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Identification of the circuit: bits of the step, number of trials, and engine.
    circuit: (u64, usize, bool),
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
    name: String,
    size: usize,
    /// Leak fractions, apical and somatic coupling.
    parameters: Option<([f64; 3], [f32; 2])>,
    teacher: Option<Teacher>,
    changed: Option<Changed>,
    activity: Option<Activity>,
    /// Rates and teaching signals under way.
    lines: [Option<DelayLine>; 2],
    /// Components of the neurons, trials x size each.
    columns: Vec<Vec<f32>>,
    /// Currents of the neuron model, trials x size, and its variables.
    own: Option<(Vec<[f32; 3]>, Vec<u8>)>,
}

#[derive(Serialize, Deserialize)]
struct StoredProjection {
    name: String,
    #[serde(with = "crate::math::stored::optional")]
    weights: Option<Array2<f32>>,
    plasticity: Option<StoredPlasticity>,
    terminals: Option<Terminals>,
    lazy: Option<Lazy>,
}

/// Calls a function for every component of a pyramidal neuron, in a fixed order.
macro_rules! each_component {
    ($do:ident, $($argument:expr),*) => {
        $do::<basal::Current>($($argument),*);
        $do::<basal::Potential>($($argument),*);
        $do::<basal::Carry>($($argument),*);
        $do::<apical::Current>($($argument),*);
        $do::<apical::Potential>($($argument),*);
        $do::<apical::Carry>($($argument),*);
        $do::<soma::Current>($($argument),*);
        $do::<soma::Potential>($($argument),*);
        $do::<soma::Prediction>($($argument),*);
        $do::<soma::PredictionCarry>($($argument),*);
        $do::<soma::Mismatch>($($argument),*);
        $do::<soma::MismatchCarry>($($argument),*);
        $do::<soma::Delta>($($argument),*);
        $do::<soma::Noise>($($argument),*);
    };
}

fn take<T>(world: &mut World, population: &Population, columns: &mut Vec<Vec<f32>>)
where
    T: Component + TransparentWrapper<f32>,
{
    let mut query = world.query::<(&NeuronId, &T)>();
    if let Some(column) = table(query.contiguous_iter(world), population) {
        columns.push(T::peel_slice(column)[population.rows.clone()].to_vec());
    }
}

fn put<T>(world: &mut World, population: &Population, columns: &mut std::slice::Iter<'_, Vec<f32>>)
where
    T: Component<Mutability = Mutable> + TransparentWrapper<f32>,
{
    let mut query = world.query::<(&NeuronId, &mut T)>();
    let column = table(query.contiguous_iter_mut(world), population);
    if let Some((mut column, stored)) = column.zip(columns.next()) {
        let column = T::peel_slice_mut(column.bypass_change_detection());
        column[population.rows.clone()].copy_from_slice(stored);
    }
}

impl Simulation {
    /// The present state.
    #[must_use]
    pub fn state(&mut self) -> State {
        let wiring = self.world.resource::<Wiring>().clone();
        let populations = wiring
            .populations
            .iter()
            .map(|entity| self.stored_population(*entity));
        let populations = populations.collect();
        let circuit = self.circuit();
        let world = &self.world;
        let projections = wiring.projections.iter().zip(&circuit.projections);
        let projections = projections.map(|(entity, plan)| StoredProjection {
            name: plan.name.to_string(),
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
            .filter_map(|entity| world.get::<Axons>(*entity));
        let stored = Stored {
            circuit: self.kind(),
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
        State(postcard::to_stdvec(&stored).expect("a state in memory can be written"))
    }

    /// Properties that state and circuit must share: bits of the step, trials, engine.
    fn kind(&self) -> (u64, usize, bool) {
        let circuit = &self.world.resource::<BuiltFrom>().0;
        let is_dense = circuit.engine == crate::circuit::Engine::Dense;
        (circuit.dt_ms.to_bits(), circuit.trials, is_dense)
    }

    fn stored_population(&mut self, entity: Entity) -> StoredPopulation {
        let population = self
            .world
            .get::<Population>(entity)
            .expect("populations stay")
            .clone();
        let mut columns = Vec::new();
        take::<soma::Rate>(&mut self.world, &population, &mut columns);
        each_component!(take, &mut self.world, &population, &mut columns);
        let circuit = self.circuit();
        let own = circuit.of(population.id).own.as_ref().map(|own| {
            let mut query = self.world.query::<(&NeuronId, &OwnCurrents)>();
            let currents = table(query.contiguous_iter(&self.world), &population);
            let currents = currents.map_or(Vec::new(), |column| {
                (column[population.rows.clone()]
                    .iter()
                    .map(|own| own.currents))
                .collect()
            });
            (currents, own.save(&mut self.world, &population))
        });
        let world = &self.world;
        let parameters = world.get::<NeuronParameters>(entity);
        StoredPopulation {
            name: population.name.to_string(),
            size: population.size,
            parameters: parameters.map(|p| (p.tau_ms, [p.g_a, p.lambda])),
            teacher: world.get::<Teacher>(entity).cloned(),
            changed: world.get::<Changed>(entity).cloned(),
            activity: world.get::<Activity>(entity).cloned(),
            lines: [
                world.get::<RateLine>(entity).map(|line| line.0.clone()),
                world.get::<DeltaLine>(entity).map(|line| line.0.clone()),
            ],
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
        let stored: Stored = postcard::from_bytes(&state.0)
            .map_err(|error| StateError::Damaged(error.to_string()))?;
        self.fits(&stored)?;
        let wiring = self.world.resource::<Wiring>().clone();
        let circuit = self.circuit();
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
                *lazy = stored;
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

    /// Checks that a state belongs to this circuit.
    fn fits(&self, stored: &Stored) -> Result<(), StateError> {
        let circuit = self.circuit();
        let differs = |what: &str| Err(StateError::Circuit(what.to_owned()));
        if stored.circuit != self.kind() {
            return differs("its step, its trials or its engine");
        }
        if stored.populations.len() != circuit.populations.len() {
            return differs("its populations");
        }
        let trials = circuit.trials;
        for (stored, plan) in stored.populations.iter().zip(&circuit.populations) {
            let width = trials * plan.size;
            let columns = if plan.neurons.is_some() { 15 } else { 1 };
            let fits = stored.name == *plan.name
                && stored.size == plan.size
                && stored.columns.len() == columns
                && stored.columns.iter().all(|column| column.len() == width)
                && stored.own.is_some() == plan.own.is_some();
            if !fits {
                return differs(&format!("the population `{}`", plan.name));
            }
        }
        let wiring = self.world.resource::<Wiring>();
        if stored.projections.len() != circuit.projections.len()
            || stored.axons.len() != wiring.axons.len()
        {
            return differs("its projections");
        }
        for (stored, plan) in stored.projections.iter().zip(&circuit.projections) {
            let shape = stored.weights.as_ref().map(Array2::dim);
            let entity = self.entity_of_projection(&plan.name);
            let own = entity.and_then(|entity| match self.world.get::<Synapses>(entity)? {
                Synapses::Own(own) => Some(own.dim()),
                Synapses::Transported(_) => None,
            });
            let plastic = entity.is_some_and(|e| self.world.get::<Plasticity>(e).is_some());
            let fits =
                stored.name == *plan.name && shape == own && stored.plasticity.is_some() == plastic;
            if !fits {
                return differs(&format!("the projection `{}`", plan.name));
            }
        }
        Ok(())
    }

    fn restore_population(&mut self, entity: Entity, stored: StoredPopulation) {
        let population = self
            .world
            .get::<Population>(entity)
            .expect("populations stay")
            .clone();
        let mut columns = stored.columns.iter();
        put::<soma::Rate>(&mut self.world, &population, &mut columns);
        each_component!(put, &mut self.world, &population, &mut columns);
        let circuit = self.circuit();
        if let (Some(own), Some((currents, variables))) =
            (&circuit.of(population.id).own, &stored.own)
        {
            own.load(&mut self.world, &population, variables);
            let mut query = self.world.query::<(&NeuronId, &mut OwnCurrents)>();
            if let Some(mut column) = table(query.contiguous_iter_mut(&mut self.world), &population)
            {
                let column = column[population.rows.clone()].iter_mut();
                column
                    .zip(currents)
                    .for_each(|(own, stored)| own.currents = *stored);
            }
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
