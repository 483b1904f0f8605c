//! Deliver: arrivals, injected currents and teachers become the currents of compartments.

use bevy_ecs::prelude::*;
use ndarray::ArrayViewMut2;

use super::send::{Senders, with_arriving};
use crate::circuit::{Population, Projection, Synapses, Wiring};
use crate::engine::shared::{read, write};
use crate::event::Injections;
use crate::math::product;
use crate::neuron::{Compartment, Site, apical, basal, soma};

/// What arrives now becomes the currents of the dendrites, teaching among it.
pub fn deliver(
    wiring: Res<Wiring>,
    projections: Query<(&Projection, &Synapses)>,
    synapses: Query<&Synapses>,
    populations: Senders<'_, '_>,
    injections: Res<Injections>,
    mut neurons: Query<(
        &mut basal::Current,
        &mut apical::Current,
        &mut soma::Current,
        &soma::Rate,
    )>,
    mut sums: Local<[Vec<f64>; 3]>,
) {
    let Some((mut basal, mut apical, mut soma, rates)) =
        (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    // Currents are summed in double precision and then rounded once.
    let [i_b, i_a, i_s] = &mut *sums;
    for sum in [&mut *i_b, &mut *i_a, &mut *i_s] {
        sum.clear();
        sum.resize(rates.len(), 0.0);
    }
    for injection in injections.0.values() {
        let Ok((population, ..)) = populations.get(wiring.population(injection.population)) else {
            continue;
        };
        let column = match injection.site {
            Site::Basal => &mut *i_b,
            Site::Apical => &mut *i_a,
            Site::Soma => &mut *i_s,
        };
        for trial in column[population.rows.clone()].chunks_exact_mut(population.size) {
            (trial.iter_mut().zip(&injection.current))
                .for_each(|(to, from)| *to += f64::from(*from));
        }
    }
    for &entity in &wiring.projections {
        let Ok((projection, own)) = projections.get(entity) else {
            continue;
        };
        let Some(weights) = own.view(|other| synapses.get(other).ok()) else {
            continue;
        };
        let Ok((post, ..)) = populations.get(projection.post) else {
            continue;
        };
        let column = match projection.compartment {
            Compartment::Basal => &mut *i_b,
            Compartment::Apical => &mut *i_a,
        };
        let currents = matrix_mut(&mut column[post.rows.clone()], post);
        let weights = weights.mapv(f64::from);
        with_arriving(projection, &populations, |sent| {
            let sent = sent.mapv(f64::from);
            product::accumulate(1.0, sent.view(), weights.t(), currents);
        });
    }
    let rates = read::<soma::Rate>(rates);
    for &entity in &wiring.populations {
        if let Ok((population, _, _, Some(teacher))) = populations.get(entity) {
            let rows = population.rows.clone();
            teacher.teach(&rates[rows.clone()], &mut i_a[rows], 0);
        }
    }
    for (column, sums) in [
        (write(&mut basal), i_b),
        (write(&mut apical), i_a),
        (write(&mut soma), i_s),
    ] {
        (column.iter_mut().zip(sums)).for_each(|(current, sum)| *current = *sum as f32);
    }
}

fn matrix_mut<'a>(column: &'a mut [f64], population: &Population) -> ArrayViewMut2<'a, f64> {
    let shape = (population.trials, population.size);
    ArrayViewMut2::from_shape(shape, column).expect("rows of a population are trials x size")
}
