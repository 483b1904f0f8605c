//! Evaluation of the loss, for rules with a third factor.

use bevy_ecs::prelude::*;

use super::read;
use crate::circuit::{LAID_OUT, NeuronId, NeuronParameters, Plasticity, Population, Wiring, table};
use crate::event::Teacher;
use crate::neuron::{Transfer, soma};
use crate::plasticity::Neuromodulator;

/// Loss of each trial: sum over all taught populations of the cross-entropy of a soft-max, or half
/// the squared error of any other transfer function. NaN without a teacher.
pub fn evaluate_loss(
    wiring: Res<Wiring>,
    mut neuromodulator: ResMut<Neuromodulator>,
    plasticities: Query<&Plasticity>,
    populations: Query<(&Population, &NeuronParameters, &Teacher)>,
    neurons: Query<(&NeuronId, &soma::Rate)>,
) {
    if plasticities
        .iter()
        .all(|plasticity| plasticity.third.is_none())
    {
        return;
    }
    neuromodulator.loss.fill(f64::NAN);
    for &entity in &wiring.populations {
        let Ok((population, parameters, teacher)) = populations.get(entity) else {
            continue;
        };
        let r = table(neurons.contiguous_iter(), population).expect(LAID_OUT);
        let rates = read::<soma::Rate>(r)[population.rows.clone()].chunks_exact(population.size);
        let targets = teacher.strength.iter().zip(teacher.target.rows());
        for (loss, (rates, (strength, target))) in
            neuromodulator.loss.iter_mut().zip(rates.zip(targets))
        {
            if *strength == 0.0 {
                continue;
            }
            let pairs = (rates.iter().zip(target)).map(|(r, t)| (f64::from(*r), f64::from(*t)));
            let here: f64 = match parameters.transfer {
                Transfer::Softmax => pairs
                    .map(|(r, t)| -t * r.max(f64::from(f32::MIN_POSITIVE)).ln())
                    .sum(),
                _ => pairs.map(|(r, t)| (t - r) * (t - r) / 2.0).sum(),
            };
            *loss = if loss.is_nan() { here } else { *loss + here };
        }
    }
}
