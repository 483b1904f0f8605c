//! The neurons of a population, for user-defined systems.

use bevy_ecs::prelude::*;
use bevy_ecs::query::IterQueryData;
use bevy_ecs::system::SystemParam;

use super::simulation::CircuitError;
use crate::circuit::{Activity, BuiltFrom, Changed, NeuronId, Wiring};

/// Components of neurons by population, for reading or writing.
///
/// The event engine does not compute a population at rest; access to a population requests its
/// computation, in this step if the system runs before
/// [`Stage::Compartments`](super::Stage::Compartments), and in the next step in any case.
#[derive(SystemParam)]
pub struct Neurons<'w, 's, D: IterQueryData + 'static> {
    neurons: Query<'w, 's, (&'static NeuronId, D)>,
    populations: Query<'w, 's, (Option<&'static mut Changed>, Option<&'static mut Activity>)>,
    circuit: Res<'w, BuiltFrom>,
    wiring: Res<'w, Wiring>,
}

impl<D: IterQueryData + 'static> Neurons<'_, '_, D> {
    /// The neurons of a population in the order trial, index.
    ///
    /// # Errors
    /// [`CircuitError::Population`] if the circuit has no population of this name,
    /// [`CircuitError::Components`] if none of its neurons has the components `D`.
    pub fn of<'q>(
        &'q mut self,
        population: &str,
    ) -> Result<impl Iterator<Item = (NeuronId, D::Item<'q, 'q>)>, CircuitError> {
        let id = (self.circuit.0.population(population))
            .ok_or_else(|| CircuitError::Population(population.to_owned()))?;
        if let Ok((changed, activity)) = self.populations.get_mut(self.wiring.population(id)) {
            if let Some(mut changed) = changed {
                changed.rate = true;
                changed.delta = true;
            }
            if let Some(mut activity) = activity {
                activity.wake();
            }
        }
        let neurons = self.neurons.iter_mut();
        let mut neurons = neurons
            .filter(move |(neuron, _)| neuron.population == id)
            .map(|(neuron, components)| (*neuron, components))
            .peekable();
        if neurons.peek().is_none() {
            let components = std::any::type_name::<D>();
            return Err(CircuitError::Components(population.to_owned(), components));
        }
        Ok(neurons)
    }
}
