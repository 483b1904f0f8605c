//! Layout: table and rows of the neurons of each population.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;

use super::build::Wiring;
use super::population::{NeuronId, Population};
use crate::event::PopulationId;

/// Error: the neurons of a population are not contiguous rows of one table in the order trial,
/// index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the neurons of `{population}` are no longer {neurons} rows of one table: neuron {index} of \
     trial {trial} is missing or has other components than the others. A component is added to or \
     removed from all neurons of a population or none, and no neuron is despawned"
)]
pub struct LayoutError {
    /// Name of the population.
    pub population: String,
    /// Number of neurons over all trials.
    pub neurons: usize,
    /// Trial of the first neuron that is out of place.
    pub trial: u32,
    /// Index of this neuron.
    pub index: u32,
}

/// Finds the rows of each population. If rows of a table are out of order, for example after
/// components were added to other populations in it, its neurons are sorted first.
///
/// # Errors
/// [`LayoutError`] for a population whose neurons have different components or are incomplete.
pub fn lay_out(world: &mut World) -> Result<(), LayoutError> {
    sort(world);
    let mut runs: BTreeMap<PopulationId, Vec<(usize, Vec<NeuronId>)>> = BTreeMap::new();
    let mut tables = world.query::<&NeuronId>();
    for ids in tables.contiguous_iter(world).expect(COLUMNS) {
        let mut start = 0;
        for run in ids.chunk_by(|a, b| a.population == b.population) {
            let of_population = runs.entry(run[0].population).or_default();
            of_population.push((start, run.to_vec()));
            start += run.len();
        }
    }
    for entity in world.resource::<Wiring>().populations.clone() {
        let mut entity = world.entity_mut(entity);
        let mut population = entity.get_mut::<Population>().expect("populations stay");
        let neurons = population.trials * population.size;
        // For a population in several tables, no part is complete.
        let longest = runs.get(&population.id).into_iter().flatten();
        let longest = longest.max_by_key(|(_, run)| run.len());
        let (start, run) = longest.map_or((0, [].as_slice()), |(start, run)| (*start, run));
        let mut placed = run.iter();
        let mut all = NeuronId::all(population.id, population.trials, population.size);
        if let Some(missing) = all.find(|wanted| placed.next() != Some(wanted)) {
            return Err(LayoutError {
                population: population.name.to_string(),
                neurons,
                trial: missing.trial,
                index: missing.index,
            });
        }
        population.rows = start..start + neurons;
    }
    Ok(())
}

/// True if the neurons of every population are in the rows that were found for them.
pub fn is_laid_out(world: &mut World) -> bool {
    let populations = world.query::<&Population>();
    let mut tables = world.query::<&NeuronId>();
    let world = &*world;
    populations.iter_manual(world).all(|population| {
        let all = || NeuronId::all(population.id, population.trials, population.size);
        let is_complete = |ids: &[NeuronId]| {
            let rows = ids.get(population.rows.clone());
            rows.is_some_and(|rows| rows.iter().copied().eq(all()))
        };
        let mut tables = tables.contiguous_iter(world).expect(COLUMNS);
        tables.any(is_complete)
    })
}

/// Marks the neurons of a table during sorting; it has no other meaning.
#[derive(Component, Clone, Copy, Debug)]
struct Sorted;

/// Puts the rows of every table of neurons in the order population, trial, index.
fn sort(world: &mut World) {
    let mut query = world.query::<(Entity, &NeuronId, Has<Sorted>)>();
    let mut unsorted: Vec<(NeuronId, Entity, bool)> = Vec::new();
    let key = |id: &NeuronId| (id.population, id.trial, id.index);
    let mut ids = world.query::<&NeuronId>();
    let is_sorted = |ids: &[NeuronId]| ids.is_sorted_by_key(key);
    if (ids.contiguous_iter(world).expect(COLUMNS)).all(is_sorted) {
        return;
    }
    unsorted.extend(
        query
            .iter(world)
            .map(|(entity, id, sorted)| (*id, entity, sorted)),
    );
    unsorted.sort_unstable_by_key(|(id, ..)| key(id));
    // A row moved to another table is appended there.
    for (_, entity, sorted) in unsorted {
        match sorted {
            true => drop(world.entity_mut(entity).remove::<Sorted>()),
            false => drop(world.entity_mut(entity).insert(Sorted)),
        }
    }
}

/// Message of the panic if the neurons of a population are not found in a step.
pub(crate) const LAID_OUT: &str = "the layout is checked before a step";

/// Message of the panic if a component is not stored as a column of a table.
pub(crate) const COLUMNS: &str = "components of neurons are stored as columns of tables";

/// The columns of the table that contains `population`, for a query whose first column holds the
/// identities of neurons.
pub(crate) fn table<'w, C, E>(
    tables: Result<impl Iterator<Item = (&'w [NeuronId], C)>, E>,
    population: &Population,
) -> Option<C> {
    let first = NeuronId {
        population: population.id,
        trial: 0,
        index: 0,
    };
    let start = population.rows.start;
    (tables.ok().expect(COLUMNS))
        .find(|(ids, _)| ids.get(start) == Some(&first))
        .map(|(_, columns)| columns)
}
