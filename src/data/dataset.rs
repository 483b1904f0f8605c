//! Samples in memory, and the conditions they must satisfy.

use super::encoder::Encoder;
use super::error::{DataError, Place, counted};
use super::values::Values;
use ndarray::Array2;
use std::path::Path;

/// Largest number of classes: a label above it indicates a wrong column, not a class.
pub const MOST_CLASSES: usize = 1 << 16;

/// Labelled samples with raw values, before encoding.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Raw values in the units of the source, `[samples, features]`, all finite.
    pub inputs: Values,
    /// Class of each sample, `[samples]`, each below `classes`.
    pub labels: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
}

impl Dataset {
    /// Checks and combines the parts; `origin` is the file, or a name, for messages.
    ///
    /// # Errors
    /// [`DataError::Content`] if there is no sample, no feature or no class, if `inputs` and
    /// `labels` differ in length, a value is not finite or a label is not below `classes`.
    pub fn new(
        origin: impl AsRef<Path>,
        inputs: impl Into<Values>,
        labels: Vec<usize>,
        classes: usize,
    ) -> Result<Self, DataError> {
        let wrong = |place, found: String, expected: String| {
            Err(DataError::content(origin.as_ref(), place, found, expected))
        };
        let inputs = inputs.into();
        let (samples, features) = inputs.dim();
        if samples == 0 || features == 0 {
            return wrong(
                Place::Whole,
                format!(
                    "{} of {}",
                    counted(samples, "sample"),
                    counted(features, "feature")
                ),
                "at least one of both".into(),
            );
        }
        if labels.len() != samples {
            return wrong(
                Place::Whole,
                format!(
                    "{} and {}",
                    counted(samples, "sample"),
                    counted(labels.len(), "label")
                ),
                "one label for each sample".into(),
            );
        }
        if !(1..=MOST_CLASSES).contains(&classes) {
            return wrong(
                Place::Whole,
                counted(classes, "class"),
                format!("1 to {MOST_CLASSES}"),
            );
        }
        if let Some(((sample, feature), value)) = inputs.not_finite() {
            return wrong(
                Place::Sample(sample),
                format!("{value} at feature {feature}"),
                "a finite number".into(),
            );
        }
        if let Some(sample) = labels.iter().position(|&label| label >= classes) {
            return wrong(
                Place::Sample(sample),
                format!("label {}", labels[sample]),
                format!("an integer from 0 to {}", classes - 1),
            );
        }
        Ok(Self {
            inputs,
            labels,
            classes,
        })
    }

    /// Number of samples.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.inputs.dim().0
    }

    /// Number of features of a sample.
    #[must_use]
    pub fn features(&self) -> usize {
        self.inputs.dim().1
    }

    /// The samples, encoded by `encoder`.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode(self, encoder: &Encoder) -> Result<Encoded, DataError> {
        Ok(Encoded {
            inputs: encoder.encode(self.inputs)?,
            labels: self.labels,
        })
    }

    /// Number of samples of each class, `[classes]`.
    #[must_use]
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in &self.labels {
            counts[label] += 1;
        }
        counts
    }
}

/// Labelled samples as received by the input neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Encoded values in a.u., `[samples, features]`, all finite.
    pub inputs: Array2<f32>,
    /// Class of each sample, `[samples]`.
    pub labels: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::Dataset;
    use ndarray::{Array2, array};

    #[test]
    fn counts_are_those_of_the_labels() {
        let data = Dataset::new("made", Array2::<f32>::zeros((4, 2)), vec![2, 0, 2, 2], 4).unwrap();
        assert_eq!((data.samples(), data.features()), (4, 2));
        assert_eq!(data.class_counts(), [1, 0, 3, 0]);
    }

    #[test]
    fn every_violation_is_named() {
        let ok = array![[1.0f32, 2.0], [3.0, 4.0]];
        let nan = array![[1.0, 2.0], [3.0, f32::NAN]];
        for (inputs, labels, classes, says) in [
            (Array2::zeros((0, 3)), vec![], 1, "0 samples of 3 features"),
            (ok.clone(), vec![0], 1, "2 samples and 1 label,"),
            (ok.clone(), vec![0, 0], 0, "0 classes"),
            (ok.clone(), vec![0, 1], usize::MAX, "expected 1 to 65536"),
            (ok, vec![0, 3], 3, "sample 1: found label 3, expected an"),
            (nan, vec![0, 0], 1, "sample 1: found NaN at feature 1"),
        ] {
            let error = Dataset::new("made", inputs, labels, classes).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
