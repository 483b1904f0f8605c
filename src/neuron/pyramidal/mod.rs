//! The pyramidal neuron: its compartments as components, each with its equation.
//!
//! | module | compartment |
//! |---|---|
//! | [`basal`] | bottom-up input |
//! | [`apical`] | top-down input, including teaching |
//! | [`soma`] | comparison of both, output and teaching signal |

pub mod apical;
pub mod basal;
pub mod soma;

use bevy_ecs::bundle::Bundle;

/// The components of a pyramidal neuron, at rest by default.
#[derive(Bundle, Clone, Copy, Debug, Default)]
pub struct Pyramidal {
    /// Variables that every pyramidal neuron stores.
    pub settled: Settled,
    /// Variables that follow from the others where potentials settle within a step.
    pub moving: Moving,
}

/// The variables of a neuron in the quasi-static limit from which all others follow.
#[derive(Bundle, Clone, Copy, Debug, Default)]
pub struct Settled {
    /// `b`.
    pub basal: basal::Potential,
    /// `a`.
    pub apical: apical::Potential,
    /// `xi`.
    pub mismatch: soma::Mismatch,
    /// `r`.
    pub rate: soma::Rate,
    /// `delta`.
    pub delta: soma::Delta,
}

/// The other variables of a neuron. In the quasi-static limit, without noise, somatic coupling and
/// somatic injection, they are `I_b = b`, `I_a = a`, `s = b + xi`, `b_hat = b`, and 0.
#[derive(Bundle, Clone, Copy, Debug, Default)]
pub struct Moving {
    /// `I_b`.
    pub basal: basal::Current,
    /// `I_a`.
    pub apical: apical::Current,
    /// `I_s`.
    pub injected: soma::Current,
    /// `s`.
    pub soma: soma::Potential,
    /// `b_hat`.
    pub prediction: soma::Prediction,
    /// `n`.
    pub noise: soma::Noise,
    /// Parts of `b`, `a`, `b_hat` and `xi` below their last bits.
    pub carries: (
        basal::Carry,
        apical::Carry,
        soma::PredictionCarry,
        soma::MismatchCarry,
    ),
}

impl Moving {
    /// The variables of a neuron in the quasi-static limit with these potentials and mismatch.
    #[must_use]
    pub fn of(
        basal::Potential(b): basal::Potential,
        apical::Potential(a): apical::Potential,
        soma::Mismatch(xi): soma::Mismatch,
    ) -> Self {
        Self {
            basal: basal::Current(b),
            apical: apical::Current(a),
            soma: soma::Potential(b + xi),
            prediction: soma::Prediction(b),
            ..Self::default()
        }
    }
}
