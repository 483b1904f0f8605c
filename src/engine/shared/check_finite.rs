//! Watch: activity that is no longer a number is found in the step in which it appears.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use super::read;
use crate::circuit::{Activity, Clock, LAID_OUT, NeuronId, Population, Wiring, table};
use crate::neuron::{Variable, apical, basal, soma};

/// The first neuron whose potential ran away, and the term of its equations that did so first.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "activity ran away: {variable} of {population}[{neuron}] in trial {trial} became {value} at \
     {time_ms} ms (step {step}); a smaller eta, weaker initial weights, bounds, or lambda and \
     teacher strength below 1 keep it finite"
)]
pub struct Runaway {
    /// Its population.
    pub population: Arc<str>,
    /// Its index.
    pub neuron: usize,
    /// Its trial.
    pub trial: usize,
    /// The first term that is not finite, in the order of the equations.
    pub variable: Variable,
    /// What it became.
    pub value: f32,
    /// The step that ended with it.
    pub step: u64,
    /// The time of that end in ms.
    pub time_ms: f64,
}

/// What ran away first, if anything did.
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

/// Every term that is not finite makes `s` so in the same step; so only `s` is searched.
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
        // Without an early end the loop is vectorised.
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
