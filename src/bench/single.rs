//! A dense simulation in single precision on plain vectors: every neuron is updated, every value is
//! sent and every eligibility grows in every step, as in the dense engine, with half its digits.

use ndarray::{Array2, Zip};

use super::Images;
use super::phased::{SIZES, initial};
use super::synapses::LayerWeights;
use crate::neuron::Transfer;
use crate::plasticity::Optimiser;

/// Variables of one population, trials x size.
struct Cells {
    i_b: Array2<f32>,
    i_a: Array2<f32>,
    b: Array2<f32>,
    a: Array2<f32>,
    r: Array2<f32>,
    delta: Array2<f32>,
}

/// The circuit 784-1024-512-256-10 with leaky dendrites, learning by `dll`.
pub struct Single {
    trials: usize,
    leak: f32,
    optimiser: Optimiser,
    eta: f32,
    stimulus: Array2<f32>,
    cells: Vec<Cells>,
    /// Rates and teaching signals of the last step; the first rates are those of the stimulus.
    sent: Vec<(Array2<f32>, Array2<f32>)>,
    up: Vec<(LayerWeights, LayerWeights)>,
    down: Vec<LayerWeights>,
    ones: Array2<f32>,
}

impl Single {
    /// Simulation with the initial weights of a circuit with seed 1; `tau_ms` is that of all
    /// dendrites, a step is 1 ms.
    #[must_use]
    pub fn new(trials: usize, tau_ms: f64, optimiser: Optimiser, eta: f32) -> Self {
        let column = |size: usize| Array2::zeros((trials, size));
        let (up, down) = initial();
        Self {
            trials,
            leak: -(-1.0 / tau_ms).exp_m1() as f32,
            optimiser,
            eta,
            stimulus: column(SIZES[0]),
            cells: (SIZES[1..].iter())
                .map(|&size| Cells {
                    i_b: column(size),
                    i_a: column(size),
                    b: column(size),
                    a: column(size),
                    r: column(size),
                    delta: column(size),
                })
                .collect(),
            sent: SIZES.iter().map(|&n| (column(n), column(n))).collect(),
            up,
            down,
            ones: Array2::ones((trials, 1)),
        }
    }

    /// Presents batch `n` for `length` steps, with a teacher from step `on` to step `off`.
    pub fn present(&mut self, images: &Images, n: usize, (on, off, length): (u64, u64, u64)) {
        let (stimuli, target) = images.batch(n, self.trials);
        self.stimulus.assign(&stimuli);
        for step in 0..length {
            self.step((on..off).contains(&step).then_some(&target));
        }
        let (optimiser, eta) = (self.optimiser, self.eta);
        let up = self.up.iter_mut().flat_map(|(w, bias)| [w, bias]);
        for synapses in up.chain(&mut self.down) {
            synapses.apply(optimiser, eta);
            synapses.clear();
        }
    }

    fn step(&mut self, target: Option<&Array2<f32>>) {
        self.sent[0].0.assign(&self.stimulus);
        for (sent, cells) in self.sent[1..].iter_mut().zip(&self.cells) {
            sent.0.assign(&cells.r);
            sent.1.assign(&cells.delta);
        }
        let last = self.cells.len() - 1;
        for (n, cells) in self.cells.iter_mut().enumerate() {
            let (synapses, bias) = &self.up[n];
            let (below, above) = (&self.sent[n].0, self.sent.get(n + 2));
            crate::math::product::assign(
                1.0,
                below.view(),
                synapses.weights.t(),
                cells.i_b.view_mut(),
            );
            for mut trial in cells.i_b.rows_mut() {
                (trial.iter_mut().zip(&bias.weights)).for_each(|(i, bias)| *i += bias);
            }
            match (above, target) {
                (Some((_, delta)), _) => crate::math::product::assign(
                    1.0,
                    delta.view(),
                    self.down[n].weights.t(),
                    cells.i_a.view_mut(),
                ),
                (None, Some(target)) => cells.i_a.assign(&(target - &cells.r)),
                (None, None) => cells.i_a.fill(0.0),
            }
            let leak = self.leak;
            (Zip::from(&mut cells.b).and(&cells.i_b)).for_each(|b, i| *b += leak * (i - *b));
            (Zip::from(&mut cells.a).and(&cells.i_a)).for_each(|a, i| *a += leak * (i - *a));
            let transfer = if n == last {
                Transfer::Softmax
            } else {
                Transfer::Tanh
            };
            let size = cells.r.ncols();
            let [b, a] = [&cells.b, &cells.a].map(|x| x.as_slice().expect("columns are whole"));
            let [r, delta] = [&mut cells.r, &mut cells.delta]
                .map(|x| x.as_slice_mut().expect("columns are whole"));
            transfer.fire(b, r, size);
            transfer.teach(r, a, delta);
        }
        let mean = 1.0 / self.trials as f32;
        for (n, (synapses, bias)) in self.up.iter_mut().enumerate() {
            let delta = self.cells[n].delta.t();
            synapses.gather(mean, delta, self.sent[n].0.view());
            bias.gather(mean, delta, self.ones.view());
        }
        for (n, synapses) in self.down.iter_mut().enumerate() {
            synapses.gather(mean, self.cells[n].a.t(), self.sent[n + 2].1.view());
        }
    }
}
