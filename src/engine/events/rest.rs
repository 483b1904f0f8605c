//! Rest: how long nothing will happen.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use crate::circuit::{Activity, Changed, Circuit, Clock, Motion, NeuronParameters, Plasticity};
use crate::connectivity::{Lazy, Terminals};
use crate::event::Axons;
use crate::plasticity::Neuromodulator;

/// The first step that has to be computed; those before it would change nothing unless an event
/// of the timeline does.
#[derive(Resource, Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Rest {
    /// That step; the next one if anything is going on.
    pub until: u64,
    /// Steps that were computed so far.
    pub computed: u64,
    /// True if every step is computed, as where systems of the user's own may act at any time.
    pub never: bool,
}

impl Rest {
    /// That of a circuit at the start.
    pub fn of(circuit: &Circuit) -> Self {
        Self {
            never: !circuit.systems.is_empty(),
            ..Self::default()
        }
    }
}

/// Finds the first step in which anything can happen: the next one while a compartment moves, a
/// volley is under way or weights drift; otherwise the next weight update that has something to
/// apply. The timeline is asked when time jumps, since events may be entered at any time.
pub fn rest(
    mut clock: ResMut<Clock>,
    mut rest: ResMut<Rest>,
    populations: Query<(&Changed, Option<&Activity>)>,
    axons: Query<&Axons>,
    projections: Query<(&Terminals, Option<(&Plasticity, &Lazy)>)>,
    parameters: Query<&NeuronParameters>,
    neuromodulator: Res<Neuromodulator>,
) {
    let step = clock.step;
    clock.step += 1;
    rest.computed += 1;
    rest.until = step + 1;
    let lively = (populations.iter()).any(|(changed, activity)| {
        let moving = activity
            .is_some_and(|a| a.basal || a.apical || a.soma || a.own || a.motion != Motion::Resting);
        changed.rate || changed.delta || moving
    });
    if lively || rest.never {
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
        if modulation.is_some_and(|third| !third.rests(&neuromodulator)) {
            return;
        }
        if lazy.drifts() && !silent {
            return;
        }
        // What has faded is brought back to its length.
        let restores = plasticity.norm.is_some() && lazy.fades();
        if let Some(update) = &plasticity.update
            && (lazy.at_work() || !update.rests() || restores)
        {
            until = until.min(update.next_due(step + 1));
        }
    }
    rest.until = until.max(step + 1);
}
