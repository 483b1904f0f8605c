//! Projections: what they join, when they arrive and how they change.

use std::path::Path;

use super::{paths, weights};
use crate::document::{Allowed, Issues, unknown};
use crate::model::{Compartment, Model, Projection};
use crate::plasticity::{Kind, Parameters, Registry};

pub(super) fn check(
    issues: &mut Issues,
    model: &Model,
    registry: &Registry,
    dt_ms: Option<f64>,
    directory: &Path,
) {
    for (path, projection) in paths("projections", &model.projections, |p| p.name()) {
        ends(issues, &path, projection, model);
        issues.steps(format!("{path}.delay_ms"), projection.delay_ms, dt_ms);
        if let Some(threshold) = projection.threshold {
            issues.number(
                format!("{path}.threshold"),
                threshold,
                Allowed::AtLeast(0.0),
            );
        }
        synapse_type(
            issues,
            &format!("{path}.synapse"),
            &projection.synapse,
            model,
        );
        let shape = size(model, &projection.to).zip(size(model, &projection.from));
        let weights = format!("{path}.weights");
        weights::check(issues, &weights, &projection.weights, shape, directory);
        if is_transported(model, registry, projection) && !has_way_back(model, projection) {
            let (from, to) = (&projection.from, &projection.to);
            issues.error(
                &path,
                format!(
                    "weight transport reads the weights of the way up: expected a basal projection \
                     from `{to}` to `{from}`, found none"
                ),
            );
        }
    }
}

pub(super) fn synapse_type(issues: &mut Issues, path: &str, synapse: &str, model: &Model) {
    if !model.synapses.contains_key(synapse) {
        let known = model.synapses.keys().map(String::as_str);
        issues.error(path, unknown("synapse type", synapse, known));
    }
}

/// Number of neurons of an input or a population.
fn size(model: &Model, name: &str) -> Option<usize> {
    let input = model.inputs.iter().find(|i| i.name == name);
    let population = || model.populations.iter().find(|p| p.name == name);
    input
        .map(|i| i.size)
        .or_else(|| population().map(|p| p.size))
}

fn ends(issues: &mut Issues, path: &str, projection: &Projection, model: &Model) {
    let inputs = || model.inputs.iter().map(|i| i.name.as_str());
    let populations = || model.populations.iter().map(|p| p.name.as_str());
    let is_input = |name: &str| inputs().any(|input| input == name);
    for (end, name, message) in [
        (
            "from",
            &projection.from,
            (projection.compartment == Compartment::Apical)
                .then_some("is an input, which sends no teaching signal to apical dendrites"),
        ),
        (
            "to",
            &projection.to,
            Some("is an input, which has no dendrites to project to"),
        ),
    ] {
        let path = format!("{path}.{end}");
        match message {
            Some(message) if is_input(name) => issues.error(
                path,
                format!("`{name}` {message}; expected one of the populations"),
            ),
            _ if is_input(name) || populations().any(|population| population == name) => {}
            Some(_) => issues.error(path, unknown("population", name, populations())),
            None => {
                let known = inputs().chain(populations());
                issues.error(path, unknown("input or population", name, known));
            }
        }
    }
}

fn is_transported(model: &Model, registry: &Registry, projection: &Projection) -> bool {
    let synapse = model.synapses.get(&projection.synapse);
    let rule = (synapse.and_then(|s| s.rule.as_ref())).and_then(|rule| registry.get(rule));
    projection.compartment == Compartment::Apical
        && synapse.zip(rule).is_some_and(|(synapse, rule)| {
            let parameters = Parameters::of(rule, &synapse.parameters);
            let effect = rule.effect(Compartment::Apical, &parameters);
            matches!(effect.kind, Kind::Transported)
        })
}

/// Whether a basal projection runs the other way.
fn has_way_back(model: &Model, projection: &Projection) -> bool {
    (model.projections.iter()).any(|back| {
        back.compartment == Compartment::Basal
            && back.from == projection.to
            && back.to == projection.from
    })
}
