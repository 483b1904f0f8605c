//! A circuit in time: the world, its schedule and its timeline.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, SingleThreadedExecutor};
use ndarray::{Array2, ArrayView2};

use super::events::Rest;
use super::shared::{self, Runaway, Watchdog};
use super::{dense, events};
use crate::circuit::{
    BuiltFrom, Circuit, Clock, Engine, Plasticity, Population, Synapses, Wiring, build,
};
use crate::connectivity::{Lazy, Terminals, by_sender};
use crate::event::{Event, PopulationId, ProjectionId, Teacher, Timeline, Windows};

/// A circuit in time.
///
/// ```
/// use apical::circuit::Engine;
/// use apical::description::{Setup, lower};
/// use apical::description::model::Model;
/// use apical::plasticity::Registry;
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
/// let b = simulation.read("cell", Variable::BasalPotential).unwrap()[[0, 0]];
/// assert!((b - 0.5 * (1.0 - (-1.0f32).exp())).abs() < 2e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Simulation {
    pub(super) world: World,
    schedule: Schedule,
}

/// An event that does not fit the circuit.
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
    /// Values of the wrong shape.
    #[error("{name} is {expected:?}, the values are {found:?} (trials x neurons)")]
    Shape {
        /// Population.
        name: String,
        /// Shape of the population.
        expected: (usize, usize),
        /// Shape of the values.
        found: (usize, usize),
    },
    /// A value that is infinite or no number.
    #[error("{0} is given a value that is infinite or no number; expected finite numbers")]
    Number(String),
}

impl Simulation {
    /// Builds a circuit, at rest at time 0.
    #[must_use]
    pub fn new(circuit: Circuit) -> Self {
        let engine = circuit.engine;
        let mut world = build(circuit);
        world.init_resource::<Watchdog>();
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            ..Default::default()
        });
        match engine {
            Engine::Events => {
                world.init_resource::<Rest>();
                schedule.add_systems(
                    (
                        events::wake,
                        shared::apply_events,
                        shared::draw_noise,
                        events::send,
                        events::arrive,
                        events::update_tied,
                        events::integrate,
                        shared::evaluate_loss,
                        events::learn,
                        events::update_weights,
                        shared::check_finite,
                        events::rest,
                    )
                        .chain(),
                );
            }
            Engine::Dense => {
                schedule.add_systems(
                    (
                        shared::apply_events,
                        shared::draw_noise,
                        dense::send,
                        dense::deliver,
                        dense::integrate,
                        dense::fire,
                        shared::evaluate_loss,
                        dense::learn,
                        dense::update_weights,
                        shared::check_finite,
                        shared::tick,
                    )
                        .chain(),
                );
            }
        }
        Self { world, schedule }
    }

    /// The circuit that was built.
    #[must_use]
    pub fn circuit(&self) -> Arc<Circuit> {
        Arc::clone(&self.world.resource::<BuiltFrom>().0)
    }

    /// Advances by one step.
    pub fn step(&mut self) {
        self.schedule.run(&mut self.world);
    }

    /// Advances by at least one step: with the event engine over all steps in which nothing
    /// happens, but not beyond step `limit`, and by a step that has to be computed if the next
    /// one has to be.
    ///
    /// The state is that of the step it ends at, and the same as after single steps.
    pub fn advance(&mut self, limit: u64) {
        if !self.jump(limit) {
            self.step();
            self.jump(limit);
        }
    }

    /// Over the steps before `limit` that need not be computed, if the next one is such.
    fn jump(&mut self, limit: u64) -> bool {
        let Some(rest) = self.world.get_resource::<Rest>() else {
            return false;
        };
        // Events may have been entered since the engine came to rest.
        let next = self.world.resource::<Timeline>().next();
        let until = rest.until.min(next.unwrap_or(u64::MAX)).min(limit);
        let mut clock = self.world.resource_mut::<Clock>();
        let jumps = until > clock.step;
        clock.step = clock.step.max(until);
        jumps
    }

    /// Advances to step `step`, if that is not past.
    pub fn advance_to(&mut self, step: u64) {
        while self.steps() < step {
            self.advance(step);
        }
    }

    /// Steps since the start.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.world.resource::<Clock>().step
    }

    /// How many of these were computed; the others would have changed nothing.
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

    /// The first neuron that is no longer a number, if there is one.
    #[must_use]
    pub fn runaway(&self) -> Option<&Runaway> {
        self.world.resource::<Watchdog>().0.as_ref()
    }

    /// Enters an event before step `step`; steps that have passed mean now.
    ///
    /// # Errors
    /// [`CircuitError::Shape`] for rates or targets that are not trials x neurons, [`CircuitError::Number`]
    /// for a value that is infinite or no number.
    pub fn enter(&mut self, step: u64, event: Event) -> Result<(), CircuitError> {
        self.check(&event)?;
        self.world.resource_mut::<Timeline>().enter(step, event);
        Ok(())
    }

    /// Enters a change that lasts, from step `step` on; of the same time, after the ends of
    /// windows.
    ///
    /// # Errors
    /// As [`Simulation::enter`].
    pub fn enter_change(&mut self, step: u64, event: Event) -> Result<(), CircuitError> {
        self.check(&event)?;
        (self.world.resource_mut::<Timeline>()).enter_change(step, event);
        Ok(())
    }

    /// Enters `begin` at the first step and `end` at the last of each of `windows`, which follow
    /// each other and do not overlap.
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
        (self.world.resource_mut::<Timeline>()).enter_windows(windows, begin, end);
        Ok(())
    }

    /// Shapes and numbers of an event.
    fn check(&self, event: &Event) -> Result<(), CircuitError> {
        let circuit = &self.world.resource::<BuiltFrom>().0;
        let trials = circuit.trials;
        let (id, found, finite) = match event {
            Event::Rates(id, rates) => {
                let finite = rates.iter().all(|rate| rate.is_finite());
                (*id, rates.dim(), finite)
            }
            Event::Teacher(id, Teacher { target, strength }) => {
                let finite = target.iter().chain(strength).all(|x| x.is_finite());
                (*id, (strength.len(), target.ncols()), finite)
            }
            Event::Inject(_, injection) => {
                let finite = injection.current.iter().all(|current| current.is_finite());
                let shape = (trials, injection.current.len());
                (injection.population, shape, finite)
            }
            _ => return Ok(()),
        };
        let Some(population) = circuit.populations.get(id.index()) else {
            return Err(CircuitError::Population(format!("number {}", id.0)));
        };
        let (name, expected) = (population.name.to_string(), (trials, population.size));
        if expected != found {
            return Err(CircuitError::Shape {
                name,
                expected,
                found,
            });
        }
        match finite {
            true => Ok(()),
            false => Err(CircuitError::Number(name)),
        }
    }

    /// From the next step on an input fires at `rates`, trials x size.
    ///
    /// # Errors
    /// [`CircuitError`] if there is no such input or the shape is another.
    pub fn set_input(
        &mut self,
        name: &str,
        rates: ArrayView2<'_, f32>,
    ) -> Result<(), CircuitError> {
        let input = self.input(name)?;
        self.enter(self.steps(), Event::Rates(input, rates.to_owned()))
    }

    /// From the next step on a population has this teacher.
    ///
    /// # Errors
    /// [`CircuitError`] if there is no such population or the shape is another.
    pub fn teach(&mut self, name: &str, teacher: Teacher) -> Result<(), CircuitError> {
        let population = self.pyramidal(name)?;
        self.enter(self.steps(), Event::Teacher(population, teacher))
    }

    /// The number of an input.
    ///
    /// # Errors
    /// [`CircuitError::Input`]
    pub fn input(&self, name: &str) -> Result<PopulationId, CircuitError> {
        (self.population_of(name, true)).ok_or_else(|| CircuitError::Input(name.to_owned()))
    }

    /// The number of a population of pyramidal neurons.
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

    /// The number of a projection, or of the bias `POPULATION_bias`.
    ///
    /// # Errors
    /// [`CircuitError::Projection`]
    pub fn projection(&self, name: &str) -> Result<ProjectionId, CircuitError> {
        let circuit = &self.world.resource::<BuiltFrom>().0;
        (circuit.projection(name)).ok_or_else(|| CircuitError::Projection(name.to_owned()))
    }

    /// The entity of a projection, if there is one of this name.
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

    /// Sets the weights of a projection that has its own, post x pre; bounds and length hold for
    /// them too.
    ///
    /// # Errors
    /// [`CircuitError`] if there is no such projection, the shape is another, or a weight is not finite.
    pub fn set_weights(&mut self, name: &str, weights: Array2<f32>) -> Result<(), CircuitError> {
        let id = self.projection(name)?;
        let entity = self.world.resource::<Wiring>().projection(id);
        if weights.iter().any(|weight| !weight.is_finite()) {
            return Err(CircuitError::Number(name.to_owned()));
        }
        let now = self.steps();
        let mut projection = self.world.entity_mut(entity);
        let mut weights = by_sender(weights);
        if let Some(mut plasticity) = projection.get_mut::<Plasticity>()
            && plasticity.carry.dim() == weights.dim()
        {
            plasticity.carry.fill(0.0);
            plasticity.confine(&mut weights);
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
