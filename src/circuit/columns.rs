//! Columns of a weight matrix, one sender at a time.
//!
//! Matrices are post x pre with the column of a sender contiguous, so that a sender's synapses
//! are one stretch of memory. Work is cut by receiving neurons, in pieces that depend on the
//! matrix alone, so results are the same bytes for any number of threads.

use multiversion::multiversion;
use ndarray::Array2;

use crate::plasticity::lazy::{flat, flat_mut};

/// A sender whose value has changed.
#[derive(Clone, Copy, Debug)]
pub struct Send {
    /// Its trial.
    pub trial: usize,
    /// Its index.
    pub sender: usize,
    /// What it said before.
    pub old: f32,
    /// What it says now, less what it said before.
    pub change: f32,
}

/// `I_i += scale m_ij change` for each send; `current` is trials x post.
pub fn read(sends: &[Send], scale: f32, matrix: &Array2<f32>, current: &mut Array2<f32>) {
    let post = current.ncols();
    let (matrix, current) = (flat(matrix), flat_mut(current));
    // Four columns at a time, so that the current is read and written once for them.
    let mut groups = sends.chunk_by(|a, b| a.trial == b.trial);
    groups.by_ref().for_each(|group| {
        let current = &mut current[group[0].trial * post..][..post];
        let column = |send: &Send| &matrix[send.sender * post..][..post];
        let mut fours = group.chunks_exact(4);
        for four in &mut fours {
            let [a, b, c, d] = [&four[0], &four[1], &four[2], &four[3]];
            let changes = [a, b, c, d].map(|send| scale * send.change);
            add_four(
                current,
                [column(a), column(b), column(c), column(d)],
                changes,
            );
        }
        for send in fours.remainder() {
            add(current, column(send), scale * send.change);
        }
    });
}

/// `e_ij -= D_i change` for each send: what the synapse has gathered so far stays as it is.
pub fn touch(sends: &[Send], integrals: &Array2<f32>, matrix: &mut Array2<f32>) {
    let post = matrix.nrows();
    let (matrix, integrals) = (flat_mut(matrix), flat(integrals));
    for send in sends {
        let column = &mut matrix[send.sender * post..][..post];
        add(
            column,
            &integrals[send.trial * post..][..post],
            -send.change,
        );
    }
}

/// With one trial: the weight is `scale m_ij + D_i old`, so `I_i` changes by it times the change,
/// and `m_ij -= D_i change / scale`.
pub fn read_and_touch(
    sends: &[Send],
    scale: f32,
    integrals: &Array2<f32>,
    matrix: &mut Array2<f32>,
    current: &mut Array2<f32>,
) {
    let post = matrix.nrows();
    let (matrix, integrals, current) = (flat_mut(matrix), flat(integrals), flat_mut(current));
    for send in sends {
        let column = &mut matrix[send.sender * post..][..post];
        add_and_touch(current, column, integrals, *send, scale);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add(to: &mut [f32], column: &[f32], by: f32) {
    for (to, w) in to.iter_mut().zip(column) {
        *to += by * w;
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add_four(to: &mut [f32], columns: [&[f32]; 4], by: [f32; 4]) {
    let [a, b, c, d] = columns;
    let pairs = a.iter().zip(b).zip(c.iter().zip(d));
    for (to, ((a, b), (c, d))) in to.iter_mut().zip(pairs) {
        *to += (by[0] * a + by[1] * b) + (by[2] * c + by[3] * d);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add_and_touch(to: &mut [f32], column: &mut [f32], integrals: &[f32], send: Send, scale: f32) {
    let Send { old, change, .. } = send;
    let back = change / scale;
    for ((to, w), d) in to.iter_mut().zip(column).zip(integrals) {
        *to += change * (scale * *w + d * old);
        *w -= back * d;
    }
}
