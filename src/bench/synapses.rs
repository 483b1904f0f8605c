//! LayerWeights in single precision without carries, in the usual form, as a reference for the engines.
//! Optionally with carries and the optimiser of the engines, to separate the cost of precision from
//! the cost of events.

use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, ShapeBuilder};
use rayon::prelude::*;

use crate::connectivity::Structure;
use crate::math::columns::Changing;
use crate::math::product;
use crate::plasticity::{Optimiser, WeightUpdater};

/// Number of synapses that one thread changes at a time.
const STRETCH: usize = 1 << 14;

/// Weights, their gradient and their optimiser.
pub(super) struct LayerWeights {
    /// Weights, post x pre.
    pub weights: Array2<f32>,
    gradient: Array2<f32>,
    first: Array2<f32>,
    second: Array2<f32>,
    count: i32,
    /// Optimiser of the engines with the carries of the weights, used instead of the other fields.
    exact: Option<(WeightUpdater, Array2<f32>)>,
}

impl LayerWeights {
    /// LayerWeights with the given weights.
    pub fn new(weights: Array2<f32>) -> Self {
        let zeros = || Array2::zeros(weights.raw_dim().f());
        Self {
            gradient: zeros(),
            first: zeros(),
            second: zeros(),
            count: 0,
            exact: None,
            weights,
        }
    }

    /// The synapses with carries, and the optimiser of the engines.
    pub fn exact(self, optimiser: Optimiser) -> Self {
        let shape = || self.weights.raw_dim().f();
        let updater = WeightUpdater::new(shape(), (1, 0, 1.0), optimiser);
        let exact = Some((updater, Array2::zeros(shape())));
        Self { exact, ..self }
    }

    /// Applies the change `a b`, averaged over the columns of `a`, by the optimiser; a plain one
    /// changes the weights directly.
    pub fn change(
        &mut self,
        optimiser: Optimiser,
        eta: f32,
        a: ArrayView2<'_, f32>,
        b: ArrayView2<'_, f32>,
    ) {
        let mean = 1.0 / a.ncols() as f32;
        if let Some((updater, carry)) = &mut self.exact {
            product::assign(mean, a, b, self.gradient.view_mut());
            let weights = Changing {
                matrix: &mut self.weights,
                carry,
            };
            return updater.change(weights, &self.gradient, eta);
        }
        if optimiser == Optimiser::Plain {
            product::accumulate(eta * mean, a, b, self.weights.view_mut());
        } else {
            product::assign(mean, a, b, self.gradient.view_mut());
            self.apply(optimiser, eta);
        }
    }

    /// As [`LayerWeights::change`] by Adam through the pairs of a structure; `factors` and `sent`
    /// are trials x neurons.
    pub fn change_through(
        &mut self,
        structure: &dyn Structure,
        (optimiser, eta): (Optimiser, f32),
        factors: &Array2<f32>,
        sent: ArrayView2<'_, f32>,
    ) {
        let mean = 1.0 / factors.nrows() as f32;
        structure.change(mean, factors.view(), sent, &mut self.gradient);
        self.apply(optimiser, eta);
    }

    /// Adds `scale a b` to the gradient.
    pub fn gather(&mut self, scale: f32, a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) {
        product::accumulate(scale, a, b, self.gradient.view_mut());
    }

    /// Applies the gradient by Adam.
    ///
    /// # Panics
    /// For an optimiser other than Adam, which the benchmarks exclude.
    pub fn apply(&mut self, optimiser: Optimiser, eta: f32) {
        let Optimiser::Adam {
            beta1,
            beta2,
            epsilon,
        } = optimiser
        else {
            panic!("the benchmarks use a plain optimiser and Adam");
        };
        self.count += 1;
        let unbias1 = 1.0 - beta1.powi(self.count);
        let unbias2 = (1.0 - beta2.powi(self.count)).sqrt();
        let step = (f64::from(eta) * unbias2 / unbias1) as f32;
        let numbers = [
            (1.0 - beta1) as f32,
            (1.0 - beta2) as f32,
            step,
            (epsilon * unbias2) as f32,
        ];
        let [w, g, m, v] = [
            &mut self.weights,
            &mut self.gradient,
            &mut self.first,
            &mut self.second,
        ]
        .map(|array| array.as_slice_memory_order_mut().expect("arrays are whole"));
        let stretches = (w.par_chunks_mut(STRETCH).zip(g.par_chunks_mut(STRETCH)))
            .zip(m.par_chunks_mut(STRETCH).zip(v.par_chunks_mut(STRETCH)));
        stretches.for_each(|((w, g), (m, v))| adam(numbers, (w, g), (m, v)));
    }

    /// Sets the gradient to 0.
    pub fn clear(&mut self) {
        self.gradient.fill(0.0);
    }
}

/// Adam (Kingma and Ba, ICLR 2015), with the bias corrections included in step and floor.
#[multiversion(targets("x86_64+avx2"))]
fn adam(
    [new1, new2, step, floor]: [f32; 4],
    (w, g): (&mut [f32], &mut [f32]),
    (m, v): (&mut [f32], &mut [f32]),
) {
    for ((w, g), (m, v)) in w.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
        *m += new1 * (*g - *m);
        *v += new2 * (*g * *g - *v);
        *w += step * *m / (v.sqrt() + floor);
    }
}
