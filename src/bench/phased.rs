//! The algorithm in phases: one pass up, one pass down, and one update per minibatch.
//!
//! The equations are those of the fixed point of a presentation, in the usual form: in single
//! precision, with the same matrix product, transfer functions and optimiser (without carries), and
//! as many threads.

use ndarray::Array2;
use rayon::prelude::*;

use super::circuits::mnist;
use super::synapses::LayerWeights;
use crate::circuit::Engine;
use crate::description::model::Bias;
use crate::description::{Registry, Setup, lower};
use crate::engine::Simulation;
use crate::math::product;
use crate::neuron::Transfer;
use crate::plasticity::Optimiser;

/// Sizes of the populations, starting with the pixels.
pub(super) const SIZES: [usize; 5] = [784, 1024, 512, 256, 10];

/// Number of values per piece of elementwise work of one thread.
const PIECE: usize = 1 << 13;

/// Initial weights of a circuit with seed 1: upwards with the biases, and downwards.
///
/// # Panics
///
/// If the model file of the package is invalid, which the tests exclude.
pub(super) fn initial() -> (Vec<(LayerWeights, LayerWeights)>, Vec<LayerWeights>) {
    let setup = Setup {
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: "".as_ref(),
        engine: Engine::Dense,
    };
    let circuit = lower(&mnist(|_| {}), &Registry::default(), setup).map(Simulation::new);
    let circuit = circuit.expect("the shipped model is a model");
    let synapses =
        |name: &str| LayerWeights::new(circuit.weights(name).expect("the shipped model has it"));
    let names = ["pixels", "hidden1", "hidden2", "hidden3", "output"];
    let up = names.windows(2).map(|pair| {
        let (from, to) = (pair[0], pair[1]);
        (
            synapses(&format!("{from}_to_{to}")),
            synapses(&Bias::name(to)),
        )
    });
    let down = names[1..].windows(2);
    let down = down.map(|pair| synapses(&format!("{}_to_{}", pair[1], pair[0])));
    (up.collect(), down.collect())
}

/// Weights and activities of the algorithm in phases.
pub struct Phased {
    optimiser: Optimiser,
    eta: f32,
    /// Upwards, from each population to the next, and the bias of the next.
    up: Vec<(LayerWeights, LayerWeights)>,
    /// Downwards, to each hidden population from the next one.
    down: Vec<LayerWeights>,
    rates: Vec<Array2<f32>>,
    mismatches: Vec<Array2<f32>>,
    deltas: Vec<Array2<f32>>,
    ones: Array2<f32>,
}

impl Phased {
    /// The algorithm with the initial weights of a circuit with seed 1.
    ///
    /// # Panics
    /// If the model file of the package is invalid, which the tests exclude.
    #[must_use]
    pub fn new(trials: usize, optimiser: Optimiser, eta: f32) -> Self {
        let (up, down) = initial();
        let columns = |size: &usize| Array2::zeros((trials, *size));
        Self {
            optimiser,
            eta,
            up,
            down,
            rates: SIZES.iter().map(columns).collect(),
            mismatches: SIZES[1..].iter().map(columns).collect(),
            deltas: SIZES[1..].iter().map(columns).collect(),
            ones: Array2::ones((trials, 1)),
        }
    }

    /// The algorithm with carries, and the optimiser of the engines.
    #[must_use]
    pub fn exact(mut self) -> Self {
        let optimiser = self.optimiser;
        self.up = (self.up.into_iter())
            .map(|(synapses, bias)| (synapses.exact(optimiser), bias.exact(optimiser)))
            .collect();
        self.down = (self.down.into_iter())
            .map(|synapses| synapses.exact(optimiser))
            .collect();
        self
    }

    /// One minibatch: up, down, update.
    pub fn learn(&mut self, stimuli: &Array2<f32>, targets: &Array2<f32>) {
        self.rates[0].assign(stimuli);
        let last = self.up.len() - 1;
        for (n, (synapses, bias)) in self.up.iter().enumerate() {
            let (below, above) = self.rates.split_at_mut(n + 1);
            let r = &mut above[0];
            product::assign(1.0, below[n].view(), synapses.weights.t(), r.view_mut());
            let transfer = if n == last {
                Transfer::Softmax
            } else {
                Transfer::Tanh
            };
            let size = r.ncols();
            let piece = (PIECE / size).max(1) * size;
            in_pieces(r, piece, |r| {
                for trial in r.chunks_exact_mut(size) {
                    trial
                        .iter_mut()
                        .zip(&bias.weights)
                        .for_each(|(r, bias)| *r += bias);
                }
                transfer.rates(r, size);
            });
        }
        self.deltas[last].assign(targets);
        self.deltas[last] -= &self.rates[last + 1];
        for n in (0..last).rev() {
            let (below, above) = self.deltas.split_at_mut(n + 1);
            let xi = &mut self.mismatches[n];
            product::assign(
                1.0,
                above[0].view(),
                self.down[n].weights.t(),
                xi.view_mut(),
            );
            let (Some(xi), Some(r), Some(delta)) = (
                xi.as_slice(),
                self.rates[n + 1].as_slice(),
                below[n].as_slice_mut(),
            ) else {
                continue;
            };
            let pieces = delta.par_chunks_mut(PIECE).zip(r.par_chunks(PIECE));
            (pieces.zip(xi.par_chunks(PIECE)))
                .for_each(|((delta, r), xi)| _ = Transfer::Tanh.teach(r, xi, delta));
        }
        let (optimiser, eta) = (self.optimiser, self.eta);
        for (n, (synapses, bias)) in self.up.iter_mut().enumerate() {
            let delta = self.deltas[n].t();
            synapses.change(optimiser, eta, delta, self.rates[n].view());
            bias.change(optimiser, eta, delta, self.ones.view());
        }
        for (n, synapses) in self.down.iter_mut().enumerate() {
            let xi = self.mismatches[n].t();
            synapses.change(optimiser, eta, xi, self.deltas[n + 1].view());
        }
    }

    /// Weights from the pixels to the first hidden population.
    #[must_use]
    pub fn first_weights(&self) -> &Array2<f32> {
        &self.up[0].0.weights
    }
}

fn in_pieces(values: &mut Array2<f32>, piece: usize, work: impl Fn(&mut [f32]) + Send + Sync) {
    if let Some(values) = values.as_slice_mut() {
        values.par_chunks_mut(piece).for_each(work);
    }
}
