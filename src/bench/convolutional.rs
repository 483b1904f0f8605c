//! Convolutional circuits, compared with the algorithm in phases.

use ndarray::{Array2, ArrayView2, Axis};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::circuits::{Presenter, optimise, read};
use super::clock::{Spent, spend};
use super::rows::{ADAM, timed};
use super::synapses::LayerWeights;
use super::{Bench, Goal, Row, median};
use crate::circuit::{Circuit, Engine, ProjectionPlan, WeightsPlan};
use crate::connectivity::Connectivity;
use crate::description::model::Model;
use crate::engine::{CircuitError, Simulation};
use crate::math::product;
use crate::math::random::stream;
use crate::neuron::{Compartment, Transfer};
use crate::run::peak_memory_bytes;

const TRIALS: usize = 64;

/// Steps of a presentation.
const LENGTH: u64 = 20;

const ETA: f32 = 5e-4;

/// Number of values per piece of elementwise work of one thread.
const PIECE: usize = 1 << 13;

/// A convolutional circuit of this package, and what is known of its epoch.
struct Case {
    name: &'static str,
    model: &'static str,
    /// Number of presentations of 64 images in an epoch.
    epoch: usize,
    /// Presentations that are measured, and presentations in one turn.
    measured: (usize, usize),
    /// Largest number of seconds of an epoch on the wall.
    seconds: f64,
    /// Seconds of an epoch with JAX 0.4 on 2 cores of the same kind of machine, measured once.
    jax: f64,
}

const MNIST: Case = Case {
    name: "cnn_mnist",
    model: include_str!("../../models/cnn_mnist.ron"),
    epoch: 860,
    measured: (40, 4),
    seconds: 18.0,
    jax: 36.0,
};

const CIFAR10: Case = Case {
    name: "cnn_cifar10",
    model: include_str!("../../models/cnn_cifar10.ron"),
    epoch: 704,
    measured: (16, 2),
    seconds: 98.0,
    jax: 147.0,
};

impl Bench {
    /// An epoch of the circuit for MNIST.
    pub(super) fn cnn_mnist(&self) -> Result<Vec<Row>, CircuitError> {
        self.convolutional(&MNIST)
    }

    /// An epoch of the circuit for CIFAR-10.
    pub(super) fn cnn_cifar10(&self) -> Result<Vec<Row>, CircuitError> {
        self.convolutional(&CIFAR10)
    }

    fn convolutional(&self, case: &Case) -> Result<Vec<Row>, CircuitError> {
        let model = learning_by_dll(case.model);
        let layers = model.populations.len() as u64;
        let window = (layers, LENGTH - (layers - 1), LENGTH);
        let before = peak_memory_bytes();
        let mut events = Presenter::new(&model, Engine::Events, TRIALS, window);
        let circuit = events.simulation.circuit();
        let batches = batches(&circuit);
        let present = |events: &mut Presenter, n: usize| {
            let (stimuli, targets) = &batches[n % batches.len()];
            events.present_these(stimuli.clone(), targets.clone())
        };
        // Memory is in use from the first presentations on.
        (0..2).try_for_each(|n| present(&mut events, n))?;
        let bytes = peak_memory_bytes();
        let mut phased = PhasedChain::new(&events.simulation);
        let (all, turn) = case.measured;
        let (mut of_events, mut of_phased, mut ratios) =
            (Spent::default(), Spent::default(), Vec::new());
        let measured = all.div_ceil(self.shorter).max(turn);
        for first in (0..measured).step_by(turn) {
            let block = first..first + turn;
            let spent = timed(|| block.clone().try_for_each(|n| present(&mut events, n)))?;
            let in_phases = spend(|| {
                for n in block {
                    let (stimuli, targets) = &batches[n % batches.len()];
                    phased.learn(stimuli, targets);
                }
            });
            ratios.push(spent.wall / in_phases.wall);
            of_events += spent;
            of_phased += in_phases;
        }
        let measured = measured.next_multiple_of(turn);
        let whole = case.epoch as f64 / measured as f64;
        let gflop = useful_flop(&circuit) * measured as f64 / 1e9;
        let (speed, best) = (gflop / of_events.wall, best_product());
        let name = case.name;
        let mut rows = vec![
            Row::new(
                &format!("{name}, an epoch / phased"),
                median(ratios),
                Goal::AtMost(1.3),
                format!(
                    "64 trials, dll with Theta learning, Adam, images of noise, {measured} of {} \
                     presentations; phased: {:.1} s wall, {:.1} s of CPU",
                    case.epoch,
                    of_phased.wall * whole,
                    of_phased.cpu * whole
                ),
            ),
            Row::new(
                &format!("{name}, part of the best product"),
                speed / best,
                Goal::AtLeast(0.6),
                format!(
                    "{speed:.1} GFlop/s of the products of weights and changes, {best:.1} of a \
                     product of 2048 x 2048 matrices; phased: {:.1}",
                    gflop / of_phased.wall
                ),
            ),
            Row::new(
                &format!("{name}, an epoch, seconds on the wall"),
                of_events.wall * whole,
                Goal::AtMost(case.seconds),
                format!(
                    "{} threads, {:.1} s of CPU; JAX, measured once on 2 cores: {} s",
                    rayon::current_num_threads(),
                    of_events.cpu * whole,
                    case.jax
                ),
            ),
        ];
        // The largest memory of the process, which a row before may have taken.
        if let Some(bytes) = bytes.filter(|bytes| before.is_some_and(|before| *bytes > before)) {
            rows.push(Row::new(
                &format!("{name}, memory in GiB"),
                bytes as f64 / f64::from(1 << 30),
                Goal::AtMost(3.0),
                "of the process, with one circuit and without data".to_owned(),
            ));
        }
        Ok(rows)
    }
}

/// A model in which all plastic synapses learn by `dll` with Adam.
fn learning_by_dll(text: &str) -> Model {
    let mut model = read(text);
    for synapse in model.synapses.values_mut() {
        synapse.rule = Some("dll".into());
        synapse.parameters.clear();
    }
    optimise(&mut model, ADAM, ETA);
    model
}

/// Images of noise with mean 0 and variance 1 for all trials of a circuit, and targets with label
/// smoothing 0.1.
pub(super) fn batches(circuit: &Circuit) -> Vec<(Array2<f32>, Array2<f32>)> {
    let pixels = circuit.population("pixels").map(|id| circuit.of(id).size);
    let shape = (circuit.trials, pixels.unwrap_or(1));
    let mut rng = stream(1, "images of the benchmark", 0);
    let batch = |n: usize| {
        let noise = StandardNormal.sample_iter(&mut rng);
        let noise: Vec<f32> = noise.take(shape.0 * shape.1).collect();
        let targets = Array2::from_shape_fn((shape.0, 10), |(trial, class)| {
            0.01 + 0.9 * f32::from((trial + n) % 10 == class)
        });
        let images = Array2::from_shape_vec(shape, noise);
        (images.expect("trials x pixels"), targets)
    };
    (0..4).map(batch).collect()
}

/// Operations of the products of a presentation: currents, and changes of plastic weights.
fn useful_flop(circuit: &Circuit) -> f64 {
    let of = |projection: &ProjectionPlan| {
        let each = match projection.weights {
            WeightsPlan::Own(_, Some(_)) if projection.pre.is_some() => 4.0,
            _ => 0.0,
        };
        each * circuit.counts(projection).synapses * circuit.trials as f64
    };
    circuit.projections.iter().map(of).sum()
}

/// GFlop/s of a product of large matrices with all threads.
fn best_product() -> f64 {
    const SIZE: usize = 2048;
    let a = Array2::from_elem((SIZE, SIZE), 0.5f32);
    let mut out = Array2::zeros((SIZE, SIZE));
    let once = || spend(|| product::assign(1.0, a.view(), a.view(), out.view_mut())).wall;
    let times: Vec<f64> = std::iter::repeat_with(once).take(5).collect();
    let shortest = times.into_iter().fold(f64::INFINITY, f64::min);
    2.0 * (SIZE as f64).powi(3) / 1e9 / shortest
}

/// Pairs and weights of a projection; no weights for a pool to the largest value.
struct Link {
    connectivity: Connectivity,
    weights: Option<LayerWeights>,
    is_plastic: bool,
}

impl Link {
    fn new(simulation: &Simulation, projection: &ProjectionPlan) -> Self {
        let connectivity = simulation.connectivity(&projection.name).cloned();
        let connectivity = connectivity.expect("the projection is of the circuit");
        let fixed = connectivity.structure().and_then(|s| s.fixed_weight());
        let weights = match fixed {
            Some(weight) => Some(Array2::from_elem(connectivity.parameters(), weight)),
            None => simulation.weights(&projection.name),
        };
        Self {
            weights: weights.map(LayerWeights::new),
            is_plastic: matches!(projection.weights, WeightsPlan::Own(_, Some(_))),
            connectivity,
        }
    }

    /// `out` = current of the values sent; `image` has the values that a pool chooses from.
    fn current(
        &self,
        sent: ArrayView2<'_, f32>,
        image: ArrayView2<'_, f32>,
        out: &mut Array2<f32>,
    ) {
        match (&self.connectivity, &self.weights) {
            (Connectivity::MaxPool(pool), _) => {
                let back = pool.is_reversed().then_some(sent);
                pool.current(image, back, out.view_mut());
            }
            (connectivity, Some(weights)) => {
                connectivity.current(1.0, sent, &weights.weights, out.view_mut());
            }
            (_, None) => unreachable!("only a pool to the largest value has no weights"),
        }
    }

    /// Changes the weights by the mean over trials of the factors times the values sent.
    fn change(&mut self, factors: &Array2<f32>, sent: ArrayView2<'_, f32>) {
        let (true, Some(weights)) = (self.is_plastic, &mut self.weights) else {
            return;
        };
        match self.connectivity.structure() {
            Some(structure) => weights.change_through(&**structure, (ADAM, ETA), factors, sent),
            None => weights.change(ADAM, ETA, factors.t(), sent),
        }
    }
}

/// A population with its synapses, in phases.
struct Layer {
    up: Link,
    bias: Option<Link>,
    /// From the next population; `None` for the last one.
    down: Option<Link>,
    transfer: Transfer,
    rates: Array2<f32>,
    mismatches: Array2<f32>,
    deltas: Array2<f32>,
}

/// The algorithm in phases for populations in a row: one pass up, one pass down, one update.
struct PhasedChain(Vec<Layer>);

impl PhasedChain {
    /// With the present weights of a circuit.
    fn new(simulation: &Simulation) -> Self {
        let circuit = simulation.circuit();
        let leaving = |from: Option<_>, to: Option<_>, compartment| {
            (circuit.projections.iter()).find(|p| {
                p.compartment == compartment && p.pre == from && to.is_none_or(|to| p.post == to)
            })
        };
        let mut layers = Vec::new();
        let mut below = circuit.population("pixels");
        while let Some(up) = leaving(below, None, Compartment::Basal) {
            let id = up.post;
            let next = leaving(Some(id), None, Compartment::Basal).map(|next| next.post);
            let down = next.and_then(|next| leaving(Some(next), Some(id), Compartment::Apical));
            let population = circuit.of(id);
            let zeros = || Array2::zeros((TRIALS, population.size));
            layers.push(Layer {
                up: Link::new(simulation, up),
                bias: leaving(None, Some(id), Compartment::Basal)
                    .map(|bias| Link::new(simulation, bias)),
                down: down.map(|down| Link::new(simulation, down)),
                transfer: (population.neurons.as_ref())
                    .map_or(Transfer::Linear, |neurons| neurons.transfer),
                rates: zeros(),
                mismatches: zeros(),
                deltas: zeros(),
            });
            below = Some(id);
        }
        Self(layers)
    }

    fn learn(&mut self, stimuli: &Array2<f32>, targets: &Array2<f32>) {
        let layers = &mut self.0;
        for n in 0..layers.len() {
            let (below, above) = layers.split_at_mut(n);
            let sent = below.last().map_or(stimuli, |below| &below.rates);
            above[0].fire(sent.view());
        }
        let last = layers.len() - 1;
        layers[last].deltas.assign(targets);
        let Layer { deltas, rates, .. } = &mut layers[last];
        *deltas -= &*rates;
        for n in (0..last).rev() {
            let (below, above) = layers.split_at_mut(n + 1);
            below[n].teach(above[0].deltas.view());
        }
        for n in 0..=last {
            let (below, above) = layers.split_at_mut(n);
            let (layer, above) = above.split_first_mut().expect("there is a layer");
            let sent = below.last().map_or(stimuli, |below| &below.rates);
            layer.up.change(&layer.deltas, sent.view());
            if let Some(bias) = &mut layer.bias {
                bias.change(&layer.deltas, Array2::ones((TRIALS, 1)).view());
            }
            if let (Some(down), Some(above)) = (&mut layer.down, above.first()) {
                down.change(&layer.mismatches, above.deltas.view());
            }
        }
    }
}

impl Layer {
    fn fire(&mut self, sent: ArrayView2<'_, f32>) {
        self.up.current(sent, sent, &mut self.rates);
        let size = self.rates.ncols();
        let mut bias = Array2::zeros((1, size));
        if let Some(link) = &self.bias {
            let one = Array2::ones((1, 1));
            link.current(one.view(), one.view(), &mut bias);
        } else if self.transfer == Transfer::Linear {
            return;
        }
        let (bias, transfer) = (bias.index_axis(Axis(0), 0).to_vec(), self.transfer);
        let piece = (PIECE / size).max(1) * size;
        let rates = self.rates.as_slice_mut().expect("trials are contiguous");
        rates.par_chunks_mut(piece).for_each(|rates| {
            for trial in rates.chunks_exact_mut(size) {
                (trial.iter_mut().zip(&bias)).for_each(|(r, bias)| *r += bias);
            }
            transfer.rates(rates, size);
        });
    }

    fn teach(&mut self, sent: ArrayView2<'_, f32>) {
        let Some(down) = &self.down else {
            return;
        };
        down.current(sent, self.rates.view(), &mut self.mismatches);
        if self.transfer == Transfer::Linear {
            self.deltas.assign(&self.mismatches);
            return;
        }
        let xi = self.mismatches.as_slice().expect("trials are contiguous");
        let r = self.rates.as_slice().expect("trials are contiguous");
        let deltas = self.deltas.as_slice_mut().expect("trials are contiguous");
        let (pieces, transfer) = (deltas.par_chunks_mut(PIECE), self.transfer);
        (pieces.zip(r.par_chunks(PIECE).zip(xi.par_chunks(PIECE))))
            .for_each(|(deltas, (r, xi))| _ = transfer.teach(r, xi, deltas));
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, LENGTH, MNIST, PhasedChain, Presenter, TRIALS, batches, learning_by_dll};
    use crate::circuit::Engine;

    /// Both sides of the ratio do the same work: after two presentations their weights have moved
    /// alike.
    #[test]
    fn the_circuit_and_the_algorithm_in_phases_learn_the_same() {
        let Case { model, .. } = MNIST;
        let model = learning_by_dll(model);
        let layers = model.populations.len() as u64;
        let window = (layers, LENGTH - (layers - 1), LENGTH);
        let mut events = Presenter::new(&model, Engine::Events, TRIALS, window);
        let batches = batches(&events.simulation.circuit());
        let mut phased = PhasedChain::new(&events.simulation);
        let names = [
            "pixels_to_v1",
            "pool1_to_v2",
            "hidden_to_output",
            "v2_to_pool1",
        ];
        let before = names.map(|name| events.simulation.weights(name).unwrap());
        for (stimuli, targets) in &batches[..2] {
            phased.learn(stimuli, targets);
            events
                .present_these(stimuli.clone(), targets.clone())
                .unwrap();
        }
        // Updates of the second presentation are due at the start of the third.
        events.simulation.advance_to(2 * LENGTH + layers);
        let layers = [0, 2, 6, 1];
        for ((name, before), layer) in names.iter().zip(&before).zip(layers) {
            let layer = &phased.0[layer];
            let link = match *name {
                "v2_to_pool1" => layer.down.as_ref().unwrap(),
                _ => &layer.up,
            };
            let want = &link.weights.as_ref().unwrap().weights - before;
            let got = events.simulation.weights(name).unwrap() - before;
            let (dot, norms) = (
                (&want * &got).sum(),
                ((&want * &want).sum() * (&got * &got).sum()).sqrt(),
            );
            assert!(dot / norms > 0.99, "{name}: {}", dot / norms);
        }
    }
}
