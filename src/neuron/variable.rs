//! The variables of a neuron that can be recorded.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parameter::Symbol;

/// A variable of a neuron by its symbol: one of the pyramidal neuron's compartments, or one that a
/// neuron model adds. Inputs have only `r`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Variable(Symbol);

impl Variable {
    /// `I_b`: what reaches the basal dendrite.
    pub const BASAL_CURRENT: Self = Self(Symbol::new("I_b"));
    /// `b`: the basal potential.
    pub const BASAL_POTENTIAL: Self = Self(Symbol::new("b"));
    /// `I_a`: what reaches the apical dendrite, the teacher among it.
    pub const APICAL_CURRENT: Self = Self(Symbol::new("I_a"));
    /// `a`: the apical potential.
    pub const APICAL_POTENTIAL: Self = Self(Symbol::new("a"));
    /// `s`: the somatic potential.
    pub const SOMATIC_POTENTIAL: Self = Self(Symbol::new("s"));
    /// `xi`: the mismatch.
    pub const MISMATCH: Self = Self(Symbol::new("xi"));
    /// `r`: the rate, sent up.
    pub const RATE: Self = Self(Symbol::new("r"));
    /// `delta`: the teaching signal, sent down.
    pub const DELTA: Self = Self(Symbol::new("delta"));

    /// Those of the pyramidal neuron, in the order of its equations.
    pub const ALL: [Self; 8] = [
        Self::BASAL_CURRENT,
        Self::BASAL_POTENTIAL,
        Self::APICAL_CURRENT,
        Self::APICAL_POTENTIAL,
        Self::SOMATIC_POTENTIAL,
        Self::MISMATCH,
        Self::RATE,
        Self::DELTA,
    ];

    /// The variable of that symbol.
    #[must_use]
    pub fn named(symbol: &str) -> Self {
        Self(Symbol::read(symbol))
    }

    pub(crate) fn all() -> Vec<Self> {
        Self::ALL.to_vec()
    }

    /// Its symbol in files and on axes.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        self.0.name()
    }
}

/// In the order of the equations, and then by symbol.
impl Ord for Variable {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |variable: &Self| {
            let place = Self::ALL.iter().position(|known| known == variable);
            (place.unwrap_or(Self::ALL.len()), variable.0)
        };
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Variable {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
