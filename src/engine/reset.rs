//! Reset: a circuit as it was built, with the present weights and parameters.

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;

use super::events::Rest;
use super::shared::Watchdog;
use super::simulation::Simulation;
use super::state::{each_moving, each_settled};
use crate::circuit::{
    Activity, Afferents, COLUMNS, Changed, Clock, Engine, EtaScale, Plasticity, Population,
    Synapses, Wiring, wire_events,
};
use crate::connectivity::Lazy;
use crate::event::{DeltaLine, Injections, RateLine, Teacher, Timeline};
use crate::neuron::{apical, basal, soma};
use crate::plasticity::Neuromodulator;

/// Sets a component of all neurons to 0.
fn clear<T>(world: &mut World)
where
    T: Component<Mutability = Mutable> + Clone + Default,
{
    let mut query = world.query::<&mut T>();
    for mut column in query.contiguous_iter_mut(world).expect(COLUMNS) {
        column.bypass_change_detection().fill(T::default());
    }
}

impl Simulation {
    /// Restores the state in which the circuit was built, at time 0: potentials, rates and teaching
    /// signals are 0, nothing has been sent, there are no injected currents and no teachers,
    /// eligibilities and the state of optimisers are 0, the timeline is empty, and [`EtaScale`] is
    /// 1.
    ///
    /// Weights, parameters of neurons and learning rates are kept. The continuation is the same, to
    /// the last bit, as in a new circuit with these weights and parameters.
    pub fn reset(&mut self) {
        self.store_weights();
        self.reset_resources();
        self.reset_neurons();
        let engine = self.circuit().engine;
        let world = &mut self.world;
        for mut plasticity in world.query::<&mut Plasticity>().iter_mut(world) {
            plasticity.restart();
        }
        match engine {
            Engine::Dense => {
                for mut line in world.query::<&mut RateLine>().iter_mut(world) {
                    line.0.clear();
                }
                for mut line in world.query::<&mut DeltaLine>().iter_mut(world) {
                    line.0.clear();
                }
            }
            Engine::Events => self.rewire(),
        }
    }

    /// Writes the exact weights to the matrices, since the integrals are about to be discarded.
    fn store_weights(&mut self) {
        for (name, entity) in self.entities_of_projections() {
            if self.world.get::<Lazy>(entity).is_none() {
                continue;
            }
            let now = self.weights(&name);
            let stored = self.world.get_mut::<Synapses>(entity);
            if let (Some(now), Some(Synapses::Own(own))) = (now, stored.map(Mut::into_inner)) {
                own.assign(&now);
            }
        }
    }

    fn reset_resources(&mut self) {
        let trials = self.circuit().trials;
        let world = &mut self.world;
        world.resource_mut::<Clock>().step = 0;
        world.insert_resource(EtaScale(1.0));
        world.insert_resource(Timeline::default());
        world.insert_resource(Injections::default());
        world.insert_resource(Watchdog::default());
        world.insert_resource(Neuromodulator::new(trials));
    }

    fn reset_neurons(&mut self) {
        let circuit = self.circuit();
        let world = &mut self.world;
        each_settled!(clear, world);
        each_moving!(clear, world);
        // Inputs have rates, too.
        clear::<soma::Rate>(world);
        for population in world
            .query::<&Population>()
            .iter(world)
            .cloned()
            .collect::<Vec<_>>()
        {
            if let Some(own) = &circuit.of(population.id).own {
                own.reset(world, &population);
            }
        }
        for mut teacher in world.query::<&mut Teacher>().iter_mut(world) {
            *teacher = Teacher::default();
        }
    }

    /// Replaces axons, terminals and integrals of the event engine by new ones, as at the start.
    fn rewire(&mut self) {
        let circuit = self.circuit();
        let world = &mut self.world;
        let mut wiring = world
            .remove_resource::<Wiring>()
            .expect("every circuit has a wiring");
        for axons in std::mem::take(&mut wiring.axons) {
            world.despawn(axons);
        }
        for population in &wiring.populations {
            let mut population = world.entity_mut(*population);
            population.insert(Changed::default());
            if population.contains::<Activity>() {
                let own = population
                    .get::<Population>()
                    .is_some_and(|p| circuit.of(p.id).own.is_some());
                population.insert((Activity::of(own), Afferents::default()));
            }
        }
        wire_events(world, &mut wiring, &circuit);
        world.insert_resource(wiring);
        world.insert_resource(Rest::of(&circuit));
    }
}
