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

type Terms = (
    &'static basal::Current,
    &'static basal::Potential,
    &'static apical::Current,
    &'static apical::Potential,
    &'static soma::Potential,
    &'static soma::Mismatch,
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
        let (i_b, b, i_a, a, s, xi) = columns.expect(LAID_OUT);
        let s = read::<soma::Potential>(s);
        let columns = [
            (Variable::BASAL_CURRENT, read::<basal::Current>(i_b)),
            (Variable::BASAL_POTENTIAL, read::<basal::Potential>(b)),
            (Variable::APICAL_CURRENT, read::<apical::Current>(i_a)),
            (Variable::APICAL_POTENTIAL, read::<apical::Potential>(a)),
            (Variable::MISMATCH, read::<soma::Mismatch>(xi)),
            (Variable::SOMATIC_POTENTIAL, s),
        ];
        let rows = population.rows.clone();
        // Without an early exit the loop can be vectorised.
        if !(s[rows.clone()].iter()).fold(false, |found, s| found | !s.is_finite()) {
            continue;
        }
        let Some(at) = s[rows.clone()].iter().position(|s| !s.is_finite()) else {
            continue;
        };
        let first = (columns.iter())
            .map(|(variable, column)| (*variable, column[rows.start + at]))
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
