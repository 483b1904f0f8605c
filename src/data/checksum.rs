//! Identity of samples: SHA-256 of a data set, independent of its files.

use ndarray::Array2;
use sha2::{Digest, Sha256};

use super::values::Held;
use super::{Dataset, LoadedData};

impl LoadedData {
    /// SHA-256 in hexadecimal digits over the training part and then the test part, each as the
    /// numbers of samples and features (`u64`), all values (`f32` if all are exact in it, else
    /// `f64`) and all labels (`u64`), lowest byte first. The same samples have the same sum in
    /// every format, packed or not.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        for part in std::iter::once(&self.train).chain(&self.test) {
            feed(&mut hasher, part);
        }
        let digits = hasher.finalize();
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn feed(hasher: &mut Sha256, part: &Dataset) {
    let number = |number: usize| (number as u64).to_le_bytes();
    hasher.update(number(part.samples()));
    hasher.update(number(part.features()));
    match &part.inputs.0 {
        Held::Single(inputs) => values(hasher, inputs, f32::to_le_bytes),
        Held::Double(inputs) => values(hasher, inputs, f64::to_le_bytes),
    }
    for &label in &part.labels {
        hasher.update(number(label));
    }
}

/// Sample by sample, since a copy of all values as bytes would double the memory.
fn values<T: Copy, const N: usize>(
    hasher: &mut Sha256,
    inputs: &Array2<T>,
    to_bytes: impl Fn(T) -> [u8; N],
) {
    let mut bytes = Vec::with_capacity(N * inputs.ncols());
    for row in inputs.rows() {
        bytes.clear();
        bytes.extend(row.iter().flat_map(|value| to_bytes(*value)));
        hasher.update(&bytes);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use sha2::{Digest, Sha256};

    use crate::data::{Dataset, LoadedData};

    fn loaded(label: usize, test: bool) -> LoadedData {
        let part = Dataset::new("made", array![[1.0], [-2.0]], vec![0, label], 3).unwrap();
        LoadedData {
            test: test.then(|| part.clone()),
            train: part,
            classes: (0..3).map(|class| class.to_string()).collect(),
            features: None,
        }
    }

    #[test]
    fn the_sum_is_that_of_the_bytes_it_speaks_of() {
        let bytes: Vec<u8> = [
            [2, 0, 0, 0, 0, 0, 0, 0],
            [1, 0, 0, 0, 0, 0, 0, 0],
            // The values 1 and -2.
            [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
            [0; 8],
            [2, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let sum: String = (Sha256::digest(bytes).iter())
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(loaded(2, false).sha256(), sum);
    }

    #[test]
    fn another_label_or_part_has_another_sum() {
        let sums = [loaded(1, false), loaded(2, false), loaded(1, true)].map(|data| data.sha256());
        assert!(sums[0] != sums[1] && sums[0] != sums[2], "{sums:?}");
    }
}
