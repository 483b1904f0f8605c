//! A circuit in time: the world, its schedule, and ways to act on it and to look at it.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, SingleThreadedExecutor};
use ndarray::{Array2, ArrayView2};

use super::stages;
use super::variable::Variable;
use crate::circuit::{
    BuildError, Clock, EtaScale, Plasticity, Population, Projection, Setup, Synapses, Wiring, build,
};
use crate::model::Model;
use crate::neuron::{apical, basal, soma};
use crate::plasticity::Registry;
use crate::teaching::Teacher;

/// A circuit in time.
pub struct Simulation {
    world: World,
    schedule: Schedule,
}

impl Simulation {
    /// Builds the circuit of `model`, at rest at time 0.
    ///
    /// # Errors
    /// See [`build`].
    pub fn new(model: &Model, registry: &Registry, setup: Setup<'_>) -> Result<Self, BuildError> {
        let world = build(model, registry, setup)?;
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            ..Default::default()
        });
        schedule.add_systems(
            (
                stages::occur,
                stages::send,
                stages::deliver,
                stages::integrate,
                stages::fire,
                stages::learn,
                stages::consolidate,
                stages::tick,
            )
                .chain(),
        );
        Ok(Self { world, schedule })
    }

    /// Advances by one step.
    pub fn step(&mut self) {
        self.schedule.run(&mut self.world);
    }

    /// Time of the current state in ms.
    #[must_use]
    pub fn time_ms(&self) -> f64 {
        let clock = self.world.resource::<Clock>();
        clock.step as f64 * clock.dt_ms
    }

    /// Multiplies every learning rate from now on.
    pub fn scale_eta(&mut self, scale: f32) {
        self.world.resource_mut::<EtaScale>().0 = scale;
    }

    fn population(&self, name: &str) -> Option<(Entity, Population)> {
        let entity = *self.world.resource::<Wiring>().populations.get(name)?;
        Some((entity, self.world.get::<Population>(entity)?.clone()))
    }

    /// Sets the rates of an input, trials x size. False if there is no such input or shape.
    pub fn set_input(&mut self, name: &str, rates: ArrayView2<'_, f32>) -> bool {
        let Some((_, population)) = self.population(name) else {
            return false;
        };
        if !population.is_input || rates.dim() != (population.trials, population.size) {
            return false;
        }
        let mut query = (self.world).query_filtered::<&mut soma::Rate, Without<basal::Potential>>();
        let Some(mut column) =
            (query.contiguous_iter_mut(&mut self.world).ok()).and_then(|mut tables| tables.next())
        else {
            return false;
        };
        let column = &mut column.bypass_change_detection()[population.rows];
        for (to, from) in column.iter_mut().zip(rates) {
            to.0 = *from;
        }
        true
    }

    /// Gives a population a teacher. False if there is no such population or shape.
    pub fn teach(&mut self, name: &str, teacher: Teacher) -> bool {
        let Some((entity, population)) = self.population(name) else {
            return false;
        };
        let fits = !population.is_input
            && teacher.target.dim() == (population.trials, population.size)
            && teacher.strength.len() == population.trials;
        if fits {
            self.world.entity_mut(entity).insert(teacher);
        }
        fits
    }

    /// A variable of a whole population, trials x size.
    pub fn read(&mut self, name: &str, variable: Variable) -> Option<Array2<f32>> {
        let (_, population) = self.population(name)?;
        match variable {
            Variable::BasalCurrent => self.column::<basal::Current>(&population),
            Variable::BasalPotential => self.column::<basal::Potential>(&population),
            Variable::ApicalCurrent => self.column::<apical::Current>(&population),
            Variable::ApicalPotential => self.column::<apical::Potential>(&population),
            Variable::SomaticPotential => self.column::<soma::Potential>(&population),
            Variable::Mismatch => self.column::<soma::Mismatch>(&population),
            Variable::Rate => self.column::<soma::Rate>(&population),
            Variable::Delta => self.column::<soma::Delta>(&population),
        }
    }

    fn column<T>(&mut self, population: &Population) -> Option<Array2<f32>>
    where
        T: Component + Copy + bytemuck::TransparentWrapper<f32>,
    {
        // Inputs and pyramidal neurons stand in tables of their own; only rates are in both.
        let mut query = self.world.query::<(&T, Option<&basal::Potential>)>();
        let tables = query.contiguous_iter(&self.world).ok()?;
        for (column, basal) in tables {
            if basal.is_none() == population.is_input {
                let values = T::peel_slice(column).get(population.rows.clone())?.to_vec();
                return Array2::from_shape_vec((population.trials, population.size), values).ok();
            }
        }
        None
    }

    /// The weights of a projection as of now, post x pre.
    #[must_use]
    pub fn weights(&self, name: &str) -> Option<Array2<f32>> {
        let entity = *self.world.resource::<Wiring>().projections.get(name)?;
        let own = self.world.get::<Synapses>(entity)?;
        let view = own.view(|other| self.world.get::<Synapses>(other))?;
        Some(view.to_owned())
    }

    /// Sets the weights of a projection that has its own. False if there is none of that shape.
    pub fn set_weights(&mut self, name: &str, weights: Array2<f32>) -> bool {
        let entity = self
            .world
            .resource::<Wiring>()
            .projections
            .get(name)
            .copied();
        let Some(mut synapses) = entity.and_then(|e| self.world.get_mut::<Synapses>(e)) else {
            return false;
        };
        match &mut *synapses {
            Synapses::Own(own) if own.dim() == weights.dim() => *own = weights,
            _ => return false,
        }
        true
    }

    /// Names of all projections, biases among them, in order.
    #[must_use]
    pub fn projections(&self) -> Vec<String> {
        let wiring = self.world.resource::<Wiring>();
        (wiring.projections.values())
            .filter_map(|e| self.world.get::<Projection>(*e))
            .map(|p| p.name.to_string())
            .collect()
    }

    /// Eligibilities of all consolidated projections by name, post x pre, in a.u. x ms.
    pub fn eligibilities(&mut self) -> BTreeMap<String, Array2<f32>> {
        let mut query = self.world.query::<(&Projection, &Plasticity)>();
        (query.iter(&self.world))
            .filter_map(|(projection, plasticity)| {
                let consolidation = plasticity.consolidation.as_ref()?;
                Some((
                    projection.name.to_string(),
                    consolidation.eligibility.clone(),
                ))
            })
            .collect()
    }
}
