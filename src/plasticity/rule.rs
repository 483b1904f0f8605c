//! Definition of a rule: a name, parameters, and the change of synapses on each dendrite.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::kernel::{ApicalKernel, BasalKernel, ColumnKernel, OnApical, OnBasal};
use super::third_factor::ThirdFactor;
use crate::neuron::Compartment;
use crate::parameter::{Parameter, Parameters};

/// A rule of plasticity as registered.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Name in model files.
    pub name: &'static str,
    /// Description in one line.
    pub about: &'static str,
    /// Parameters of the rule.
    pub parameters: &'static [Parameter],
    /// Change of basal synapses.
    pub basal: fn(&Parameters) -> Change<Basal>,
    /// Change of apical synapses.
    pub apical: fn(&Parameters) -> Change<Apical>,
}

impl Rule {
    /// Effect on the synapses of a compartment.
    pub(crate) fn effect(&self, compartment: Compartment, parameters: &Parameters) -> Effect {
        match compartment {
            Compartment::Basal => (self.basal)(parameters).effect,
            Compartment::Apical => (self.apical)(parameters).effect,
        }
    }

    /// Kind of the change in a compartment with default parameters, in one word.
    #[must_use]
    pub fn kind(&self, compartment: Compartment) -> &'static str {
        let parameters = Parameters::of(self.parameters, &BTreeMap::new());
        self.effect(compartment, &parameters).kind.name()
    }

    /// Criteria of biological plausibility that hold with default parameters.
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
                |kind| matches!(kind, Kind::Local(_, Some(third)) if third.depends_on_presentations()),
            ),
        }
    }
}

/// Criteria of biological plausibility (Lv et al., ICML 2025), as they hold in this engine.
///
/// They follow from the components of a rule's changes: the input of a kernel is its own site only,
/// no change but [`Change::transported`] uses the weights of another projection, and only a third
/// factor from the timeline depends on the kind of presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criteria {
    /// C1: no synapse uses the weight of another.
    pub no_weight_symmetry: bool,
    /// C2: a synapse changes by variables at its site, and by a scalar common to all synapses.
    pub local: bool,
    /// C3: no separate phases; the same equations hold at all times.
    pub no_phases: bool,
}

/// Marks a [`Change`] of basal synapses.
pub enum Basal {}

/// Marks a [`Change`] of apical synapses.
pub enum Apical {}

/// Change of the synapses of one compartment, `At`. Only feedback can be transported, and a change
/// for the other compartment does not compile:
///
/// ```compile_fail,E0308
/// use apical::plasticity::{Basal, Change};
/// let basal: Change<Basal> = Change::transported();
/// ```
pub struct Change<At> {
    effect: Effect,
    at: PhantomData<At>,
}

/// A [`Change`], without its compartment.
pub(crate) struct Effect {
    pub(crate) kind: Kind,
    /// Part of a weight that a change as large as a weight of unit gain overwrites.
    pub(crate) gated_decay: f32,
    /// Properties without which the change does not have its meaning.
    pub(crate) needs: Vec<Need>,
}

/// A property of neurons, synapses or populations that a change needs to have its meaning. It is
/// checked with the model and the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// `noise` of the receiving neurons.
    Noise,
    /// `mismatch: potential` of the receiving neurons.
    PotentialMismatch,
    /// `norm` of the synapse type.
    Norm,
    /// `update` of the synapse type; without it the change is not defined.
    Update,
    /// A teacher of the receiving population, or of one that projects to its apical dendrites.
    Teacher,
    /// A teacher of any population, by which the loss is defined.
    Loss,
    /// Leaky somata with apical input: `tau_s_ms` and `lambda` above 0 of the receiving neurons.
    Relaxation,
}

pub(crate) enum Kind {
    /// Constant weights.
    Fixed,
    /// Weights that change by a local kernel, and a third factor if there is one.
    Local(Box<dyn ColumnKernel>, Option<ThirdFactor>),
    /// Not local: weights equal to those of the reciprocal basal projection, transposed.
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
            needs: Vec::new(),
        };
        Self {
            effect,
            at: PhantomData,
        }
    }

    /// Constant weights.
    #[must_use]
    pub fn fixed() -> Self {
        Self::of(Kind::Fixed)
    }

    /// The change with a gated decay: each `D`, when applied, also reduces the earlier weight, `W
    /// += D - min(gated_decay sqrt(n) |D|, 1) W`. `n` is the mean number of synapses of a receiver,
    /// for an apical projection that of its reciprocal basal one; `1 / sqrt(n)` is the size of
    /// weights of unit gain.
    #[must_use]
    pub fn with_gated_decay(mut self, gated_decay: f32) -> Self {
        self.effect.gated_decay = gated_decay;
        match gated_decay {
            0.0 => self,
            _ => self.needing(Need::Update),
        }
    }

    /// The same change with a property that it needs.
    #[must_use]
    pub fn needing(mut self, need: Need) -> Self {
        self.effect.needs.push(need);
        self
    }
}

impl Change<Basal> {
    /// Local change.
    pub fn basal(kernel: impl BasalKernel) -> Self {
        Self::of(Kind::Local(Box::new(OnBasal(kernel)), None))
    }

    /// Local change, multiplied by a third factor common to all synapses.
    pub fn modulated_basal(kernel: impl BasalKernel, third: ThirdFactor) -> Self {
        Self::of(Kind::Local(Box::new(OnBasal(kernel)), Some(third)))
    }
}

impl Change<Apical> {
    /// Local change.
    pub fn apical(kernel: impl ApicalKernel) -> Self {
        Self::of(Kind::Local(Box::new(OnApical(kernel)), None))
    }

    /// Local change, multiplied by a third factor common to all synapses.
    pub fn modulated_apical(kernel: impl ApicalKernel, third: ThirdFactor) -> Self {
        Self::of(Kind::Local(Box::new(OnApical(kernel)), Some(third)))
    }

    /// Weight transport, the only change that is not local: a control.
    #[must_use]
    pub fn transported() -> Self {
        Self::of(Kind::Transported)
    }
}
