//! Convolutions, whose kernel is shared by all positions, and local fields with a kernel for each.

use std::cell::RefCell;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, ShapeBuilder, s};
use rayon::prelude::*;

use super::structure::{Bundle, Numbers, Structure};
use super::window::Windows;
use crate::math::columns::{flat, flat_mut};
use crate::math::product;

/// Largest number of groups of trials whose changes are computed separately and then added in fixed
/// order, so that results do not depend on the number of threads.
const GROUPS: usize = 4;

/// Every receiver `[o, y, x]` has the window `[y, x]` of the image of senders, over all channels.
///
/// ```text
/// I[o, y, x] = sum over channels c and taps dy, dx of
///              W[o, (c, dy, dx)] h[c, y stride + dy - padding, x stride + dx - padding]
/// ```
///
/// The parameters of a convolution are `output channels x taps`, with the taps in the order `c, dy,
/// dx`. Those of local fields are `output channels x (windows x taps)`: one kernel after the other.
#[derive(Clone, Debug)]
pub struct Convolution {
    windows: Windows,
    /// Number of output channels.
    channels: usize,
    /// True for one kernel that all windows share.
    is_shared: bool,
    /// True if signals go from the windows to the image.
    is_reversed: bool,
}

thread_local! {
    /// Patches of one trial, taps x windows.
    static PATCHES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Calls a function with an array for patches.
fn with_patches<R>(len: usize, then: impl FnOnce(&mut [f32]) -> R) -> R {
    PATCHES.with_borrow_mut(|patches| {
        patches.resize(patches.len().max(len), 0.0);
        then(&mut patches[..len])
    })
}

fn matrix<T>(values: &[T], shape: (usize, usize)) -> ArrayView2<'_, T> {
    ArrayView2::from_shape(shape, values).expect("there are as many values as places")
}

fn matrix_mut<T>(values: &mut [T], shape: (usize, usize)) -> ArrayViewMut2<'_, T> {
    ArrayViewMut2::from_shape(shape, values).expect("there are as many values as places")
}

impl Convolution {
    /// A convolution with this number of output channels.
    #[must_use]
    pub fn shared(windows: Windows, channels: usize) -> Self {
        Self {
            windows,
            channels,
            is_shared: true,
            is_reversed: false,
        }
    }

    /// Local fields with a kernel for each position.
    #[must_use]
    pub fn local(windows: Windows, channels: usize) -> Self {
        Self {
            is_shared: false,
            ..Self::shared(windows, channels)
        }
    }

    /// Position in memory of the first parameter of a window and a tap, for output channel 0.
    fn parameter(&self, place: usize, tap: usize) -> usize {
        let kernel = if self.is_shared { 0 } else { place };
        (kernel * self.windows.taps() + tap) * self.channels
    }

    /// Receivers of one sender of the image.
    fn bundles_of_image(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>)) {
        let [_, height, width] = self.windows.image;
        let [rows, columns] = self.windows.kernel;
        let wide = self.windows.places[1];
        let (channel, at) = (sender / (height * width), sender % (height * width));
        for (y, dy) in self.windows.covering(0, at / width) {
            for (x, dx) in self.windows.covering(1, at % width) {
                let tap = (channel * rows + dy) * columns + dx;
                let place = y * wide + x;
                visit(Bundle {
                    neurons: Numbers::Progression {
                        first: place,
                        step: self.windows.count(),
                    },
                    parameters: Numbers::Progression {
                        first: self.parameter(place, tap),
                        step: 1,
                    },
                    len: self.channels,
                });
            }
        }
    }

    /// Receivers, in the image, of one sender of the windows.
    fn bundles_of_windows(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>)) {
        let (of_channel, place) = (sender / self.windows.count(), sender % self.windows.count());
        let wide = self.windows.places[1];
        for channel in 0..self.windows.image[0] {
            self.windows
                .window([place / wide, place % wide], channel, |neuron, tap| {
                    visit(Bundle {
                        neurons: Numbers::Progression {
                            first: neuron,
                            step: 1,
                        },
                        parameters: Numbers::Progression {
                            first: self.parameter(place, tap) + of_channel,
                            step: 1,
                        },
                        len: 1,
                    });
                });
        }
    }

    /// From the image to the windows, with a shared kernel.
    fn convolve(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let shape = (self.windows.taps(), self.windows.count());
        let trials = held.axis_iter(Axis(0)).into_par_iter();
        (out.axis_iter_mut(Axis(0)).into_par_iter().zip(trials)).for_each(|(mut out, held)| {
            if held.iter().all(|value| *value == 0.0) {
                return out.fill(0.0);
            }
            let held = held.to_slice().expect("trials are contiguous");
            with_patches(shape.0 * shape.1, |patches| {
                self.windows.unfold(held, patches);
                let out = out.as_slice_mut().expect("trials are contiguous");
                let out = matrix_mut(out, (self.channels, shape.1));
                product::assign_alone(scale, weights.view(), matrix(patches, shape), out);
            });
        });
    }

    /// From the windows to the image, with a shared kernel.
    fn convolve_back(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let shape = (self.windows.taps(), self.windows.count());
        let trials = held.axis_iter(Axis(0)).into_par_iter();
        (out.axis_iter_mut(Axis(0)).into_par_iter().zip(trials)).for_each(|(mut out, held)| {
            out.fill(0.0);
            if held.iter().all(|value| *value == 0.0) {
                return;
            }
            let held = held.to_slice().expect("trials are contiguous");
            with_patches(shape.0 * shape.1, |patches| {
                let of_windows = matrix(held, (self.channels, shape.1));
                let to = matrix_mut(patches, shape);
                product::assign_alone(scale, weights.t(), of_windows, to);
                let out = out.as_slice_mut().expect("trials are contiguous");
                self.windows.fold(patches, out);
            });
        });
    }

    /// Change of a shared kernel, from a field over the windows and one over the image.
    fn change_shared(
        &self,
        scale: f32,
        of_windows: ArrayView2<'_, f32>,
        of_image: ArrayView2<'_, f32>,
        out: &mut Array2<f32>,
    ) {
        let shape = (self.windows.taps(), self.windows.count());
        let trials = of_image.nrows();
        let each = trials.div_ceil(GROUPS).max(1);
        let group = |trials: std::ops::Range<usize>| {
            let mut sum = Array2::zeros(out.raw_dim().f());
            for trial in trials {
                let (f, h) = (of_windows.row(trial), of_image.row(trial));
                let silent = |row: &ndarray::ArrayView1<'_, f32>| row.iter().all(|x| *x == 0.0);
                if silent(&f) || silent(&h) {
                    continue;
                }
                let f = f.to_slice().expect("trials are contiguous");
                let h = h.to_slice().expect("trials are contiguous");
                with_patches(shape.0 * shape.1, |patches| {
                    self.windows.unfold(h, patches);
                    let f = matrix(f, (self.channels, shape.1));
                    let patches = matrix(patches, shape);
                    product::accumulate_alone(scale, f, patches.t(), sum.view_mut());
                });
            }
            sum
        };
        let groups: Vec<std::ops::Range<usize>> = (0..trials)
            .step_by(each)
            .map(|from| from..(from + each).min(trials))
            .collect();
        let sums: Vec<Array2<f32>> = groups.into_par_iter().map(group).collect();
        out.fill(0.0);
        sums.iter().for_each(|sum| *out += sum);
    }

    /// Values of the image in one window, trials x taps.
    fn patch(&self, place: usize, of_image: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut patch = Array2::zeros((of_image.nrows(), self.windows.taps()));
        let wide = self.windows.places[1];
        for (mut patch, image) in patch.rows_mut().into_iter().zip(of_image.rows()) {
            for channel in 0..self.windows.image[0] {
                self.windows
                    .window([place / wide, place % wide], channel, |neuron, tap| {
                        patch[tap] = image[neuron];
                    });
            }
        }
        patch
    }

    /// Values of the windows at one position, trials x output channels.
    fn at_place(&self, place: usize, of_windows: ArrayView2<'_, f32>) -> Array2<f32> {
        let places = of_windows.slice(s![.., place..;self.windows.count()]);
        places.as_standard_layout().into_owned()
    }

    /// Kernel of one position, output channels x taps.
    fn kernel<'a>(&self, place: usize, weights: &'a [f32]) -> ArrayView2<'a, f32> {
        let (taps, channels) = (self.windows.taps(), self.channels);
        let of_place = &weights[place * taps * channels..(place + 1) * taps * channels];
        ArrayView2::from_shape((channels, taps).f(), of_place).expect("kernels are contiguous")
    }

    /// From the image to the windows, with a kernel for each position.
    fn locally(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let count = self.windows.count();
        let currents: Vec<Array2<f32>> = (0..count)
            .into_par_iter()
            .map(|place| {
                let patch = self.patch(place, held);
                let mut current = Array2::zeros((held.nrows(), self.channels));
                let kernel = self.kernel(place, flat(weights));
                product::assign_alone(scale, patch.view(), kernel.t(), current.view_mut());
                current
            })
            .collect();
        for (place, current) in currents.iter().enumerate() {
            out.slice_mut(s![.., place..;count]).assign(current);
        }
    }

    /// From the windows to the image, with a kernel for each position.
    fn locally_back(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let patches: Vec<Array2<f32>> = (0..self.windows.count())
            .into_par_iter()
            .map(|place| {
                let of_place = self.at_place(place, held);
                let mut patch = Array2::zeros((held.nrows(), self.windows.taps()));
                let kernel = self.kernel(place, flat(weights));
                product::assign_alone(scale, of_place.view(), kernel, patch.view_mut());
                patch
            })
            .collect();
        let wide = self.windows.places[1];
        let trials = out.axis_iter_mut(Axis(0)).into_par_iter();
        trials.enumerate().for_each(|(trial, mut image)| {
            image.fill(0.0);
            for (place, patch) in patches.iter().enumerate() {
                let patch = patch.row(trial);
                for channel in 0..self.windows.image[0] {
                    self.windows
                        .window([place / wide, place % wide], channel, |neuron, tap| {
                            image[neuron] += patch[tap];
                        });
                }
            }
        });
    }

    /// Change of the kernels of all positions.
    fn change_local(
        &self,
        scale: f32,
        of_windows: ArrayView2<'_, f32>,
        of_image: ArrayView2<'_, f32>,
        out: &mut Array2<f32>,
    ) {
        let (taps, channels) = (self.windows.taps(), self.channels);
        let kernels = flat_mut(out).par_chunks_mut(taps * channels);
        kernels.enumerate().for_each(|(place, kernel)| {
            let of_place = self.at_place(place, of_windows);
            let patch = self.patch(place, of_image);
            let kernel = ArrayViewMut2::from_shape((channels, taps).f(), kernel);
            let kernel = kernel.expect("kernels are contiguous");
            product::assign_alone(scale, of_place.t(), patch.view(), kernel);
        });
    }
}

impl Structure for Convolution {
    fn shape(&self) -> (usize, usize) {
        let (windows, image) = (self.channels * self.windows.count(), self.windows.senders());
        match self.is_reversed {
            false => (windows, image),
            true => (image, windows),
        }
    }

    fn parameters(&self) -> (usize, usize) {
        let kernels = if self.is_shared {
            1
        } else {
            self.windows.count()
        };
        (self.channels, kernels * self.windows.taps())
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Taps at places outside the image.
    fn has_unused(&self) -> bool {
        self.windows.padding != [0, 0]
    }

    fn scratch_bytes(&self, trials: usize, threads: usize) -> usize {
        let patches = self.windows.taps() * self.windows.count();
        let patches = match self.is_shared {
            true => threads.min(trials) * patches,
            false => trials * patches,
        };
        size_of::<f32>() * patches
    }

    fn bundles(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>)) {
        match self.is_reversed {
            false => self.bundles_of_image(sender, visit),
            true => self.bundles_of_windows(sender, visit),
        }
    }

    fn reversed(&self) -> Arc<dyn Structure> {
        Arc::new(Self {
            is_reversed: !self.is_reversed,
            ..self.clone()
        })
    }

    fn synapses(&self) -> usize {
        let covered = |axis: usize| {
            let Windows {
                image,
                kernel,
                stride,
                padding,
                places,
            } = self.windows;
            let within = (0..places[axis]).map(|place| {
                let first = padding[axis].saturating_sub(place * stride[axis]);
                let after = image[axis + 1] + padding[axis] - place * stride[axis];
                after.min(kernel[axis]) - first
            });
            within.sum::<usize>()
        };
        self.channels * self.windows.image[0] * covered(0) * covered(1)
    }

    fn current(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        out: ArrayViewMut2<'_, f32>,
    ) {
        match (self.is_shared, self.is_reversed) {
            (true, false) => self.convolve(scale, held, weights, out),
            (true, true) => self.convolve_back(scale, held, weights, out),
            (false, false) => self.locally(scale, held, weights, out),
            (false, true) => self.locally_back(scale, held, weights, out),
        }
    }

    fn change(
        &self,
        scale: f32,
        factors: ArrayView2<'_, f32>,
        held: ArrayView2<'_, f32>,
        out: &mut Array2<f32>,
    ) {
        let (of_windows, of_image) = match self.is_reversed {
            false => (factors, held),
            true => (held, factors),
        };
        match self.is_shared {
            true => self.change_shared(scale, of_windows, of_image, out),
            false => self.change_local(scale, of_windows, of_image, out),
        }
    }
}
