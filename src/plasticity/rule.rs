//! What a rule is: a name, parameters, and what it does to the synapses of each dendrite.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::kernel::{ApicalKernel, BasalKernel, ColumnKernel, OnApical, OnBasal};
use super::third_factor::ThirdFactor;
use crate::neuron::Compartment;
use crate::parameter::{Parameter, Parameters};

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
    pub basal: fn(&Parameters) -> Change<Basal>,
    /// What it does at an apical synapse.
    pub apical: fn(&Parameters) -> Change<Apical>,
}

impl Rule {
    /// What it does to synapses of a compartment.
    pub(crate) fn effect(&self, compartment: Compartment, parameters: &Parameters) -> Effect {
        match compartment {
            Compartment::Basal => (self.basal)(parameters).effect,
            Compartment::Apical => (self.apical)(parameters).effect,
        }
    }

    /// What it does to synapses of a compartment with its default parameters, in a word.
    #[must_use]
    pub fn kind(&self, compartment: Compartment) -> &'static str {
        let parameters = Parameters::of(self.parameters, &BTreeMap::new());
        self.effect(compartment, &parameters).kind.name()
    }

    /// Whether changes overwrite what was there, which needs a weight update.
    pub(crate) fn overwrites(&self, given: &BTreeMap<String, f64>) -> bool {
        let parameters = Parameters::of(self.parameters, given);
        let kinds = [Compartment::Basal, Compartment::Apical];
        (kinds.iter()).any(|compartment| self.effect(*compartment, &parameters).gated_decay != 0.0)
    }

    /// Which criteria of biological plausibility it meets with its default parameters.
    #[must_use]
    pub fn criteria(&self) -> Criteria {
        let parameters = Parameters::of(self.parameters, &BTreeMap::new());
        let kinds = [Compartment::Basal, Compartment::Apical];
        let kinds = kinds.map(|compartment| self.effect(compartment, &parameters).kind);
        let nowhere = |of: fn(&Kind) -> bool| !kinds.iter().any(of);
        Criteria {
            no_weight_symmetry: nowhere(|kind| matches!(kind, Kind::Transported)),
            local: nowhere(|kind| matches!(kind, Kind::Transported)),
            no_phases: nowhere(
                |kind| matches!(kind, Kind::Local(_, Some(third)) if third.knows_presentations()),
            ),
        }
    }
}

/// Criteria of biological plausibility (Lv et al., ICML 2025), as they hold in this engine.
///
/// They follow from what a rule's changes are made of: a kernel is handed nothing but its own
/// site, only [`Change::transported`] reads the weights of another projection, and only a third
/// factor from the timeline tells one kind of presentation from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criteria {
    /// C1: no synapse reads the weight of another.
    pub no_weight_symmetry: bool,
    /// C2: a synapse changes by what is there where it sits, and by a scalar that all are told.
    pub local: bool,
    /// C3: no separate phases; the same equations hold at all times.
    pub no_phases: bool,
}

/// Marks a [`Change`] of basal synapses.
pub enum Basal {}

/// Marks a [`Change`] of apical synapses.
pub enum Apical {}

/// What a rule does to the synapses of one compartment, `At`. Only feedback can be transported, and
/// a change for the other compartment does not fit:
///
/// ```compile_fail,E0308
/// use apical::plasticity::{Basal, Change};
/// let basal: Change<Basal> = Change::transported();
/// ```
pub struct Change<At> {
    effect: Effect,
    at: PhantomData<At>,
}

/// A [`Change`], wherever it happens.
pub(crate) struct Effect {
    pub(crate) kind: Kind,
    /// How much of a weight a change of it overwrites.
    pub(crate) gated_decay: f32,
}

pub(crate) enum Kind {
    /// The weights stay as they are.
    Fixed,
    /// The weights change by a local kernel, and a third factor if there is one.
    Local(Box<dyn ColumnKernel>, Option<ThirdFactor>),
    /// Not local: the weights are those of the reciprocal basal projection, transposed.
    Transported,
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Local(_, None) => "local",
            Self::Local(_, Some(third)) => third.name(),
            Self::Transported => "transported",
        }
    }
}

impl<At> Change<At> {
    fn of(kind: Kind) -> Self {
        let effect = Effect {
            kind,
            gated_decay: 0.0,
        };
        Self {
            effect,
            at: PhantomData,
        }
    }

    /// The weights stay as they are.
    #[must_use]
    pub fn fixed() -> Self {
        Self::of(Kind::Fixed)
    }

    /// The same, each change `D` overwriting a part of what was there when it is applied:
    /// `W += D - min(gated_decay |D|, 1) W`.
    #[must_use]
    pub fn with_gated_decay(mut self, gated_decay: f32) -> Self {
        self.effect.gated_decay = gated_decay;
        self
    }
}

impl Change<Basal> {
    /// Local change.
    pub fn basal(kernel: impl BasalKernel) -> Self {
        Self::of(Kind::Local(Box::new(OnBasal(kernel)), None))
    }

    /// Local change, multiplied by a third factor that all are told.
    pub fn modulated_basal(kernel: impl BasalKernel, third: ThirdFactor) -> Self {
        Self::of(Kind::Local(Box::new(OnBasal(kernel)), Some(third)))
    }
}

impl Change<Apical> {
    /// Local change.
    pub fn apical(kernel: impl ApicalKernel) -> Self {
        Self::of(Kind::Local(Box::new(OnApical(kernel)), None))
    }

    /// Local change, multiplied by a third factor that all are told.
    pub fn modulated_apical(kernel: impl ApicalKernel, third: ThirdFactor) -> Self {
        Self::of(Kind::Local(Box::new(OnApical(kernel)), Some(third)))
    }

    /// Weight transport, the one thing here that is not local: a control.
    #[must_use]
    pub fn transported() -> Self {
        Self::of(Kind::Transported)
    }
}
