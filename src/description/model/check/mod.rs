//! Check of a model, which reports all problems at once.

mod confinement;
mod names;
mod needs;
mod projection;
mod synapse;
mod weights;
mod wiring;

use std::path::Path;

pub use names::is_file_name;
pub(crate) use names::name;
use names::paths;
pub(crate) use needs::{afferents, needs};
pub use wiring::fixed_connectivity;
pub(crate) use wiring::{Wired, Wirings};

use super::{Bias, Input, Model, ModelGraph, Neuron, Population, Projection};
use crate::connectivity::{Matrices, Shape};
use crate::description::Registry;
use crate::description::document::{Allowed, Issue, Issues, unknown};
use crate::neuron::{Compartment, Variable};

/// Problems of `model`, in no particular order.
///
/// `dt_ms` is the step of the scenario, if there is one; files of weights are searched in
/// `directory`, that of the model.
#[must_use]
pub fn check(
    model: &Model,
    registry: &Registry,
    dt_ms: Option<f64>,
    directory: &Path,
) -> Vec<Issue> {
    check_with(model, registry, dt_ms, directory).0
}

/// What a check has read and made from a model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// Matrices of weights, by the names of their projections.
    pub matrices: Matrices,
    /// Connected pairs, by the names of their projections.
    pub wirings: Wirings,
}

impl Files {
    /// Expected number of connected pairs of all projections and biases.
    pub fn synapses(&self) -> f64 {
        let count = |wired: &Wired| wired.synapses(&self.wirings);
        self.wirings.values().map(count).sum()
    }

    /// Mean number of synapses of a receiver in a projection or a bias; for an apical projection, in
    /// its reciprocal basal one if there is one. 0 for an unknown name.
    pub fn fan_in(&self, model: &Model, name: &str) -> f64 {
        let projection = model.projections.iter().find(|p| p.name() == name);
        let source = projection.map(|p| model.reciprocal(p).unwrap_or(p));
        let receivers = match source {
            Some(source) => model.arrangement(&source.to).map(|shape| shape.size()),
            None => (model.populations.iter())
                .find(|p| Bias::name(&p.name) == name)
                .map(|p| p.size),
        };
        let name = source.map_or(name.to_owned(), Projection::name);
        let synapses = self.wirings.get(&name).map(|w| w.synapses(&self.wirings));
        synapses.zip(receivers).map_or(0.0, |(s, n)| s / n as f64)
    }
}

/// As [`check`], with the contents of the named files and the connected pairs.
pub(crate) fn check_with(
    model: &Model,
    registry: &Registry,
    dt_ms: Option<f64>,
    directory: &Path,
) -> (Vec<Issue>, Files) {
    let (mut issues, mut files) = (Issues::default(), Files::default());
    for (path, found) in [
        ("neurons", model.neurons.len()),
        ("inputs", model.inputs.len()),
        ("populations", model.populations.len()),
        ("synapses", model.synapses.len()),
        ("projections", model.projections.len()),
    ] {
        if found > MOST_PARTS {
            issues.error(
                path,
                format!("expected {MOST_PARTS} entries at most, found {found}"),
            );
            return (issues.into_vec(), files);
        }
    }
    name(&mut issues, "name", &model.name);
    for (key, neuron) in &model.neurons {
        name(&mut issues, &format!("neurons.{key}"), key);
        check_neuron(
            &mut issues,
            &format!("neurons.{key}"),
            neuron,
            (registry, dt_ms),
        );
    }
    issues.number("threshold", model.threshold, Allowed::AtLeast(0.0));
    names::populations(&mut issues, model);
    names::projections(&mut issues, model);
    for (path, input) in paths("inputs", &model.inputs, |input| input.name.clone()) {
        check_input(&mut issues, &path, input);
    }
    for (path, population) in paths("populations", &model.populations, |p| p.name.clone()) {
        check_population(&mut issues, &path, population, model);
        if let Some(bias) = &population.bias {
            let path = format!("{path}.bias");
            let wired = wiring::of_bias(&mut issues, &path, population, bias);
            let shape = wired.file_shape();
            files.wirings.insert(Bias::name(&population.name), wired);
            projection::synapse_type(
                &mut issues,
                &format!("{path}.synapse"),
                &bias.synapse,
                model,
            );
            let path = format!("{path}.weights");
            let matrix = weights::check(&mut issues, &path, &bias.weights, shape, directory);
            (files.matrices).extend(matrix.map(|matrix| (Bias::name(&population.name), matrix)));
        }
    }
    if model.populations.is_empty() {
        issues.error(
            "populations",
            "there is none; expected at least one population",
        );
    }
    for (key, synapse) in &model.synapses {
        name(&mut issues, &format!("synapses.{key}"), key);
        synapse::check(
            &mut issues,
            &format!("synapses.{key}"),
            synapse,
            registry,
            dt_ms,
        );
    }
    projection::check(&mut issues, model, registry, dt_ms, (directory, &mut files));
    // A wrong name can make other parts unused or unreachable: one message is enough.
    if !issues.has_errors() {
        unused(&mut issues, model);
        needs::check(&mut issues, model, registry);
        confinement::check(&mut issues, model, registry, &files);
        unreachable(&mut issues, model);
    }
    (issues.into_vec(), files)
}

fn check_neuron(
    issues: &mut Issues,
    path: &str,
    neuron: &Neuron,
    (registry, dt_ms): (&Registry, Option<f64>),
) {
    if registry.transfer(neuron.transfer.name()).is_none() {
        let message = unknown(
            "transfer function",
            neuron.transfer.name(),
            registry.transfers(),
        );
        issues.error(format!("{path}.transfer"), message);
    }
    match &neuron.model {
        None if !neuron.parameters.is_empty() => issues.error(
            format!("{path}.parameters"),
            "these are parameters of a neuron model; expected its name in `model`",
        ),
        None => {}
        Some(name) => match registry.neuron(name) {
            Some(kind) => {
                synapse::parameters(
                    issues,
                    (path, &format!("neuron model `{name}`")),
                    kind.parameters,
                    &neuron.parameters,
                );
                let shared = |symbol: &&str| Variable::ALL.iter().any(|v| v.symbol() == *symbol);
                if let Some(symbol) = kind.variables().iter().find(|symbol| shared(symbol)) {
                    issues.error(
                        format!("{path}.model"),
                        format!(
                            "the neuron model `{name}` has a variable `{symbol}`, as every neuron \
                             has; expected another symbol"
                        ),
                    );
                }
            }
            None => {
                let known = registry.neurons().map(|kind| kind.name);
                issues.error(
                    format!("{path}.model"),
                    unknown("neuron model", name, known),
                );
            }
        },
    }
    for (name, tau) in [
        ("tau_b_ms", neuron.tau_b_ms),
        ("tau_a_ms", neuron.tau_a_ms),
        ("tau_s_ms", neuron.tau_s_ms),
    ] {
        issues.number(format!("{path}.{name}"), tau, Allowed::AtLeast(0.0));
    }
    issues.number(format!("{path}.g_a"), neuron.g_a, Allowed::Any);
    let lambda = Allowed::Within(0.0, 1.0);
    issues.number(format!("{path}.lambda"), neuron.lambda, lambda);
    if let Some(noise) = &neuron.noise {
        let path = format!("{path}.noise");
        issues.number(format!("{path}.std"), noise.std, Allowed::AtLeast(0.0));
        issues.steps(format!("{path}.every_ms"), noise.every_ms, dt_ms);
    }
}

fn check_input(issues: &mut Issues, path: &str, input: &Input) {
    check_size(issues, path, input.size, input.shape);
}

fn check_population(issues: &mut Issues, path: &str, population: &Population, model: &Model) {
    check_size(issues, path, population.size, population.shape);
    if !model.neurons.contains_key(&population.neuron) {
        let known = model.neurons.keys().map(String::as_str);
        let message = unknown("neuron type", &population.neuron, known);
        issues.error(format!("{path}.neuron"), message);
    }
}

/// Largest number of populations, projections or types: each is searched by name among the others.
const MOST_PARTS: usize = 4096;

/// Largest number of neurons of a population, so that sizes of matrices and rows do not overflow.
pub const MOST_NEURONS: usize = 1 << 24;

fn check_size(issues: &mut Issues, path: &str, size: usize, shape: Option<Shape>) {
    if let Some(shape) = shape.filter(|shape| shape.size() != size) {
        let of_shape = shape.size();
        issues.error(
            format!("{path}.shape"),
            format!(
                "a shape of {shape} has {of_shape} neurons, and `size` is {size}; expected the \
                 same number, or `shape` without `size`"
            ),
        );
    } else if !(1..=MOST_NEURONS).contains(&size) {
        let (field, expected) = match shape {
            None => ("size", "neurons by `size` or `shape`"),
            Some(_) => ("shape", "neurons"),
        };
        issues.error(
            format!("{path}.{field}"),
            format!("expected 1 to {MOST_NEURONS} {expected}, found {size}"),
        );
    }
}

fn unused(issues: &mut Issues, model: &Model) {
    for key in model.neurons.keys() {
        if !model.populations.iter().any(|p| p.neuron == *key) {
            issues.warn(
                format!("neurons.{key}"),
                "no population is of this neuron type",
            );
        }
    }
    for key in model.synapses.keys() {
        let projected = model
            .projections
            .iter()
            .any(|p| p.synapse.as_ref() == Some(key));
        let mut biases = model.populations.iter().filter_map(|p| p.bias.as_ref());
        if !projected && !biases.any(|bias| bias.synapse == *key) {
            let message = "no projection and no bias is of this synapse type";
            issues.warn(format!("synapses.{key}"), message);
        }
    }
}

/// Populations that no activity can reach. A circuit without inputs is driven by injected currents.
fn unreachable(issues: &mut Issues, model: &Model) {
    if model.inputs.is_empty() {
        return;
    }
    let nodes = ModelGraph::of(model, Compartment::Basal);
    let inputs = model.inputs.iter().filter_map(|i| nodes.node(&i.name));
    let reached = nodes.graph.reached(inputs);
    for (path, population) in paths("populations", &model.populations, |p| p.name.clone()) {
        let arrives = |node: usize| reached.get(node).copied().unwrap_or_default();
        if !nodes.node(&population.name).is_some_and(arrives) {
            let message = "no basal projections lead here from an input: no activity will arrive";
            issues.warn(path, message);
        }
    }
}
