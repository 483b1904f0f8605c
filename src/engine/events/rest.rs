//! Rest: how long nothing will happen.

use bevy_ecs::prelude::*;

use crate::circuit::{Activity, Clock, News, Parameters, Plasticity, Way};
use crate::connectivity::{Lazy, Terminals};
use crate::event::Axons;
use crate::plasticity::Broadcast;

/// The first step that has to be computed; those before it would change nothing unless an event
/// of the timeline does.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Rest {
    /// That step; the next one if anything is going on.
    pub until: u64,
    /// Steps that were computed so far.
    pub computed: u64,
}

/// Finds the first step in which anything can happen: the next one while a compartment moves, a
/// volley is under way or weights drift; otherwise the next consolidation that has something to
/// consolidate. The timeline is asked when time jumps, since events may be entered at any time.
pub fn rest(
    mut clock: ResMut<Clock>,
    mut rest: ResMut<Rest>,
    populations: Query<(&News, Option<&Activity>)>,
    axons: Query<&Axons>,
    projections: Query<(&Terminals, Option<(&Plasticity, &Lazy)>)>,
    parameters: Query<&Parameters>,
    broadcast: Res<Broadcast>,
) {
    let step = clock.step;
    clock.step += 1;
    rest.computed += 1;
    rest.until = step + 1;
    let lively = (populations.iter()).any(|(news, activity)| {
        let moving =
            activity.is_some_and(|a| a.basal || a.apical || a.soma || a.way != Way::Resting);
        news.rate || news.delta || moving
    });
    if lively {
        return;
    }
    let arrivals = axons.iter().filter_map(|axons| axons.next_arrival(step));
    let mut until = arrivals.min().unwrap_or(u64::MAX);
    for (_, every) in parameters.iter().filter_map(|p| p.noise) {
        until = until.min((step + 1).next_multiple_of(every));
    }
    for (terminals, plastic) in &projections {
        let silent = terminals.silent();
        if terminals.is_stale() && !silent {
            return;
        }
        let Some((plasticity, lazy)) = plastic else {
            continue;
        };
        let modulation = plasticity.third.as_ref();
        if modulation.is_some_and(|third| !third.rests(&broadcast)) {
            return;
        }
        if lazy.drifts() && !silent {
            return;
        }
        // What has faded is brought back to its length.
        let restores = plasticity.norm.is_some() && lazy.fades();
        if let Some(consolidation) = &plasticity.consolidation
            && (lazy.at_work() || !consolidation.rests() || restores)
        {
            until = until.min(consolidation.next_strike(step + 1));
        }
    }
    rest.until = until.max(step + 1);
}
