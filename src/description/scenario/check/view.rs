//! Scenario, circuit and time together, as input of the checks.

use crate::connectivity::{Shape, WiringKind};
use crate::description::Registry;
use crate::description::document::{Issues, unknown};
use crate::description::model::{Bias, Input, Model, Population};
use crate::description::scenario::{Indices, Neurons, Scenario};
use crate::neuron::{Compartment, Variable};

/// A scenario with the available information on its circuit and its time.
pub(super) struct View<'a> {
    pub scenario: &'a Scenario,
    pub model: Option<&'a Model>,
    pub registry: &'a Registry,
    /// Step in ms, if it is valid.
    pub dt_ms: Option<f64>,
    /// End of the run in ms, if it is determined by the scenario alone.
    pub end_ms: Option<f64>,
}

/// A projection or a bias, with its name.
pub(super) struct Named<'a> {
    pub name: String,
    pub compartment: Compartment,
    pub from: Option<&'a str>,
    pub to: &'a str,
    /// Synapse type; `None` for a pool.
    pub synapse: Option<&'a str>,
    /// Name of its reciprocal projection, if given.
    pub reciprocal: Option<&'a str>,
    /// True if it has the pairs of its reciprocal projection.
    pub is_reciprocal: bool,
    /// True if all pairs are connected.
    pub is_all_to_all: bool,
}

impl Named<'_> {
    /// True if this is a basal projection in the opposite direction of `other`.
    pub fn runs_back(&self, other: &Named<'_>) -> bool {
        self.compartment == Compartment::Basal
            && self.from == Some(other.to)
            && Some(self.to) == other.from
    }
}

impl<'a> View<'a> {
    /// Size of the input with this name; adds an error if there is none.
    pub fn input(&self, issues: &mut Issues, path: &str, name: &str) -> Option<usize> {
        let model = self.model?;
        let found = model.inputs.iter().find(|input| input.name == name);
        if found.is_none() {
            let inputs = || model.inputs.iter().map(|input| input.name.as_str());
            let message = if model.populations.iter().any(|p| p.name == name) {
                let inputs: Vec<String> = inputs().map(|name| format!("`{name}`")).collect();
                format!(
                    "`{name}` is a population of pyramidal neurons, whose rates are their own; \
                     expected an input: {}",
                    if inputs.is_empty() {
                        "there is none".into()
                    } else {
                        inputs.join(", ")
                    }
                )
            } else {
                unknown("input", name, inputs())
            };
            issues.error(path, message);
        }
        found.map(|input| input.size)
    }

    /// The population with this name; adds an error if there is none.
    pub fn population(
        &self,
        issues: &mut Issues,
        path: &str,
        name: &str,
    ) -> Option<&'a Population> {
        let model = self.model?;
        let found = model.populations.iter().find(|p| p.name == name);
        if found.is_none() {
            let message = if model.inputs.iter().any(|input| input.name == name) {
                format!(
                    "`{name}` is an input, which has neither dendrites nor parameters; expected a \
                     population of pyramidal neurons"
                )
            } else {
                unknown(
                    "population",
                    name,
                    model.populations.iter().map(|p| p.name.as_str()),
                )
            };
            issues.error(path, message);
        }
        found
    }

    /// True if the neurons belong to an input; adds an error if there are no such neurons.
    pub fn neurons(&self, issues: &mut Issues, path: &str, neurons: &Neurons) -> Option<bool> {
        let model = self.model?;
        let name = &neurons.population;
        let input = model
            .inputs
            .iter()
            .find(|i| i.name == *name)
            .map(Input::arrangement);
        let population = model.populations.iter().find(|p| p.name == *name);
        let Some(shape) = input.or(population.map(Population::arrangement)) else {
            let inputs = model.inputs.iter().map(|i| i.name.as_str());
            let known = inputs.chain(model.populations.iter().map(|p| p.name.as_str()));
            issues.error(path, unknown("input or population", name, known));
            return None;
        };
        indices(
            issues,
            path,
            &neurons.indices,
            shape,
            &format!("neurons of `{name}`"),
        );
        Some(input.is_some())
    }

    /// Symbols of the variables of a population: those of the pyramidal neuron and of its neuron
    /// model.
    pub fn variables(&self, population: &str) -> Vec<&'static str> {
        let of = |name: &str| {
            let model = self.model?;
            let population = model.populations.iter().find(|p| p.name == name)?;
            let kind = model.neurons.get(&population.neuron)?.model.as_deref()?;
            Some(self.registry.neuron(kind)?.variables())
        };
        let shipped = Variable::ALL.into_iter().map(Variable::symbol);
        shipped.chain(of(population).unwrap_or_default()).collect()
    }

    /// All projections and biases.
    pub fn projections(&self) -> Vec<Named<'a>> {
        let Some(model) = self.model else {
            return Vec::new();
        };
        let projections = model.projections.iter().map(|p| Named {
            name: p.name(),
            compartment: p.compartment,
            from: Some(p.from.as_str()),
            to: p.to.as_str(),
            synapse: p.synapse.as_deref(),
            reciprocal: p.reciprocal.as_deref(),
            is_reciprocal: p.wiring == WiringKind::Reciprocal,
            is_all_to_all: p.wiring == WiringKind::AllToAll && !p.mask,
        });
        let biases = model.populations.iter().filter_map(|p| {
            Some(Named {
                name: Bias::name(&p.name),
                compartment: Compartment::Basal,
                from: None,
                to: p.name.as_str(),
                synapse: Some(p.bias.as_ref()?.synapse.as_str()),
                reciprocal: None,
                is_reciprocal: false,
                is_all_to_all: true,
            })
        });
        projections.chain(biases).collect()
    }

    /// The projection or bias with this name; adds an error if there is none.
    pub fn projection(&self, issues: &mut Issues, path: &str, name: &str) -> Option<Named<'a>> {
        self.model?;
        let mut all = self.projections();
        match all.iter().position(|p| p.name == name) {
            Some(index) => Some(all.swap_remove(index)),
            None => {
                let known = all.iter().map(|p| p.name.as_str());
                issues.error(path, unknown("projection", name, known));
                None
            }
        }
    }

    /// Shape of an input or a population.
    pub fn shape(&self, name: &str) -> Option<Shape> {
        self.model?.arrangement(name)
    }
}

/// Adds an error if a population of this shape does not have these neurons.
pub(super) fn indices(
    issues: &mut Issues,
    path: &str,
    indices: &Indices,
    shape: Shape,
    what: &str,
) {
    if let Some(misfit) = indices.misfit(shape, what) {
        issues.error(path, misfit);
    }
}
