//! Learn and consolidate: the synapses change, always.

use bevy_ecs::prelude::*;
use ndarray::ArrayView2;

use super::send::{Senders, with_arriving};
use crate::circuit::{Clock, EtaScale, Plasticity, Projection, Synapses, Wiring, product};
use crate::model::Compartment;
use crate::neuron::{apical, basal, soma};
use crate::plasticity::{Broadcast, Columns};
use crate::schedule::stages::read;

/// Every plastic synapse changes by its rule, always.
pub fn learn(
    wiring: Res<Wiring>,
    clock: Res<Clock>,
    (scale, broadcast): (Res<EtaScale>, Res<Broadcast>),
    mut projections: Query<(&Projection, &mut Synapses, &mut Plasticity)>,
    populations: Senders<'_, '_>,
    neurons: Query<(
        &basal::Potential,
        &apical::Potential,
        &soma::Mismatch,
        &soma::Delta,
        &soma::Rate,
        &soma::Noise,
    )>,
    mut factors: Local<Vec<f32>>,
) {
    let Some((b, a, xi, delta, r, noise)) =
        (neurons.contiguous_iter().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (b, a) = (read::<basal::Potential>(b), read::<apical::Potential>(a));
    let xi = read::<soma::Mismatch>(xi);
    let (delta, r) = (read::<soma::Delta>(delta), read::<soma::Rate>(r));
    let noise = read::<soma::Noise>(noise);
    for &entity in wiring.projections.values() {
        let Ok((projection, mut synapses, mut plasticity)) = projections.get_mut(entity) else {
            continue;
        };
        let Ok((post, ..)) = populations.get(projection.post) else {
            continue;
        };
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let rows = post.rows.clone();
        let potential = match projection.compartment {
            Compartment::Basal => b,
            Compartment::Apical => a,
        };
        let columns = Columns {
            potential: &potential[rows.clone()],
            mismatch: &xi[rows.clone()],
            delta: &delta[rows.clone()],
            rate: &r[rows.clone()],
            noise: &noise[rows],
        };
        factors.resize(post.trials * post.size, 0.0);
        plasticity.kernel.fill(columns, &mut factors);
        if let Some(third) = &mut plasticity.third {
            third.apply(&broadcast, &mut factors);
        }
        let Ok(factors) = ArrayView2::from_shape((post.trials, post.size), factors.as_slice())
        else {
            continue;
        };
        let mean = (clock.dt_ms / post.trials as f64) as f32;
        let plasticity = &mut *plasticity;
        with_arriving(projection, &populations, |sent| {
            match &mut plasticity.consolidation {
                Some(c) => {
                    product::accumulate(mean, factors.t(), sent, c.gather().view_mut());
                }
                None => {
                    let rate = mean * plasticity.eta * scale.0;
                    product::accumulate(rate, factors.t(), sent, weights.view_mut());
                }
            }
        });
        if plasticity.decay_per_ms > 0.0 {
            let kept = (-plasticity.decay_per_ms * clock.dt_ms).exp() as f32;
            weights.mapv_inplace(|w| w * kept);
        }
    }
}

/// Eligibilities whose clock strikes become weight change; bounds hold.
pub fn consolidate(
    clock: Res<Clock>,
    scale: Res<EtaScale>,
    mut projections: Query<(&mut Synapses, &mut Plasticity)>,
) {
    for (mut synapses, mut plasticity) in &mut projections {
        let plasticity = &mut *plasticity;
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        if let Some(consolidator) = &mut plasticity.consolidation
            && consolidator.strikes(clock.step)
        {
            consolidator.consolidate(weights, plasticity.eta * scale.0);
            plasticity.confine(weights);
        } else if let Some((low, high)) = plasticity.bounds {
            weights.mapv_inplace(|w| w.clamp(low, high));
        }
    }
}
