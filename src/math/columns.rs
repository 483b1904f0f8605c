//! Columns of a weight matrix, one sender at a time.
//!
//! Matrices are post x pre with the column of a sender contiguous, so that a sender's synapses are
//! contiguous in memory. Work is divided by receiving neurons. Currents and changes are computed in
//! double precision, since many terms are added to them.

use std::ops::Range;

use multiversion::multiversion;
use ndarray::{Array2, ArrayView2, Axis, Zip};
use rayon::prelude::*;

use crate::math::{pair, threads};

/// Ratio of all senders to sending ones up to which one product over all senders is cheaper.
///
/// A synapse takes 0.14 ns in a column and 0.025 ns in a product, whose operands stay in registers
/// (`cargo bench --bench senders`).
pub(crate) const PRODUCT_PAYS: usize = 6;

/// A sender whose value has changed.
#[derive(Clone, Copy, Debug)]
pub struct Send {
    /// Index of its trial.
    pub trial: usize,
    /// Index of the sender.
    pub sender: usize,
    /// Value before, a.u.
    pub old: f64,
    /// Present value minus the value before, a.u.
    pub change: f64,
}

/// Weights as `scale (matrix + carry)`, post x pre, or without a carry as `scale matrix`.
#[derive(Clone, Copy)]
pub struct Intercepts<'a> {
    /// Common factor.
    pub scale: f64,
    /// Values.
    pub matrix: &'a Array2<f32>,
    /// Carries: the parts below the last bits of the values.
    pub carry: Option<&'a Array2<f32>>,
}

/// Weights that are changed, with the parts below their last bits.
pub struct Changing<'a> {
    /// Values, post x pre.
    pub matrix: &'a mut Array2<f32>,
    /// Carries, in the same shape and layout.
    pub carry: &'a mut Array2<f32>,
}

impl Changing<'_> {
    /// Limits the weights to the range from the smallest to the largest allowed value.
    pub fn clamp(&mut self, (low, high): (f32, f32)) {
        (Zip::from(&mut *self.matrix).and(&mut *self.carry)).for_each(|w, carry| {
            let within = w.clamp(low, high);
            // At a bound, the carry must not point beyond it.
            if within != *w || within == low && *carry < 0.0 || within == high && *carry > 0.0 {
                *carry = 0.0;
            }
            *w = within;
        });
    }

    /// The same weights, borrowed again.
    pub fn reborrow(&mut self) -> Changing<'_> {
        Changing {
            matrix: self.matrix,
            carry: self.carry,
        }
    }
}

/// Number of receiving neurons per piece.
const PIECE: usize = 128;

/// Number of senders per group.
const SENDERS: usize = 64;

/// Number of receiving neurons processed at a time. No sum extends over them, so results do not
/// depend on it.
fn piece(sends: &[Send], post: usize) -> usize {
    if sends.len() * post < threads::SYNAPSES {
        post.max(1)
    } else {
        PIECE
    }
}

/// `I_i += scale m_ij change` for each send; `current` is trials x post.
pub fn read(sends: &[Send], weights: Intercepts<'_>, current: &mut Array2<f64>) {
    let Intercepts {
        scale,
        matrix,
        carry,
    } = weights;
    let post = matrix.nrows();
    let piece = piece(sends, post);
    let pieces = current.axis_chunks_iter_mut(Axis(1), piece).into_par_iter();
    pieces.enumerate().for_each(|(n, mut current)| {
        let rows = n * piece..(n * piece + piece).min(post);
        for group in sends.chunk_by(|a, b| a.trial == b.trial) {
            let mut current = current.row_mut(group[0].trial);
            let current = current.as_slice_mut().expect("rows are contiguous");
            if let Some(carry) = carry {
                for send in group {
                    let (w, c) = (part(matrix, send, &rows), part(carry, send, &rows));
                    add_pairs(current, w, c, scale * send.change);
                }
                continue;
            }
            // Four at a time, so that the current is read and written once for all four.
            let mut fours = group.chunks_exact(4);
            for four in &mut fours {
                let columns = [0, 1, 2, 3].map(|n| part(matrix, &four[n], &rows));
                let changes = [0, 1, 2, 3].map(|n| scale * four[n].change);
                add_four(current, columns, changes);
            }
            for send in fours.remainder() {
                add(current, part(matrix, send, &rows), scale * send.change);
            }
        }
    });
}

/// Current of one trial, `I_i = sum over j of m_ij r_j`, and for each neuron the sum of the
/// magnitudes of these terms.
///
/// Terms of four senders are summed in single precision, and their sums in double precision: the
/// error of a current is at most `2^-22` of the sum of magnitudes.
#[must_use]
pub fn sum(held: &[f32], matrix: &Array2<f32>) -> (Vec<f64>, Vec<f32>) {
    let post = matrix.nrows();
    let awake: Vec<(usize, f32)> = (held.iter().copied().enumerate())
        .filter(|(_, value)| *value != 0.0)
        .collect();
    let stretch = |senders: &[(usize, f32)]| {
        let (mut current, mut sizes) = (vec![0.0; post], vec![0.0; post]);
        let column = |(sender, _): (usize, f32)| &flat(matrix)[sender * post..(sender + 1) * post];
        let mut fours = senders.chunks_exact(4);
        for four in &mut fours {
            let columns = [0, 1, 2, 3].map(|n| column(four[n]));
            let values = [0, 1, 2, 3].map(|n| four[n].1);
            sum_four(&mut current, &mut sizes, columns, values);
        }
        for sender in fours.remainder() {
            sum_one(&mut current, &mut sizes, column(*sender), sender.1);
        }
        (current, sizes)
    };
    if awake.len() * post < threads::SYNAPSES {
        return stretch(&awake);
    }
    // The sum is over groups in fixed order, independently of the number of threads.
    let parts: Vec<_> = awake.par_chunks(SENDERS).map(stretch).collect();
    let zeros = (vec![0.0; post], vec![0.0; post]);
    (parts.iter()).fold(zeros, |(mut current, mut sizes), part| {
        (current.iter_mut().zip(&part.0)).for_each(|(to, from)| *to += from);
        (sizes.iter_mut().zip(&part.1)).for_each(|(to, from)| *to += from);
        (current, sizes)
    })
}

/// Synapses of a sender onto some of the receiving neurons.
fn part<'a>(matrix: &'a Array2<f32>, send: &Send, rows: &Range<usize>) -> &'a [f32] {
    let post = matrix.nrows();
    &flat(matrix)[send.sender * post..(send.sender + 1) * post][rows.clone()]
}

/// `m_ij -= scale D_i change` for each send: a synapse keeps its change so far.
pub fn touch(sends: &[Send], scale: f64, integrals: &Array2<f64>, weights: Changing<'_>) {
    let Changing { matrix, carry } = weights;
    let piece = piece(sends, matrix.nrows());
    let pieces = matrix.axis_chunks_iter_mut(Axis(0), piece).into_par_iter();
    pieces
        .zip(carry.axis_chunks_iter_mut(Axis(0), piece))
        .zip(integrals.axis_chunks_iter(Axis(1), piece))
        .for_each(|((mut matrix, mut carry), integrals)| {
            for send in sends {
                let (mut w, mut c) = (
                    matrix.column_mut(send.sender),
                    carry.column_mut(send.sender),
                );
                let d = integrals.row(send.trial);
                let w = w.as_slice_mut().expect("columns are contiguous");
                let c = c.as_slice_mut().expect("columns are contiguous");
                let d = d.to_slice().expect("rows are contiguous");
                change_pairs(w, c, d, -scale * send.change);
            }
        });
}

/// For each trial, products of its changes of senders and the values held before in every trial,
/// trials x trials.
#[must_use]
pub fn products(sends: &[Send], held: ArrayView2<'_, f32>) -> Array2<f64> {
    let mut products = Array2::zeros((held.nrows(), held.nrows()));
    for send in sends {
        let of_trial = products.row_mut(send.trial);
        Zip::from(of_trial)
            .and(held.column(send.sender))
            .for_each(|sum, held| *sum += send.change * f64::from(*held));
    }
    products
}

/// For one trial: the weight is `scale m_ij + D_i old`; `I_i` changes by the weight times the
/// change, and `m_ij -= D_i change / scale`.
pub fn read_and_touch(
    sends: &[Send],
    scale: f64,
    integrals: &Array2<f64>,
    weights: Changing<'_>,
    current: &mut Array2<f64>,
) {
    let Changing { matrix, carry } = weights;
    let post = matrix.nrows();
    let (d, current) = (flat(integrals), flat_mut(current));
    let (matrix, carry) = (flat_mut(matrix), flat_mut(carry));
    if sends.len() * post < threads::SYNAPSES {
        touch_some(sends, 0, scale, d, (matrix, carry), current);
        return;
    }
    // Each group of senders has a separate current, and the sum is over groups in fixed order,
    // independently of the number of threads.
    let stretches = matrix.par_chunks_mut(SENDERS * post);
    let stretches = stretches.zip(carry.par_chunks_mut(SENDERS * post));
    let parts: Vec<Vec<f64>> = (stretches.enumerate())
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
        current
            .iter_mut()
            .zip(part)
            .for_each(|(to, from)| *to += from);
    }
}

/// As [`read_and_touch`], for the columns of some senders, starting with sender `first`.
fn touch_some(
    sends: &[Send],
    first: usize,
    scale: f64,
    d: &[f64],
    (matrix, carry): (&mut [f32], &mut [f32]),
    current: &mut [f64],
) {
    let post = d.len();
    for send in sends {
        let at = (send.sender - first) * post..(send.sender - first + 1) * post;
        let columns = (&mut matrix[at.clone()], &mut carry[at]);
        touch_one(current, columns, d, *send, scale);
    }
}

/// Largest and least magnitude of the weights other than 0 of each receiving neuron; 0 and infinity
/// if there are none.
#[must_use]
pub fn extents(matrix: ArrayView2<'_, f32>) -> Vec<(f32, f32)> {
    let mut extents = vec![(0.0f32, f32::INFINITY); matrix.nrows()];
    for column in matrix.columns() {
        for ((largest, least), w) in extents.iter_mut().zip(column) {
            let size = w.abs();
            *largest = largest.max(size);
            *least = least.min(if size > 0.0 { size } else { f32::INFINITY });
        }
    }
    extents
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add(to: &mut [f64], column: &[f32], by: f64) {
    for (to, w) in to.iter_mut().zip(column) {
        *to += by * f64::from(*w);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add_pairs(to: &mut [f64], values: &[f32], carries: &[f32], by: f64) {
    for (to, (w, c)) in to.iter_mut().zip(values.iter().zip(carries)) {
        *to += by * pair::number(*w, *c);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add_four(to: &mut [f64], columns: [&[f32]; 4], by: [f64; 4]) {
    let [a, b, c, d] = columns;
    let pairs = a.iter().zip(b).zip(c.iter().zip(d));
    for (to, ((a, b), (c, d))) in to.iter_mut().zip(pairs) {
        let [a, b, c, d] = [a, b, c, d].map(|w| f64::from(*w));
        *to += (by[0] * a + by[1] * b) + (by[2] * c + by[3] * d);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn sum_four(to: &mut [f64], sizes: &mut [f32], columns: [&[f32]; 4], by: [f32; 4]) {
    let [a, b, c, d] = columns;
    let pairs = a.iter().zip(b).zip(c.iter().zip(d));
    for ((to, size), ((a, b), (c, d))) in to.iter_mut().zip(sizes).zip(pairs) {
        let [a, b, c, d] = [a * by[0], b * by[1], c * by[2], d * by[3]];
        *to += f64::from((a + b) + (c + d));
        *size += (a.abs() + b.abs()) + (c.abs() + d.abs());
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn sum_one(to: &mut [f64], sizes: &mut [f32], column: &[f32], by: f32) {
    for ((to, size), w) in to.iter_mut().zip(sizes).zip(column) {
        let term = w * by;
        *to += f64::from(term);
        *size += term.abs();
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn change_pairs(values: &mut [f32], carries: &mut [f32], integrals: &[f64], by: f64) {
    for ((w, c), d) in values.iter_mut().zip(carries).zip(integrals) {
        pair::add(w, c, by * d);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn touch_one(
    to: &mut [f64],
    (values, carries): (&mut [f32], &mut [f32]),
    integrals: &[f64],
    send: Send,
    scale: f64,
) {
    let Send { old, change, .. } = send;
    let back = change / scale;
    let synapses = values.iter_mut().zip(carries).zip(integrals);
    for (to, ((w, c), d)) in to.iter_mut().zip(synapses) {
        let intercept = pair::number(*w, *c);
        *to += change * (scale * intercept + d * old);
        pair::set(w, c, intercept - back * d);
    }
}

/// Elements of a matrix in their order in memory.
pub(crate) fn flat<T>(a: &Array2<T>) -> &[T] {
    a.as_slice_memory_order().unwrap_or(&[])
}

/// Mutable elements of a matrix in their order in memory.
pub(crate) fn flat_mut<T>(a: &mut Array2<T>) -> &mut [T] {
    a.as_slice_memory_order_mut().unwrap_or(&mut [])
}

#[cfg(test)]
mod tests {
    use super::{Changing, Intercepts, Send, extents, products, read, read_and_touch, sum, touch};
    use crate::math::product;
    use ndarray::{Array2, ShapeBuilder, arr2};

    const SCALE: f64 = 0.8;

    fn value(seed: usize) -> impl Fn((usize, usize)) -> f32 {
        move |(i, j)| ((i * 37 + j * 11 + i * j * seed + seed) % 29) as f32 / 14.0 - 1.0
    }

    /// The present weights: `scale (w^ + carry) + sum over trials of D held`.
    fn weights(
        (matrix, carry): (&Array2<f32>, &Array2<f32>),
        d: &Array2<f64>,
        held: &Array2<f32>,
    ) -> Array2<f64> {
        let intercepts = matrix.mapv(f64::from) + carry.mapv(f64::from);
        intercepts * SCALE + d.t().dot(&held.mapv(f64::from))
    }

    #[test]
    fn currents_are_those_of_the_weights_which_stay_what_they_are() {
        for (trials, post, pre, every) in [(1, 9, 40, 3), (1, 300, 500, 2), (4, 9, 40, 7)] {
            let d = Array2::from_shape_fn((trials, post), |at| f64::from(value(3)(at)) / 3.0);
            let mut held = Array2::from_shape_fn((trials, pre), value(5));
            let mut matrix = Array2::from_shape_fn((post, pre).f(), value(2));
            let mut carry = Array2::from_shape_fn((post, pre).f(), |at| 1e-9 * value(4)(at));
            let before = weights((&matrix, &carry), &d, &held);
            let mut current = held.mapv(f64::from).dot(&before.t());
            let changed = Array2::from_shape_fn((trials, pre), value(8));
            let sends: Vec<Send> = (changed.indexed_iter().step_by(every))
                .map(|((trial, sender), new)| {
                    let old = f64::from(held[[trial, sender]]);
                    Send {
                        trial,
                        sender,
                        old,
                        change: f64::from(*new) - old,
                    }
                })
                .collect();
            if trials == 1 {
                let weights = Changing {
                    matrix: &mut matrix,
                    carry: &mut carry,
                };
                read_and_touch(&sends, SCALE, &d, weights, &mut current);
            } else {
                let gained = products(&sends, held.view());
                product::accumulate(1.0, gained.view(), d.view(), current.view_mut());
                let intercepts = Intercepts {
                    scale: SCALE,
                    matrix: &matrix,
                    carry: Some(&carry),
                };
                read(&sends, intercepts, &mut current);
                let weights = Changing {
                    matrix: &mut matrix,
                    carry: &mut carry,
                };
                touch(&sends, 1.0 / SCALE, &d, weights);
            }
            for send in &sends {
                held[[send.trial, send.sender]] = (send.old + send.change) as f32;
            }
            let after = weights((&matrix, &carry), &d, &held);
            let exact = held.mapv(f64::from).dot(&before.t());
            let near = |a: &f64, b: &f64| (a - b).abs() < 1e-11 * (1.0 + b.abs());
            assert!(after.iter().zip(&before).all(|(a, b)| near(a, b)));
            assert!(exact.iter().zip(&current).all(|(a, b)| near(a, b)));
        }
    }

    #[test]
    fn a_sum_is_that_of_double_precision_within_its_magnitudes() {
        // One group of senders, and several.
        for (post, pre) in [(9, 41), (301, 530)] {
            let matrix = Array2::from_shape_fn((post, pre).f(), value(2));
            let held: Vec<f32> = (0..pre)
                .map(|j| if j % 3 == 0 { 0.0 } else { value(5)((1, j)) })
                .collect();
            let (current, sizes) = sum(&held, &matrix);
            for i in 0..post {
                let terms = held.iter().zip(matrix.row(i));
                let terms = terms.map(|(r, w)| f64::from(*r) * f64::from(*w));
                let (right, size) = terms.fold((0.0, 0.0), |(right, size), term: f64| {
                    (right + term, size + term.abs())
                });
                assert!((current[i] - right).abs() <= size / f64::from(1 << 22));
                assert!((f64::from(sizes[i]) / size - 1.0).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn extents_are_of_each_neuron_alone() {
        let weights = arr2(&[[0.0f32, -3.0, 0.5], [0.0, 0.0, 0.0], [1e-6, 1e6, 0.0]]);
        let right = [(3.0, 0.5), (0.0, f32::INFINITY), (1e6, 1e-6)];
        assert_eq!(extents(weights.view()), right);
    }
}
