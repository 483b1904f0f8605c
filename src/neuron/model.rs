//! Neuron models: a pyramidal neuron with variables and an equation of its own.
//!
//! A model adds a component to each neuron and an equation that moves it once a step, before the
//! compartments move. The equation reads what the neuron was at the end of the last step and adds
//! currents to the compartments. Both engines run it; the event engine leaves a population alone
//! when all its neurons are at rest, so that the equation says whether its variables are.
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

/// A pyramidal neuron with variables of its own.
pub trait NeuronModel: Send + Sync + 'static {
    /// The own variables of a neuron; the default is their value at rest at time 0.
    type State: Component<Mutability = Mutable> + Copy + Default + Serialize + DeserializeOwned;

    /// The variables that can be recorded.
    const VARIABLES: &'static [OwnVariable<Self::State>];

    /// Moves the own variables over one step. The currents are those of this step.
    fn advance(&self, state: &mut Self::State, neuron: NeuronView) -> Own;
}

/// A variable that can be recorded.
#[derive(Clone, Copy, Debug)]
pub struct OwnVariable<S> {
    /// Symbol in files and on axes.
    pub symbol: &'static str,
    /// Its value.
    pub read: fn(&S) -> f64,
}

/// A neuron at the end of the last step.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NeuronView {
    /// Basal potential `b`.
    pub basal_potential: f32,
    /// Apical potential `a`.
    pub apical_potential: f32,
    /// Somatic potential `s`.
    pub somatic_potential: f32,
    /// Mismatch `xi`.
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

/// What an own equation adds to a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Own {
    /// Current into the basal dendrite in a.u.
    pub basal: f64,
    /// Current into the apical dendrite in a.u.
    pub apical: f64,
    /// Current into the soma in a.u.; it counts as teaching, as an injected one.
    pub soma: f64,
    /// True if the own variables would stay as they are while the neuron does.
    pub at_rest: bool,
}

/// Part of a distance at which a variable counts as arrived.
const NEAR: f64 = 1e-9;

/// Moves `x` towards `target` by the part `leak` of the way ([`leak_fraction`](super::leak_fraction)
/// of the step); within a billionth of the target it takes its value. True if it is there.
pub fn approach(x: &mut f64, target: f64, leak: f64) -> bool {
    let away = target - *x;
    if leak == 1.0 || away.abs() <= (NEAR * target.abs()).max(f64::from(f32::MIN_POSITIVE)) {
        *x = target;
        return true;
    }
    *x += leak * away;
    false
}

/// Currents of the own equation into the three compartments, in a.u.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnCurrents {
    /// Basal, apical, somatic.
    pub currents: [f32; 3],
}
