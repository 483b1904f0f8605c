//! Raw values in memory: single precision if all of them are exact in it, otherwise double.

use super::error::{DataError, Place};
use super::room;
use ndarray::{Array2, ShapeBuilder};
use std::path::Path;

/// Raw values in the units of the source, `[samples, features]`, exactly as read.
///
/// Pixels and small whole numbers need 4 bytes each, other tables 8; the precision depends on the
/// values alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Values(pub(super) Held);

/// Arrays of raw values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    Single(Array2<f32>),
    /// At least one value is not exact in single precision.
    Double(Array2<f64>),
}

/// Calls `$do` with the array of `$values` as `$array`, of either precision.
macro_rules! with {
    ($values:expr, $array:ident => $do:expr) => {
        match &$values.0 {
            Held::Single($array) => $do,
            Held::Double($array) => $do,
        }
    };
}
pub(super) use with;

impl Values {
    /// Numbers of samples and features.
    #[must_use]
    pub fn dim(&self) -> (usize, usize) {
        with!(self, array => array.dim())
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        with!(self, array => array.len())
    }

    /// True if there is no sample or no feature.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Largest memory in bytes until encoding is finished, including the encoded copy of doubles.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let each = match &self.0 {
            Held::Single(_) => size_of::<f32>(),
            Held::Double(_) => size_of::<f64>() + size_of::<f32>(),
        };
        each * self.len()
    }

    /// First value that is not finite, with its sample and feature.
    #[must_use]
    pub fn not_finite(&self) -> Option<((usize, usize), f64)> {
        with!(self, array => {
            let mut values = array.indexed_iter().map(|(at, value)| (at, wide(value)));
            values.find(|(_, value)| !value.is_finite())
        })
    }

    /// All values, sample by sample.
    pub fn iter(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        with!(self, array => Box::new(array.iter().map(wide)))
    }

    /// Values of a feature, sample by sample.
    pub fn feature(&self, feature: usize) -> Box<dyn Iterator<Item = f64> + '_> {
        with!(self, array => {
            Box::new(array.column(feature).into_iter().map(wide))
        })
    }

    /// Least and greatest value of each feature, `[features]`; empty without samples.
    #[must_use]
    pub fn extremes(&self) -> Vec<[f64; 2]> {
        let mut extremes = Vec::new();
        with!(self, array => for row in array.rows() {
            let row = row.iter().map(wide);
            if extremes.is_empty() {
                extremes.extend(row.map(|value| [value; 2]));
            } else {
                for ([least, greatest], value) in extremes.iter_mut().zip(row) {
                    *least = value.min(*least);
                    *greatest = value.max(*greatest);
                }
            }
        });
        extremes
    }
}

fn wide<T: Copy + Into<f64>>(value: &T) -> f64 {
    (*value).into()
}

impl From<Array2<f32>> for Values {
    fn from(values: Array2<f32>) -> Self {
        Self(Held::Single(values))
    }
}

impl From<Array2<f64>> for Values {
    fn from(values: Array2<f64>) -> Self {
        match values.iter().all(|value| single(*value).is_some()) {
            true => Self(Held::Single(values.mapv(|value| value as f32))),
            false => Self(Held::Double(values)),
        }
    }
}

/// `value` in single precision, if it is exact there; NaN stays NaN.
pub(super) fn single(value: f64) -> Option<f32> {
    let near = value as f32;
    (f64::from(near) == value || value.is_nan()).then_some(near)
}

/// Values during reading: single precision until the first value that is not exact in it.
#[derive(Debug)]
pub(super) enum Gathered {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Gathered {
    pub fn new() -> Self {
        Self::Single(Vec::new())
    }

    /// Reserves memory; see [`room::reserve`].
    ///
    /// # Errors
    /// [`DataError::Memory`]
    pub fn reserve(&mut self, more: usize, likely: u64, path: &Path) -> Result<(), DataError> {
        match self {
            Self::Single(values) => room::reserve(values, more, likely, path),
            Self::Double(values) => room::reserve(values, more, likely, path),
        }
    }

    /// Adds a value; its memory must be reserved by [`Self::reserve`].
    ///
    /// # Errors
    /// [`DataError::Memory`] if it is the first in double precision, and all would not fit there.
    pub fn push(&mut self, value: f64, path: &Path) -> Result<(), DataError> {
        if let Self::Single(values) = self {
            if let Some(value) = single(value) {
                values.push(value);
                return Ok(());
            }
            let mut wide = Vec::new();
            room::reserve(&mut wide, values.capacity(), 0, path)?;
            wide.extend(values.iter().map(|&value| f64::from(value)));
            *self = Self::Double(wide);
        }
        if let Self::Double(values) = self {
            values.push(value);
        }
        Ok(())
    }

    /// The values as samples x features, sample by sample in memory; `by_column` if they were read
    /// feature by feature.
    ///
    /// # Errors
    /// [`DataError`] if their number differs, or if memory for reordering is missing.
    pub fn shaped(
        self,
        path: &Path,
        shape: (usize, usize),
        by_column: bool,
    ) -> Result<Values, DataError> {
        Ok(Values(match self {
            Self::Single(values) => Held::Single(shaped(path, values, shape, by_column)?),
            Self::Double(values) => Held::Double(shaped(path, values, shape, by_column)?),
        }))
    }
}

/// The elements as rows x columns, row by row in memory.
///
/// # Errors
/// [`DataError`] if their number differs, or if memory for reordering is missing.
pub(super) fn shaped<T: Copy>(
    path: &Path,
    values: Vec<T>,
    shape: (usize, usize),
    by_column: bool,
) -> Result<Array2<T>, DataError> {
    let found = values.len();
    let array = Array2::from_shape_vec(shape.set_f(by_column), values).map_err(|_| {
        let expected = format!("{} of {}", shape.0, shape.1);
        DataError::content(path, Place::Whole, format!("{found} values"), expected)
    })?;
    if !by_column {
        return Ok(array);
    }
    room::check(path, (array.len() * size_of::<T>()) as u64)?;
    Ok(array.as_standard_layout().into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Gathered, Values};
    use ndarray::{Array2, array};
    use std::path::Path;

    #[test]
    fn values_are_single_if_all_are_exact_there_and_double_as_they_were_otherwise() {
        let path = Path::new("made");
        for (values, bytes) in [
            ([1.0, -2.5, 16_777_216.0, 0.0], 16),
            ([1.0, -2.5, 16_777_217.0, 0.0], 48),
            ([1.0, -2.5, 2.0, 0.1], 48),
        ] {
            let mut gathered = Gathered::new();
            for value in values {
                gathered.reserve(1, 4, path).unwrap();
                gathered.push(value, path).unwrap();
            }
            let seen = gathered.shaped(path, (2, 2), false).unwrap();
            assert!(seen.iter().eq(values), "{seen:?}");
            assert_eq!(seen.bytes(), bytes);
            let array = Array2::from_shape_vec((2, 2), values.to_vec()).unwrap();
            assert_eq!(seen, Values::from(array));
        }
    }

    #[test]
    fn features_and_extremes_are_those_of_columns() {
        let values = Values::from(array![[1.0, 0.1], [-3.0, 0.7], [2.0, 0.3]]);
        assert!(values.feature(1).eq([0.1, 0.7, 0.3]));
        assert_eq!(values.extremes(), [[-3.0, 2.0], [0.1, 0.7]]);
        assert_eq!(values.not_finite(), None);
        let values = Values::from(array![[1.0, 0.1], [f64::NEG_INFINITY, 0.7]]);
        assert_eq!(values.not_finite(), Some(((1, 0), f64::NEG_INFINITY)));
    }
}
