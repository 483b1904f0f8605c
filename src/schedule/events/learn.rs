//! Learn and consolidate: what synapses will have changed by when they are next read.

use bevy_ecs::prelude::*;

use crate::circuit::{
    Activity, Clock, EtaScale, Plasticity, Population, Projection, Synapses, Terminals, Wiring,
    pieces,
};
use crate::model::Compartment;
use crate::neuron::{apical, basal, soma};
use crate::plasticity::{Columns, Lazy};
use crate::schedule::stages::read;

type Variables = (
    &'static basal::Potential,
    &'static apical::Potential,
    &'static soma::Mismatch,
    &'static soma::Delta,
    &'static soma::Rate,
);

/// Rules see the sites that have changed; synapses follow when they are read.
pub fn learn(
    clock: Res<Clock>,
    scale: Res<EtaScale>,
    wiring: Res<Wiring>,
    mut projections: Query<(
        &Projection,
        &mut Synapses,
        &Terminals,
        &Plasticity,
        &mut Lazy,
    )>,
    populations: Query<(&Population, &Activity)>,
    neurons: Query<Variables>,
    mut of_trial: Local<Vec<f32>>,
) {
    let Some((b, a, xi, delta, r)) = (neurons.contiguous_iter().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (b, a) = (read::<basal::Potential>(b), read::<apical::Potential>(a));
    let xi = read::<soma::Mismatch>(xi);
    let (delta, r) = (read::<soma::Delta>(delta), read::<soma::Rate>(r));
    for entity in wiring.projections.values() {
        let Ok((projection, mut synapses, terminals, plasticity, mut lazy)) =
            projections.get_mut(*entity)
        else {
            continue;
        };
        let Ok((post, activity)) = populations.get(projection.post) else {
            continue;
        };
        // A learning rate that has changed counts from this step on.
        let eta = if lazy.is_continuous() {
            plasticity.eta * scale.0
        } else {
            1.0
        };
        let mean = (clock.dt_ms / post.trials as f64) as f32;
        lazy.set_gain(mean * eta, clock.step, terminals.silent());
        if terminals.silent() {
            lazy.sleep();
            continue;
        }
        if !(activity.updated || lazy.behind) {
            continue;
        }
        let rows = post.rows.clone();
        let potential = match projection.compartment {
            Compartment::Basal => b,
            Compartment::Apical => a,
        };
        let columns = Columns {
            potential: &potential[rows.clone()],
            mismatch: &xi[rows.clone()],
            delta: &delta[rows.clone()],
            rate: &r[rows],
        };
        let part = |from: usize, out: &mut [f32]| {
            let part = columns.part(from..from + out.len());
            plasticity.kernel.fill(part, out)
        };
        if lazy.rows() == post.trials {
            lazy.refresh(clock.step, |factors| pieces::fill(factors, part));
        } else {
            // A bias is one synapse a neuron for all trials.
            of_trial.resize(post.size, 0.0);
            lazy.refresh(clock.step, |factors| {
                factors.fill(0.0);
                (0..post.trials).fold(false, |any, trial| {
                    let works = part(trial * post.size, &mut of_trial);
                    (factors.iter_mut().zip(&*of_trial)).for_each(|(sum, f)| *sum += f);
                    any | works
                })
            });
        }
        if lazy.is_continuous()
            && let Synapses::Own(weights) = &mut *synapses
            && lazy.strained(terminals.most())
        {
            lazy.settle_weights(weights, terminals.held());
            lazy.fold(weights);
            lazy.measure(weights);
        }
    }
}

/// Eligibilities whose clock strikes become weight change; bounds hold.
pub fn consolidate(
    clock: Res<Clock>,
    scale: Res<EtaScale>,
    mut projections: Query<(
        &Projection,
        &mut Synapses,
        &mut Terminals,
        &mut Plasticity,
        &mut Lazy,
    )>,
    mut activities: Query<&mut Activity>,
) {
    for (projection, mut synapses, mut terminals, mut plasticity, mut lazy) in &mut projections {
        let plasticity = &mut *plasticity;
        let (Some(consolidation), Synapses::Own(weights)) =
            (&mut plasticity.consolidation, &mut *synapses)
        else {
            continue;
        };
        if !consolidation.strikes(clock.step) {
            continue;
        }
        lazy.catch_up(clock.step + 1, terminals.silent());
        let eta = plasticity.eta * scale.0;
        if lazy.integrals().is_none() && consolidation.rests() {
            continue;
        }
        // Whole weights are needed where bounds hold, others read them, or they fade.
        let whole = plasticity.bounds.is_some() || terminals.mirrored || lazy.fades();
        if let (false, Some(rate)) = (whole, consolidation.plain_rate(eta)) {
            terminals.strike(&mut lazy, rate);
            if let (false, Ok(mut activity)) =
                (terminals.silent(), activities.get_mut(projection.post))
            {
                activity.tell(projection.compartment);
            }
            if !consolidation.is_blank() {
                consolidation.consolidate(weights, eta);
                terminals.revision += 1;
            }
            if lazy.strained(terminals.most()) {
                lazy.settle_weights(weights, terminals.held());
                lazy.measure(weights);
            }
            continue;
        }
        lazy.settle_weights(weights, terminals.held());
        lazy.fold(weights);
        consolidation.catch_up(clock.step);
        if consolidation.is_blank() && lazy.integrals().is_some() {
            consolidation.consolidate_lazy(&mut lazy, terminals.held(), weights, eta);
        } else {
            consolidation.settle(&mut lazy, terminals.held());
            consolidation.consolidate(weights, eta);
        }
        if let Some((low, high)) = plasticity.bounds {
            weights.mapv_inplace(|w| w.clamp(low, high));
        }
        terminals.revision += 1;
    }
}
