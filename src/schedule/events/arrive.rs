//! Arrive: volleys reach their terminals, and currents follow what was sent and what was learned.

use bevy_ecs::prelude::*;

use crate::circuit::{Activity, Clock, Plasticity, Projection, Synapses, Terminals, Wiring};
use crate::event::{Axons, Volley};
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
            activity.tell(projection.compartment);
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
            Some(Volley::Few(few)) => {
                stale || !terminals.is_few(few.len()) || terminals.falls_silent(few)
            }
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
        if let Some((plasticity, lazy)) = &mut plastic {
            let one = terminals.held().nrows() == 1;
            // Columns of several trials are touched together, by one product.
            if product || !one {
                lazy.settle_weights(weights, terminals.held());
            }
            if let (true, true, Some(consolidation)) =
                (product, arriving.is_some(), &mut plasticity.consolidation)
            {
                consolidation.settle(lazy, terminals.held());
            }
        }
        if product {
            if let Some(volley) = arriving {
                terminals.hold(volley);
            }
            let scale = plastic.as_ref().map_or(1.0, |(_, lazy)| lazy.scale());
            terminals.sum(weights.view(), scale);
        } else if let Some(Volley::Few(few)) = arriving {
            let (lazy, eligibility) = match &mut plastic {
                Some((plasticity, lazy)) => {
                    let gathers = lazy.of_eligibilities().is_some();
                    let consolidation = plasticity.consolidation.as_mut().filter(|_| gathers);
                    (Some(&**lazy), consolidation.map(|c| c.gather()))
                }
                None => (None, None),
            };
            terminals.touch(few, weights, eligibility, lazy);
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
