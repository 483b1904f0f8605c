//! Matrix products; no other module computes them.
//!
//! A large product is divided into blocks of its output, in a way that depends on shapes and
//! strides alone, not on the number of threads. Each block is computed by one thread. Results are
//! therefore the same bytes for any number of threads.

use std::ops::Range;

use gemm::{Parallelism, gemm};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::threads;

/// Time to load a number from memory, in multiplications: the limit for thin products.
const MEMORY: usize = 16;

/// Largest number of blocks: with more, the common operand is packed too often.
const MOST_BLOCKS: usize = 4;

/// Blocks start at multiples of this number, a whole number of tiles of the inner kernel.
const TILE: usize = 16;

/// A precision in which products are computed.
pub trait Precision: Copy + Send + Sync + 'static {
    /// The number 1.
    const ONE: Self;
}

impl Precision for f32 {
    const ONE: Self = 1.0;
}

impl Precision for f64 {
    const ONE: Self = 1.0;
}

/// `out += scale a b` for `a` of m x k, `b` of k x n and `out` of m x n.
///
/// # Panics
///
/// If the shapes do not fit.
pub fn accumulate<T: Precision>(
    scale: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    Product { scale, add: true }.cut(a, b, out);
}

/// `out = scale a b`; the earlier content of `out` is not read.
///
/// # Panics
///
/// If the shapes do not fit.
pub fn assign<T: Precision>(
    scale: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    Product { scale, add: false }.cut(a, b, out);
}

/// [`assign`] on the present thread, for work that is already divided.
///
/// # Panics
///
/// If the shapes do not fit.
pub fn assign_alone<T: Precision>(
    scale: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    Product { scale, add: false }.alone(a, b, out);
}

/// [`accumulate`] on the present thread, for work that is already divided.
///
/// # Panics
///
/// If the shapes do not fit.
pub fn accumulate_alone<T: Precision>(
    scale: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    Product { scale, add: true }.alone(a, b, out);
}

/// Smallest index range with all senders that are not 0 in some trial; `held` is trials x senders.
///
/// Products omit all other senders, for example pixels at the edges of images.
#[must_use]
pub fn active_range(held: ArrayView2<'_, f32>) -> Range<usize> {
    let (mut start, mut end) = (held.ncols(), 0);
    for trial in held.rows() {
        let mut nonzero = trial.iter().map(|value| *value != 0.0);
        start = (nonzero.by_ref().take(start).position(|nonzero| nonzero)).unwrap_or(start);
        let mut nonzero = trial.iter().skip(end).map(|value| *value != 0.0);
        end += nonzero
            .rposition(|nonzero| nonzero)
            .map_or(0, |last| last + 1);
    }
    start.min(end)..end
}

#[derive(Clone, Copy)]
struct Product<T> {
    scale: T,
    /// True if the product is added to `out`.
    add: bool,
}

impl<T: Precision> Product<T> {
    fn cut(self, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, mut out: ArrayViewMut2<'_, T>) {
        let ((m, k), n) = (a.dim(), b.ncols());
        assert_eq!((b.nrows(), out.dim()), (k, (m, n)), "shapes of a product");
        let numbers = m * k + k * n + m * n;
        let blocks =
            ((m * k * n).max(MEMORY * numbers) / threads::MULTIPLICATIONS).clamp(1, MOST_BLOCKS);
        if blocks == 1 {
            return self.block(a, b, out);
        }
        let axis = if k <= m.min(n) {
            // The output is the largest of the three matrices: its blocks are contiguous.
            out.max_stride_axis()
        } else {
            Axis(usize::from(n >= m))
        };
        // A power of two of blocks (and a remainder), so that two or four threads share equally.
        let width = ((out.len_of(axis) >> blocks.ilog2()) / TILE * TILE).max(TILE);
        let outs = out.axis_chunks_iter_mut(axis, width).into_par_iter();
        if axis == Axis(0) {
            (outs.zip(a.axis_chunks_iter(axis, width))).for_each(|(out, a)| self.block(a, b, out));
        } else {
            (outs.zip(b.axis_chunks_iter(axis, width))).for_each(|(out, b)| self.block(a, b, out));
        }
    }

    fn alone(self, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, out: ArrayViewMut2<'_, T>) {
        let shapes = ((a.nrows(), b.ncols()), a.ncols());
        assert_eq!((out.dim(), b.nrows()), shapes, "shapes of a product");
        self.block(a, b, out);
    }

    /// Computes the product on the present thread.
    #[allow(unsafe_code)]
    fn block(self, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, mut out: ArrayViewMut2<'_, T>) {
        let ((m, k), n) = (a.dim(), b.ncols());
        let (&[a_row, a_column], &[b_row, b_column]) = (a.strides(), b.strides()) else {
            unreachable!("a matrix has two strides")
        };
        let &[row, column] = out.strides() else {
            unreachable!("a matrix has two strides")
        };
        // SAFETY: the views are valid for their shapes and strides, the shapes fit by the check
        // in `cut`, and `out` is borrowed exclusively, so it overlaps neither operand.
        unsafe {
            gemm(
                m,
                n,
                k,
                out.as_mut_ptr(),
                column,
                row,
                self.add,
                a.as_ptr(),
                a_column,
                a_row,
                b.as_ptr(),
                b_column,
                b_row,
                T::ONE,
                self.scale,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{accumulate, active_range, assign};
    use ndarray::{Array2, ArrayView2, ShapeBuilder};

    /// m, k, n: tiny, empty, one row, rank one, cut along either axis, and with remainders.
    const SHAPES: [(usize, usize, usize); 12] = [
        (3, 5, 2),
        (3, 0, 2),
        (1, 300, 40),
        (1, 1100, 1003),
        (1003, 1100, 1),
        (1003, 1, 1100),
        (40, 1, 30),
        (128, 300, 500),
        (500, 300, 128),
        (301, 64, 1100),
        (1100, 64, 301),
        (9, 20_000, 70),
    ];

    fn matrix(rows: usize, columns: usize, seed: usize, fortran: bool) -> Array2<f32> {
        let value = |(i, j)| ((i * 31 + j * 17 + i * j + seed) % 13) as f32 / 8.0 - 0.7;
        Array2::from_shape_fn((rows, columns).set_f(fortran), value)
    }

    /// All layouts of `a`, `b` and `out` for every shape.
    fn every_case(mut check: impl FnMut(ArrayView2<'_, f32>, ArrayView2<'_, f32>, Array2<f32>)) {
        for (m, k, n) in SHAPES {
            for layout in 0..8 {
                let a = matrix(m, k, 1, layout & 1 > 0);
                let b = matrix(k, n, 5, layout & 2 > 0);
                check(a.view(), b.view(), matrix(m, n, 9, layout & 4 > 0));
            }
        }
    }

    fn in_f64(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Array2<f64> {
        (a.mapv(f64::from)).dot(&b.mapv(f64::from))
    }

    #[test]
    fn agrees_with_the_sum_in_f64() {
        every_case(|a, b, before| {
            let (exact, mut out) = (in_f64(a, b), before.clone());
            accumulate(0.5, a, b, out.view_mut());
            let tolerance = 1e-6 * (2.0 + a.ncols() as f64);
            for ((at, &got), before) in out.indexed_iter().zip(&before) {
                let expected = f64::from(*before) + 0.5 * exact[at];
                assert!((f64::from(got) - expected).abs() < tolerance, "{at:?}");
            }
        });
    }

    #[test]
    fn what_is_assigned_to_is_not_read() {
        every_case(|a, b, mut out| {
            let exact = in_f64(a, b);
            out.fill(f32::NAN);
            assign(-2.0, a, b, out.view_mut());
            let tolerance = 4e-6 * (1.0 + a.ncols() as f64);
            for (at, &got) in out.indexed_iter() {
                assert!(
                    (f64::from(got) + 2.0 * exact[at]).abs() < tolerance,
                    "{at:?}"
                );
            }
        });
    }

    #[test]
    fn views_with_gaps_and_reversed_axes_are_as_good() {
        let (big_a, big_b) = (matrix(40, 60, 1, false), matrix(60, 80, 2, true));
        let (a, b) = (
            big_a.slice(ndarray::s![..;2, ..;-3]),
            big_b.slice(ndarray::s![..;3, 1..;4]),
        );
        let mut big = matrix(40, 40, 3, false);
        let exact = in_f64(a, b);
        assign(1.0, a, b, big.slice_mut(ndarray::s![..;-2, ..;2]));
        for (at, got) in big.slice(ndarray::s![..;-2, ..;2]).indexed_iter() {
            assert!((f64::from(*got) - exact[at]).abs() < 1e-4);
        }
        assert_eq!(big[[0, 1]], matrix(40, 40, 3, false)[[0, 1]]);
    }

    #[test]
    fn senders_at_rest_at_either_edge_do_not_speak() {
        let silent = Array2::zeros((3, 7));
        assert!(active_range(silent.view()).is_empty());
        assert!(active_range(Array2::zeros((3, 0)).view()).is_empty());
        for (first, last) in [(0, 0), (2, 5), (6, 6), (0, 6), (5, 6)] {
            let mut held = silent.clone();
            held[[2, first]] = -1.0;
            held[[0, last]] = f32::NAN;
            assert_eq!(active_range(held.view()), first..last + 1);
        }
    }

    #[test]
    fn bytes_are_the_same_for_any_number_of_threads() {
        let pools: Vec<_> = (1..4)
            .map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build())
            .collect::<Result<_, _>>()
            .unwrap();
        every_case(|a, b, before| {
            let with = |pool: &rayon::ThreadPool| {
                let mut out = before.clone();
                pool.install(|| accumulate(0.3, a, b, out.view_mut()));
                out.mapv(f32::to_bits)
            };
            let one = with(&pools[0]);
            assert!(pools[1..].iter().all(|pool| with(pool) == one));
        });
    }

    #[test]
    #[should_panic(expected = "shapes of a product")]
    fn shapes_that_do_not_fit_are_refused() {
        let mut out = Array2::zeros((3, 2));
        accumulate(
            1.0,
            matrix(3, 4, 0, false).view(),
            matrix(5, 2, 0, false).view(),
            out.view_mut(),
        );
    }
}
