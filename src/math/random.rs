//! Random streams identified by their purpose, so that the order of use has no effect.
//!
//! The 256-bit key of a stream is four little-endian words:
//!
//! | word | content |
//! |---|---|
//! | 0 | the seed of the run |
//! | 1 | FNV-1a hash (64 bit) of the purpose |
//! | 2 | the index: an epoch, a class, a neuron |
//! | 3 | length of the purpose in bytes |
//!
//! Only the purpose is hashed, so two streams with the same purpose never have the same key. ChaCha
//! is designed for keys that differ in a single bit: the words need no further mixing.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Random stream of `index` for `purpose` in a run with `seed`.
///
/// ```
/// use apical::math::random::stream;
/// use rand::Rng;
///
/// let later = stream(7, "order", 3).next_u64();
/// let _ = stream(7, "weights", 0).next_u64();
/// assert_eq!(stream(7, "order", 3).next_u64(), later);
/// ```
#[must_use]
pub fn stream(seed: u64, purpose: &str, index: u64) -> ChaCha8Rng {
    let words = [seed, fnv1a(purpose), index, purpose.len() as u64];
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// FNV-1a hash of 64 bits (Fowler, Noll and Vo): exclusive or with each byte, then times the prime.
fn fnv1a(text: &str) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    text.bytes().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

/// Shuffles `items` into a uniformly random order (Fisher and Yates, from the last item down).
///
/// Implemented here, since the shuffle of a library may differ between versions or pointer widths,
/// and a recorded run must stay reproducible.
pub fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last as u64 + 1, random) as usize);
    }
}

/// A uniform integer in `0..bound`, without bias: the high half of a 128-bit product, drawn again
/// in the few cases that would favour some outcomes (Lemire 2019).
pub(crate) fn below(bound: u64, random: &mut ChaCha8Rng) -> u64 {
    let surplus = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(random.next_u64()) * u128::from(bound);
        if product as u64 >= surplus {
            return (product >> 64) as u64;
        }
    }
}

/// A uniform number from 0 to below 1, a multiple of 2^-53.
pub(crate) fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::{fnv1a, shuffle, stream};
    use rand_chacha::rand_core::Rng;
    use std::collections::HashSet;

    #[test]
    fn fnv1a_has_its_published_values() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }

    /// The values are from a separate implementation, in Python, of ChaCha with 8 rounds, the key
    /// and the shuffle above: recorded runs stay reproducible if a library changes.
    #[test]
    fn stream_and_shuffle_are_those_of_a_separate_implementation() {
        let mut random = stream(7, "order", 3);
        assert_eq!(random.next_u64(), 0x052d_5f84_667d_67c8);
        assert_eq!(random.next_u64(), 0xd302_8f2b_1852_c732);
        let mut items: Vec<usize> = (0..10).collect();
        shuffle(&mut items, &mut stream(7, "order", 3));
        assert_eq!(items, [1, 3, 6, 8, 2, 9, 5, 4, 7, 0]);
    }

    #[test]
    fn seed_purpose_and_index_each_give_another_stream() {
        let mut first = HashSet::new();
        for seed in 0..10 {
            for purpose in ["order", "split", "weights"] {
                for index in 0..10 {
                    assert!(first.insert(stream(seed, purpose, index).next_u64()));
                }
            }
        }
    }

    #[test]
    fn every_order_is_equally_likely() {
        let (mut counts, draws) = (std::collections::HashMap::new(), 24_000);
        let mut random = stream(1, "test", 0);
        for _ in 0..draws {
            let mut items = [0, 1, 2, 3];
            shuffle(&mut items, &mut random);
            *counts.entry(items).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Chi-squared with 23 degrees of freedom exceeds 49.7 once in 1000 seeds.
        let expected = f64::from(draws) / 24.0;
        let chi_squared: f64 = counts
            .values()
            .map(|&n| (f64::from(n) - expected).powi(2) / expected)
            .sum();
        assert!(chi_squared < 49.7, "{chi_squared}");
    }
}
