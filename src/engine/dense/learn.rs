//! Plasticity and weight updates of all synapses in every step.

use bevy_ecs::prelude::*;
use ndarray::{Array2, ArrayView2, Zip};

use super::send::{Senders, with_arriving};
use crate::circuit::{Clock, EtaScale, Plasticity, Projection, STAYS, Synapses, Wiring};
use crate::connectivity::change_in_double;
use crate::engine::shared::RuleColumns;
use crate::math::columns::Changing;
use crate::math::pair;
use crate::plasticity::Neuromodulator;

/// Changes every plastic synapse by its rule.
pub fn learn(
    wiring: Res<Wiring>,
    clock: Res<Clock>,
    (scale, neuromodulator): (Res<EtaScale>, Res<Neuromodulator>),
    mut projections: Query<(&Projection, &mut Synapses, &mut Plasticity)>,
    populations: Senders<'_, '_>,
    neurons: RuleColumns<'_, '_>,
    mut factors: Local<Vec<f32>>,
) {
    for &entity in &wiring.projections {
        let Ok((projection, mut synapses, mut plasticity)) = projections.get_mut(entity) else {
            continue;
        };
        let (post, ..) = populations.get(projection.post).expect(STAYS);
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let columns = neurons.of(post, projection.compartment);
        factors.resize(post.trials * post.size, 0.0);
        plasticity.kernel.fill(columns, &mut factors);
        if let Some(third) = &mut plasticity.third {
            third.apply(&neuromodulator, &mut factors);
        }
        let factors = ArrayView2::from_shape((post.trials, post.size), factors.as_slice());
        let factors = factors.expect("one factor per neuron");
        let mean = clock.dt_ms / post.trials as f64;
        let decay = plasticity.decay_per_ms * clock.dt_ms;
        let eta = f64::from(plasticity.eta * scale.0);
        let Plasticity { update, carry, .. } = &mut *plasticity;
        let mut weights = Changing {
            matrix: weights,
            carry,
        };
        with_arriving(projection, &populations, |sent| {
            let change = match projection.connectivity.structure() {
                Some(structure) => {
                    let factors = factors.mapv(f64::from);
                    change_in_double(&**structure, mean, factors.view(), sent)
                }
                None => mean * factors.mapv(f64::from).t().dot(&sent.mapv(f64::from)),
            };
            match update {
                Some(update) => add(&mut update.gather(), 1.0, &change),
                None => add(&mut weights, eta, &change),
            }
        });
        if decay > 0.0 {
            let kept = (-decay).exp();
            (Zip::from(weights.matrix).and(weights.carry)).for_each(|weight, carry| {
                let rest = kept * pair::number(*weight, *carry);
                pair::set(weight, carry, rest);
            });
        }
    }
}

/// Adds `rate` times a change to every weight or eligibility.
fn add(weights: &mut Changing<'_>, rate: f64, change: &Array2<f64>) {
    Zip::from(&mut *weights.matrix)
        .and(&mut *weights.carry)
        .and(change)
        .for_each(|weight, carry, change| pair::add(weight, carry, rate * change));
}

/// Converts the eligibilities that are due to weight changes, within the bounds.
pub fn update_weights(
    clock: Res<Clock>,
    scale: Res<EtaScale>,
    mut projections: Query<(&Projection, &mut Synapses, &mut Plasticity)>,
) {
    for (projection, mut synapses, mut plasticity) in &mut projections {
        let plasticity = &mut *plasticity;
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let Plasticity {
            update, carry, eta, ..
        } = plasticity;
        if let Some(updater) = update
            && updater.is_due(clock.step)
        {
            let changing = Changing {
                matrix: weights,
                carry,
            };
            updater.apply(changing, *eta * scale.0);
            plasticity.confine(weights, &projection.connectivity);
        } else {
            plasticity.clamp(weights);
        }
    }
}
