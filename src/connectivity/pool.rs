//! Pools: every receiver `[c, y, x]` has the window `[y, x]` of channel `c` of the senders.

use std::sync::Arc;

use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Zip};
use rayon::prelude::*;

use super::structure::{Bundle, Numbers, Structure};
use super::window::Windows;

/// Mean of a window. The only parameter is the weight of all synapses, 1 / places of a window.
/// Reversed, every sender shares its value out equally to its window.
#[derive(Clone, Debug)]
pub struct MeanPool {
    windows: Windows,
    is_reversed: bool,
}

impl MeanPool {
    /// A pool over these windows.
    #[must_use]
    pub fn new(windows: Windows) -> Self {
        Self {
            windows,
            is_reversed: false,
        }
    }
}

/// Calls a function with every pair of a receiving window and a sender of the image.
fn pairs(windows: &Windows, mut each: impl FnMut(usize, usize)) {
    let [high, wide] = windows.places;
    for channel in 0..windows.image[0] {
        for y in 0..high {
            for x in 0..wide {
                let receiver = (channel * high + y) * wide + x;
                windows.window([y, x], channel, |sender, _| each(receiver, sender));
            }
        }
    }
}

impl Structure for MeanPool {
    fn shape(&self) -> (usize, usize) {
        let windows = self.windows.image[0] * self.windows.count();
        match self.is_reversed {
            false => (windows, self.windows.senders()),
            true => (self.windows.senders(), windows),
        }
    }

    fn parameters(&self) -> (usize, usize) {
        (1, 1)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn fixed_weight(&self) -> Option<f32> {
        Some(1.0 / (self.windows.kernel[0] * self.windows.kernel[1]) as f32)
    }

    fn bundles(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>)) {
        let mut one = |neuron| {
            visit(Bundle {
                neurons: Numbers::Progression {
                    first: neuron,
                    step: 1,
                },
                parameters: Numbers::Progression { first: 0, step: 0 },
                len: 1,
            });
        };
        let [_, height, width] = self.windows.image;
        let [high, wide] = self.windows.places;
        if self.is_reversed {
            let (channel, place) = (sender / (high * wide), sender % (high * wide));
            let at = [place / wide, place % wide];
            return self.windows.window(at, channel, |neuron, _| one(neuron));
        }
        let (channel, at) = (sender / (height * width), sender % (height * width));
        for (y, _) in self.windows.covering(0, at / width) {
            for (x, _) in self.windows.covering(1, at % width) {
                one((channel * high + y) * wide + x);
            }
        }
    }

    fn reversed(&self) -> Arc<dyn Structure> {
        Arc::new(Self {
            is_reversed: !self.is_reversed,
            ..self.clone()
        })
    }

    fn synapses(&self) -> usize {
        let mut synapses = 0;
        pairs(&self.windows, |_, _| synapses += 1);
        synapses
    }

    fn current(
        &self,
        scale: f32,
        held: ArrayView2<'_, f32>,
        weights: &Array2<f32>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let weight = scale * weights[[0, 0]];
        let trials = held.axis_iter(Axis(0)).into_par_iter();
        let outs = out.axis_iter_mut(Axis(0)).into_par_iter();
        outs.zip(trials).for_each(|(mut out, held)| {
            out.fill(0.0);
            match self.is_reversed {
                false => pairs(&self.windows, |window, image| out[window] += held[image]),
                true => pairs(&self.windows, |window, image| out[image] += held[window]),
            }
            out *= weight;
        });
    }
}

/// Largest value of a window. It has no weights: the value of the *winner*, the sender with the
/// largest value held, passes unchanged. Of equal values, that of the sender with the smallest index
/// wins. Reversed, every value passes to the winner of its window alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    windows: Windows,
    is_reversed: bool,
}

impl MaxPool {
    /// A pool over these windows.
    #[must_use]
    pub fn new(windows: Windows) -> Self {
        Self {
            windows,
            is_reversed: false,
        }
    }

    /// The same windows in the opposite direction.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            is_reversed: !self.is_reversed,
            ..self
        }
    }

    /// True if values pass from the windows to the image.
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.is_reversed
    }

    /// Number of receiving and of sending neurons.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        let windows = self.windows.image[0] * self.windows.count();
        match self.is_reversed {
            false => (windows, self.windows.senders()),
            true => (self.windows.senders(), windows),
        }
    }

    /// Number of pairs of a window and a sender in it.
    #[must_use]
    pub fn synapses(&self) -> usize {
        let mut synapses = 0;
        pairs(&self.windows, |_, _| synapses += 1);
        synapses
    }

    /// Senders of the image in a window.
    #[must_use]
    pub fn window(&self, window: usize) -> Vec<u32> {
        let [high, wide] = self.windows.places;
        let (channel, place) = (window / (high * wide), window % (high * wide));
        let mut senders = Vec::new();
        let at = [place / wide, place % wide];
        (self.windows).window(at, channel, |sender, _| senders.push(sender as u32));
        senders
    }

    /// True for windows of 2 x 2 side by side that cover the image.
    fn is_of_fours(&self) -> bool {
        let [_, height, width] = self.windows.image;
        let Windows { kernel, stride, .. } = self.windows;
        kernel == [2, 2] && stride == [2, 2] && height % 2 == 0 && width % 2 == 0
    }

    /// The current of one trial for windows of 2 x 2 side by side.
    fn fours(&self, image: &[f32], of_windows: Option<&[f32]>, out: &mut [f32]) {
        let width = self.windows.image[2];
        let rows = image.chunks_exact(2 * width);
        match of_windows {
            None => (rows.zip(out.chunks_exact_mut(width / 2)))
                .for_each(|(rows, out)| largest_of_fours(rows.split_at(width), out)),
            Some(values) => {
                let values = values.chunks_exact(width / 2);
                let outs = out.chunks_exact_mut(2 * width);
                (rows.zip(values).zip(outs)).for_each(|((rows, values), out)| {
                    to_winners_of_fours(rows.split_at(width), values, out.split_at_mut(width));
                });
            }
        }
    }

    /// Calls a function with every window and its winner, for the values of one trial's image.
    fn winners(&self, image: &[f32], mut each: impl FnMut(usize, usize)) {
        let [_, height, width] = self.windows.image;
        let [high, wide] = self.windows.places;
        let ([rows, columns], [down, right]) = (self.windows.kernel, self.windows.stride);
        for (channel, plane) in image.chunks_exact(height * width).enumerate() {
            for y in 0..high {
                for x in 0..wide {
                    let mut winner = y * down * width + x * right;
                    let mut most = plane[winner];
                    for dy in 0..rows {
                        let first = (y * down + dy) * width + x * right;
                        for (dx, value) in plane[first..first + columns].iter().enumerate() {
                            if *value > most {
                                (winner, most) = (first + dx, *value);
                            }
                        }
                    }
                    each(
                        (channel * high + y) * wide + x,
                        channel * height * width + winner,
                    );
                }
            }
        }
    }

    /// The current, trials x receivers: `image` has the values held by the pool from the image to
    /// the windows, and `of_windows` those that pass back, for a reversed pool.
    pub fn current(
        &self,
        image: ArrayView2<'_, f32>,
        of_windows: Option<ArrayView2<'_, f32>>,
        mut out: ArrayViewMut2<'_, f32>,
    ) {
        let images = image.axis_iter(Axis(0)).into_par_iter();
        let outs = out.axis_iter_mut(Axis(0)).into_par_iter();
        outs.zip(images)
            .enumerate()
            .for_each(|(trial, (mut out, image))| {
                let image = image.to_slice().expect("trials are contiguous");
                if self.is_of_fours() {
                    let out = out.as_slice_mut().expect("trials are contiguous");
                    let values = of_windows.as_ref().map(|values| {
                        let values = values.as_slice().expect("trials are contiguous");
                        values.chunks_exact(self.shape().1).nth(trial)
                    });
                    let values = values.map(|values| values.expect("there is a row per trial"));
                    return self.fours(image, values, out);
                }
                match of_windows {
                    None => self.winners(image, |window, winner| out[window] = image[winner]),
                    Some(values) => {
                        let values = values.row(trial);
                        out.fill(0.0);
                        self.winners(image, |window, winner| out[winner] += values[window]);
                    }
                }
            });
    }

    /// Adds the current in double precision to `sum`, see [`MaxPool::current`].
    pub(crate) fn add_current(
        &self,
        image: ArrayView2<'_, f32>,
        of_windows: Option<ArrayView2<'_, f32>>,
        sum: ArrayViewMut2<'_, f64>,
    ) {
        let mut current = Array2::zeros(sum.raw_dim());
        self.current(image, of_windows, current.view_mut());
        Zip::from(sum)
            .and(&current)
            .for_each(|sum, current| *sum += f64::from(*current));
    }
}

/// The larger of two values; the first of equal ones.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Largest values of the windows of two rows.
#[multiversion(targets("x86_64+avx2"))]
fn largest_of_fours((above, below): (&[f32], &[f32]), out: &mut [f32]) {
    let windows = above.chunks_exact(2).zip(below.chunks_exact(2));
    for (out, (a, b)) in out.iter_mut().zip(windows) {
        *out = larger(larger(a[0], a[1]), larger(b[0], b[1]));
    }
}

/// Values of the windows of two rows at their winners, and 0 elsewhere.
#[multiversion(targets("x86_64+avx2"))]
fn to_winners_of_fours(
    (above, below): (&[f32], &[f32]),
    values: &[f32],
    (to_above, to_below): (&mut [f32], &mut [f32]),
) {
    let windows = above.chunks_exact(2).zip(below.chunks_exact(2));
    let outs = (to_above.chunks_exact_mut(2)).zip(to_below.chunks_exact_mut(2));
    for (((a, b), value), (to_a, to_b)) in windows.zip(values).zip(outs) {
        let (right_above, right_below) = (a[1] > a[0], b[1] > b[0]);
        let is_below = larger(b[0], b[1]) > larger(a[0], a[1]);
        let at = |here: bool| if here { *value } else { 0.0 };
        to_a[0] = at(!is_below & !right_above);
        to_a[1] = at(!is_below & right_above);
        to_b[0] = at(is_below & !right_below);
        to_b[1] = at(is_below & right_below);
    }
}
