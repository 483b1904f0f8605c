//! Stir: who is concerned by what the timeline holds for now.

use bevy_ecs::prelude::*;

use crate::circuit::{Activity, Clock, News};
use crate::event::{Injections, Timeline};

/// Populations that an event concerns are to be looked at, before it acts.
pub fn stir(
    clock: Res<Clock>,
    timeline: Res<Timeline>,
    injections: Res<Injections>,
    mut populations: Query<(&mut News, Option<&mut Activity>)>,
) {
    let concerned = timeline
        .ahead(clock.step)
        .filter_map(|event| event.concerns(&injections));
    for entity in concerned {
        if let Ok((mut news, activity)) = populations.get_mut(entity) {
            news.rate = true;
            if let Some(mut activity) = activity {
                activity.stir();
            }
        }
    }
}
