//! Plasticity and weight updates, evaluated when synapses are next read.

use bevy_ecs::prelude::*;

use crate::circuit::{
    Activity, Clock, EtaScale, Plasticity, Population, Projection, STAYS, Synapses, Wiring,
};
use crate::connectivity::{Lazy, Terminals};
use crate::engine::shared::RuleColumns;
use crate::math::columns::{Changing, extents};
use crate::math::elementwise;
use crate::plasticity::Neuromodulator;

/// Updates the factors of rules where variables have changed; synapses change when they are read.
pub fn learn(
    clock: Res<Clock>,
    (scale, neuromodulator): (Res<EtaScale>, Res<Neuromodulator>),
    wiring: Res<Wiring>,
    mut projections: Query<(
        &Projection,
        &mut Synapses,
        &mut Terminals,
        &mut Plasticity,
        &mut Lazy,
    )>,
    populations: Query<(&Population, &Activity)>,
    neurons: RuleColumns<'_, '_>,
    mut scratch: Local<Vec<f32>>,
) {
    for &entity in &wiring.projections {
        let Ok((projection, mut synapses, mut terminals, mut plasticity, mut lazy)) =
            projections.get_mut(entity)
        else {
            continue;
        };
        let (post, activity) = populations.get(projection.post).expect(STAYS);
        // A changed learning rate is effective from this step on.
        let eta = if lazy.is_continuous() {
            plasticity.eta * scale.0
        } else {
            1.0
        };
        let mean = clock.dt_ms / post.trials as f64;
        lazy.set_gain(mean * f64::from(eta), clock.step, terminals.silent());
        // A third factor can change in time independently of arrivals.
        let modulated = (plasticity.third.as_ref())
            .is_some_and(|third| activity.updated || !third.rests(&neuromodulator));
        if terminals.silent() && !modulated {
            lazy.sleep();
            continue;
        }
        if !(activity.updated || lazy.is_stale() || modulated) {
            continue;
        }
        let columns = neurons.of(post, projection.compartment);
        let Plasticity {
            kernel,
            third,
            carry,
            ..
        } = &mut *plasticity;
        let part =
            |from: usize, out: &mut [f32]| kernel.fill(columns.part(from..from + out.len()), out);
        let mut fill = |factors: &mut [f32]| {
            let works = elementwise::fill(factors, part);
            match third {
                Some(third) => third.apply(&neuromodulator, factors),
                None => works,
            }
        };
        if lazy.rows() == post.trials {
            lazy.refresh(clock.step, fill);
        } else {
            // A bias is one synapse per neuron for all trials.
            let neurons = post.trials * post.size;
            let longest = scratch.len().max(neurons);
            scratch.resize(longest, 0.0);
            let scratch = &mut scratch[..neurons];
            lazy.refresh(clock.step, |factors| {
                let works = fill(scratch);
                factors.fill(0.0);
                for of_trial in scratch.chunks_exact(post.size) {
                    (factors.iter_mut().zip(of_trial)).for_each(|(sum, f)| *sum += f);
                }
                works
            });
        }
        if !lazy.is_continuous() || lazy.is_whole() {
            continue;
        }
        lazy.write_out();
        if let Synapses::Own(weights) = &mut *synapses
            && lazy.strained(terminals.most())
        {
            let mut changing = Changing {
                matrix: weights,
                carry,
            };
            lazy.flush_weights(changing.reborrow(), terminals.held());
            lazy.fold(changing.reborrow());
            if lazy.is_all_to_all() {
                let extents = extents(changing.matrix.view());
                terminals.measure(&extents);
                lazy.limit(&extents);
            } else {
                lazy.measure(changing.matrix);
            }
        }
    }
}

/// Converts the eligibilities that are due to weight changes, within the bounds.
pub fn update_weights(
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
        let confines = plasticity.confines();
        let restores = plasticity.norm.is_some() && lazy.fades();
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let Plasticity {
            update: Some(update),
            carry,
            eta,
            ..
        } = &mut *plasticity
        else {
            continue;
        };
        if !update.is_due(clock.step) {
            continue;
        }
        lazy.catch_up(clock.step + 1, terminals.silent());
        let eta = *eta * scale.0;
        if !lazy.gathers() && update.rests() && !restores {
            continue;
        }
        let mut changing = Changing {
            matrix: weights,
            carry,
        };
        // Exact weights are needed if they have bounds, are read by others, decay, or belong to a
        // structure.
        let whole = confines || terminals.tied || lazy.fades() || !lazy.is_all_to_all();
        if let (false, Some(rate)) = (whole, update.plain_rate(eta)) {
            if update.is_blank() {
                terminals.apply_plain(changing.reborrow(), &mut lazy, rate);
            } else {
                // The eligibility matrix holds intercepts, which may be far larger than the
                // eligibilities after adding the integrals.
                update.flush(&mut lazy, terminals.held());
                update.apply(changing.reborrow(), eta);
                terminals.revision += 1;
            }
            if let (false, Ok(mut activity)) =
                (terminals.silent(), activities.get_mut(projection.post))
            {
                activity.request(projection.compartment);
            }
            if lazy.strained(terminals.most()) {
                lazy.flush_weights(changing.reborrow(), terminals.held());
                let extents = extents(changing.matrix.view());
                terminals.measure(&extents);
                lazy.limit(&extents);
            }
            continue;
        }
        lazy.flush_weights(changing.reborrow(), terminals.held());
        lazy.fold(changing.reborrow());
        update.catch_up(clock.step);
        let at_once = lazy.gathers() && !lazy.has_eligible_episodes() && lazy.is_all_to_all();
        if update.is_blank() && at_once {
            update.apply_lazy(&mut lazy, terminals.held(), changing, eta);
        } else {
            update.flush(&mut lazy, terminals.held());
            update.apply(changing, eta);
        }
        plasticity.confine(weights, &projection.connectivity);
        terminals.revision += 1;
    }
}
