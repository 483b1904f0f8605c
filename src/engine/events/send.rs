//! Sending of values that have changed.

use bevy_ecs::prelude::*;

use crate::circuit::{Changed, Clock, LAID_OUT, NeuronId, Population, STAYS, table};
use crate::engine::shared::read;
use crate::event::{Axons, Signal};
use crate::neuron::soma;

/// Sends changed rates and teaching signals along their axons.
pub fn send(
    clock: Res<Clock>,
    mut axons: Query<&mut Axons>,
    mut populations: Query<(&Population, &mut Changed)>,
    rates: Query<(&NeuronId, &soma::Rate)>,
    deltas: Query<(&NeuronId, &soma::Delta)>,
) {
    for mut axons in &mut axons {
        let (population, changed) = populations.get(axons.population).expect(STAYS);
        let rows = population.rows.clone();
        let values = match axons.signal {
            Signal::Rate if !changed.rate => continue,
            Signal::Delta if !changed.delta => continue,
            Signal::Rate => table(rates.contiguous_iter(), population).map(read::<soma::Rate>),
            Signal::Delta => table(deltas.contiguous_iter(), population).map(read::<soma::Delta>),
        };
        axons.send(clock.step, &values.expect(LAID_OUT)[rows]);
    }
    for (_, mut changed) in &mut populations {
        *changed = Changed::default();
    }
}
