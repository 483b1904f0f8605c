//! Episodes: gains of the synapses of one trial under values that have been replaced since.
//!
//! While the values `h` are held, all changes by a plain rule form one outer product `D h`. If most
//! senders send, adding it to the matrix would be a pass over all synapses. It is therefore stored
//! as its two factors:
//!
//! ```text
//! W_ij = w_ij + sum over episodes k of D_ik h_kj        I_i = sum over j of w_ij r_j + sum over k of D_ik (h_k . r)
//! ```
//!
//! A current needs the products of the former values with the present ones; many episodes are added
//! to the matrix in one pass.

use multiversion::multiversion;
use ndarray::{Array2, ArrayView1, s};
use serde::{Deserialize, Serialize};

use super::lazy::gain_single;
use crate::math::columns::{Changing, flat};

/// Largest number of episodes stored: with more, computing currents costs as much as the pass.
const MOST: usize = 24;

/// Outer products that have yet to be added to a matrix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Episodes {
    /// Integrals, episodes x post.
    #[serde(with = "crate::math::stored")]
    integrals: Array2<f64>,
    /// Values held, episodes x pre.
    #[serde(with = "crate::math::stored")]
    held: Array2<f32>,
    /// Largest magnitude of the integrals of each episode.
    largest: [f64; MOST],
    /// Number of episodes.
    len: usize,
}

impl Default for Episodes {
    fn default() -> Self {
        Self {
            integrals: Array2::zeros((0, 0)),
            held: Array2::zeros((0, 0)),
            largest: [0.0; MOST],
            len: 0,
        }
    }
}

impl Episodes {
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn has_room_for(&self, more: usize) -> bool {
        self.len + more <= MOST
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Discards all episodes.
    pub fn forget(&mut self) {
        self.len = 0;
    }

    /// Appends an episode.
    pub fn push(&mut self, integrals: ArrayView1<'_, f64>, held: ArrayView1<'_, f32>) {
        if self.integrals.is_empty() {
            self.integrals = Array2::zeros((MOST, integrals.len()));
            self.held = Array2::zeros((MOST, held.len()));
        }
        self.integrals.row_mut(self.len).assign(&integrals);
        self.held.row_mut(self.len).assign(&held);
        self.largest[self.len] = integrals.iter().fold(0.0, |most, d| most.max(d.abs()));
        self.len += 1;
    }

    /// Moves the episodes of eligibilities to those of `weights`, multiplied by `rate`.
    pub fn apply(&mut self, rate: f64, weights: &mut Self) {
        for k in 0..self.len {
            self.integrals.row_mut(k).mapv_inplace(|d| rate * d);
            weights.push(self.integrals.row(k), self.held.row(k));
        }
        self.len = 0;
    }

    /// Adds the contribution of the episodes to the current of one trial. Returns an upper bound,
    /// over neurons, of the sum of the magnitudes of these terms.
    pub fn read(&self, values: &[f32], current: &mut [f64]) -> f64 {
        let mut most = 0.0;
        for k in 0..self.len {
            let (integrals, held) = self.episode(k);
            let (dot, size) = dot(held, values);
            add(current, integrals, dot);
            most += self.largest[k] * size;
        }
        most
    }

    /// Adds the sum of the magnitudes of its terms to the `reach` of each neuron.
    pub fn reach(&self, values: &[f32], reach: &mut [f64]) {
        for k in 0..self.len {
            let (integrals, held) = self.episode(k);
            let (_, size) = dot(held, values);
            (reach.iter_mut().zip(integrals)).for_each(|(reach, d)| *reach += d.abs() * size);
        }
    }

    /// Integrals and values of episode `k`.
    fn episode(&self, k: usize) -> (&[f64], &[f32]) {
        let (post, pre) = (self.integrals.ncols(), self.held.ncols());
        let integrals = &flat(&self.integrals)[k * post..(k + 1) * post];
        (integrals, &flat(&self.held)[k * pre..(k + 1) * pre])
    }

    /// Gain of one synapse over all episodes.
    pub fn of_synapse(&self, (post, pre): (usize, usize)) -> f64 {
        let episodes = 0..self.len;
        episodes
            .map(|k| self.integrals[[k, post]] * f64::from(self.held[[k, pre]]))
            .sum()
    }

    /// Adds all episodes to the matrix.
    pub fn flush(&mut self, matrix: Changing<'_>) {
        if self.len > 0 {
            let integrals = self.integrals.slice(s![..self.len, ..]);
            let held = self.held.slice(s![..self.len, ..]);
            gain_single(1.0, integrals.mapv(|d| d as f32).view(), held, matrix);
            self.len = 0;
        }
    }
}

/// Product of former and present values, and the sum of the magnitudes of its terms.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn dot(then: &[f32], now: &[f32]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut sums, mut sizes) = ([0.0f64; LANES], [0.0f64; LANES]);
    let (thens, nows) = (then.chunks_exact(LANES), now.chunks_exact(LANES));
    let rest = thens.remainder().iter().zip(nows.remainder());
    for (then, now) in thens.zip(nows) {
        for n in 0..LANES {
            let term = f64::from(then[n]) * f64::from(now[n]);
            sums[n] += term;
            sizes[n] += term.abs();
        }
    }
    rest.fold(
        (sums.iter().sum(), sizes.iter().sum()),
        |(sum, size), (then, now)| {
            let term = f64::from(*then) * f64::from(*now);
            (sum + term, size + term.abs())
        },
    )
}

/// Adds `integral x dot` to each current.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add(current: &mut [f64], integrals: &[f64], dot: f64) {
    for (current, d) in current.iter_mut().zip(integrals) {
        *current += d * dot;
    }
}

#[cfg(test)]
mod tests {
    use super::{Episodes, MOST};
    use crate::math::columns::Changing;
    use ndarray::{Array1, Array2, ShapeBuilder};

    fn value(seed: usize) -> impl Fn(usize) -> f32 {
        move |n| ((n * 37 + n * n * seed + 11 * seed) % 29) as f32 / 14.0 - 1.0
    }

    /// Episodes of a matrix of 5 x 11, and the matrix of their sum.
    fn episodes(count: usize) -> (Episodes, Array2<f64>) {
        let (mut episodes, mut sum) = (Episodes::default(), Array2::zeros((5, 11)));
        for k in 0..count {
            let integrals = Array1::from_shape_fn(5, |i| f64::from(value(2 * k + 1)(i)) / 3.0);
            let held = Array1::from_shape_fn(11, value(2 * k + 2));
            episodes.push(integrals.view(), held.view());
            for ((i, j), sum) in sum.indexed_iter_mut() {
                *sum += integrals[i] * f64::from(held[j]);
            }
        }
        (episodes, sum)
    }

    #[test]
    fn currents_and_synapses_are_those_of_the_matrix_that_episodes_stand_for() {
        for count in [1, 3, MOST] {
            let (episodes, sum) = episodes(count);
            let values: Vec<f32> = (0..11).map(value(50)).collect();
            let (mut current, mut reach) = (vec![0.25; 5], vec![0.0; 5]);
            let most = episodes.read(&values, &mut current);
            episodes.reach(&values, &mut reach);
            for i in 0..5 {
                let terms = values.iter().zip(sum.row(i));
                let right: f64 = 0.25 + terms.map(|(r, w)| f64::from(*r) * w).sum::<f64>();
                assert!((current[i] - right).abs() < 1e-12);
                assert!(reach[i] >= (right - 0.25).abs() - 1e-12);
                assert!(most >= reach[i]);
                for j in 0..11 {
                    assert!((episodes.of_synapse((i, j)) - sum[[i, j]]).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn what_is_settled_is_in_the_matrix_and_apart_no_more() {
        let (mut episodes, sum) = episodes(MOST);
        assert!(!episodes.has_room_for(1));
        let (mut matrix, mut carry) = (Array2::ones((5, 11).f()), Array2::zeros((5, 11).f()));
        let changing = Changing {
            matrix: &mut matrix,
            carry: &mut carry,
        };
        episodes.flush(changing);
        assert!(episodes.is_empty() && episodes.has_room_for(MOST));
        for (at, sum) in sum.indexed_iter() {
            let got = f64::from(matrix[at]) + f64::from(carry[at]);
            assert!((got - 1.0 - sum).abs() < 1e-5, "{got} and {sum}");
        }
    }

    #[test]
    fn eligibilities_become_weight_change_at_their_rate() {
        let (mut eligible, sum) = episodes(3);
        let mut weights = Episodes::default();
        eligible.apply(0.5, &mut weights);
        assert!(eligible.is_empty());
        assert!((weights.of_synapse((4, 7)) - 0.5 * sum[[4, 7]]).abs() < 1e-12);
    }
}
