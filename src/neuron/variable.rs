//! The variables of a neuron that can be recorded.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parameter::Symbol;

/// A variable of a neuron, identified by its symbol: a variable of the pyramidal neuron, or one
/// that a neuron model adds. Inputs have only `r`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Variable(Symbol);

impl Variable {
    /// `I_b`: basal current, in a.u.
    pub const BASAL_CURRENT: Self = Self(Symbol::new("I_b"));
    /// `b`: basal potential, in a.u.
    pub const BASAL_POTENTIAL: Self = Self(Symbol::new("b"));
    /// `I_a`: apical current, including the teaching current, in a.u.
    pub const APICAL_CURRENT: Self = Self(Symbol::new("I_a"));
    /// `a`: apical potential, in a.u.
    pub const APICAL_POTENTIAL: Self = Self(Symbol::new("a"));
    /// `s`: somatic potential, in a.u.
    pub const SOMATIC_POTENTIAL: Self = Self(Symbol::new("s"));
    /// `xi`: mismatch, in a.u.
    pub const MISMATCH: Self = Self(Symbol::new("xi"));
    /// `r`: rate, sent to basal dendrites.
    pub const RATE: Self = Self(Symbol::new("r"));
    /// `delta`: teaching signal, sent to apical dendrites.
    pub const DELTA: Self = Self(Symbol::new("delta"));

    /// Variables of the pyramidal neuron, in the order of its equations.
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

    /// Variable with this symbol.
    #[must_use]
    pub fn named(symbol: &str) -> Self {
        Self(Symbol::read(symbol))
    }

    pub(crate) fn all() -> Vec<Self> {
        Self::ALL.to_vec()
    }

    /// Symbol in files and on axes.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        self.0.name()
    }
}

/// In the order of the equations, other variables after them by symbol.
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
