//! Arrive: volleys reach their terminals, and currents follow what was sent and what was learned.

use bevy_ecs::prelude::*;

use crate::circuit::{Activity, Clock, Plasticity, Projection, Synapses, Terminals, Wiring};
use crate::event::{Axons, Volley};
use crate::model::Compartment;
use crate::plasticity::Lazy;

/// A projection with what it holds and how it learns.
type Synaptic = (
    &'static Projection,
    &'static mut Synapses,
    &'static mut Terminals,
    Option<(&'static mut Plasticity, &'static mut Lazy)>,
);

/// What arrives now changes the currents of the projections, and so does what the weights have
/// become since the last step.
pub fn arrive(
    clock: Res<Clock>,
    wiring: Res<Wiring>,
    mut projections: Query<Synaptic>,
    axons: Query<&Axons>,
    mut activities: Query<&mut Activity>,
) {
    let now = clock.step;
    let volley = |projection: &Projection, terminals: &Terminals| {
        let axons = axons.get(terminals.axons?).ok()?;
        axons.arriving(now, projection.delay)
    };
    let mut tell = |projection: &Projection| {
        if let Ok(mut activity) = activities.get_mut(projection.post) {
            match projection.compartment {
                Compartment::Basal => activity.basal = true,
                Compartment::Apical => activity.apical = true,
            }
        }
    };
    for entity in wiring.projections.values() {
        let Ok((projection, mut synapses, mut terminals, mut plastic)) =
            projections.get_mut(*entity)
        else {
            continue;
        };
        let Synapses::Own(weights) = &mut *synapses else {
            continue;
        };
        let terminals = &mut *terminals;
        if let Some((plasticity, lazy)) = &mut plastic {
            // Bounds hold in every step, and a mirror reads all weights: then the weights are
            // brought up to date whenever they change.
            let bounds = plasticity.bounds;
            if (bounds.is_some() || terminals.mirrored) && lazy.drifts() && lazy.since() < now {
                lazy.catch_up(now, terminals.silent());
                lazy.settle_weights(weights, terminals.held());
                lazy.fold(weights);
                if let Some((low, high)) = bounds {
                    weights.mapv_inplace(|w| w.clamp(low, high));
                }
                terminals.revision += 1;
            }
        }
        let arriving = volley(projection, terminals);
        let stale = terminals.is_stale();
        let product = match arriving {
            Some(Volley::Many(_)) => true,
            Some(Volley::Few(few)) => stale || !terminals.is_few(few.len()),
            None => stale,
        };
        let mut lazy = plastic.as_mut().map(|(_, lazy)| &mut **lazy);
        // The current follows the weights over the last step; a product would make it anew.
        if let Some(lazy) = &lazy
            && !product
            && !terminals.silent()
            && lazy.drifts()
        {
            terminals.follow(lazy);
            tell(projection);
        }
        if arriving.is_none() && (!product || terminals.silent()) {
            // New weights make no difference to silence.
            terminals.acknowledge();
            continue;
        }
        tell(projection);
        if let Some(lazy) = &mut lazy {
            lazy.catch_up(now, terminals.silent());
        }
        let eligibility = (plastic.as_mut()).and_then(|(plasticity, lazy)| {
            let consolidation = plasticity.consolidation.as_mut()?;
            Some((consolidation, &mut **lazy))
        });
        match (arriving, product) {
            (Some(Volley::Few(few)), false) => match eligibility {
                Some((consolidation, lazy)) => {
                    let pending = lazy.integrals().is_some();
                    let gathered = pending.then(|| consolidation.gather());
                    terminals.touch(few, weights, gathered, Some(lazy));
                }
                None => {
                    let lazy = plastic.as_mut().map(|(_, lazy)| &mut **lazy);
                    if let Some(lazy) = lazy {
                        // The columns of several trials are touched together by one product.
                        if terminals.held().nrows() > 1 {
                            lazy.settle_weights(weights, terminals.held());
                        }
                        terminals.touch(few, weights, None, Some(lazy));
                    } else {
                        terminals.touch(few, weights, None, None);
                    }
                }
            },
            (arriving, _) => {
                match eligibility {
                    Some((consolidation, lazy)) if arriving.is_some() => {
                        consolidation.settle(lazy, terminals.held());
                    }
                    Some(_) => {}
                    None => {
                        if let Some((_, lazy)) = &mut plastic {
                            lazy.settle_weights(weights, terminals.held());
                        }
                    }
                }
                if let Some(volley) = arriving {
                    terminals.hold(volley);
                }
                let scale = plastic.as_ref().map_or(1.0, |(_, lazy)| lazy.scale());
                terminals.sum(weights.view(), scale);
            }
        }
    }
    // Mirrors come last, since they read what the others have become.
    for entity in wiring.projections.values() {
        let Ok((_, synapses, ..)) = projections.get(*entity) else {
            continue;
        };
        let Synapses::Transported(source) = *synapses else {
            continue;
        };
        let Ok([mine, theirs]) = projections.get_many_mut([*entity, source]) else {
            continue;
        };
        let (projection, _, mut terminals, _) = mine;
        let (_, weights, source, lazy) = theirs;
        let Synapses::Own(weights) = &*weights else {
            continue;
        };
        terminals.mirror(source.revision);
        let arriving = volley(projection, &terminals);
        if let Some(volley) = arriving {
            terminals.hold(volley);
        }
        if arriving.is_some() || (terminals.is_stale() && !terminals.silent()) {
            let scale = lazy.as_ref().map_or(1.0, |(_, lazy)| lazy.scale());
            terminals.sum(weights.t(), scale);
            tell(projection);
        }
    }
}
