//! Detection of values that are not finite, in the step in which they appear.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use super::read;
use crate::circuit::{Activity, Clock, LAID_OUT, NeuronId, Population, Wiring, table};
use crate::neuron::{Variable, apical, basal, soma};

/// The first neuron whose potential is not finite, with the first such term of its equations.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "activity ran away: {variable} of {population}[{neuron}] in trial {trial} became {value} at \
     {time_ms} ms (step {step}); a smaller eta, weaker initial weights, bounds, or lambda and \
     teacher strength below 1 keep it finite"
)]
pub struct Runaway {
    /// Name of its population.
    pub population: Arc<str>,
    /// Index of the neuron.
    pub neuron: usize,
    /// Trial of the neuron.
    pub trial: usize,
    /// The first term that is not finite, in the order of the equations.
    pub variable: Variable,
    /// Value of this variable.
    pub value: f32,
    /// Step at whose end the value appeared.
    pub step: u64,
    /// Time of the end of this step in ms.
    pub time_ms: f64,
}

/// First value that was not finite, if any.
#[derive(Resource, Clone, Debug, Default)]
pub struct Watchdog(pub Option<Runaway>);

/// Terms of all neurons, and those that neurons in the quasi-static limit do not store.
type Terms = (
    (
        &'static basal::Potential,
        &'static apical::Potential,
        &'static soma::Mismatch,
    ),
    Option<(
        &'static basal::Current,
        &'static apical::Current,
        &'static soma::Potential,
    )>,
);

/// Any term that is not finite makes `s` not finite in the same step, so only `s` is searched.
pub fn check_finite(
    mut watchdog: ResMut<Watchdog>,
    clock: Res<Clock>,
    wiring: Res<Wiring>,
    populations: Query<(&Population, Option<&Activity>)>,
    neurons: Query<(&NeuronId, Terms)>,
) {
    if watchdog.0.is_some() {
        return;
    }
    let wanted = (wiring.populations.iter())
        .filter_map(|entity| populations.get(*entity).ok())
        .filter(|(population, activity)| {
            !population.is_input && activity.is_none_or(|activity| activity.ran_away)
        });
    for (population, _) in wanted {
        let columns = table(neurons.contiguous_iter(), population);
        let ((b, a, xi), stored) = columns.expect(LAID_OUT);
        let rows = population.rows.clone();
        let b = &read::<basal::Potential>(b)[rows.clone()];
        let a = &read::<apical::Potential>(a)[rows.clone()];
        let xi = &read::<soma::Mismatch>(xi)[rows.clone()];
        let sums: Vec<f32>;
        let (i_b, i_a, s) = match stored {
            Some((i_b, i_a, s)) => (
                &read::<basal::Current>(i_b)[rows.clone()],
                &read::<apical::Current>(i_a)[rows.clone()],
                &read::<soma::Potential>(s)[rows],
            ),
            None => {
                sums = b.iter().zip(xi).map(|(b, xi)| b + xi).collect();
                (b, a, &sums[..])
            }
        };
        let columns = [
            (Variable::BASAL_CURRENT, i_b),
            (Variable::BASAL_POTENTIAL, b),
            (Variable::APICAL_CURRENT, i_a),
            (Variable::APICAL_POTENTIAL, a),
            (Variable::MISMATCH, xi),
            (Variable::SOMATIC_POTENTIAL, s),
        ];
        // Without an early exit the loop can be vectorised.
        if !(s.iter()).fold(false, |found, s| found | !s.is_finite()) {
            continue;
        }
        let Some(at) = s.iter().position(|s| !s.is_finite()) else {
            continue;
        };
        let first = (columns.iter())
            .map(|(variable, column)| (*variable, column[at]))
            .find(|(_, value)| !value.is_finite());
        if let Some((variable, value)) = first {
            watchdog.0 = Some(Runaway {
                population: population.name.clone(),
                neuron: at % population.size,
                trial: at / population.size,
                variable,
                value,
                step: clock.step,
                time_ms: clock.steps.ms(clock.step + 1),
            });
            return;
        }
    }
}
