//! Waking of the populations that due events of the timeline act on.

use bevy_ecs::prelude::*;

use crate::circuit::{Activity, Changed, Clock, Wiring};
use crate::event::{Injections, Timeline};

/// Requests an update of populations that an event acts on, before the event is applied.
pub fn wake(
    (clock, wiring): (Res<Clock>, Res<Wiring>),
    timeline: Res<Timeline>,
    injections: Res<Injections>,
    mut populations: Query<(&mut Changed, Option<&mut Activity>)>,
) {
    let concerned = timeline
        .ahead(clock.step)
        .filter_map(|event| event.concerns(&injections));
    for id in concerned {
        if let Ok((mut changed, activity)) = populations.get_mut(wiring.population(id)) {
            changed.rate = true;
            if let Some(mut activity) = activity {
                activity.wake();
            }
        }
    }
}
