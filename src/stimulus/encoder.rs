//! Encoding: from the raw values of a data set to what the input neurons are given.

use super::error::{DataError, Place};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An affine encoding of raw values, the same for every feature.
///
/// The numbers are given and never estimated from the data, so that nothing of a test sample
/// can reach training. Raw values are in the units of the source, encoded ones in a.u.
///
/// ```
/// use apical::stimulus::Encoding;
///
/// let mut pixels = ndarray::array![[0.0f32, 127.5, 255.0]];
/// Encoding::Scale { offset: 0.0, factor: 1.0 / 255.0 }.apply(&mut pixels)?;
/// assert_eq!(pixels, ndarray::array![[0.0, 0.5, 1.0]]);
/// # Ok::<(), apical::stimulus::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Encoding {
    /// `(x - offset) * factor`.
    Scale {
        /// Raw value that becomes 0.
        offset: f32,
        /// Encoded units for one raw unit; not 0.
        factor: f32,
    },
    /// `(x - mean) / std`.
    Standardize {
        /// Mean of the raw training values.
        mean: f32,
        /// Standard deviation of the raw training values; above 0.
        std: f32,
    },
}

impl Default for Encoding {
    /// Raw values as they are.
    fn default() -> Self {
        Self::Scale {
            offset: 0.0,
            factor: 1.0,
        }
    }
}

impl Encoding {
    /// Checks the numbers by themselves, before any data is at hand.
    ///
    /// # Errors
    /// [`DataError::Setting`] for a number that is not finite, a `factor` of 0 (it would make
    /// all samples alike) or a `std` that is not above 0.
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

    /// Encodes `inputs`, `[samples, features]`, in place.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`DataError::Content`] if an encoded value is not finite.
    pub fn apply(&self, inputs: &mut Array2<f32>) -> Result<(), DataError> {
        self.check()?;
        match *self {
            Self::Scale { offset, factor } => inputs.mapv_inplace(|x| (x - offset) * factor),
            Self::Standardize { mean, std } => inputs.mapv_inplace(|x| (x - mean) / std),
        }
        match inputs.indexed_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some(((sample, feature), value)) => Err(DataError::content(
                Path::new("encoded inputs"),
                Place::Sample(sample),
                format!("{value} at feature {feature}"),
                "a finite number; the encoding takes the raw value out of range",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Encoding;
    use ndarray::array;

    #[test]
    fn both_forms_are_their_formula() {
        let mut x = array![[0.0f32, 8.0], [16.0, 4.0]];
        let scale = Encoding::Scale {
            offset: 8.0,
            factor: 0.125,
        };
        scale.apply(&mut x).unwrap();
        assert_eq!(x, array![[-1.0, 0.0], [1.0, -0.5]]);

        let mut x = array![[1.0f32, 2.0, 3.0, 6.0]];
        let standardize = Encoding::Standardize {
            mean: 3.0,
            std: 2.0,
        };
        standardize.apply(&mut x).unwrap();
        assert_eq!(x, array![[-1.0, -0.5, 0.0, 1.5]]);
    }

    #[test]
    fn numbers_out_of_range_are_errors() {
        let scale = |offset, factor| Encoding::Scale { offset, factor };
        let standardize = |mean, std| Encoding::Standardize { mean, std };
        for (encoding, says) in [
            (scale(f32::NAN, 1.0), "scale.offset: found NaN"),
            (scale(0.0, 0.0), "scale.factor: found 0"),
            (standardize(f32::INFINITY, 1.0), "standardize.mean"),
            (standardize(0.0, -1.0), "a finite number above 0"),
        ] {
            let error = encoding.check().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let error = scale(0.0, 1e30).apply(&mut array![[0.0, 1e30]]);
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
}
