//! Identity of a circuit: everything but its state on which its future depends.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::circuit::{Circuit, NeuronsPlan, PlasticityPlan, ProjectionPlan, WeightsPlan};

/// Quantities of a circuit with their values as text, in the order of the plan. Initial weights are
/// not part of it, since the state contains the present ones.
///
/// The first is the number of the form of stored states, which changes with what they contain.
#[derive(Serialize, Deserialize)]
pub(super) struct Identity(Vec<(String, String)>);

/// Name of the first quantity.
const FORM: &str = "the form of stored states";

impl Identity {
    pub(super) fn of(circuit: &Circuit) -> Self {
        let mut quantities = Quantities(Vec::new());
        quantities.add(FORM, 2);
        quantities.add("the version of the program", env!("CARGO_PKG_VERSION"));
        quantities.add("the step in ms", circuit.dt_ms);
        quantities.add("the number of trials", circuit.trials);
        quantities.add("the seed", circuit.seed);
        quantities.add("the engine", circuit.engine);
        quantities.add(
            "the number of functions that add systems",
            circuit.systems.count(),
        );
        for population in &circuit.populations {
            let name = &population.name;
            let mut add = |what: &str, value: &dyn Debug| {
                quantities.add(&format!("{what} of the population `{name}`"), value);
            };
            add("the size", &population.size);
            if let Some(neurons) = &population.neurons {
                neuron_type(neurons, &mut add);
            }
            if let Some(own) = &population.own {
                add("the neuron model", &own.identity());
            }
        }
        for projection in &circuit.projections {
            let name = &projection.name;
            let mut add = |what: &str, value: &dyn Debug| {
                quantities.add(&format!("{what} of the projection `{name}`"), value);
            };
            ends(projection, &mut add);
            match &projection.weights {
                WeightsPlan::Tied(to) => add("the projection with the weights", to),
                WeightsPlan::Own(_, None) => {}
                WeightsPlan::Own(_, Some(plasticity)) => synapse_type(plasticity, &mut add),
            }
        }
        Self(quantities.0)
    }

    /// First quantity in which a stored circuit differs from this one, with both values.
    pub(super) fn difference(&self, stored: &Self) -> Option<String> {
        if stored.0.first().is_none_or(|(what, _)| what != FORM) {
            return Some(format!("{FORM}: it was written by an earlier program"));
        }
        let mut pairs = self.0.iter().zip(&stored.0);
        if let Some(((what, here), (other, there))) = pairs.find(|(here, there)| here != there) {
            return Some(match what == other {
                true => format!("{what}: {there} in the state, {here} in this circuit"),
                false => format!("its parts: {other} in the state, {what} in this circuit"),
            });
        }
        let (here, there) = (self.0.len(), stored.0.len());
        let longer = if here > there { &self.0 } else { &stored.0 };
        let (what, _) = longer.get(here.min(there))?;
        Some(match here > there {
            true => format!("{what}, which the state does not have"),
            false => format!("{what}, which this circuit does not have"),
        })
    }
}

struct Quantities(Vec<(String, String)>);

impl Quantities {
    fn add(&mut self, what: &str, value: impl Debug) {
        self.0.push((what.to_owned(), format!("{value:?}")));
    }
}

fn neuron_type(plan: &NeuronsPlan, add: &mut impl FnMut(&str, &dyn Debug)) {
    add("the time constants in ms", &plan.tau_ms);
    add("`g_a`", &plan.g_a);
    add("`lambda`", &plan.lambda);
    add("the transfer function", &plan.transfer);
    add("the mismatch", &plan.mismatch);
    add("the noise", &plan.noise);
}

fn ends(plan: &ProjectionPlan, add: &mut impl FnMut(&str, &dyn Debug)) {
    add("the ends", &(plan.pre, plan.post, plan.compartment));
    add("the signal", &plan.signal);
    add("the wiring", &plan.connectivity);
    add("the delay in steps", &plan.delay);
    add("the threshold", &plan.threshold);
}

fn synapse_type(plan: &PlasticityPlan, add: &mut impl FnMut(&str, &dyn Debug)) {
    add("the rule", &plan.rule);
    add("`eta`", &plan.eta);
    add("`decay_per_ms`", &plan.decay_per_ms);
    add("`bounds`", &plan.bounds);
    add("`norm`", &plan.norm);
    add("the weight update", &plan.update);
}
