//! Rest: number of steps in which nothing happens.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use crate::circuit::{Activity, Changed, Circuit, Clock, Motion, NeuronParameters, Plasticity};
use crate::connectivity::{Lazy, Terminals};
use crate::event::Axons;
use crate::plasticity::Neuromodulator;

/// The first step that has to be computed; steps before it change nothing, unless there is an event
/// on the timeline.
#[derive(Resource, Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Rest {
    /// First step to be computed; the next step if the circuit is not at rest.
    pub until: u64,
    /// Number of steps computed so far.
    pub computed: u64,
    /// True if every step is computed: user-defined systems may act at any time.
    pub never: bool,
}

impl Rest {
    /// Initial value for a circuit.
    pub fn of(circuit: &Circuit) -> Self {
        Self {
            never: !circuit.systems.is_empty(),
            ..Self::default()
        }
    }
}

/// Finds the first step in which anything can happen: the next step while a compartment moves or
/// weights drift; otherwise the next arrival of a volley, draw of noise or weight update with an
/// effect. The timeline is checked when steps are skipped, since events may be entered at any time.
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
        // Weights that have decayed are scaled to their length.
        let restores = plasticity.norm.is_some() && lazy.fades();
        if let Some(update) = &plasticity.update
            && (lazy.at_work() || !update.rests() || restores)
        {
            until = until.min(update.next_due(step + 1));
        }
    }
    rest.until = until.max(step + 1);
}
