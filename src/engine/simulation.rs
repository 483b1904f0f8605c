//! A circuit in time: world, schedule and timeline.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use ndarray::{Array2, ArrayView2};

use super::events::Rest;
use super::shared::{Runaway, Watchdog};
use super::stage;
use super::{dense, events};
use crate::circuit::{
    Activity, BuiltFrom, Changed, Circuit, Clock, Engine, LayoutError, NeuronParameters,
    Plasticity, Population, PopulationPlan, Projection, STAYS, Synapses, Wiring, build,
    is_laid_out, lay_out, store_all,
};
use crate::connectivity::{Lazy, Terminals, by_sender};
use crate::event::{Event, Injections, PopulationId, ProjectionId, Teacher, Timeline, Windows};
use crate::neuron::Site;

/// A circuit in time.
///
/// ```
/// use apical::circuit::Engine;
/// use apical::description::{Setup, lower};
/// use apical::description::model::Model;
/// use apical::description::Registry;
/// use apical::engine::{Simulation};
/// use apical::neuron::Variable;
///
/// let model: Model = ron::from_str(r#"(
///     name: "pair",
///     neurons: {"pyramidal": (tau_b_ms: 10.0, transfer: linear)},
///     inputs: [(name: "in", size: 1)],
///     populations: [(name: "cell", size: 1, neuron: "pyramidal")],
///     synapses: {"fixed": ()},
///     projections: [(
///         from: "in", to: "cell", compartment: basal, delay_ms: 1.0,
///         synapse: "fixed", weights: constant(0.5),
///     )],
/// )"#)?;
/// let setup = Setup { dt_ms: 0.1, trials: 1, seed: 1, presentation_ms: 1.0,
///     directory: "".as_ref(), engine: Engine::Events };
/// let circuit = lower(&model, &Registry::default(), setup)?;
/// let mut simulation = Simulation::new(circuit);
/// simulation.set_input("in", ndarray::array![[1.0]].view())?;
/// (0..110).for_each(|_| simulation.step());
/// // The rate of 1 arrives after 1 ms and the dendrite charges for 10 ms, its time constant.
/// let b = simulation.read("cell", Variable::BASAL_POTENTIAL).unwrap()[[0, 0]];
/// assert!((b - 0.5 * (1.0 - (-1.0f32).exp())).abs() < 2e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Simulation {
    pub(super) world: World,
    schedule: Schedule,
    /// Number of entities of each archetype at the last check of the layout.
    misplaced: Option<LayoutError>,
}

/// Error: an event that does not fit the circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitError {
    /// No input has this name.
    #[error("there is no input population `{0}`")]
    Input(String),
    /// No pyramidal population has this name.
    #[error("there is no population `{0}` of pyramidal neurons")]
    Population(String),
    /// No projection has this name.
    #[error("there is no projection `{0}`")]
    Projection(String),
    /// Values have the wrong shape.
    #[error("{name} is {expected:?}, the values are {found:?} (trials x neurons)")]
    Shape {
        /// Population.
        name: String,
        /// Shape of the population.
        expected: (usize, usize),
        /// Shape of the values.
        found: (usize, usize),
    },
    /// No neuron of a population has the components that a system reads.
    #[error("no neuron of `{0}` has the components {1}")]
    Components(String, &'static str),
    /// A value is infinite or not a number.
    #[error("{0} is given a value that is infinite or no number; expected finite numbers")]
    Number(String),
}

impl Simulation {
    /// Builds a circuit, at rest at time 0.
    #[must_use]
    pub fn new(circuit: Circuit) -> Self {
        let mut world = build(circuit);
        world.init_resource::<Watchdog>();
        let circuit = Arc::clone(&world.resource::<BuiltFrom>().0);
        let mut schedule = stage::schedule();
        match circuit.engine {
            Engine::Events => {
                world.insert_resource(Rest::of(&circuit));
                events::plugin(&mut schedule);
            }
            Engine::Dense => dense::plugin(&mut schedule),
        }
        stage::add_own(&mut schedule, &circuit);
        (schedule.initialize(&mut world)).expect("the systems of a circuit are checked");
        Self {
            world,
            schedule,
            misplaced: None,
        }
    }

    /// The circuit from which the simulation was built.
    #[must_use]
    pub fn circuit(&self) -> Arc<Circuit> {
        Arc::clone(&self.world.resource::<BuiltFrom>().0)
    }

    /// Advances by one step.
    ///
    /// # Panics
    /// If neurons are [misplaced](Self::misplaced).
    pub fn step(&mut self) {
        if let Some(error) = &self.misplaced {
            panic!("{error}");
        }
        self.schedule.run(&mut self.world);
        // Only user-defined systems can have moved neurons to other rows.
        let has_systems = !self.world.resource::<BuiltFrom>().0.systems.is_empty();
        if has_systems && !is_laid_out(&mut self.world) {
            self.misplaced = lay_out(&mut self.world).err();
        }
    }

    /// Error, if a system or [`Simulation::edit`] has given some neurons of a population other
    /// components than the rest; no later step can be computed.
    #[must_use]
    pub fn misplaced(&self) -> Option<&LayoutError> {
        self.misplaced.as_ref()
    }

    /// The world of entities, read-only: populations and projections by [`Wiring`], neurons by
    /// [`NeuronId`](crate::circuit::NeuronId).
    ///
    /// With the event engine, weights are incomplete here, see [`Simulation::weights`], and neurons
    /// in the quasi-static limit may have the components of
    /// [`Settled`](crate::neuron::pyramidal::Settled) alone; [`Simulation::read`] reads all variables.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Changes the world of entities by `change`: potentials, user-defined components, others.
    ///
    /// Invariants: no neuron, population or projection is despawned; a component is added to all
    /// neurons of a population or to none; weights are changed by [`Simulation::set_weights`],
    /// events entered by [`Simulation::enter`]; parameters of neurons and of plasticity, and the
    /// seed, are those of the circuit and its events, and a change of them here is not part of a
    /// [`State`](super::State). All populations are computed in the next step. For the components of
    /// neurons in the quasi-static limit see [`Simulation::world`].
    ///
    /// # Errors
    /// [`LayoutError`] if neurons of one population now have different components; no later step
    /// can be computed.
    pub fn edit<R>(&mut self, change: impl FnOnce(&mut World) -> R) -> Result<R, LayoutError> {
        let result = change(&mut self.world);
        if let Err(error) = lay_out(&mut self.world) {
            self.misplaced = Some(error.clone());
            return Err(error);
        }
        self.store_as_needed();
        self.wake();
        Ok(result)
    }

    /// Requests the computation of all populations in the next step.
    fn wake(&mut self) {
        let world = &mut self.world;
        for (mut changed, activity) in world
            .query::<(&mut Changed, Option<&mut Activity>)>()
            .iter_mut(world)
        {
            changed.rate = true;
            changed.delta = true;
            if let Some(mut activity) = activity {
                activity.wake();
            }
        }
        let now = self.steps();
        if let Some(mut rest) = self.world.get_resource_mut::<Rest>() {
            rest.until = now;
        }
    }

    /// Advances by at least one step. The event engine advances over all steps in which nothing
    /// happens, up to step `limit`; if the next step has to be computed, it computes this one
    /// first.
    ///
    /// The final state is the same as after single steps.
    pub fn advance(&mut self, limit: u64) {
        if !self.jump(limit) {
            self.step();
            self.jump(limit);
        }
    }

    /// Skips the steps before `limit` that need no computation; false if the next step needs it.
    fn jump(&mut self, limit: u64) -> bool {
        let Some(rest) = self.world.get_resource::<Rest>() else {
            return false;
        };
        // Events may have been entered since `rest` was computed.
        let next = self.world.resource::<Timeline>().next();
        let until = rest.until.min(next.unwrap_or(u64::MAX)).min(limit);
        let mut clock = self.world.resource_mut::<Clock>();
        let jumps = until > clock.step;
        clock.step = clock.step.max(until);
        jumps
    }

    /// Advances to step `step`; no effect if it has passed.
    pub fn advance_to(&mut self, step: u64) {
        while self.steps() < step {
            self.advance(step);
        }
    }

    /// Number of steps since the start.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.world.resource::<Clock>().step
    }

    /// Number of steps that were computed; the others would have changed nothing.
    #[must_use]
    pub fn computed_steps(&self) -> u64 {
        (self.world.get_resource::<Rest>()).map_or(self.steps(), |rest| rest.computed)
    }

    /// Step in ms.
    #[must_use]
    pub fn dt_ms(&self) -> f64 {
        self.world.resource::<Clock>().dt_ms
    }

    /// Time of the current state in ms.
    #[must_use]
    pub fn time_ms(&self) -> f64 {
        let clock = self.world.resource::<Clock>();
        clock.steps.ms(clock.step)
    }

    /// The first neuron with a value that is not finite, if any.
    #[must_use]
    pub fn runaway(&self) -> Option<&Runaway> {
        self.world.resource::<Watchdog>().0.as_ref()
    }

    /// Enters an event before step `step`, or before the next step if `step` has passed.
    ///
    /// A learning rate of constant weights has no effect.
    ///
    /// # Errors
    /// [`CircuitError::Shape`] for rates, targets, strengths or currents that are not trials x
    /// neurons, [`CircuitError::Number`] for a value that is infinite or not a number,
    /// [`CircuitError::Input`] for rates of neurons that are no input, and
    /// [`CircuitError::Population`] or [`CircuitError::Projection`] for a number that the circuit
    /// does not have, or an input in the place of pyramidal neurons.
    pub fn enter(&mut self, step: u64, event: Event) -> Result<(), CircuitError> {
        self.check(&event)?;
        self.store_for(&event);
        self.world.resource_mut::<Timeline>().enter(step, event);
        Ok(())
    }

    /// Enters a permanent change from step `step` on; at the same time, it follows the ends of
    /// windows.
    ///
    /// # Errors
    /// As [`Simulation::enter`].
    pub fn enter_change(&mut self, step: u64, event: Event) -> Result<(), CircuitError> {
        self.check(&event)?;
        self.store_for(&event);
        (self.world.resource_mut::<Timeline>()).enter_change(step, event);
        Ok(())
    }

    /// Enters `begin` at the first step and `end` at the last step of each of `windows`, which are
    /// in order and do not overlap.
    ///
    /// # Errors
    /// As [`Simulation::enter`].
    pub fn enter_windows(
        &mut self,
        windows: Windows,
        begin: Event,
        end: Event,
    ) -> Result<(), CircuitError> {
        self.check(&begin)?;
        self.check(&end)?;
        self.store_for(&begin);
        self.store_for(&end);
        (self.world.resource_mut::<Timeline>()).enter_windows(windows, begin, end);
        Ok(())
    }

    /// Checks populations, shapes and numbers of an event.
    fn check(&self, event: &Event) -> Result<(), CircuitError> {
        match event {
            Event::Rates(id, rates) => {
                let input = self.plan(*id)?;
                if input.neurons.is_some() {
                    return Err(CircuitError::Input(input.name.to_string()));
                }
                self.check_shape(input, rates.dim())?;
                finite(&input.name, rates.iter().copied())
            }
            Event::Teacher(id, Teacher { target, strength }) => {
                let population = self.pyramidal_plan(*id)?;
                self.check_shape(population, target.dim())?;
                self.check_shape(population, (strength.len(), target.ncols()))?;
                finite(&population.name, target.iter().chain(strength).copied())
            }
            Event::Strength(id, strength) => finite(&self.pyramidal_plan(*id)?.name, [*strength]),
            Event::Inject(_, injection) => {
                let population = self.pyramidal_plan(injection.population)?;
                let trials = self.circuit().trials;
                self.check_shape(population, (trials, injection.current.len()))?;
                finite(&population.name, injection.current.iter().copied())
            }
            Event::Neuron(id, _, value) => finite(&self.pyramidal_plan(*id)?.name, [*value as f32]),
            Event::Eta(id, eta) => {
                let circuit = &self.world.resource::<BuiltFrom>().0;
                let projection = circuit.projections.get(id.index());
                let missing = || CircuitError::Projection(format!("number {}", id.0));
                finite(&projection.ok_or_else(missing)?.name, [*eta])
            }
            Event::EtaScale(scale) => finite("the common factor of learning rates", [*scale]),
            Event::Presentation(kind) => finite("the kind of a presentation", [*kind]),
            Event::Withdraw(_) => Ok(()),
        }
    }

    /// Lets neurons store all variables if the event can change one that follows from others so far.
    fn store_for(&mut self, event: &Event) {
        let population = match event {
            Event::Neuron(id, parameter, _) if parameter.can_unsettle() => *id,
            Event::Inject(_, injection) if injection.site == Site::Soma => injection.population,
            _ => return,
        };
        let entity = self.world.resource::<Wiring>().population(population);
        self.store_all(entity);
    }

    /// Lets neurons store all variables whose parameters or injected currents need them.
    fn store_as_needed(&mut self) {
        let world = &mut self.world;
        let into_somata: Vec<PopulationId> = (world.resource::<Injections>().0.values())
            .filter(|injection| injection.site == Site::Soma)
            .map(|injection| injection.population)
            .collect();
        let mut populations = world.query::<(Entity, &Population, &NeuronParameters)>();
        let unsettled: Vec<Entity> = (populations.iter(world))
            .filter(|(_, population, parameters)| {
                !parameters.is_settled() || into_somata.contains(&population.id)
            })
            .map(|(entity, ..)| entity)
            .collect();
        unsettled
            .into_iter()
            .for_each(|entity| self.store_all(entity));
    }

    /// Lets the neurons of a population store all variables.
    fn store_all(&mut self, population: Entity) {
        if self.misplaced.is_none() {
            self.misplaced = store_all(&mut self.world, population).err();
        }
    }

    fn plan(&self, id: PopulationId) -> Result<&PopulationPlan, CircuitError> {
        let circuit = &self.world.resource::<BuiltFrom>().0;
        let plan = circuit.populations.get(id.index());
        plan.ok_or_else(|| CircuitError::Population(format!("number {}", id.0)))
    }

    fn pyramidal_plan(&self, id: PopulationId) -> Result<&PopulationPlan, CircuitError> {
        let plan = self.plan(id)?;
        match plan.neurons {
            Some(_) => Ok(plan),
            None => Err(CircuitError::Population(plan.name.to_string())),
        }
    }

    fn check_shape(
        &self,
        population: &PopulationPlan,
        found: (usize, usize),
    ) -> Result<(), CircuitError> {
        let expected = (self.circuit().trials, population.size);
        match found == expected {
            true => Ok(()),
            false => Err(CircuitError::Shape {
                name: population.name.to_string(),
                expected,
                found,
            }),
        }
    }

    /// Sets the rates of an input from the next step on, trials x size.
    ///
    /// # Errors
    /// [`CircuitError`] if there is no such input or the shape is different.
    pub fn set_input(
        &mut self,
        name: &str,
        rates: ArrayView2<'_, f32>,
    ) -> Result<(), CircuitError> {
        let input = self.input(name)?;
        self.enter(self.steps(), Event::Rates(input, rates.to_owned()))
    }

    /// Sets the teacher of a population from the next step on.
    ///
    /// # Errors
    /// [`CircuitError`] if there is no such population or the shape is different.
    pub fn teach(&mut self, name: &str, teacher: Teacher) -> Result<(), CircuitError> {
        let population = self.pyramidal(name)?;
        self.enter(self.steps(), Event::Teacher(population, teacher))
    }

    /// Number of an input.
    ///
    /// # Errors
    /// [`CircuitError::Input`]
    pub fn input(&self, name: &str) -> Result<PopulationId, CircuitError> {
        (self.population_of(name, true)).ok_or_else(|| CircuitError::Input(name.to_owned()))
    }

    /// Number of a population of pyramidal neurons.
    ///
    /// # Errors
    /// [`CircuitError::Population`]
    pub fn pyramidal(&self, name: &str) -> Result<PopulationId, CircuitError> {
        (self.population_of(name, false)).ok_or_else(|| CircuitError::Population(name.to_owned()))
    }

    fn population_of(&self, name: &str, is_input: bool) -> Option<PopulationId> {
        let circuit = &self.world.resource::<BuiltFrom>().0;
        let id = circuit.population(name)?;
        (circuit.of(id).neurons.is_none() == is_input).then_some(id)
    }

    /// Number of a projection, or of the bias `POPULATION_bias`.
    ///
    /// # Errors
    /// [`CircuitError::Projection`]
    pub fn projection(&self, name: &str) -> Result<ProjectionId, CircuitError> {
        let circuit = &self.world.resource::<BuiltFrom>().0;
        (circuit.projection(name)).ok_or_else(|| CircuitError::Projection(name.to_owned()))
    }

    /// Entity of the projection with this name, if there is one.
    pub(super) fn entity_of_projection(&self, name: &str) -> Option<Entity> {
        let id = self.projection(name).ok()?;
        Some(self.world.resource::<Wiring>().projection(id))
    }

    /// The projections with their entities, in the order of their names.
    pub(super) fn entities_of_projections(&self) -> Vec<(Arc<str>, Entity)> {
        let wiring = self.world.resource::<Wiring>();
        let circuit = &self.world.resource::<BuiltFrom>().0;
        let names = circuit.projections.iter().map(|p| p.name.clone());
        names.zip(wiring.projections.iter().copied()).collect()
    }

    /// Sets the weights of a projection that is not tied, in the shape of [`Simulation::weights`];
    /// bounds and length are applied to them.
    ///
    /// # Errors
    /// [`CircuitError`] for a missing projection, another shape, or a weight that is not finite.
    pub fn set_weights(&mut self, name: &str, weights: Array2<f32>) -> Result<(), CircuitError> {
        let id = self.projection(name)?;
        let entity = self.world.resource::<Wiring>().projection(id);
        if weights.iter().any(|weight| !weight.is_finite()) {
            return Err(CircuitError::Number(name.to_owned()));
        }
        let now = self.steps();
        let mut projection = self.world.entity_mut(entity);
        let mut weights = by_sender(weights);
        let connectivity = projection
            .get::<Projection>()
            .expect(STAYS)
            .connectivity
            .clone();
        if !connectivity.has_weights() {
            return Err(CircuitError::Projection(name.to_owned()));
        }
        if weights.dim() == connectivity.parameters() {
            connectivity.clear_unused(&mut weights);
        }
        if let Some(mut plasticity) = projection.get_mut::<Plasticity>()
            && plasticity.carry.dim() == weights.dim()
        {
            plasticity.carry.fill(0.0);
            plasticity.confine(&mut weights, &connectivity);
        }
        match projection.get_mut::<Synapses>().map(Mut::into_inner) {
            Some(Synapses::Own(own)) if own.dim() == weights.dim() => own.assign(&weights),
            Some(Synapses::Own(own)) => {
                return Err(CircuitError::Shape {
                    name: name.to_owned(),
                    expected: own.dim(),
                    found: weights.dim(),
                });
            }
            _ => return Err(CircuitError::Projection(name.to_owned())),
        }
        if let Some(mut lazy) = projection.get_mut::<Lazy>() {
            lazy.replace(now, &weights);
        }
        if let Some(mut terminals) = projection.get_mut::<Terminals>() {
            terminals.revision += 1;
        }
        if let Some(mut rest) = self.world.get_resource_mut::<Rest>() {
            rest.until = now;
        }
        Ok(())
    }

    pub(super) fn population(&self, name: &str) -> Option<(Entity, &Population)> {
        let id = self.world.resource::<BuiltFrom>().0.population(name)?;
        let entity = self.world.resource::<Wiring>().population(id);
        Some((entity, self.world.get::<Population>(entity)?))
    }
}

/// Error unless all values are finite.
fn finite(name: &str, values: impl IntoIterator<Item = f32>) -> Result<(), CircuitError> {
    match values.into_iter().all(f32::is_finite) {
        true => Ok(()),
        false => Err(CircuitError::Number(name.to_owned())),
    }
}
