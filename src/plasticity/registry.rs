//! The registry of rules: names, parameters and what each side of a rule does.

use std::collections::BTreeMap;

use super::kernel::{ApicalKernel, BasalKernel, ColumnKernel, OnApical, OnBasal};
use super::{dll, kolen_pollack, transport};

/// A rule of plasticity as it stands in the registry.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Name in model files.
    pub name: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// What it does at a basal synapse.
    pub basal: fn(&Parameters) -> Change,
    /// What it does at an apical synapse.
    pub apical: fn(&Parameters) -> Change,
}

/// A parameter of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name in model files.
    pub name: &'static str,
    /// Value when the file gives none.
    pub default: f64,
    /// Smallest and largest value.
    pub range: (f64, f64),
    /// Unit and meaning.
    pub meaning: &'static str,
}

/// The parameters of a rule with every default filled in.
pub struct Parameters(BTreeMap<&'static str, f64>);

impl Parameters {
    /// Fills in the defaults of `rule`; names that it does not declare are left out.
    #[must_use]
    pub fn of(rule: &Rule, given: &BTreeMap<String, f64>) -> Self {
        let value = |p: &Parameter| given.get(p.name).copied().unwrap_or(p.default);
        Self(rule.parameters.iter().map(|p| (p.name, value(p))).collect())
    }

    /// The value of a declared parameter; 0 for any other name.
    #[must_use]
    pub fn get(&self, name: &str) -> f32 {
        self.0.get(name).map_or(0.0, |v| *v as f32)
    }
}

/// What a rule does to the synapses of one compartment.
pub struct Change(pub(crate) Kind);

pub(crate) enum Kind {
    /// The weights stay as they are.
    Fixed,
    /// The weights change by a local kernel.
    Local(Box<dyn ColumnKernel>),
    /// Not local: the weights are those of the reciprocal basal projection, transposed.
    Transported,
}

impl Change {
    /// The weights stay as they are.
    #[must_use]
    pub fn fixed() -> Self {
        Self(Kind::Fixed)
    }

    /// Local change at basal synapses.
    pub fn basal(kernel: impl BasalKernel) -> Self {
        Self(Kind::Local(Box::new(OnBasal(kernel))))
    }

    /// Local change at apical synapses.
    pub fn apical(kernel: impl ApicalKernel) -> Self {
        Self(Kind::Local(Box::new(OnApical(kernel))))
    }

    /// Weight transport, the one thing here that is not local: a control.
    #[must_use]
    pub fn transported() -> Self {
        Self(Kind::Transported)
    }
}

/// The rules that a model may name.
pub struct Registry(Vec<Rule>);

impl Default for Registry {
    fn default() -> Self {
        Self(vec![dll::RULE, kolen_pollack::RULE, transport::RULE])
    }
}

impl Registry {
    /// Adds a rule of the user's own; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.0.retain(|known| known.name != rule.name);
        self.0.push(rule);
        self
    }

    /// The rule of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.name == name)
    }

    /// All rules, in the order of their registration.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }
}
