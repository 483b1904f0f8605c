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
    /// The basal dendrite.
    pub basal: Basal,
    /// The apical dendrite.
    pub apical: Apical,
    /// The soma.
    pub soma: Soma,
}

/// The components of a basal dendrite.
#[derive(Bundle, Clone, Copy, Debug, Default)]
pub struct Basal {
    /// `I_b`.
    pub current: basal::Current,
    /// `b`.
    pub potential: basal::Potential,
    /// Part of `b` below its last bit.
    pub carry: basal::Carry,
}

/// The components of an apical dendrite.
#[derive(Bundle, Clone, Copy, Debug, Default)]
pub struct Apical {
    /// `I_a`.
    pub current: apical::Current,
    /// `a`.
    pub potential: apical::Potential,
    /// Part of `a` below its last bit.
    pub carry: apical::Carry,
}

/// The components of a soma.
#[derive(Bundle, Clone, Copy, Debug, Default)]
pub struct Soma {
    /// `I_s`.
    pub current: soma::Current,
    /// `s`.
    pub potential: soma::Potential,
    /// `b_hat`.
    pub prediction: soma::Prediction,
    /// Part of `b_hat` below its last bit.
    pub prediction_carry: soma::PredictionCarry,
    /// `xi`.
    pub mismatch: soma::Mismatch,
    /// Part of `xi` below its last bit.
    pub mismatch_carry: soma::MismatchCarry,
    /// `r`.
    pub rate: soma::Rate,
    /// `delta`.
    pub delta: soma::Delta,
    /// `n`.
    pub noise: soma::Noise,
}
