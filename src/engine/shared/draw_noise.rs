//! Drawing of the noise of neurons.

use bevy_ecs::prelude::*;
use rand_distr::{Distribution, Normal};

use super::write;
use crate::circuit::{
    Activity, Clock, LAID_OUT, NeuronId, NeuronParameters, Population, Seed, table,
};
use crate::math::random::stream;
use crate::neuron::soma;

/// Draws new noise for each population for which it is due, from streams keyed by seed, population
/// and draw, so that the noise does not depend on other events.
pub fn draw_noise(
    clock: Res<Clock>,
    seed: Res<Seed>,
    mut populations: Query<(&Population, &NeuronParameters, Option<&mut Activity>)>,
    mut neurons: Query<(&NeuronId, &mut soma::Noise)>,
) {
    for (population, parameters, activity) in &mut populations {
        let Some((std, every)) = parameters.noise else {
            continue;
        };
        if !clock.step.is_multiple_of(every) {
            continue;
        }
        let mut column = table(neurons.contiguous_iter_mut(), population).expect(LAID_OUT);
        let normal = Normal::new(0.0f32, std).expect("the standard deviation is checked");
        let purpose = format!("noise of {}", population.name);
        let mut rng = stream(seed.0, &purpose, clock.step / every);
        for noise in &mut write(&mut column)[population.rows.clone()] {
            *noise = normal.sample(&mut rng);
        }
        if let Some(mut activity) = activity {
            activity.wake();
        }
    }
}
