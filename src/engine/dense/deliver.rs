//! Delivery: currents of compartments from arrivals, injected currents, neuron models and teachers.

use bevy_ecs::prelude::*;
use ndarray::{Array2, ArrayViewMut2};

use super::send::{Senders, with_arriving};
use crate::circuit::{LAID_OUT, NeuronId, Projection, STAYS, Synapses, Wiring, table};
use crate::connectivity::{Connectivity, add_current};
use crate::engine::shared::{read, write};
use crate::event::Injections;
use crate::math::product;
use crate::neuron::{Compartment, OwnCurrents, apical, basal, soma};

/// Currents of the three compartments, rates for the teacher, and currents of the neuron model.
type Currents = (
    &'static mut basal::Current,
    &'static mut apical::Current,
    &'static mut soma::Current,
    &'static soma::Rate,
    Option<&'static OwnCurrents>,
);

/// Sets the currents of the compartments from the values that arrive now and the teachers. Currents
/// are summed in double precision and then rounded once.
pub fn deliver(
    wiring: Res<Wiring>,
    projections: Query<(&Projection, &Synapses)>,
    synapses: Query<&Synapses>,
    populations: Senders<'_, '_>,
    injections: Res<Injections>,
    mut neurons: Query<(&NeuronId, Currents)>,
    mut sums: Local<[Vec<f64>; 3]>,
) {
    for &entity in &wiring.populations {
        let (population, _, _, teacher) = populations.get(entity).expect(STAYS);
        if population.is_input {
            continue;
        }
        let shape = (population.trials, population.size);
        let rows = population.rows.clone();
        for sum in &mut *sums {
            sum.clear();
            sum.resize(rows.len(), 0.0);
        }
        let here = (injections.0.values()).filter(|i| i.population == population.id);
        for injection in here {
            let column = &mut sums[injection.site as usize];
            for trial in column.chunks_exact_mut(population.size) {
                (trial.iter_mut().zip(&injection.current))
                    .for_each(|(to, from)| *to += f64::from(*from));
            }
        }
        for &projection in &wiring.projections {
            let (projection, own) = projections.get(projection).expect(STAYS);
            if projection.post != entity {
                continue;
            }
            let weights = own.stored(|other| synapses.get(other).ok()).expect(STAYS);
            let column = match projection.compartment {
                Compartment::Basal => &mut sums[0],
                Compartment::Apical => &mut sums[1],
            };
            let currents = ArrayViewMut2::from_shape(shape, column);
            let mut currents = currents.expect("rows of a population are trials x size");
            match &projection.connectivity {
                Connectivity::AllToAll { is_reversed, .. } => {
                    let weights = match is_reversed {
                        false => weights.mapv(f64::from),
                        true => weights.t().mapv(f64::from),
                    };
                    with_arriving(projection, &populations, |sent| {
                        let sent = sent.mapv(f64::from);
                        product::accumulate(1.0, sent.view(), weights.t(), currents);
                    });
                }
                Connectivity::Structured(structure) => {
                    with_arriving(projection, &populations, |sent| {
                        let mut sum = Array2::zeros((population.size, population.trials));
                        add_current(&**structure, sent, weights, &mut sum);
                        currents += &sum.t();
                    });
                }
                Connectivity::MaxPool(pool) => match own {
                    Synapses::Own(_) => with_arriving(projection, &populations, |image| {
                        pool.add_current(image, None, currents);
                    }),
                    Synapses::Transported(source) => {
                        let (source, _) = projections.get(*source).expect(STAYS);
                        with_arriving(source, &populations, |image| {
                            with_arriving(projection, &populations, |sent| {
                                pool.add_current(image, Some(sent), currents);
                            });
                        });
                    }
                },
            }
        }
        let columns = table(neurons.contiguous_iter_mut(), population);
        let (mut basal, mut apical, mut soma, rates, own) = columns.expect(LAID_OUT);
        if let Some(teacher) = teacher {
            let rates = &read::<soma::Rate>(rates)[rows.clone()];
            teacher.teach(rates, &mut sums[1], 0);
        }
        for (site, sums) in sums.iter_mut().enumerate() {
            if let Some(own) = own {
                let own = own[rows.clone()].iter();
                (sums.iter_mut().zip(own))
                    .for_each(|(to, own)| *to += f64::from(own.currents[site]));
            }
            let column = match site {
                0 => write(&mut basal),
                1 => write(&mut apical),
                _ => write(&mut soma),
            };
            let column = column[rows.clone()].iter_mut();
            (column.zip(sums)).for_each(|(current, sum)| *current = *sum as f32);
        }
    }
}
