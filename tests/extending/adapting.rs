//! A neuron model: a pyramidal neuron with spike-frequency adaptation.
//!
//! ```text
//! tau_w dw/dt = -w + beta r          I_b becomes I_b - w
//! ```

use apical::circuit::OwnModel;
use apical::description::NeuronKind;
use apical::neuron::{NeuronModel, NeuronView, Own, OwnVariable, approach, leak_fraction};
use apical::parameter::Parameter;
use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

/// Adaptation current `w` in a.u.
#[derive(Component, Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Adaptation(pub f64);

struct Adapting {
    leak: f64,
    beta: f64,
}

impl NeuronModel for Adapting {
    type State = Adaptation;
    const VARIABLES: &'static [OwnVariable<Adaptation>] = &[OwnVariable {
        symbol: "w",
        read: |state| state.0,
    }];

    fn advance(&self, w: &mut Adaptation, neuron: NeuronView) -> Own {
        let at_rest = approach(&mut w.0, self.beta * f64::from(neuron.rate), self.leak);
        Own {
            basal: -w.0,
            at_rest,
            ..Own::default()
        }
    }
}

const ANY: (f64, f64) = (0.0, 1e9);

pub const ADAPTING: NeuronKind = NeuronKind {
    name: "adapting",
    about: "a pyramidal neuron with spike-frequency adaptation",
    parameters: &[
        Parameter::new("tau_w_ms", 100.0, ANY, "time constant in ms"),
        Parameter::new("beta", 0.5, ANY, "current of a rate of 1 in a.u."),
    ],
    build: |parameters, dt_ms| {
        OwnModel::new(Adapting {
            leak: leak_fraction(dt_ms, parameters.double("tau_w_ms")),
            beta: parameters.double("beta"),
        })
    },
};
