//! Conversion of a checked model to a circuit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::document::{Issue, Severity};
use super::model::{self, Bias, Files, Model, Projection, Synapse, Wired};
use crate::circuit::{
    Circuit, ConnectivityPlan, Engine, NeuronsPlan, OwnModel, PlasticityPlan, PopulationPlan,
    ProjectionPlan, UpdatePlan, WeightsPlan,
};
use crate::connectivity::{Connectivity, Initial, InitialWeights, Shape};
use crate::description::Registry;
use crate::engine::check_systems;
use crate::event::{PopulationId, ProjectionId, Signal};
use crate::math::Steps;
use crate::neuron::Compartment;
use crate::parameter::Parameters;
use crate::plasticity::{Effect, Kind};

/// Settings that a model needs in addition to become a circuit.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// Step in ms.
    pub dt_ms: f64,
    /// Number of parallel trials.
    pub trials: usize,
    /// Seed of the initial weights.
    pub seed: u64,
    /// Period of weight updates without their own, in ms.
    pub presentation_ms: f64,
    /// Base directory of relative paths of initial weights.
    pub directory: &'a Path,
    /// Engine that advances the circuit.
    pub engine: Engine,
}

/// Problems because of which a model is not a valid circuit.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(|issue| format!("{}: {}", issue.path, issue.message)).collect::<Vec<_>>().join("\n"))]
pub struct LowerError(pub Vec<Issue>);

/// Checks `model` and converts it to a circuit. Warnings, such as needs of rules that are not met, are
/// those of [`model::check`].
///
/// # Errors
/// All problems of the model, each with its path.
pub fn lower(model: &Model, registry: &Registry, setup: Setup<'_>) -> Result<Circuit, LowerError> {
    let (mut issues, files) =
        model::check_with(model, registry, Some(setup.dt_ms), setup.directory);
    issues.retain(|issue| issue.severity == Severity::Error);
    if !issues.is_empty() {
        return Err(LowerError(issues));
    }
    let circuit = lower_checked(model, registry, setup, &files);
    check_systems(&circuit).map_err(|message| {
        LowerError(vec![Issue {
            severity: Severity::Error,
            path: "systems".into(),
            message,
        }])
    })?;
    Ok(circuit)
}

/// Converts a checked model to a circuit, with the contents of its files.
///
/// # Panics
/// If the model was not checked with the same registry and step.
pub(crate) fn lower_checked(
    model: &Model,
    registry: &Registry,
    setup: Setup<'_>,
    files: &Files,
) -> Circuit {
    let lowering = Lowering::new(model, registry, setup, files);
    Circuit {
        dt_ms: setup.dt_ms,
        trials: setup.trials,
        seed: setup.seed,
        engine: setup.engine,
        populations: lowering.populations(),
        projections: lowering.projections(),
        systems: registry.systems().clone(),
    }
}

/// A projection or a bias of the model.
#[derive(Clone, Copy)]
enum Source<'a> {
    Projection(&'a Projection),
    Bias(&'a str, &'a Bias),
}

struct Lowering<'a> {
    model: &'a Model,
    registry: &'a Registry,
    setup: Setup<'a>,
    files: &'a Files,
    steps: Steps,
    populations: BTreeMap<&'a str, (Shape, Option<&'a str>)>,
    projections: BTreeMap<String, Source<'a>>,
}

const CHECKED: &str = "the model has been checked";

impl<'a> Lowering<'a> {
    fn new(model: &'a Model, registry: &'a Registry, setup: Setup<'a>, files: &'a Files) -> Self {
        let inputs = model
            .inputs
            .iter()
            .map(|i| (i.name.as_str(), (i.arrangement(), None)));
        let pyramidal = (model.populations.iter())
            .map(|p| (p.name.as_str(), (p.arrangement(), Some(p.neuron.as_str()))));
        let projections = (model.projections.iter()).map(|p| (p.name(), Source::Projection(p)));
        let biases = model.populations.iter().filter_map(|p| {
            let bias = p.bias.as_ref()?;
            Some((Bias::name(&p.name), Source::Bias(&p.name, bias)))
        });
        Self {
            model,
            registry,
            setup,
            files,
            steps: Steps::of(setup.dt_ms),
            populations: inputs.chain(pyramidal).collect(),
            projections: projections.chain(biases).collect(),
        }
    }

    fn populations(&self) -> Vec<PopulationPlan> {
        let plan = |(name, (shape, neuron)): (&&str, &(Shape, Option<&str>))| PopulationPlan {
            name: (*name).into(),
            size: shape.size(),
            shape: *shape,
            neurons: neuron.map(|neuron| self.parameters(self.neuron(neuron))),
            own: neuron.and_then(|neuron| self.own(self.neuron(neuron))),
            stores_all: false,
        };
        self.populations.iter().map(plan).collect()
    }

    fn neuron(&self, name: &str) -> &'a model::Neuron {
        self.model.neurons.get(name).expect(CHECKED)
    }

    /// Parameters of a neuron type.
    fn parameters(&self, neuron: &model::Neuron) -> NeuronsPlan {
        let transfer = self
            .registry
            .transfer(neuron.transfer.name())
            .expect(CHECKED);
        NeuronsPlan {
            tau_ms: [neuron.tau_b_ms, neuron.tau_a_ms, neuron.tau_s_ms],
            g_a: neuron.g_a,
            lambda: neuron.lambda,
            transfer,
            mismatch: neuron.mismatch,
            noise: (neuron.noise).map(|n| (n.std, self.steps.next(n.every_ms).max(1))),
        }
    }

    /// Neuron model of a neuron type, if it names one.
    fn own(&self, neuron: &model::Neuron) -> Option<OwnModel> {
        let name = neuron.model.clone()?;
        let kind = self.registry.neuron(&name).expect(CHECKED);
        let parameters = Parameters::of(kind.parameters, &neuron.parameters);
        let mut own = (kind.build)(&parameters, self.setup.dt_ms);
        own.name = name;
        own.parameters = neuron.parameters.clone();
        own.all_parameters = parameters.to_string();
        Some(own)
    }

    fn population(&self, name: &str) -> PopulationId {
        let place = self.populations.keys().position(|known| *known == name);
        PopulationId(place.expect(CHECKED) as u32)
    }

    fn projection(&self, name: &str) -> ProjectionId {
        let place = self.projections.keys().position(|known| known == name);
        ProjectionId(place.expect(CHECKED) as u32)
    }

    fn projections(&self) -> Vec<ProjectionPlan> {
        let plan = |(name, source): (&String, &Source<'_>)| {
            let connectivity = self.files.wirings.get(name).expect(CHECKED);
            let connectivity = connectivity.plan(|source| self.projection(source));
            let name: Arc<str> = name.as_str().into();
            match source {
                Source::Projection(projection) => {
                    self.of_projection(name, projection, connectivity)
                }
                Source::Bias(post, bias) => ProjectionPlan {
                    weights: self.weights(&name, &bias.weights, &bias.synapse, Compartment::Basal),
                    name,
                    pre: None,
                    post: self.population(post),
                    compartment: Compartment::Basal,
                    signal: Signal::Rate,
                    connectivity,
                    delay: 1,
                    threshold: 0.0,
                    reciprocal: None,
                },
            }
        };
        self.projections.iter().map(plan).collect()
    }

    fn of_projection(
        &self,
        name: Arc<str>,
        projection: &Projection,
        connectivity: ConnectivityPlan,
    ) -> ProjectionPlan {
        let reciprocal = (self.model.reciprocal(projection)).map(|p| self.projection(&p.name()));
        let compartment = projection.compartment;
        let weights = match (&projection.weights, &projection.synapse) {
            (Some(weights), Some(synapse)) => self.weights(&name, weights, synapse, compartment),
            _ => self.of_pool(&connectivity),
        };
        // Weight transport reads the weights of the reciprocal projection.
        let is_tied = self.is_tied(projection);
        let connectivity = match reciprocal.filter(|_| is_tied) {
            Some(source) => ConnectivityPlan::Reversed(source),
            None => connectivity,
        };
        ProjectionPlan {
            name,
            pre: Some(self.population(&projection.from)),
            post: self.population(&projection.to),
            compartment,
            signal: projection.signal(),
            connectivity,
            delay: self.steps.whole(projection.delay_ms).expect(CHECKED),
            threshold: self.model.threshold(projection),
            weights: match weights {
                // A rule of weight transport does not change weights itself.
                WeightsPlan::Own(_, None) if is_tied => {
                    WeightsPlan::Tied(reciprocal.expect(CHECKED))
                }
                own => own,
            },
            reciprocal,
        }
    }

    /// Weights of a pool: none, one constant, or the winners of the pool in the opposite direction.
    fn of_pool(&self, connectivity: &ConnectivityPlan) -> WeightsPlan {
        let constant = |connectivity: &Connectivity| {
            let weight = connectivity.structure().and_then(|s| s.fixed_weight());
            WeightsPlan::Own(Initial::Constant(weight.unwrap_or(0.0)), None)
        };
        match connectivity {
            ConnectivityPlan::Fixed(connectivity) => constant(connectivity),
            ConnectivityPlan::Reversed(source) => {
                let name = self.projections.keys().nth(source.index()).expect(CHECKED);
                match self.files.wirings.get(name).expect(CHECKED) {
                    Wired::Fixed(Connectivity::MaxPool(_)) => WeightsPlan::Tied(*source),
                    Wired::Fixed(connectivity) => constant(connectivity),
                    _ => unreachable!("only a pool has no weights"),
                }
            }
            ConnectivityPlan::Random(_) => unreachable!("random pairs have weights"),
        }
    }

    fn is_tied(&self, projection: &Projection) -> bool {
        let Some(synapse) = &projection.synapse else {
            return false;
        };
        let synapse = self.synapse(synapse);
        self.effect(synapse, projection.compartment)
            .is_some_and(|(_, effect)| matches!(effect.kind, Kind::Transported))
    }

    fn synapse(&self, name: &str) -> &'a Synapse {
        self.model.synapses.get(name).expect(CHECKED)
    }

    /// Effect of the synapse type's rule at a compartment, with the rule's name and parameters.
    fn effect(&self, synapse: &Synapse, compartment: Compartment) -> Option<(String, Effect)> {
        let rule = self.registry.rule(synapse.rule.as_deref()?).expect(CHECKED);
        let parameters = Parameters::of(rule.parameters, &synapse.parameters);
        let effect = rule.effect(compartment, &parameters);
        Some((format!("{}{parameters}", rule.name), effect))
    }

    fn weights(
        &self,
        name: &str,
        weights: &InitialWeights,
        synapse: &str,
        compartment: Compartment,
    ) -> WeightsPlan {
        let synapse = self.synapse(synapse);
        let initial = Initial::of(weights, self.files.matrices.get(name));
        let plasticity = match self.effect(synapse, compartment) {
            Some((
                rule,
                Effect {
                    kind: Kind::Local(kernel, third),
                    gated_decay,
                    ..
                },
            )) => Some(PlasticityPlan {
                rule,
                kernel: kernel.into(),
                third,
                eta: synapse.eta,
                decay_per_ms: synapse.decay_per_ms,
                bounds: synapse.limits(),
                norm: synapse.norm,
                update: synapse.update.as_ref().map(|update| {
                    let every_ms = update.every_ms.unwrap_or(self.setup.presentation_ms);
                    UpdatePlan {
                        every: self.steps.next(every_ms).max(1),
                        offset: self.steps.next(update.offset_ms),
                        optimiser: update.optimiser,
                        gated_decay: gated_decay
                            * self.files.fan_in(self.model, name).sqrt() as f32,
                    }
                }),
            }),
            _ => None,
        };
        WeightsPlan::Own(initial, plasticity)
    }
}
