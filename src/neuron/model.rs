//! Neuron models: a pyramidal neuron with additional variables and an equation for them.
//!
//! A model adds a component to each neuron and an equation that advances it once per step, before
//! the compartments are updated. The equation reads the neuron's state at the end of the last step
//! and adds currents to the compartments. Both engines run it. The event engine skips a population
//! if all its neurons are at rest, so the equation returns whether its variables are at rest.
//!
//! ```
//! use apical::neuron::{NeuronModel, NeuronView, Own, OwnVariable, approach};
//! use bevy_ecs::component::Component;
//! use serde::{Deserialize, Serialize};
//!
//! /// Adaptation current `w` in a.u.
//! #[derive(Component, Clone, Copy, Default, Serialize, Deserialize)]
//! struct Adaptation(f64);
//!
//! /// `tau_w dw/dt = -w + beta r`, and `I_b` becomes `I_b - w`.
//! struct Adapting { leak: f64, beta: f64 }
//!
//! impl NeuronModel for Adapting {
//!     type State = Adaptation;
//!     const VARIABLES: &'static [OwnVariable<Adaptation>] =
//!         &[OwnVariable { symbol: "w", read: |state| state.0 }];
//!
//!     fn advance(&self, w: &mut Adaptation, neuron: NeuronView) -> Own {
//!         let at_rest = approach(&mut w.0, self.beta * f64::from(neuron.rate), self.leak);
//!         Own { basal: -w.0, at_rest, ..Own::default() }
//!     }
//! }
//! ```

use bevy_ecs::component::{Component, Mutable};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A pyramidal neuron with additional variables.
pub trait NeuronModel: Send + Sync + 'static {
    /// Additional variables of a neuron; the default is their value at rest at time 0.
    type State: Component<Mutability = Mutable> + Copy + Default + Serialize + DeserializeOwned;

    /// Variables that can be recorded.
    const VARIABLES: &'static [OwnVariable<Self::State>];

    /// Advances the additional variables by one step and returns the currents of this step.
    fn advance(&self, state: &mut Self::State, neuron: NeuronView) -> Own;
}

/// A variable that can be recorded.
#[derive(Clone, Copy, Debug)]
pub struct OwnVariable<S> {
    /// Symbol in files and on axes.
    pub symbol: &'static str,
    /// Value of the variable.
    pub read: fn(&S) -> f64,
}

/// State of a neuron at the end of the last step.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NeuronView {
    /// Basal potential `b` in a.u.
    pub basal_potential: f32,
    /// Apical potential `a` in a.u.
    pub apical_potential: f32,
    /// Somatic potential `s` in a.u.
    pub somatic_potential: f32,
    /// Mismatch `xi` in a.u.
    pub mismatch: f32,
    /// Rate `r`.
    pub rate: f32,
    /// Teaching signal `delta`.
    pub delta: f32,
}

impl NeuronView {
    pub(crate) fn new([b, a, s, xi, r, delta]: [f32; 6]) -> Self {
        Self {
            basal_potential: b,
            apical_potential: a,
            somatic_potential: s,
            mismatch: xi,
            rate: r,
            delta,
        }
    }
}

/// Contribution of a neuron model to a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Own {
    /// Current into the basal dendrite in a.u.
    pub basal: f64,
    /// Current into the apical dendrite in a.u.
    pub apical: f64,
    /// Current into the soma in a.u.; like an injected current, it counts as teaching.
    pub soma: f64,
    /// True if the additional variables and the three currents stay constant as long as the state of
    /// the neuron does.
    pub at_rest: bool,
}

/// Relative distance at which a variable is set to its target.
const NEAR: f64 = 1e-9;

/// Moves `x` towards `target` by the fraction `leak` ([`leak_fraction`](super::leak_fraction)) of
/// the distance, or onto it within a relative distance of 1e-9. True if `x` equals `target`.
pub fn approach(x: &mut f64, target: f64, leak: f64) -> bool {
    let away = target - *x;
    if leak == 1.0 || away.abs() <= (NEAR * target.abs()).max(f64::from(f32::MIN_POSITIVE)) {
        *x = target;
        return true;
    }
    *x += leak * away;
    false
}

/// Currents of the neuron model into the three compartments, in a.u.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnCurrents {
    /// Basal, apical, somatic.
    pub currents: [f32; 3],
}
