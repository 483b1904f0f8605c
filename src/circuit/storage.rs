//! Change of the variables that the neurons of a population store: all, or those of the
//! quasi-static limit from which the others follow.

use bevy_ecs::prelude::*;

use super::layout::{LayoutError, lay_out};
use super::population::{NeuronId, Population};
use crate::event::PopulationId;
use crate::neuron::pyramidal::Moving;
use crate::neuron::{apical, basal, soma};

/// Variables from which the others follow.
type Sources = (
    Entity,
    &'static NeuronId,
    &'static basal::Potential,
    &'static apical::Potential,
    &'static soma::Mismatch,
);

/// Lets the neurons of a population store all variables, before one of them may no longer follow
/// from the others. No effect if they do.
///
/// # Errors
/// [`LayoutError`] if the neurons had different components before.
pub(crate) fn store_all(world: &mut World, population: Entity) -> Result<(), LayoutError> {
    let Some(id) = settled(world, population, true) else {
        return Ok(());
    };
    let mut neurons = world.query::<Sources>();
    let of_population = neurons.iter(world).filter(|(_, n, ..)| n.population == id);
    let added: Vec<_> = of_population
        .map(|(neuron, _, b, a, xi)| (neuron, Moving::of(*b, *a, *xi)))
        .collect();
    world.insert_batch(added);
    lay_out(world)
}

/// Lets the neurons of a population store only the variables from which the others follow. No effect
/// if they do.
///
/// # Errors
/// As [`store_all`].
pub(crate) fn store_settled(world: &mut World, population: Entity) -> Result<(), LayoutError> {
    let Some(id) = settled(world, population, false) else {
        return Ok(());
    };
    let mut neurons = world.query::<(Entity, &NeuronId)>();
    let of_population = neurons.iter(world).filter(|(_, n)| n.population == id);
    let neurons: Vec<Entity> = of_population.map(|(neuron, _)| neuron).collect();
    for neuron in neurons {
        world.entity_mut(neuron).remove::<Moving>();
    }
    lay_out(world)
}

/// Number of a population whose [`Population::is_settled`] is `from`, after its negation; `None` for
/// another.
fn settled(world: &mut World, population: Entity, from: bool) -> Option<PopulationId> {
    let mut population = world.get_mut::<Population>(population)?;
    if population.is_settled != from || population.is_input {
        return None;
    }
    population.is_settled = !from;
    Some(population.id)
}
