//! Sending and arrival of values of earlier steps.

use bevy_ecs::prelude::*;
use ndarray::{Array2, ArrayView2};

use crate::circuit::{LAID_OUT, NeuronId, Population, Projection, STAYS, table};
use crate::engine::shared::read;
use crate::event::{DeltaLine, RateLine, Signal, Teacher};
use crate::neuron::soma;

/// Sends the rates and teaching signals of the last step of every neuron.
pub fn send(
    mut populations: Query<(&Population, &mut RateLine, Option<&mut DeltaLine>)>,
    rates: Query<(&NeuronId, &soma::Rate)>,
    deltas: Query<(&NeuronId, &soma::Delta)>,
) {
    for (population, mut rate_line, delta_line) in &mut populations {
        let rows = population.rows.clone();
        let r = table(rates.contiguous_iter(), population).expect(LAID_OUT);
        rate_line.0.send(&read::<soma::Rate>(r)[rows.clone()]);
        if let Some(mut line) = delta_line {
            let delta = table(deltas.contiguous_iter(), population).expect(LAID_OUT);
            line.0.send(&read::<soma::Delta>(delta)[rows]);
        }
    }
}

/// Values sent by a population, and its teacher.
pub(crate) type Senders<'w, 's> = Query<
    'w,
    's,
    (
        &'static Population,
        &'static RateLine,
        Option<&'static DeltaLine>,
        Option<&'static Teacher>,
    ),
>;

/// Calls a function with the values that arrive through `projection` now, trials x pre.
pub(crate) fn with_arriving(
    projection: &Projection,
    populations: &Senders<'_, '_>,
    then: impl FnOnce(ArrayView2<'_, f32>),
) {
    let Some(pre) = projection.pre else {
        let (post, ..) = populations.get(projection.post).expect(STAYS);
        let trials = post.trials;
        return then(Array2::ones((trials, 1)).view());
    };
    let (population, rates, deltas, _) = populations.get(pre).expect(STAYS);
    let line = match projection.signal {
        Signal::Rate => &rates.0,
        Signal::Delta => &deltas.expect("pyramidal neurons have teaching signals").0,
    };
    let shape = (population.trials, population.size);
    let sent = ArrayView2::from_shape(shape, line.arriving(projection.delay));
    then(sent.expect("a line has one value per neuron"));
}
