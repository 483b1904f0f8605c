//! Matrices as they lie in memory, for [serde]: shape, order and elements.
//!
//! `#[serde(with = "crate::math::stored")]` keeps whether rows or columns are contiguous, which
//! the arrays of `ndarray` do not keep by themselves.

use ndarray::{Array2, ShapeBuilder};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Shape, true if columns are contiguous, and the elements in the order of memory.
type Parts<T> = ((usize, usize), bool, Vec<T>);

/// Writes a matrix.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T, S>(matrix: &Array2<T>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize,
    S: Serializer,
{
    let by_column = !matrix.is_standard_layout();
    let elements = super::columns::flat(matrix);
    (matrix.dim(), by_column, elements).serialize(serializer)
}

/// Reads a matrix.
///
/// # Errors
/// Those of the deserializer; another number of elements than the shape has.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Array2<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let (shape, by_column, elements) = Parts::<T>::deserialize(deserializer)?;
    Array2::from_shape_vec(shape.set_f(by_column), elements).map_err(D::Error::custom)
}

/// A matrix that may be absent, in the same way.
pub mod optional {
    use ndarray::Array2;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// A matrix with its order.
    #[derive(Serialize, Deserialize)]
    #[serde(bound = "T: Serialize + serde::de::DeserializeOwned")]
    struct Stored<T>(#[serde(with = "super")] Array2<T>);

    /// Writes a matrix, if there is one.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T, S>(matrix: &Option<Array2<T>>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Serialize + serde::de::DeserializeOwned + Clone,
        S: Serializer,
    {
        matrix.clone().map(Stored).serialize(serializer)
    }

    /// Reads a matrix, if there is one.
    ///
    /// # Errors
    /// As [`deserialize`](super::deserialize).
    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<Array2<T>>, D::Error>
    where
        T: Serialize + serde::de::DeserializeOwned,
        D: Deserializer<'de>,
    {
        let stored = Option::<Stored<T>>::deserialize(deserializer)?;
        Ok(stored.map(|stored| stored.0))
    }
}
