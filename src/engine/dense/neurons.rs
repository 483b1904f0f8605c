//! Update of the compartments of every neuron.

use bevy_ecs::prelude::*;

use crate::circuit::{LAID_OUT, NeuronId, NeuronParameters, Population, table};
use crate::engine::shared::{read, write};
use crate::neuron::{apical, basal, soma};

/// Currents and potentials of both dendrites.
type Dendrites = (
    &'static basal::Current,
    (&'static mut basal::Potential, &'static mut basal::Carry),
    &'static apical::Current,
    (&'static mut apical::Potential, &'static mut apical::Carry),
);

/// Moves both dendrites towards their currents.
pub fn integrate(
    populations: Query<(&Population, &NeuronParameters)>,
    mut neurons: Query<(&NeuronId, Dendrites)>,
) {
    for (population, p) in &populations {
        let (i_b, (mut b, mut b_carry), i_a, (mut a, mut a_carry)) =
            table(neurons.contiguous_iter_mut(), population).expect(LAID_OUT);
        let (i_b, i_a) = (read::<basal::Current>(i_b), read::<apical::Current>(i_a));
        let (b, a) = (write(&mut b), write(&mut a));
        let (b_carry, a_carry) = (write(&mut b_carry), write(&mut a_carry));
        let rows = population.rows.clone();
        let (b, b_carry) = (&mut b[rows.clone()], &mut b_carry[rows.clone()]);
        basal::integrate(b, b_carry, &i_b[rows.clone()], p.leak_b);
        let (a, a_carry) = (&mut a[rows.clone()], &mut a_carry[rows.clone()]);
        apical::integrate(a, a_carry, &i_a[rows], p.leak_a);
    }
}

/// Variables that the soma reads, its own state, and its output.
type Firing = (
    (
        &'static basal::Potential,
        &'static apical::Potential,
        &'static soma::Current,
        &'static soma::Noise,
    ),
    &'static mut soma::Potential,
    (
        &'static mut soma::Prediction,
        &'static mut soma::PredictionCarry,
    ),
    (
        &'static mut soma::Mismatch,
        &'static mut soma::MismatchCarry,
    ),
    (&'static mut soma::Rate, &'static mut soma::Delta),
);

/// Compares the dendrites in the soma and sets rate and teaching signal.
pub fn fire(
    populations: Query<(&Population, &NeuronParameters)>,
    mut neurons: Query<(&NeuronId, Firing)>,
) {
    let mut scratch = Vec::new();
    for (population, p) in &populations {
        let (
            (b, a, i_s, noise),
            mut s,
            (mut b_hat, mut b_hat_carry),
            (mut xi, mut xi_carry),
            (mut r, mut delta),
        ) = table(neurons.contiguous_iter_mut(), population).expect(LAID_OUT);
        let (b, a) = (read::<basal::Potential>(b), read::<apical::Potential>(a));
        let (i_s, noise) = (read::<soma::Current>(i_s), read::<soma::Noise>(noise));
        let (s, b_hat, xi) = (write(&mut s), write(&mut b_hat), write(&mut xi));
        let (b_hat_carry, xi_carry) = (write(&mut b_hat_carry), write(&mut xi_carry));
        let (r, delta) = (write(&mut r), write(&mut delta));
        let rows = population.rows.clone();
        let apical_drive = (p.mismatch, p.transfer);
        let a = soma::apical_drive(
            apical_drive,
            &r[rows.clone()],
            &a[rows.clone()],
            &mut scratch,
        );
        soma::compare(
            soma::Dendrites {
                b: &b[rows.clone()],
                a,
                i_s: &i_s[rows.clone()],
            },
            soma::Somata {
                s: &mut s[rows.clone()],
                b_hat: &mut b_hat[rows.clone()],
                xi: &mut xi[rows.clone()],
                b_hat_carry: &mut b_hat_carry[rows.clone()],
                xi_carry: &mut xi_carry[rows.clone()],
            },
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
