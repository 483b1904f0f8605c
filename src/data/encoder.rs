//! Encoding: conversion of the raw values of a data set to the values of input neurons.

use super::error::{DataError, Place};
use super::room;
use super::values::{Held, Values, with};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An affine encoding of raw values.
///
/// Its parameters are given, or computed from the training part alone, so that no information about
/// validation or test samples reaches training. Raw values are in the units of the source, encoded
/// ones in a.u. Encoded values are computed in double precision and rounded once, to single
/// precision, wherever that makes a difference.
///
/// ```
/// use apical::data::Encoding;
///
/// let pixels = ndarray::array![[0.0f32, 127.5, 255.0]];
/// let encoded = Encoding::Scale { offset: 0.0, factor: 1.0 / 255.0 }.encode(pixels)?;
/// assert_eq!(encoded, ndarray::array![[0.0, 0.5, 1.0]]);
/// # Ok::<(), apical::data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Encoding {
    /// `(x - offset) * factor`, the same for every feature.
    Scale {
        /// Raw value that is encoded as 0.
        offset: f64,
        /// Encoded units per raw unit; not 0.
        factor: f64,
    },
    /// `(x - mean) / std`, the same for every feature.
    Standardize {
        /// Mean of the raw training values.
        mean: f64,
        /// Standard deviation of the raw training values; above 0.
        std: f64,
    },
    /// `(x - mean) / std` with the mean and the population standard deviation of the training part;
    /// 0 if that deviation is 0.
    StandardizePer(Per),
}

/// Values of the training part over which mean and deviation are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The values of each feature, for this feature.
    Feature,
    /// All values, for every feature.
    All,
}

/// An encoding as written in a scenario.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Encoding", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Scale {
        offset: f64,
        factor: f64,
    },
    Standardize {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        std: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per: Option<Per>,
    },
}

impl TryFrom<Written> for Encoding {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Scale { offset, factor } => Ok(Self::Scale { offset, factor }),
            Written::Standardize {
                mean: Some(mean),
                std: Some(std),
                per: None,
            } => Ok(Self::Standardize { mean, std }),
            Written::Standardize {
                mean: None,
                std: None,
                per: Some(per),
            } => Ok(Self::StandardizePer(per)),
            Written::Standardize { .. } => {
                Err("expected either both `mean` and `std`, or `per: feature` or `per: all` alone")
            }
        }
    }
}

impl From<Encoding> for Written {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Scale { offset, factor } => Self::Scale { offset, factor },
            Encoding::Standardize { mean, std } => Self::Standardize {
                mean: Some(mean),
                std: Some(std),
                per: None,
            },
            Encoding::StandardizePer(per) => Self::Standardize {
                mean: None,
                std: None,
                per: Some(per),
            },
        }
    }
}

impl Default for Encoding {
    /// Raw values, unchanged.
    fn default() -> Self {
        Self::Scale {
            offset: 0.0,
            factor: 1.0,
        }
    }
}

impl Encoding {
    /// Checks the parameters alone, without data.
    ///
    /// # Errors
    /// [`DataError::Setting`] for a parameter that is not finite, a `factor` of 0 (which would make
    /// all samples equal) or a `std` that is not above 0.
    pub fn check(&self) -> Result<(), DataError> {
        let (shift, scale) = match *self {
            Self::Scale { offset, factor } => (
                ("scale.offset", offset),
                ("scale.factor", factor, factor != 0.0, "other than 0"),
            ),
            Self::Standardize { mean, std } => (
                ("standardize.mean", mean),
                ("standardize.std", std, std > 0.0, "above 0"),
            ),
            Self::StandardizePer(_) => return Ok(()),
        };
        let (name, value) = shift;
        if !value.is_finite() {
            return Err(DataError::setting(
                name,
                value.to_string(),
                "a finite number",
            ));
        }
        let (name, value, allowed, range) = scale;
        if !value.is_finite() || !allowed {
            let expected = format!("a finite number {range}");
            return Err(DataError::setting(name, value.to_string(), expected));
        }
        Ok(())
    }

    /// The encoding with all its parameters; those from data are computed over the rows `train` of
    /// `inputs`, `[samples, features]`.
    #[must_use]
    pub fn fit(&self, inputs: &Values, train: &[usize]) -> Encoder {
        match *self {
            Self::StandardizePer(per) => Encoder::Standardize(with!(inputs, inputs => match per {
                Per::Feature => Standardization::per_feature(inputs, train),
                Per::All => Standardization::of_all(inputs, train),
            })),
            given => Encoder::Given(given),
        }
    }

    /// Encodes `inputs`, `[samples, features]`; parameters from data are computed over all samples.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode(&self, inputs: impl Into<Values>) -> Result<Array2<f32>, DataError> {
        let inputs = inputs.into();
        self.fit_all(&inputs).encode(inputs)
    }

    /// The encoding with all its parameters; those from data are over all samples of `inputs`.
    #[must_use]
    pub fn fit_all(&self, inputs: &Values) -> Encoder {
        let all: Vec<usize> = (0..inputs.dim().0).collect();
        self.fit(inputs, &all)
    }

    /// Single-precision version of the encoding (subtracted value, and factor or divisor) if it
    /// shifts no encoded value by more than a millionth. Most images are encoded with it.
    fn single(&self) -> Option<(f32, Scaling)> {
        const SHIFT: f64 = 1e-6;
        let (shift, scale, scaling) = match *self {
            Self::Scale { offset, factor } => (offset, factor, Scaling::Times(factor as f32)),
            Self::Standardize { mean, std } => (mean, 1.0 / std, Scaling::Over(std as f32)),
            Self::StandardizePer(_) => return None,
        };
        let near = shift as f32;
        let (Scaling::Times(number) | Scaling::Over(number)) = scaling;
        let good = number.is_normal() && (shift - f64::from(near)).abs() * scale.abs() <= SHIFT;
        good.then_some((near, scaling))
    }
}

/// Scaling of a difference in single precision.
#[derive(Clone, Copy)]
enum Scaling {
    Times(f32),
    Over(f32),
}

/// An encoding with all its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Encoder {
    /// With parameters of the scenario.
    Given(Encoding),
    /// With parameters of the training part.
    Standardize(Standardization),
}

impl Encoder {
    /// Encoded value of `x` in `feature`, in a.u. and double precision.
    #[must_use]
    pub fn value(&self, x: f64, feature: usize) -> f64 {
        match self {
            Self::Given(Encoding::Scale { offset, factor }) => (x - offset) * factor,
            Self::Given(Encoding::Standardize { mean, std }) => (x - mean) / std,
            // Without data, this encoding has no parameters.
            Self::Given(Encoding::StandardizePer(_)) => x,
            Self::Standardize(Standardization { mean, std }) => match std[feature] > 0.0 {
                true => (x - mean[feature]) / std[feature],
                false => 0.0,
            },
        }
    }

    /// Encodes `inputs`, `[samples, features]`.
    ///
    /// # Errors
    /// As [`Encoding::check`]; [`DataError::Content`] if an encoded value is not finite, and
    /// [`DataError::Memory`].
    pub fn encode(&self, inputs: Values) -> Result<Array2<f32>, DataError> {
        let name = Path::new("encoded inputs");
        let mut single = None;
        if let Self::Given(encoding) = self {
            encoding.check()?;
            single = encoding.single();
        }
        let encoded = match (inputs.0, single) {
            (Held::Single(inputs), Some((shift, Scaling::Times(factor)))) => {
                inputs.mapv_into(|x| (x - shift) * factor)
            }
            (Held::Single(inputs), Some((shift, Scaling::Over(std)))) => {
                inputs.mapv_into(|x| (x - shift) / std)
            }
            (Held::Single(mut inputs), None) => {
                for mut row in inputs.rows_mut() {
                    for (feature, x) in row.iter_mut().enumerate() {
                        *x = self.value(f64::from(*x), feature) as f32;
                    }
                }
                inputs
            }
            (Held::Double(inputs), _) => {
                room::check(name, (inputs.len() * size_of::<f32>()) as u64)?;
                Array2::from_shape_fn(inputs.dim(), |(sample, feature)| {
                    self.value(inputs[[sample, feature]], feature) as f32
                })
            }
        };
        match encoded.indexed_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(encoded),
            Some(((sample, feature), value)) => Err(DataError::content(
                name,
                Place::Sample(sample),
                format!("{value} at feature {feature}"),
                "a finite number; the encoding takes the raw value out of range",
            )),
        }
    }

    /// Mean and deviation of each feature, if they were computed from the training part.
    #[must_use]
    pub fn standardization(&self) -> Option<&Standardization> {
        match self {
            Self::Given(_) => None,
            Self::Standardize(standardization) => Some(standardization),
        }
    }
}

/// Mean and population standard deviation of each feature, in the units of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardization {
    /// Means, `[features]`.
    pub mean: Vec<f64>,
    /// `sqrt(sum((x - mean)^2) / n)`, `[features]`; 0 for a constant feature.
    pub std: Vec<f64>,
}

impl Standardization {
    fn per_feature<T: Copy + Into<f64>>(inputs: &Array2<T>, train: &[usize]) -> Self {
        let features = inputs.columns().into_iter();
        let features =
            features.map(|feature| moments(|| train.iter().map(|&row| feature[row].into())));
        let (mean, std) = features.unzip();
        Self { mean, std }
    }

    fn of_all<T: Copy + Into<f64>>(inputs: &Array2<T>, train: &[usize]) -> Self {
        let rows = || train.iter().map(|&row| inputs.index_axis(Axis(0), row));
        let (mean, std) = moments(|| rows().flat_map(|row| row.mapv(Into::into).into_iter()));
        let features = inputs.ncols();
        Self {
            mean: vec![mean; features],
            std: vec![std; features],
        }
    }
}

/// Mean and population standard deviation of `values`, in two passes; 0 and 0 if there are none.
pub(crate) fn moments<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> (f64, f64) {
    let Some(first) = values().next() else {
        return (0.0, 0.0);
    };
    // With differences from the first value, the mean of a constant is exact and its deviation 0.
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values() {
        sum += value - first;
        count += 1.0;
    }
    let mean = first + sum / count;
    let squares: f64 = values().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Per};
    use crate::data::Values;
    use ndarray::{Array2, array};

    #[test]
    fn both_forms_are_their_formula() {
        let scale = Encoding::Scale {
            offset: 8.0,
            factor: 0.125,
        };
        let x = scale.encode(array![[0.0f32, 8.0], [16.0, 4.0]]).unwrap();
        assert_eq!(x, array![[-1.0, 0.0], [1.0, -0.5]]);

        let standardize = Encoding::Standardize {
            mean: 3.0,
            std: 2.0,
        };
        let x = standardize.encode(array![[1.0f32, 2.0, 3.0, 6.0]]).unwrap();
        assert_eq!(x, array![[-1.0, -0.5, 0.0, 1.5]]);
    }

    #[test]
    fn numbers_out_of_range_are_errors() {
        let scale = |offset, factor| Encoding::Scale { offset, factor };
        let standardize = |mean, std| Encoding::Standardize { mean, std };
        for (encoding, says) in [
            (scale(f64::NAN, 1.0), "scale.offset: found NaN"),
            (scale(0.0, 0.0), "scale.factor: found 0"),
            (standardize(f64::INFINITY, 1.0), "standardize.mean"),
            (standardize(0.0, -1.0), "a finite number above 0"),
        ] {
            let error = encoding.check().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let error = scale(0.0, 1e30).encode(array![[0.0, 1e30]]);
        assert!(error.unwrap_err().to_string().contains("inf at feature 1"));
    }

    #[test]
    fn a_scenario_writes_it_by_its_name_and_a_wrong_field_is_an_error() {
        let scale: Encoding = ron::from_str("scale(offset: 0, factor: 0.0625)").unwrap();
        assert_eq!(
            scale,
            Encoding::Scale {
                offset: 0.0,
                factor: 0.0625
            }
        );
        assert!(ron::from_str::<Encoding>("scale(offset: 0, factor: 1, gain: 2)").is_err());
    }

    /// Seconds since 1970, a few of them apart: single precision resolves steps of 128 there.
    #[test]
    fn large_values_are_encoded_before_they_are_rounded() {
        let (first, mean, std) = (1.7e9, 1.700_000_061e9, 5f64.sqrt());
        let seconds = Array2::from_shape_fn((4, 1), |(k, _)| first + 58.0 + 2.0 * k as f64);
        let wanted = [-3.0, -1.0, 1.0, 3.0].map(|d| (d / std) as f32);
        let given = Encoding::Standardize { mean, std };
        let scale = Encoding::Scale {
            offset: mean,
            factor: 1.0 / std,
        };
        for (encoding, slack) in [
            (Encoding::StandardizePer(Per::Feature), 0.0),
            (Encoding::StandardizePer(Per::All), 0.0),
            (given, 0.0),
            (scale, 2e-7),
        ] {
            let seen = encoding.encode(seconds.clone()).unwrap();
            for (seen, wanted) in seen.iter().zip(wanted) {
                assert!(
                    (seen - wanted).abs() <= slack,
                    "{encoding:?}: {seen} {wanted}"
                );
            }
        }
        // 1.7e9 is exact in single precision, and the mean is not.
        let shift = given.encode(array![[first]]).unwrap()[[0, 0]];
        assert_eq!(shift, (-61.0 / std) as f32);
    }

    #[test]
    fn pixels_are_encoded_in_single_precision_as_ever() {
        let pixels = Array2::from_shape_fn((1, 256), |(_, pixel)| pixel as f32);
        for (mean, std) in [(4.9f32, 6.0f32), (33.3285, 78.5655), (120.7076, 64.1501)] {
            let encoding = Encoding::Standardize {
                mean: format!("{mean}").parse().unwrap(),
                std: format!("{std}").parse().unwrap(),
            };
            let seen = encoding.encode(pixels.clone()).unwrap();
            assert_eq!(seen, pixels.mapv(|x| (x - mean) / std));
        }
    }

    /// A table such as that of wines: columns of constituents, from 0.1 to 1000, with known sums of
    /// squares.
    #[test]
    fn each_feature_has_mean_and_deviation_of_the_training_part_alone() {
        // For a, a + d, ..., a + (n - 1) d: mean a + (n - 1) d / 2, variance d^2 (n^2 - 1) / 12.
        let columns = [
            (0.1, 0.01),
            (12.0, 0.5),
            (1000.0, 35.0),
            (-3.0, 1e-3),
            (7.0, 0.0),
        ];
        let n = 9;
        let train: Vec<usize> = (0..n).map(|k| 2 * k).collect();
        // Rows between those of training contain values that must have no influence.
        let inputs = Array2::from_shape_fn((2 * n, columns.len()), |(row, column)| {
            let (a, d) = columns[column];
            match row % 2 {
                0 => (f64::from(row as u32 / 2) * d + a) as f32,
                _ => 1e6,
            }
        });
        let inputs = Values::from(inputs);
        let encoder = Encoding::StandardizePer(Per::Feature).fit(&inputs, &train);
        let used = encoder.standardization().unwrap().clone();
        let inputs = encoder.encode(inputs).unwrap();
        let n = n as f64;
        for (column, (a, d)) in columns.into_iter().enumerate() {
            let mean = a + (n - 1.0) * d / 2.0;
            let std = d * ((n * n - 1.0) / 12.0).sqrt();
            assert!((used.mean[column] - mean).abs() <= 1e-6 * mean.abs());
            assert!((used.std[column] - std).abs() <= 1e-4 * std);
            for k in 0..n as usize {
                // The closed form does not depend on a and d.
                let wanted = match d > 0.0 {
                    true => (k as f64 - (n - 1.0) / 2.0) / ((n * n - 1.0) / 12.0).sqrt(),
                    false => 0.0,
                };
                let seen = f64::from(inputs[[2 * k, column]]);
                assert!(
                    (seen - wanted).abs() < 1e-4,
                    "{column} {k}: {seen} {wanted}"
                );
                let other = f64::from(inputs[[2 * k + 1, column]]);
                let wanted = match d > 0.0 {
                    true => (1e6 - used.mean[column]) / used.std[column],
                    false => 0.0,
                };
                assert!((other - wanted).abs() <= 1e-6 * wanted.abs());
            }
        }
    }

    #[test]
    fn all_values_of_the_training_part_may_have_one_mean_and_deviation() {
        let inputs = Values::from(array![[1.0f32, 2.0], [900.0, -900.0], [3.0, 6.0]]);
        let encoder = Encoding::StandardizePer(Per::All).fit(&inputs, &[0, 2]);
        let used = encoder.standardization().unwrap();
        // 1, 2, 3 and 6: mean 3, mean square deviation (4 + 1 + 0 + 9) / 4 = 3.5.
        assert_eq!(used.mean, [3.0, 3.0]);
        assert!((used.std[1] - 3.5f64.sqrt()).abs() < 1e-15);
        let inputs = encoder.encode(inputs).unwrap();
        assert!((f64::from(inputs[[2, 1]]) - 3.0 / 3.5f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_standardization_has_numbers_or_takes_them_and_not_both() {
        let read = |text: &str| {
            let options = ron::Options::default();
            let options =
                options.with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
            options.from_str::<Encoding>(text)
        };
        let per = |per| Ok(Encoding::StandardizePer(per));
        assert_eq!(read("standardize(per: feature)"), per(Per::Feature));
        assert_eq!(read("standardize(per: all)"), per(Per::All));
        let given = Encoding::Standardize {
            mean: 4.9,
            std: 6.0,
        };
        assert_eq!(read("standardize(mean: 4.9, std: 6.0)"), Ok(given));
        for text in [
            "standardize()",
            "standardize(mean: 1)",
            "standardize(std: 1, per: all)",
            "standardize(per: column)",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let text = ron::to_string(&Encoding::StandardizePer(Per::Feature)).unwrap();
        assert_eq!(text, "standardize(per:Some(feature))");
    }
}
