//! Integrate and fire: the compartments of every neuron.

use bevy_ecs::prelude::*;

use crate::circuit::{Parameters, Population};
use crate::neuron::{apical, basal, soma};
use crate::schedule::stages::{read, write};

/// Both dendrites move towards their currents.
pub fn integrate(
    populations: Query<(&Population, &Parameters)>,
    mut neurons: Query<(
        &basal::Current,
        &mut basal::Potential,
        &apical::Current,
        &mut apical::Potential,
    )>,
) {
    let Some((i_b, mut b, i_a, mut a)) =
        (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (i_b, i_a) = (read::<basal::Current>(i_b), read::<apical::Current>(i_a));
    let (b, a) = (write(&mut b), write(&mut a));
    for (population, p) in &populations {
        let rows = population.rows.clone();
        basal::integrate(&mut b[rows.clone()], &i_b[rows.clone()], p.leak_b);
        apical::integrate(&mut a[rows.clone()], &i_a[rows], p.leak_a);
    }
}

/// What the soma reads, its own state, and what it sends.
type Firing = (
    (
        &'static basal::Potential,
        &'static apical::Potential,
        &'static soma::Current,
        &'static soma::Noise,
    ),
    (&'static mut soma::Potential, &'static mut soma::Prediction),
    &'static mut soma::Mismatch,
    (&'static mut soma::Rate, &'static mut soma::Delta),
);

/// The soma compares its dendrites; rate and teaching signal follow.
pub fn fire(populations: Query<(&Population, &Parameters)>, mut neurons: Query<Firing>) {
    let Some(((b, a, i_s, noise), (mut s, mut b_hat), mut xi, (mut r, mut delta))) =
        (neurons.contiguous_iter_mut().ok()).and_then(|mut t| t.next())
    else {
        return;
    };
    let (b, a) = (read::<basal::Potential>(b), read::<apical::Potential>(a));
    let (i_s, noise) = (read::<soma::Current>(i_s), read::<soma::Noise>(noise));
    let (s, b_hat, xi) = (write(&mut s), write(&mut b_hat), write(&mut xi));
    let (r, delta) = (write(&mut r), write(&mut delta));
    let mut scratch = Vec::new();
    for (population, p) in &populations {
        let rows = population.rows.clone();
        let felt = (p.mismatch, p.transfer);
        let a = soma::felt(felt, &r[rows.clone()], &a[rows.clone()], &mut scratch);
        soma::compare(
            soma::Dendrites {
                b: &b[rows.clone()],
                a,
                i_s: &i_s[rows.clone()],
            },
            &mut s[rows.clone()],
            &mut b_hat[rows.clone()],
            &mut xi[rows.clone()],
            (p.g_a, p.leak_s),
        );
        let potentials = soma::Potentials {
            b: &b[rows.clone()],
            s: &s[rows.clone()],
            xi: &xi[rows.clone()],
            noise: &noise[rows.clone()],
        };
        let (r, delta) = (&mut r[rows.clone()], &mut delta[rows]);
        soma::fire(p.firing(population.size), potentials, r, delta);
    }
}
