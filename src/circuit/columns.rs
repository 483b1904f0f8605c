//! Columns of a weight matrix, one sender at a time.
//!
//! Matrices are post x pre with the column of a sender contiguous, so that a sender's synapses
//! are one stretch of memory. Work is cut by receiving neurons.

use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, Axis, Zip};
use rayon::prelude::*;

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

/// Synapses from which on several threads pay.
const WORTH_THREADS: usize = 1 << 16;

/// Receiving neurons of a piece.
const PIECE: usize = 128;

/// Senders of a stretch.
const SENDERS: usize = 64;

/// How many receiving neurons are dealt with at a time. No sum goes over them, so results do not
/// depend on it.
fn piece(sends: &[Send], post: usize) -> usize {
    if sends.len() * post < WORTH_THREADS {
        post.max(1)
    } else {
        PIECE
    }
}

/// `I_i += scale m_ij change` for each send; `current` is trials x post.
pub fn read(sends: &[Send], scale: f32, matrix: &Array2<f32>, current: &mut Array2<f32>) {
    let piece = piece(sends, matrix.nrows());
    let pieces = current.axis_chunks_iter_mut(Axis(1), piece).into_par_iter();
    pieces
        .zip(matrix.axis_chunks_iter(Axis(0), piece))
        .for_each(|(mut current, matrix)| {
            for group in sends.chunk_by(|a, b| a.trial == b.trial) {
                let mut current = current.row_mut(group[0].trial);
                let Some(current) = current.as_slice_mut() else {
                    continue;
                };
                let column = |send: &Send| matrix.column(send.sender).to_slice().unwrap_or(&[]);
                // Four at a time, so that the current is read and written once for them.
                let mut fours = group.chunks_exact(4);
                for four in &mut fours {
                    let columns = [0, 1, 2, 3].map(|n| column(&four[n]));
                    add_four(
                        current,
                        columns,
                        [0, 1, 2, 3].map(|n| scale * four[n].change),
                    );
                }
                for send in fours.remainder() {
                    add(current, column(send), scale * send.change);
                }
            }
        });
}

/// `m_ij -= scale D_i change` for each send: what the synapse has gained so far stays as it is.
pub fn touch(sends: &[Send], scale: f32, integrals: &Array2<f32>, matrix: &mut Array2<f32>) {
    let piece = piece(sends, matrix.nrows());
    let pieces = matrix.axis_chunks_iter_mut(Axis(0), piece).into_par_iter();
    pieces
        .zip(integrals.axis_chunks_iter(Axis(1), piece))
        .for_each(|(mut matrix, integrals)| {
            for send in sends {
                let (mut column, d) = (matrix.column_mut(send.sender), integrals.row(send.trial));
                if let (Some(column), Some(d)) = (column.as_slice_mut(), d.to_slice()) {
                    add(column, d, -scale * send.change);
                }
            }
        });
}

/// For each trial the products of what changes in it and what was held before in every trial,
/// trials x trials.
pub fn products(sends: &[Send], held: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut products = Array2::zeros((held.nrows(), held.nrows()));
    for send in sends {
        let of_trial = products.row_mut(send.trial);
        Zip::from(of_trial)
            .and(held.column(send.sender))
            .for_each(|sum, held| *sum += send.change * held);
    }
    products
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
    let (post, (d, current)) = (matrix.nrows(), (flat(integrals), flat_mut(current)));
    if sends.len() * post < WORTH_THREADS {
        touch_some(sends, 0, scale, d, flat_mut(matrix), current);
        return;
    }
    // Each stretch of senders makes a current of its own, and the sum goes over stretches in
    // their order, for any number of threads.
    let parts: Vec<Vec<f32>> = (flat_mut(matrix).par_chunks_mut(SENDERS * post).enumerate())
        .map(|(n, columns)| {
            let first = n * SENDERS;
            let from = sends.partition_point(|send| send.sender < first);
            let to = sends.partition_point(|send| send.sender < first + SENDERS);
            let mut part = vec![0.0; post];
            touch_some(&sends[from..to], first, scale, d, columns, &mut part);
            part
        })
        .collect();
    for part in &parts {
        add(current, part, 1.0);
    }
}

/// The same for `columns` of some senders, of which the first is number `first`.
fn touch_some(
    sends: &[Send],
    first: usize,
    scale: f32,
    d: &[f32],
    columns: &mut [f32],
    current: &mut [f32],
) {
    let post = d.len();
    let mut fours = sends.chunks_exact(4);
    for four in &mut fours {
        let mut rest = &mut *columns;
        let mut at = first;
        let of_four: [&mut [f32]; 4] = std::array::from_fn(|n| {
            let (column, after) = std::mem::take(&mut rest)
                .split_at_mut((four[n].sender - at) * post)
                .1
                .split_at_mut(post);
            at = four[n].sender + 1;
            rest = after;
            column
        });
        let four = [0, 1, 2, 3].map(|n| four[n]);
        touch_four(current, of_four, d, four, scale);
    }
    for send in fours.remainder() {
        let start = (send.sender - first) * post;
        touch_one(current, &mut columns[start..start + post], d, *send, scale);
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
fn touch_one(to: &mut [f32], column: &mut [f32], integrals: &[f32], send: Send, scale: f32) {
    let Send { old, change, .. } = send;
    let back = change / scale;
    for ((to, w), d) in to.iter_mut().zip(column).zip(integrals) {
        *to += change * (scale * *w + d * old);
        *w -= back * d;
    }
}

/// Four at a time, so that the current is read and written once for them.
#[multiversion(targets("x86_64+avx2"))]
fn touch_four(
    to: &mut [f32],
    columns: [&mut [f32]; 4],
    integrals: &[f32],
    sends: [Send; 4],
    scale: f32,
) {
    let change = sends.map(|send| send.change * scale);
    let of_d = sends.map(|send| send.change * send.old);
    let of_d = (of_d[0] + of_d[1]) + (of_d[2] + of_d[3]);
    let back = sends.map(|send| send.change / scale);
    let [a, b, c, e] = columns;
    let pairs = (a.iter_mut().zip(b)).zip(c.iter_mut().zip(e));
    for (((a, b), (c, e)), (to, d)) in pairs.zip(to.iter_mut().zip(integrals)) {
        *to += ((change[0] * *a + change[1] * *b) + (change[2] * *c + change[3] * *e)) + of_d * d;
        *a -= back[0] * d;
        *b -= back[1] * d;
        *c -= back[2] * d;
        *e -= back[3] * d;
    }
}

#[cfg(test)]
mod tests {
    use super::{Send, products, read, read_and_touch, touch};
    use crate::circuit::product;
    use ndarray::{Array2, ShapeBuilder};

    const SCALE: f32 = 0.8;

    fn value(seed: usize) -> impl Fn((usize, usize)) -> f32 {
        move |(i, j)| ((i * 37 + j * 11 + i * j * seed + seed) % 29) as f32 / 14.0 - 1.0
    }

    /// The weights as they are: `scale w^ + sum over trials of D held`, in f64.
    fn weights(matrix: &Array2<f32>, d: &Array2<f32>, held: &Array2<f32>) -> Array2<f64> {
        let gained = d.t().mapv(f64::from).dot(&held.mapv(f64::from));
        matrix.mapv(f64::from) * f64::from(SCALE) + gained
    }

    #[test]
    fn currents_are_those_of_the_weights_which_stay_what_they_are() {
        for (trials, post, pre, every) in [(1, 9, 40, 3), (1, 300, 500, 2), (4, 9, 40, 7)] {
            let d = Array2::from_shape_fn((trials, post), value(3));
            let mut held = Array2::from_shape_fn((trials, pre), value(5));
            let mut matrix = Array2::from_shape_fn((post, pre).f(), value(2));
            let before = weights(&matrix, &d, &held);
            let mut current = held.mapv(f64::from).dot(&before.t()).mapv(|i| i as f32);
            let news = Array2::from_shape_fn((trials, pre), value(8));
            let sends: Vec<Send> = (news.indexed_iter().step_by(every))
                .map(|((trial, sender), new)| {
                    let old = held[[trial, sender]];
                    let change = new - old;
                    Send {
                        trial,
                        sender,
                        old,
                        change,
                    }
                })
                .collect();
            if trials == 1 {
                read_and_touch(&sends, SCALE, &d, &mut matrix, &mut current);
            } else {
                let news = products(&sends, held.view());
                product::accumulate(1.0, news.view(), d.view(), current.view_mut());
                read(&sends, SCALE, &matrix, &mut current);
                touch(&sends, 1.0 / SCALE, &d, &mut matrix);
            }
            for send in &sends {
                held[[send.trial, send.sender]] += send.change;
            }
            let after = weights(&matrix, &d, &held);
            let exact = held.mapv(f64::from).dot(&before.t());
            let near = |a: &f64, b: f64| (a - b).abs() < 1e-5 * (1.0 + b.abs());
            assert!(after.iter().zip(&before).all(|(a, b)| near(a, *b)));
            assert!(
                exact
                    .iter()
                    .zip(&current)
                    .all(|(a, b)| near(a, f64::from(*b)))
            );
        }
    }
}
