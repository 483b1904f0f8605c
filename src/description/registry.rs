//! The registry: parts to which models and scenarios refer by name.

use std::collections::BTreeMap;

use bevy_ecs::schedule::Schedule;

use crate::circuit::{OwnModel, Systems};
use crate::data::OwnSource;
use crate::neuron::{OwnTransfer, Transfer, TransferFunction};
use crate::parameter::{Parameter, Parameters};
use crate::plasticity::{Rule, rules};

/// A neuron model added by a program: `"adapting": (model: "adapting", parameters: {...})`.
#[derive(Clone, Copy)]
pub struct NeuronKind {
    /// Name in model files.
    pub name: &'static str,
    /// Description in one line.
    pub about: &'static str,
    /// Its parameters in addition to those of the pyramidal neuron.
    pub parameters: &'static [Parameter],
    /// Constructor of the model from its parameters and the step in ms.
    pub build: fn(&Parameters, f64) -> OwnModel,
}

impl NeuronKind {
    /// Symbols of the additional variables.
    #[must_use]
    pub fn variables(&self) -> Vec<&'static str> {
        let defaults = Parameters::of(self.parameters, &BTreeMap::default());
        (self.build)(&defaults, 1.0).variables()
    }
}

/// Parts to which models and scenarios refer by name: rules, neuron models, transfer functions and
/// sources of data; and additional systems of every step. A program can add parts to those of the
/// crate; a part with an existing name replaces the earlier one.
#[derive(Clone)]
pub struct Registry {
    rules: Vec<Rule>,
    neurons: Vec<NeuronKind>,
    transfers: Vec<OwnTransfer>,
    sources: Vec<OwnSource>,
    systems: Systems,
}

impl Default for Registry {
    /// The parts of the crate.
    fn default() -> Self {
        Self {
            rules: rules::ALL.to_vec(),
            neurons: Vec::new(),
            transfers: Vec::new(),
            sources: Vec::new(),
            systems: Systems::default(),
        }
    }
}

impl Registry {
    /// Adds a rule of plasticity.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.retain(|known| known.name != rule.name);
        self.rules.push(rule);
        self
    }

    /// Adds a neuron model.
    #[must_use]
    pub fn with_neuron(mut self, kind: NeuronKind) -> Self {
        self.neurons.retain(|known| known.name != kind.name);
        self.neurons.push(kind);
        self
    }

    /// Adds a transfer function.
    ///
    /// # Panics
    /// If the crate has a transfer function of this name, which cannot be replaced.
    #[must_use]
    pub fn with_transfer(mut self, function: &'static dyn TransferFunction) -> Self {
        let transfer = OwnTransfer(function);
        let name = transfer.name();
        assert!(
            Transfer::named(name).is_none(),
            "the transfer function `{name}` is one of the crate; expected another name"
        );
        self.transfers.retain(|known| *known != transfer);
        self.transfers.push(transfer);
        self
    }

    /// Adds a source of data.
    #[must_use]
    pub fn with_source(mut self, source: OwnSource) -> Self {
        self.sources.retain(|known| known.name != source.name);
        self.sources.push(source);
        self
    }

    /// Adds systems to every step of every simulation, ordered relative to the
    /// [stages](crate::engine::Stage).
    #[must_use]
    pub fn with_systems(mut self, add: impl Fn(&mut Schedule) + Send + Sync + 'static) -> Self {
        self.systems.add(add);
        self
    }

    /// The rule with this name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// All rules, in the order of their registration.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The neuron model with this name.
    #[must_use]
    pub fn neuron(&self, name: &str) -> Option<&NeuronKind> {
        self.neurons.iter().find(|kind| kind.name == name)
    }

    /// All neuron models.
    pub fn neurons(&self) -> impl Iterator<Item = &NeuronKind> {
        self.neurons.iter()
    }

    /// The transfer function with this name.
    #[must_use]
    pub fn transfer(&self, name: &str) -> Option<Transfer> {
        let own = || self.transfers.iter().find(|own| own.name() == name);
        Transfer::named(name).or_else(|| own().copied().map(Transfer::Own))
    }

    /// Names of all transfer functions.
    pub fn transfers(&self) -> impl Iterator<Item = &'static str> {
        let own = self.transfers.iter().map(|own| own.name());
        Transfer::ALL.into_iter().map(Transfer::name).chain(own)
    }

    /// All sources of data that a program has added.
    #[must_use]
    pub fn sources(&self) -> &[OwnSource] {
        &self.sources
    }

    pub(crate) fn systems(&self) -> &Systems {
        &self.systems
    }
}
