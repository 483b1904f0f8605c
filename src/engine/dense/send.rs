//! Send and arrive: what neurons said in earlier steps.

use bevy_ecs::prelude::*;
use ndarray::{Array2, ArrayView2};

use crate::circuit::{Population, Projection};
use crate::engine::shared::{IsInput, read};
use crate::event::{DeltaLine, RateLine, Teacher};
use crate::neuron::{Compartment, soma};

/// The rates and teaching signals of the last step leave every neuron.
pub fn send(
    mut populations: Query<(&Population, &mut RateLine, Option<&mut DeltaLine>)>,
    inputs: Query<&soma::Rate, IsInput>,
    neurons: Query<(&soma::Rate, &soma::Delta)>,
) {
    let input = inputs.contiguous_iter().ok().and_then(|mut t| t.next());
    let pyramidal = neurons.contiguous_iter().ok().and_then(|mut t| t.next());
    for (population, mut rates, deltas) in &mut populations {
        let rows = population.rows.clone();
        if population.is_input {
            if let Some(column) = &input {
                rates.0.send(&read::<soma::Rate>(column)[rows]);
            }
        } else if let (Some((r, delta)), Some(mut line)) = (&pyramidal, deltas) {
            rates.0.send(&read::<soma::Rate>(r)[rows.clone()]);
            line.0.send(&read::<soma::Delta>(delta)[rows]);
        }
    }
}

/// What a population sends, and the teacher it has.
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

/// Hands on what arrives through `projection` now, trials x pre.
pub(crate) fn with_arriving(
    projection: &Projection,
    populations: &Senders<'_, '_>,
    then: impl FnOnce(ArrayView2<'_, f32>),
) {
    let Some(pre) = projection.pre else {
        let trials = populations.get(projection.post).map_or(0, |p| p.0.trials);
        return then(Array2::ones((trials, 1)).view());
    };
    let Ok((population, rates, deltas, _)) = populations.get(pre) else {
        return;
    };
    let line = match projection.compartment {
        Compartment::Basal => Some(&rates.0),
        Compartment::Apical => deltas.map(|line| &line.0),
    };
    let shape = (population.trials, population.size);
    if let Some(line) = line
        && let Ok(sent) = ArrayView2::from_shape(shape, line.arriving(projection.delay))
    {
        then(sent);
    }
}
