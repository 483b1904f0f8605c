//! Matrix products, the only place that computes them.
//!
//! A product is cut into blocks of rows that depend on its shape alone, never on the number of
//! threads, so results are the same bytes for any number.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

/// Below this many multiplications, starting another thread costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 21;

/// Rows of a block.
const BLOCK: usize = 64;

/// `out += scale a b` for `a` of m x k, `b` of k x n and `out` of m x n.
pub fn accumulate(
    scale: f32,
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    mut out: ArrayViewMut2<'_, f32>,
) {
    let work = a.nrows() * a.ncols() * b.ncols();
    if work < WORTH_A_THREAD || a.nrows() <= BLOCK {
        general_mat_mul(scale, &a, &b, 1.0, &mut out);
        return;
    }
    let blocks: Vec<_> = (out.axis_chunks_iter_mut(Axis(0), BLOCK))
        .zip(a.axis_chunks_iter(Axis(0), BLOCK))
        .collect();
    (blocks.into_par_iter()).for_each(|(mut out, a)| general_mat_mul(scale, &a, &b, 1.0, &mut out));
}

/// `out = scale a b`, likewise.
pub fn assign(
    scale: f32,
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    mut out: ArrayViewMut2<'_, f32>,
) {
    out.fill(0.0);
    accumulate(scale, a, b, out);
}

#[cfg(test)]
mod tests {
    use super::accumulate;
    use ndarray::Array2;

    #[test]
    fn agrees_with_the_sum_in_f64_for_small_and_cut_products() {
        for (m, k, n) in [(3, 5, 2), (200, 130, 120)] {
            let value = |i: usize, j: usize, s: usize| ((i * 31 + j * 17 + s) % 13) as f32 - 6.0;
            let a = Array2::from_shape_fn((m, k), |(i, j)| value(i, j, 1));
            let b = Array2::from_shape_fn((k, n), |(i, j)| value(i, j, 5));
            let mut out = Array2::from_elem((m, n), 1.0f32);
            accumulate(0.5, a.view(), b.view(), out.view_mut());
            for ((i, j), &got) in out.indexed_iter() {
                let sum: f64 = (0..k).map(|x| f64::from(a[[i, x]] * b[[x, j]])).sum();
                assert!((f64::from(got) - (1.0 + 0.5 * sum)).abs() < 1e-3);
            }
        }
    }
}
