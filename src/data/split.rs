//! Stratified split of the samples into training, validation and test.

use super::error::{DataError, Place};
use crate::math::random::{shuffle, stream};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Sizes of the three parts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Parts {
    /// Numbers of samples; the remaining samples are unused.
    Counts {
        /// For training.
        train: usize,
        /// For validation.
        #[serde(default)]
        validation: usize,
        /// For test.
        #[serde(default)]
        test: usize,
    },
    /// Fractions of all samples, from 0 to 1, together at most 1.
    Fractions {
        /// For training.
        train: f64,
        /// For validation.
        #[serde(default)]
        validation: f64,
        /// For test.
        #[serde(default)]
        test: f64,
    },
}

impl Parts {
    /// Numbers `[train, validation, test]` out of `samples`.
    ///
    /// Fractions are rounded so that the total is nearest to that of the exact numbers: each is
    /// rounded down and the largest remainders are increased by one, ties to the earlier part.
    ///
    /// # Errors
    /// [`DataError::Setting`] if a fraction is not in 0 to 1, the parts exceed the number of
    /// samples, or the training part is empty.
    pub fn counts(&self, samples: usize) -> Result<[usize; 3], DataError> {
        let counts = match *self {
            Self::Counts {
                train,
                validation,
                test,
            } => [train, validation, test],
            Self::Fractions {
                train,
                validation,
                test,
            } => rounded([train, validation, test], samples)?,
        };
        let total = counts
            .iter()
            .try_fold(0usize, |sum, &count| sum.checked_add(count));
        if total.is_none_or(|total| total > samples) {
            return Err(DataError::setting(
                "split",
                format!("{counts:?} samples for train, validation and test"),
                format!("together at most {samples}, the samples there are"),
            ));
        }
        if counts[0] == 0 {
            let found = format!("no training sample out of {samples}");
            return Err(DataError::setting("split.train", found, "at least one"));
        }
        Ok(counts)
    }
}

fn rounded(fractions: [f64; 3], samples: usize) -> Result<[usize; 3], DataError> {
    // Decimal fractions such as 0.7 + 0.2 + 0.1 may exceed 1 in the last bit.
    const SLACK: f64 = 1e-9;
    let sum: f64 = fractions.iter().sum();
    if fractions.iter().any(|f| !(0.0..=1.0).contains(f)) || sum > 1.0 + SLACK {
        return Err(DataError::setting(
            "split.fractions",
            format!("{fractions:?} for train, validation and test"),
            "numbers from 0 to 1, together at most 1",
        ));
    }
    let exact = fractions.map(|fraction| fraction * samples as f64);
    // A product just below an integer counts as that integer.
    let mut counts = exact.map(|count| (count + SLACK).floor() as usize);
    let remainder = |part: usize| exact[part] - (exact[part] + SLACK).floor();
    let total = ((sum * samples as f64).round() as usize).min(samples);
    let mut parts = [0, 1, 2];
    parts.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)));
    let missing = total.saturating_sub(counts.iter().sum());
    for &part in parts.iter().take(missing) {
        counts[part] += 1;
    }
    Ok(counts)
}

/// Indices of the samples of each part, ascending and disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// For training.
    pub train: Vec<usize>,
    /// For the choice of settings.
    pub validation: Vec<usize>,
    /// For the final result.
    pub test: Vec<usize>,
}

impl Split {
    /// Draws the parts so that each has the class proportions of the whole.
    ///
    /// The totals are exact. Test is drawn first, then validation, then training, each by the
    /// largest remainder over the remaining samples of every class, ties to the lower class: so the
    /// test part depends on `seed` and on its own size only.
    ///
    /// # Errors
    /// As [`Parts::counts`]; [`DataError::Content`] for a label that is not below `classes`.
    pub fn stratified(
        labels: &[usize],
        classes: usize,
        parts: &Parts,
        seed: u64,
    ) -> Result<Self, DataError> {
        let [train, validation, test] = parts.counts(labels.len())?;
        let mut members = vec![Vec::new(); classes];
        for (sample, &label) in labels.iter().enumerate() {
            let Some(class) = members.get_mut(label) else {
                return Err(DataError::content(
                    Path::new("labels"),
                    Place::Sample(sample),
                    label.to_string(),
                    format!("a label below {classes}, the number of classes"),
                ));
            };
            class.push(sample);
        }
        for (class, samples) in members.iter_mut().enumerate() {
            shuffle(samples, &mut stream(seed, "split", class as u64));
        }
        let mut draw = |total| {
            let left: Vec<usize> = members.iter().map(Vec::len).collect();
            let mut part = Vec::with_capacity(total);
            for (samples, count) in members.iter_mut().zip(apportion(total, &left)) {
                part.extend(samples.drain(samples.len() - count..));
            }
            part.sort_unstable();
            part
        };
        let test = draw(test);
        let validation = draw(validation);
        let train = draw(train);
        Ok(Self {
            train,
            validation,
            test,
        })
    }
}

/// Distributes `total` over classes in proportion to `sizes` by the largest remainder.
///
/// Only integers are used, so rounding is the same on all platforms. No share exceeds the size of
/// its class: a share is rounded up only if it is not whole, and then it is below the size.
fn apportion(total: usize, sizes: &[usize]) -> Vec<usize> {
    let whole: u128 = sizes.iter().map(|&size| size as u128).sum::<u128>().max(1);
    let exact = |class: usize| total as u128 * sizes[class] as u128;
    let mut shares: Vec<usize> = (0..sizes.len())
        .map(|class| (exact(class) / whole) as usize)
        .collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&class| (std::cmp::Reverse(exact(class) % whole), class));
    let missing = total.saturating_sub(shares.iter().sum());
    for &class in by_remainder.iter().take(missing) {
        shares[class] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::{Parts, Split, apportion};
    use proptest::prelude::*;

    fn counts(train: usize, validation: usize, test: usize) -> Parts {
        Parts::Counts {
            train,
            validation,
            test,
        }
    }

    fn fractions(train: f64, validation: f64, test: f64) -> Parts {
        Parts::Fractions {
            train,
            validation,
            test,
        }
    }

    #[test]
    fn largest_remainder_by_hand() {
        // Shares 4.2, 2.8 and 1.0 of 8: the remaining one is added to the second.
        assert_eq!(apportion(8, &[21, 14, 5]), [4, 3, 1]);
        // Shares of 0.5 each: ties are resolved for the lower class.
        assert_eq!(apportion(2, &[3, 3, 3, 3]), [1, 1, 0, 0]);
    }

    #[test]
    fn fractions_round_to_the_total() {
        assert_eq!(
            fractions(0.7, 0.2, 0.1).counts(1797).unwrap(),
            [1258, 359, 180]
        );
        assert_eq!(fractions(0.6, 0.2, 0.2).counts(10).unwrap(), [6, 2, 2]);
        assert_eq!(fractions(0.5, 0.0, 0.0).counts(9).unwrap(), [5, 0, 0]);
    }

    #[test]
    fn impossible_parts_are_errors() {
        for parts in [
            counts(8, 2, 1),
            counts(usize::MAX, 1, 0),
            counts(0, 5, 5),
            fractions(0.9, 0.2, 0.0),
            fractions(f64::NAN, 0.0, 0.0),
            fractions(1.5, -0.5, 0.0),
        ] {
            assert!(parts.counts(10).is_err(), "{parts:?}");
        }
        assert!(Split::stratified(&[0, 5], 2, &counts(1, 0, 0), 0).is_err());
    }

    #[test]
    fn the_test_part_stays_when_the_others_change() {
        let labels: Vec<usize> = (0..100).map(|i| i % 7).collect();
        let split = |parts, seed| Split::stratified(&labels, 7, &parts, seed).unwrap();
        let one = split(counts(70, 10, 20), 3);
        assert_eq!(one.test, split(counts(30, 0, 20), 3).test);
        assert_ne!(one.test, split(counts(70, 10, 20), 4).test);
    }

    proptest! {
        #[test]
        fn parts_are_exact_disjoint_and_stratified(
            labels in prop::collection::vec(0usize..5, 3..300), a in 0.0..1.0, b in 0.0..1.0, seed: u64,
        ) {
            let n = labels.len();
            let test = (a * (n - 1) as f64) as usize;
            let validation = (b * (n - 1 - test) as f64) as usize;
            let parts = counts(n - test - validation, validation, test);
            let split = Split::stratified(&labels, 5, &parts, seed).unwrap();
            prop_assert_eq!([split.train.len(), split.validation.len(), split.test.len()],
                parts.counts(n).unwrap());
            let mut all = [&split.train[..], &split.validation, &split.test].concat();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..n));
            for class in 0..5 {
                let of = |part: &[usize]| part.iter().filter(|&&i| labels[i] == class).count() as f64;
                let size = labels.iter().filter(|&&l| l == class).count() as f64;
                prop_assert!((of(&split.test) - size * test as f64 / n as f64).abs() < 1.0);
            }
        }
    }
}
