//! Check for populations whose rule needs a separate teacher, and that have none.

use std::collections::BTreeSet;

use super::view::View;
use crate::description::document::Issues;
use crate::description::model::{Model, afferents, needs};
use crate::description::scenario::{Task, TimelineEntry};
use crate::neuron::Compartment;
use crate::plasticity::Need;

/// Warns of a population that learns by a rule with [`Need::Teacher`] if neither the population
/// itself nor a population that projects to its apical dendrites is taught, and of one that learns
/// by a rule with [`Need::Loss`] if no population is taught.
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
    let mut warned = BTreeSet::new();
    for (population, synapse, compartment) in afferents(model) {
        let Some(synapse) = model.synapses.get(synapse) else {
            continue;
        };
        let Some((rule, all)) = needs(synapse, compartment, view.registry) else {
            continue;
        };
        let missing = if all.contains(&Need::Teacher) && !is_reached(model, &taught, population) {
            "neither it nor a population that projects to its apical dendrites is taught"
        } else if all.contains(&Need::Loss) && taught.is_empty() {
            "no population is taught, so that there is no loss"
        } else {
            continue;
        };
        if warned.insert(population) {
            let path = match view.scenario.task {
                Some(_) => "task.taught",
                None => "timeline",
            };
            issues.warn(
                path,
                format!("`{population}` learns by `{rule}`, and {missing}"),
            );
        }
    }
}

/// True if a population is taught, or another that projects to its apical dendrites, directly or
/// through pools, which have no synapse type.
fn is_reached(model: &Model, taught: &BTreeSet<&str>, population: &str) -> bool {
    let (mut seen, mut ahead) = (BTreeSet::new(), vec![population]);
    while let Some(next) = ahead.pop() {
        if !seen.insert(next) {
            continue;
        }
        let afferents = (model.projections.iter())
            .filter(|p| p.compartment == Compartment::Apical && p.to == next);
        for afferent in afferents {
            if taught.contains(afferent.from.as_str()) {
                return true;
            }
            if afferent.synapse.is_none() {
                ahead.push(&afferent.from);
            }
        }
    }
    taught.contains(population)
}

#[cfg(test)]
mod tests {
    use ron::extensions::Extensions;
    use serde::de::DeserializeOwned;

    use crate::description::Registry;
    use crate::description::scenario::check;

    fn parse<T: DeserializeOwned>(text: &str) -> T {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        options.from_str(text).unwrap()
    }

    /// Warnings about populations without a teacher, if `a` learns by `rule` and only `taught` is
    /// taught; `b` projects to the apical dendrites of `a`, and `c` to none.
    fn warnings(rule: &str, taught: &str) -> Vec<String> {
        let model = parse(&format!(
            r#"(
                name: "three", neurons: {{"n": (noise: (std: 0.1, every_ms: 5))}},
                inputs: [(name: "x", size: 2)],
                populations: [
                    (name: "a", size: 2, neuron: "n"), (name: "b", size: 2, neuron: "n"),
                    (name: "c", size: 2, neuron: "n"),
                ],
                synapses: {{"s": (rule: {rule}, eta: 0.1), "fixed": ()}},
                projections: [
                    (from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(1)),
                    (from: "b", to: "a", compartment: apical, delay_ms: 1, synapse: "fixed", weights: constant(1)),
                ],
            )"#
        ));
        let teacher = match taught {
            "" => String::new(),
            taught => format!(r#"teacher(from_ms: 1, population: "{taught}", target: [1, 0])"#),
        };
        let scenario = parse(&format!(
            r#"(name: "taught", model: "three.ron", dt_ms: 1, duration_ms: 10, timeline: [{teacher}])"#
        ));
        let issues = check(&scenario, Some(&model), &Registry::default());
        let issues = issues.into_iter().filter(|issue| issue.path == "timeline");
        issues.map(|issue| issue.message).collect()
    }

    /// The readout `c` teaches the pool of `a`, and through it `a`; `b` has no pool in between.
    #[test]
    fn a_teacher_is_found_through_a_pool_and_not_through_other_synapses() {
        let warned = |wiring: &str| {
            let model = parse(&format!(
                r#"(
                    name: "pooled", neurons: {{"n": ()}}, inputs: [(name: "x", size: 4, shape: (1, 2, 2))],
                    populations: [
                        (name: "a", shape: (1, 2, 2), neuron: "n"), (name: "pool", shape: (1, 1, 1), neuron: "n"),
                        (name: "c", size: 1, neuron: "n"),
                    ],
                    synapses: {{"s": (rule: "local_losses", eta: 0.1), "fixed": ()}},
                    projections: [
                        (from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(1)),
                        (from: "a", to: "pool", compartment: basal, delay_ms: 1, wiring: max_pool(kernel: 2)),
                        (from: "pool", to: "a", compartment: apical, delay_ms: 1, {wiring}),
                        (from: "c", to: "pool", compartment: apical, delay_ms: 1, synapse: "fixed", weights: constant(1)),
                    ],
                )"#
            ));
            let scenario = parse(
                r#"(name: "taught", model: "m.ron", dt_ms: 1, duration_ms: 10,
                    timeline: [teacher(from_ms: 1, population: "c", target: [1])])"#,
            );
            let issues = check(&scenario, Some(&model), &Registry::default());
            issues.iter().any(|issue| issue.path == "timeline")
        };
        assert!(!warned("wiring: reciprocal"));
        assert!(warned(r#"synapse: "fixed", weights: constant(1)"#));
    }

    /// A bias is a synapse as any other.
    #[test]
    fn biases_are_checked_as_projections_are() {
        let model = parse(
            r#"(
                name: "bias", neurons: {"n": ()}, inputs: [],
                populations: [(name: "a", size: 2, neuron: "n", bias: (synapse: "s"))],
                synapses: {"s": (rule: "local_losses", eta: 0.1)},
            )"#,
        );
        let scenario = parse(r#"(name: "untaught", model: "bias.ron", dt_ms: 1, duration_ms: 10)"#);
        let issues = check(&scenario, Some(&model), &Registry::default());
        assert!(
            issues.iter().any(|i| i.message.contains("is taught")),
            "{issues:?}"
        );
    }

    #[test]
    fn a_rule_that_needs_a_teacher_or_a_loss_is_warned_of_without_one() {
        let near = "neither it nor a population that projects to its apical dendrites is taught";
        for (rule, taught, warning) in [
            (r#""local_losses""#, "", Some(near)),
            (r#""local_losses""#, "c", Some(near)),
            (r#""local_losses""#, "a", None),
            (r#""local_losses""#, "b", None),
            (r#""hebbian", parameters: {"taught": 1}"#, "c", Some(near)),
            (r#""hebbian", parameters: {"taught": 1}"#, "a", None),
            (
                r#""node_perturbation""#,
                "",
                Some("no population is taught, so that there is no loss"),
            ),
            (r#""node_perturbation""#, "c", None),
        ] {
            let found = warnings(rule, taught);
            match warning {
                None => assert!(found.is_empty(), "{rule}, {taught}: {found:?}"),
                Some(warning) => {
                    assert_eq!(found.len(), 1, "{rule}, {taught}: {found:?}");
                    assert!(found[0].ends_with(warning), "{found:?}");
                }
            }
        }
    }
}
