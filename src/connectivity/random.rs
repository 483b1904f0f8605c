//! Random wiring: pairs drawn with a probability, or a fixed number of senders for each receiver.

use std::collections::HashSet;

use rand_chacha::ChaCha8Rng;

use super::sparse::Sparse;
use crate::math::random::{below, stream, uniform};

/// Pairs that are drawn when a circuit is built, by its seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Random {
    /// Number of receiving and of sending neurons.
    pub shape: (usize, usize),
    /// Number of synapses.
    pub density: Density,
    /// True if pairs of a neuron with itself are left out: sender and receiver are of one population.
    pub skips_self: bool,
}

/// Number of random pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Density {
    /// Every pair is connected with this probability.
    Probability(f64),
    /// Every receiver has this number of senders, each at most once.
    InDegree(usize),
}

impl Random {
    /// Number of senders that a receiver can have.
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.shape.1 - usize::from(self.skips_self)
    }

    /// Expected number of synapses.
    #[must_use]
    pub fn synapses(&self) -> f64 {
        let of_receiver = match self.density {
            Density::Probability(p) => p * self.candidates() as f64,
            Density::InDegree(senders) => senders as f64,
        };
        self.shape.0 as f64 * of_receiver
    }

    /// The pairs of the projection `name` in a circuit with this seed, independently of the order of
    /// construction.
    #[must_use]
    pub fn draw(&self, seed: u64, name: &str) -> Sparse {
        Sparse::new(self.shape, || Pairs {
            random: stream(seed, &format!("pairs of {name}"), 0),
            wiring: *self,
            receiver: 0,
            chosen: Vec::new(),
            next: 0,
            among: HashSet::new(),
        })
    }
}

/// Iterator over random pairs, receiver by receiver.
struct Pairs {
    random: ChaCha8Rng,
    wiring: Random,
    receiver: usize,
    /// Senders of the present receiver, and the index of the next one.
    chosen: Vec<u32>,
    next: usize,
    among: HashSet<u32>,
}

impl Pairs {
    /// Draws the senders of one receiver. With `skips_self`, candidates from the receiver on are the
    /// senders after it.
    fn choose(&mut self) {
        let candidates = self.wiring.candidates();
        self.chosen.clear();
        match self.wiring.density {
            Density::Probability(p) if p >= 1.0 => self.chosen.extend(0..candidates as u32),
            Density::Probability(p) if p <= 0.0 => {}
            Density::Probability(p) => {
                // Distances between neighbours have a geometric distribution.
                let none = (-p).ln_1p();
                let mut candidate = 0usize;
                loop {
                    let skipped = ((1.0 - uniform(&mut self.random)).ln() / none).floor();
                    if skipped >= (candidates - candidate) as f64 {
                        break;
                    }
                    candidate += skipped as usize;
                    self.chosen.push(candidate as u32);
                    candidate += 1;
                    if candidate == candidates {
                        break;
                    }
                }
            }
            // A sample without repetition (Floyd; Bentley, Communications of the ACM 30, 1987).
            Density::InDegree(number) => {
                self.among.clear();
                for last in candidates - number..candidates {
                    let drawn = below(last as u64 + 1, &mut self.random) as u32;
                    let new = if self.among.insert(drawn) {
                        drawn
                    } else {
                        self.among.insert(last as u32);
                        last as u32
                    };
                    self.chosen.push(new);
                }
            }
        }
        if self.wiring.skips_self {
            let receiver = self.receiver as u32;
            self.chosen
                .iter_mut()
                .for_each(|sender| *sender += u32::from(*sender >= receiver));
        }
    }
}

impl Iterator for Pairs {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        while self.next == self.chosen.len() {
            // The senders of the present receiver are all taken.
            if self.receiver == self.wiring.shape.0 {
                return None;
            }
            self.choose();
            self.next = 0;
            self.receiver += 1;
        }
        self.next += 1;
        Some((self.receiver as u32 - 1, self.chosen[self.next - 1]))
    }
}
