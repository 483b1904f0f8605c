//! Definition of a circuit: the RON schema of `models/*.ron`.
//!
//! Neuron types and synapse types are defined once and referred to by populations and projections,
//! so that one `--set neurons.pyramidal.tau_b_ms=5` changes every population of that type.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::connectivity::{InitialWeights, Shape, WiringKind};
use crate::event::Signal;
use crate::neuron::soma::Units;
use crate::neuron::{Compartment, Transfer};
use crate::parameter::Symbol;
use crate::plasticity::Optimiser;

/// A circuit of pyramidal neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name of the circuit.
    pub name: String,
    /// Description in one or two sentences.
    #[serde(default)]
    pub about: String,
    /// Threshold of projections without their own, see [`Projection::threshold`].
    #[serde(default)]
    pub threshold: f32,
    /// Neuron types by name.
    pub neurons: BTreeMap<String, Neuron>,
    /// Populations of input neurons, whose rates the scenario sets.
    pub inputs: Vec<Input>,
    /// Populations of pyramidal neurons.
    pub populations: Vec<Population>,
    /// Synapse types by name.
    #[serde(default)]
    pub synapses: BTreeMap<String, Synapse>,
    /// Projections between populations.
    #[serde(default)]
    pub projections: Vec<Projection>,
}

impl Model {
    /// Numbers of neurons along the axes of an input or a population.
    #[must_use]
    pub fn arrangement(&self, name: &str) -> Option<Shape> {
        let input = self.inputs.iter().find(|input| input.name == name);
        let population = || self.populations.iter().find(|p| p.name == name);
        (input.map(Input::arrangement)).or_else(|| population().map(Population::arrangement))
    }

    /// Number of output channels of a convolution, or of the reciprocal of one.
    #[must_use]
    pub fn kernel_channels(&self, projection: &str) -> Option<usize> {
        let named = self.projections.iter().find(|p| p.name() == projection)?;
        let source = match named.wiring {
            WiringKind::Reciprocal => self.reciprocal(named)?,
            _ => named,
        };
        let is_convolution = matches!(source.wiring, WiringKind::Convolution { .. });
        let [channels, ..] = self.arrangement(&source.to)?.image();
        is_convolution.then_some(channels)
    }

    /// Threshold of a projection: its own or that of the model.
    #[must_use]
    pub fn threshold(&self, projection: &Projection) -> f32 {
        projection.threshold.unwrap_or(self.threshold)
    }

    /// Basal projections in the opposite direction of `projection`, in the order of the model.
    pub fn ways_back<'a>(
        &'a self,
        projection: &'a Projection,
    ) -> impl Iterator<Item = &'a Projection> {
        self.projections.iter().filter(|back| {
            back.compartment == Compartment::Basal
                && back.from == projection.to
                && back.to == projection.from
        })
    }

    /// Reciprocal basal projection of an apical one: the one that it names, or the only one in the
    /// opposite direction. `None` if there is none, or several of which none is selected.
    #[must_use]
    pub fn reciprocal<'a>(&'a self, projection: &'a Projection) -> Option<&'a Projection> {
        let mut ways = self.ways_back(projection);
        match &projection.reciprocal {
            _ if projection.compartment == Compartment::Basal => None,
            Some(name) => ways.find(|way| way.name() == *name),
            None => ways.next().filter(|_| ways.next().is_none()),
        }
    }

    /// The threshold of all projections, if they share one.
    #[must_use]
    pub fn common_threshold(&self) -> Option<f32> {
        let mut thresholds = self.projections.iter().map(|p| self.threshold(p));
        let first = thresholds.next()?;
        thresholds.all(|other| other == first).then_some(first)
    }
}

/// Parameters of a neuron type. Symbols as in [`crate::neuron`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Neuron {
    /// Basal time constant in ms; 0 is the quasi-static limit.
    pub tau_b_ms: f64,
    /// Apical time constant in ms; 0 is the quasi-static limit.
    pub tau_a_ms: f64,
    /// Somatic time constant in ms, applied to `s` and `b_hat` alike; 0 is the quasi-static limit.
    pub tau_s_ms: f64,
    /// Apical coupling `g_a`, dimensionless.
    pub g_a: f32,
    /// Somatic coupling `lambda` in 0..=1: effect of the apical side on the rate, dimensionless.
    pub lambda: f32,
    /// Name of the transfer function `f`: one of the crate, or one of the registry.
    pub transfer: Symbol,
    /// Units of the mismatch: rates or potentials.
    pub mismatch: Units,
    /// Noise of each neuron, added to the potential at its output only; absent: none.
    pub noise: Option<Noise>,
    /// Neuron model that adds variables and an equation, by its name in the registry; absent: none.
    pub model: Option<String>,
    /// Parameters of the neuron model by name.
    pub parameters: BTreeMap<String, f64>,
}

/// Noise that is drawn at regular times and constant in between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Standard deviation of a normal distribution with mean 0, in a.u. of the potential.
    pub std: f32,
    /// Time between draws in ms.
    pub every_ms: f64,
}

/// The quasi-static, unnudged neuron of Dendritic Localized Learning (ICML 2025).
impl Default for Neuron {
    fn default() -> Self {
        Self {
            tau_b_ms: 0.0,
            tau_a_ms: 0.0,
            tau_s_ms: 0.0,
            g_a: 1.0,
            lambda: 0.0,
            transfer: Transfer::Tanh.into(),
            mismatch: Units::Rate,
            noise: None,
            model: None,
            parameters: BTreeMap::new(),
        }
    }
}

/// A population of input neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenInput")]
pub struct Input {
    /// Name, unique among inputs and populations.
    pub name: String,
    /// Neurons per trial; by default the number of neurons of `shape`.
    pub size: usize,
    /// Numbers of neurons along the axes; by default a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

#[derive(Deserialize)]
#[serde(rename = "Input", deny_unknown_fields)]
struct WrittenInput {
    name: String,
    #[serde(default, deserialize_with = "given")]
    size: Option<usize>,
    #[serde(default, deserialize_with = "given")]
    shape: Option<Shape>,
}

impl From<WrittenInput> for Input {
    fn from(written: WrittenInput) -> Self {
        Self {
            name: written.name,
            size: size(written.size, written.shape),
            shape: written.shape,
        }
    }
}

impl Input {
    /// Numbers of neurons along the axes.
    #[must_use]
    pub fn arrangement(&self) -> Shape {
        self.shape.unwrap_or(Shape::line(self.size))
    }
}

/// Neurons per trial; 0, which the check reports, if neither is given.
fn size(size: Option<usize>, shape: Option<Shape>) -> usize {
    size.or(shape.map(|shape| shape.size())).unwrap_or(0)
}

/// A population of pyramidal neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenPopulation")]
pub struct Population {
    /// Name, unique among inputs and populations.
    pub name: String,
    /// Neurons per trial; by default the number of neurons of `shape`.
    pub size: usize,
    /// Numbers of neurons along the axes; by default a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// Neuron type, a key of [`Model::neurons`].
    pub neuron: String,
    /// Bias: a synapse from an always active unit onto every basal dendrite.
    pub bias: Option<Bias>,
}

#[derive(Deserialize)]
#[serde(rename = "Population", deny_unknown_fields)]
struct WrittenPopulation {
    name: String,
    #[serde(default, deserialize_with = "given")]
    size: Option<usize>,
    #[serde(default, deserialize_with = "given")]
    shape: Option<Shape>,
    neuron: String,
    #[serde(default)]
    bias: Option<Bias>,
}

impl From<WrittenPopulation> for Population {
    fn from(written: WrittenPopulation) -> Self {
        Self {
            name: written.name,
            size: size(written.size, written.shape),
            shape: written.shape,
            neuron: written.neuron,
            bias: written.bias,
        }
    }
}

impl Population {
    /// Numbers of neurons along the axes.
    #[must_use]
    pub fn arrangement(&self) -> Shape {
        self.shape.unwrap_or(Shape::line(self.size))
    }
}

/// The bias of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bias {
    /// Synapse type, a key of [`Model::synapses`].
    pub synapse: String,
    /// Initial values.
    #[serde(default = "InitialWeights::zero")]
    pub weights: InitialWeights,
    /// Neurons that have a value of their own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub per: Per,
}

/// Neurons with a common bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Every neuron has its own value.
    #[default]
    Neuron,
    /// All neurons of a channel, the first of three axes, have one value.
    Channel,
}

/// Sign of the weights of a synapse type (Dale's principle).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// 0 and more.
    Excitatory,
    /// 0 and less.
    Inhibitory,
}

impl Bias {
    /// Name of the bias of a population among projections.
    #[must_use]
    pub fn name(population: &str) -> String {
        format!("{population}_bias")
    }
}

/// A synapse type: plasticity of its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synapse {
    /// Plasticity rule, by its name in the registry; absent: constant weights.
    #[serde(default)]
    pub rule: Option<String>,
    /// Parameters of the rule by name.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    /// Learning rate: per ms for continuous change, per weight update otherwise.
    #[serde(default)]
    pub eta: f32,
    /// Decay of the weights, `dW/dt = -decay W`, per ms.
    #[serde(default)]
    pub decay_per_ms: f64,
    /// Smallest and largest weight.
    #[serde(default)]
    pub bounds: Option<(f32, f32)>,
    /// Sign of the weights, a bound of 0 in addition to `bounds`; absent: weights of both signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
    /// Length of the weight vector of each neuron, at the start and after every weight update
    /// (synaptic scaling); absent: not fixed.
    #[serde(default)]
    pub norm: Option<f32>,
    /// Conversion of the eligibility to weight changes at regular times; absent: continuous change.
    #[serde(default)]
    pub update: Option<Update>,
}

impl Synapse {
    /// Smallest and largest weight, from `bounds` and `sign`.
    #[must_use]
    pub fn limits(&self) -> Option<(f32, f32)> {
        let (low, high) = self.bounds.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        match self.sign {
            None => self.bounds,
            Some(Sign::Excitatory) => Some((low.max(0.0), high)),
            Some(Sign::Inhibitory) => Some((low, high.min(0.0))),
        }
    }
}

/// Times of weight updates and optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Period in ms; absent: one presentation of the scenario.
    #[serde(default)]
    pub every_ms: Option<f64>,
    /// Start of the clock in ms. If it is the time that a stimulus takes to reach the senders, a
    /// projection updates its weights just before their activity changes.
    #[serde(default)]
    pub offset_ms: f64,
    /// Conversion of eligibility to weight change.
    pub optimiser: Optimiser,
}

/// Synapses from one population to one compartment of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// Name; absent: `FROM_to_TO`.
    #[serde(default)]
    pub name: Option<String>,
    /// Sending population.
    pub from: String,
    /// Receiving population.
    pub to: String,
    /// Receiving compartment.
    pub compartment: Compartment,
    /// Conduction delay in ms, a whole number of steps and at least one.
    pub delay_ms: f64,
    /// Connected pairs; absent: all pairs of a sender and a receiver.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wiring: WiringKind,
    /// True if only pairs with a weight other than 0 in the `.npy` file of `weights` are connected.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mask: bool,
    /// Signal that is sent; absent: rates to basal dendrites, teaching signals to apical ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// Synapse type, a key of [`Model::synapses`]; absent for a pool, which has no weights.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub synapse: Option<String>,
    /// Initial weights; absent for a pool.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub weights: Option<InitialWeights>,
    /// A sender sends if its value differs from the last value sent by more than this threshold, in
    /// units of `r` (basal) or `delta` (apical); 0 sends every change. Absent: that of the model.
    /// The dense engine, the reference for thresholds, sends all values in every step.
    #[serde(default)]
    pub threshold: Option<f32>,
    /// Name of the basal projection in the opposite direction whose weights an apical projection
    /// reads (weight transport) and is compared with (`alignment`); absent: the only one.
    #[serde(default)]
    pub reciprocal: Option<String>,
}

/// A value that is written without `Some`, also in plain RON.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// True for the default value, which is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Projection {
    /// Signal that is sent.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal.unwrap_or(Signal::of(self.compartment))
    }

    /// The given name, or `FROM_to_TO`.
    #[must_use]
    pub fn name(&self) -> String {
        (self.name.clone()).unwrap_or_else(|| format!("{}_to_{}", self.from, self.to))
    }
}
