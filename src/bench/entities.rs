//! Cost of the entity layer: the elementwise stages of a step on entities, compared with the same
//! arithmetic on plain vectors, alternating in one process and on one thread.

use std::hint::black_box;
use std::time::Instant;

use super::median;
use crate::circuit::Engine;
use crate::description::model::{Model, Neuron, Population};
use crate::description::{Registry, Setup, lower};
use crate::engine::Simulation;
use crate::neuron::{Transfer, apical, basal, leak_fraction, soma};

const STEPS: usize = 200;
const ROUNDS: usize = 15;

/// Columns of a population, and the values it sent in the last step.
struct Plain {
    neuron: Neuron,
    columns: [Vec<f32>; 10],
    carries: [Vec<f32>; 4],
    sums: [Vec<f64>; 3],
    sent: [Vec<f32>; 2],
}

impl Plain {
    fn new(neuron: Neuron, size: usize) -> Self {
        Self {
            neuron,
            columns: std::array::from_fn(|_| vec![0.0; size]),
            carries: std::array::from_fn(|_| vec![0.0; size]),
            sums: std::array::from_fn(|_| vec![0.0; size]),
            sent: std::array::from_fn(|_| vec![0.0; size]),
        }
    }

    /// The stages send, deliver (without any arrivals), integrate, fire and watch.
    fn step(&mut self) {
        let leak = |tau_ms| leak_fraction(1.0, tau_ms);
        let (leak_b, leak_a) = (leak(self.neuron.tau_b_ms), leak(self.neuron.tau_a_ms));
        let leak_s = leak(self.neuron.tau_s_ms);
        let [i_b, b, i_a, a, i_s, s, b_hat, xi, r, delta] = &mut self.columns;
        self.sent[0].copy_from_slice(r);
        self.sent[1].copy_from_slice(delta);
        for (current, sum) in [&mut *i_b, &mut *i_a, &mut *i_s]
            .into_iter()
            .zip(&mut self.sums)
        {
            sum.fill(0.0);
            (current.iter_mut().zip(sum)).for_each(|(current, sum)| *current = *sum as f32);
        }
        let [b_carry, a_carry, b_hat_carry, xi_carry] = &mut self.carries;
        basal::integrate(b, b_carry, i_b, leak_b);
        apical::integrate(a, a_carry, i_a, leak_a);
        let somata = soma::Somata {
            s,
            b_hat,
            xi,
            b_hat_carry,
            xi_carry,
        };
        soma::compare(
            soma::Dendrites { b, a, i_s },
            somata,
            (self.neuron.g_a, leak_s),
        );
        let size = r.len();
        let how = soma::Firing {
            transfer: Transfer::named(self.neuron.transfer.name()).expect("it is a shipped one"),
            mismatch: self.neuron.mismatch,
            lambda: self.neuron.lambda,
            noisy: false,
            size,
        };
        let noise = i_s;
        soma::fire(how, soma::Potentials { b, s, xi, noise }, r, delta);
        black_box(s.iter().fold(false, |found, s| found | !s.is_finite()));
    }
}

fn entities(neuron: &Neuron, size: usize) -> Simulation {
    let model = Model {
        name: "bench".into(),
        about: String::new(),
        threshold: 0.0,
        neurons: [("cell".to_owned(), neuron.clone())].into(),
        inputs: Vec::new(),
        populations: vec![Population {
            name: "cells".into(),
            size,
            shape: None,
            neuron: "cell".into(),
            bias: None,
        }],
        synapses: [].into(),
        projections: Vec::new(),
    };
    let setup = Setup {
        engine: Engine::Dense,
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: "".as_ref(),
    };
    Simulation::new(lower(&model, &Registry::default(), setup).expect("the model is valid"))
}

/// Time per neuron and step, in ns.
fn time(size: usize, mut step: impl FnMut()) -> f64 {
    let started = Instant::now();
    (0..STEPS).for_each(|_| step());
    started.elapsed().as_secs_f64() * 1e9 / (STEPS * size) as f64
}

/// Time per neuron and step on entities and on vectors, in ns, and the median of the ratios.
#[must_use]
pub fn entity_layer(transfer: Transfer, size: usize) -> (f64, f64, f64) {
    let neuron = Neuron {
        tau_b_ms: 5.0,
        tau_a_ms: 5.0,
        tau_s_ms: 5.0,
        transfer: transfer.into(),
        ..Neuron::default()
    };
    let mut simulation = entities(&neuron, size);
    let mut plain = Plain::new(neuron, size);
    let (mut on_entities, mut on_vectors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        on_entities.push(time(size, || simulation.step()));
        on_vectors.push(time(size, || plain.step()));
    }
    let ratios = (on_entities.iter().zip(&on_vectors)).map(|(e, p)| e / p);
    let ratio = median(ratios.collect());
    (median(on_entities), median(on_vectors), ratio)
}
