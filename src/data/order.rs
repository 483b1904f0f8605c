//! Presentation order of the training samples in an epoch.

use crate::math::random::{shuffle, stream};

/// A random order of the training samples for every epoch.
///
/// Each epoch has its own stream, so a run that resumes at epoch 30 has the same orders as an
/// uninterrupted one, without drawing the 29 before.
///
/// ```
/// use apical::data::Order;
///
/// let order = Order { seed: 7, samples: 100 };
/// let mut shown = order.epoch(30);
/// assert_eq!(shown, order.epoch(30));
/// shown.sort_unstable();
/// assert!(shown.into_iter().eq(0..100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Seed of the run.
    pub seed: u64,
    /// Number of training samples.
    pub samples: usize,
}

impl Order {
    /// Permutation of `0..samples` for `epoch`, which counts from 0.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.samples).collect();
        shuffle(&mut order, &mut stream(self.seed, "order", epoch));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn epochs_and_seeds_differ() {
        let order = Order {
            seed: 1,
            samples: 50,
        };
        assert_ne!(order.epoch(0), order.epoch(1));
        assert_ne!(order.epoch(0), Order { seed: 2, ..order }.epoch(0));
    }

    #[test]
    fn none_and_one_sample_have_one_order() {
        let order = |samples| Order { seed: 1, samples };
        assert!(order(0).epoch(9).is_empty());
        assert_eq!(order(1).epoch(9), [0]);
    }
}
