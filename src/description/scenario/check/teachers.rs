//! Check for populations whose rule needs a separate teacher, and that have none.

use std::collections::BTreeSet;

use super::view::View;
use crate::description::document::Issues;
use crate::description::model::needs;
use crate::description::scenario::{Task, TimelineEntry};
use crate::neuron::Compartment;
use crate::plasticity::Need;

/// Warns of a population that learns by a rule with [`Need::Teacher`] if neither the population
/// itself nor a population that projects to its apical dendrites is taught.
pub(super) fn check(issues: &mut Issues, view: &View<'_>) {
    let Some(model) = view.model else {
        return;
    };
    let by_task = view.scenario.task.iter().flat_map(Task::taught);
    let by_timeline = view
        .scenario
        .timeline
        .iter()
        .filter_map(|entry| match entry {
            TimelineEntry::Teacher { population, .. } => Some(population.as_str()),
            _ => None,
        });
    let taught: BTreeSet<&str> = by_task.chain(by_timeline).collect();
    let mut told = BTreeSet::new();
    let basal = model
        .projections
        .iter()
        .filter(|p| p.compartment == Compartment::Basal);
    for projection in basal {
        let Some(synapse) = model.synapses.get(&projection.synapse) else {
            continue;
        };
        let Some((rule, all)) = needs(synapse, Compartment::Basal, view.registry) else {
            continue;
        };
        let population = projection.to.as_str();
        let mut senders = (model.projections.iter())
            .filter(|p| p.compartment == Compartment::Apical && p.to == population)
            .map(|p| p.from.as_str());
        let has_teacher =
            taught.contains(population) || senders.any(|sender| taught.contains(sender));
        if all.contains(&Need::Teacher) && !has_teacher && told.insert(population) {
            let path = match view.scenario.task {
                Some(_) => "task.taught",
                None => "timeline",
            };
            issues.warn(
                path,
                format!(
                    "`{population}` learns by `{rule}`, and neither it nor a population that \
                     projects to its apical dendrites is taught"
                ),
            );
        }
    }
}
