//! Send: who has something new to say says it.

use bevy_ecs::prelude::*;

use crate::circuit::{Changed, Clock, Population};
use crate::engine::shared::{IsInput, read};
use crate::event::{Axons, Signal};
use crate::neuron::soma;

/// Rates and teaching signals that have changed leave along their axons.
pub fn send(
    clock: Res<Clock>,
    mut axons: Query<&mut Axons>,
    mut populations: Query<(&Population, &mut Changed)>,
    inputs: Query<&soma::Rate, IsInput>,
    neurons: Query<(&soma::Rate, &soma::Delta)>,
) {
    let input = inputs.contiguous_iter().ok().and_then(|mut t| t.next());
    let pyramidal = neurons.contiguous_iter().ok().and_then(|mut t| t.next());
    for mut axons in &mut axons {
        let Ok((population, changed)) = populations.get(axons.population) else {
            continue;
        };
        let rows = population.rows.clone();
        let values = match (axons.signal, &pyramidal) {
            (Signal::Rate, _) if !changed.rate => continue,
            (Signal::Delta, _) if !changed.delta => continue,
            (Signal::Rate, _) if population.is_input => input.map(read::<soma::Rate>),
            (Signal::Rate, Some((r, _))) => Some(read::<soma::Rate>(r)),
            (Signal::Delta, Some((_, delta))) => Some(read::<soma::Delta>(delta)),
            (_, None) => None,
        };
        if let Some(values) = values {
            axons.send(clock.step, &values[rows]);
        }
    }
    for (_, mut changed) in &mut populations {
        *changed = Changed::default();
    }
}
