//! Check of projections: ends, delays and plasticity.

use std::path::Path;

use super::wiring::{self, Wired};
use super::{Files, paths, weights};
use crate::connectivity::{InitialWeights, WiringKind};
use crate::description::Registry;
use crate::description::document::{Allowed, Issues, unknown};
use crate::description::model::{Model, Projection};
use crate::event::Signal;
use crate::neuron::Compartment;
use crate::parameter::Parameters;
use crate::plasticity::Kind;

pub(super) fn check(
    issues: &mut Issues,
    model: &Model,
    registry: &Registry,
    dt_ms: Option<f64>,
    (directory, files): (&Path, &mut Files),
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
        signal(issues, &path, projection);
        let shapes = model
            .arrangement(&projection.to)
            .zip(model.arrangement(&projection.from));
        let wired = shapes.and_then(|shapes| {
            wiring::of_projection(issues, &path, projection, shapes, (model, directory))
        });
        synapses(issues, &path, projection, wired, (model, directory, files));
        reciprocal(issues, &path, projection, (model, registry));
    }
}

/// Checks that the reciprocal projection, if needed, is unique.
fn reciprocal(
    issues: &mut Issues,
    path: &str,
    projection: &Projection,
    (model, registry): (&Model, &Registry),
) {
    let (from, to) = (&projection.from, &projection.to);
    let ways: Vec<String> = model.ways_back(projection).map(Projection::name).collect();
    let field = format!("{path}.reciprocal");
    match &projection.reciprocal {
        Some(_) if projection.compartment == Compartment::Basal => {
            let message = "a basal projection has none; expected this of an apical one";
            return issues.error(field, message);
        }
        Some(name) if !ways.contains(name) => {
            let kind = format!("basal projection from `{to}` to `{from}` called");
            return issues.error(field, unknown(&kind, name, ways.iter().map(String::as_str)));
        }
        _ => {}
    }
    if !is_transported(model, registry, projection) {
        return;
    }
    if projection.signal() == Signal::Rate {
        let message = "weight transport is for teaching signals; expected `signal: delta`";
        issues.error(format!("{path}.signal"), message);
    }
    if !matches!(
        projection.wiring,
        WiringKind::AllToAll | WiringKind::Reciprocal
    ) {
        let message = "weight transport reads the weights of the reciprocal projection, pair by \
                       pair; expected `wiring: reciprocal`";
        issues.error(format!("{path}.wiring"), message);
    }
    if projection.mask {
        let message = "weight transport reads the weights of the reciprocal projection; expected \
                       no `mask`";
        issues.error(format!("{path}.mask"), message);
    }
    match (model.reciprocal(projection), &ways[..]) {
        (None, []) => issues.error(
            path,
            format!(
                "weight transport reads the weights of the way up: expected a basal projection \
                 from `{to}` to `{from}`, found none"
            ),
        ),
        (None, [first, ..]) => issues.error(
            path,
            format!(
                "weight transport reads the weights of one way up, and from `{to}` to `{from}` \
                 there are {}; expected a choice, such as `reciprocal: \"{first}\"`, and an apical \
                 projection for each of them that teaching is to come back along",
                quoted(&ways)
            ),
        ),
        (Some(chosen), _) => {
            let chosen = chosen.name();
            for (way, readers) in tied_to(&ways, projection, (model, registry)) {
                if readers.is_empty() {
                    issues.warn(
                        path,
                        format!(
                            "this reads `{chosen}`, and no projection reads `{way}`, which \
                             leads from `{to}` to `{from}` too: its part of the gradient is missing"
                        ),
                    );
                }
                if way == chosen && readers.len() > 1 {
                    issues.warn(
                        path,
                        format!(
                            "`{way}` is read by {}: its part of the gradient counts {} times",
                            quoted(&readers),
                            readers.len()
                        ),
                    );
                }
            }
        }
    }
}

/// Projections opposite to `projection`, each with the transported ones that read it.
fn tied_to(
    ways: &[String],
    projection: &Projection,
    (model, registry): (&Model, &Registry),
) -> Vec<(String, Vec<String>)> {
    let beside = (model.projections.iter())
        .filter(|p| p.from == projection.from && p.to == projection.to)
        .filter(|p| is_transported(model, registry, p));
    let pairs: Vec<(String, String)> = beside
        .filter_map(|p| Some((model.reciprocal(p)?.name(), p.name())))
        .collect();
    let of = |way: &String| {
        let readers = pairs.iter().filter(|(chosen, _)| chosen == way);
        (way.clone(), readers.map(|(_, name)| name.clone()).collect())
    };
    ways.iter().map(of).collect()
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

pub(super) fn synapse_type(issues: &mut Issues, path: &str, synapse: &str, model: &Model) {
    if !model.synapses.contains_key(synapse) {
        let known = model.synapses.keys().map(String::as_str);
        issues.error(path, unknown("synapse type", synapse, known));
    }
}

/// Checks synapse type and initial weights, which all projections have except for pools.
fn synapses(
    issues: &mut Issues,
    path: &str,
    projection: &Projection,
    mut wired: Option<Wired>,
    (model, directory, files): (&Model, &Path, &mut Files),
) {
    let of_source = match &wired {
        Some(Wired::Reversed(source)) => model.projections.iter().find(|p| p.name() == *source),
        _ => None,
    };
    let is_pool = projection.wiring.is_pool() || of_source.is_some_and(|p| p.wiring.is_pool());
    let given = [
        ("synapse", projection.synapse.is_some()),
        ("weights", projection.weights.is_some()),
        ("mask", projection.mask),
    ];
    if is_pool {
        for (field, _) in given.into_iter().filter(|(_, given)| *given) {
            let message = format!("a pool has no weights; expected no `{field}`");
            issues.error(format!("{path}.{field}"), message);
        }
    } else {
        for (field, _) in given[..2].iter().filter(|(_, given)| !given) {
            issues.error(
                path,
                format!("expected `{field}`, which only a pool does not have"),
            );
        }
        if let Some(synapse) = &projection.synapse {
            synapse_type(issues, &format!("{path}.synapse"), synapse, model);
        }
    }
    if let (false, Some(initial)) = (is_pool, &projection.weights) {
        let is_file = matches!(initial, InitialWeights::Npy(_));
        if projection.mask && (!is_file || projection.wiring != WiringKind::AllToAll) {
            let message = "a mask is the zeros of a file; expected `weights: npy(...)` of post x \
                           pre, and no `wiring`";
            issues.error(format!("{path}.mask"), message);
        }
        // The pairs of a projection that comes later in the file are not yet in the list.
        let shape = match (&wired, of_source) {
            (Some(Wired::Reversed(_)), Some(source)) => {
                let shapes = model
                    .arrangement(&source.to)
                    .zip(model.arrangement(&source.from));
                let mut ignored = Issues::default();
                let of_source = shapes.and_then(|shapes| {
                    wiring::of_projection(&mut ignored, path, source, shapes, (model, directory))
                });
                of_source.and_then(|wired| {
                    let shape = wired.file_shape()?;
                    Some(match wired.is_by_pair() {
                        true => (shape.1, shape.0),
                        false => shape,
                    })
                })
            }
            (Some(wired), _) => wired.file_shape(),
            (None, _) => None,
        };
        let field = format!("{path}.weights");
        if let Some(matrix) = weights::check(issues, &field, initial, shape, directory) {
            if projection.mask {
                wired = Some(wiring::masked(&matrix));
            }
            files.matrices.insert(projection.name(), matrix);
        }
    }
    files
        .wirings
        .extend(wired.map(|wired| (projection.name(), wired)));
}

/// Checks that the receiving compartment takes the signal.
fn signal(issues: &mut Issues, path: &str, projection: &Projection) {
    if projection.signal() == Signal::Delta && projection.compartment == Compartment::Basal {
        let message = "basal dendrites receive rates; expected `rate`, or an apical projection";
        issues.error(format!("{path}.signal"), message);
    }
}

fn ends(issues: &mut Issues, path: &str, projection: &Projection, model: &Model) {
    let inputs = || model.inputs.iter().map(|i| i.name.as_str());
    let populations = || model.populations.iter().map(|p| p.name.as_str());
    let is_input = |name: &str| inputs().any(|input| input == name);
    for (end, name, message) in [
        (
            "from",
            &projection.from,
            (projection.signal() == Signal::Delta)
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
                match end {
                    "from" => format!(
                        "`{name}` {message}; expected one of the populations, or `signal: rate`"
                    ),
                    _ => format!("`{name}` {message}; expected one of the populations"),
                },
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
    let synapse = projection
        .synapse
        .as_ref()
        .and_then(|name| model.synapses.get(name));
    let rule = (synapse.and_then(|s| s.rule.as_ref())).and_then(|rule| registry.rule(rule));
    projection.compartment == Compartment::Apical
        && synapse.zip(rule).is_some_and(|(synapse, rule)| {
            let parameters = Parameters::of(rule.parameters, &synapse.parameters);
            let effect = rule.effect(Compartment::Apical, &parameters);
            matches!(effect.kind, Kind::Transported)
        })
}
