//! NPY files, the array format of NumPy.
//!
//! ```text
//! \x93NUMPY  major  minor  header length (u16, from version 2 on u32), little-endian
//! {'descr': '<f4', 'fortran_order': False, 'shape': (1797, 64), }
//! the elements
//! ```
//!
//! The header is read here and not by a library because its shape is not to be trusted: nothing
//! is allocated for it before the bytes are there.

use super::dataset::MOST_CLASSES;
use super::error::{DataError, Place, quote};
use super::file::{Bytes, RELATIVE_PATH};
use ndarray::{Array2, ShapeBuilder};
use std::path::Path;

/// Reads inputs, `[samples, features]` of `f32`, `f64` or `u8`.
///
/// # Errors
/// [`DataError`] if the file is not such an array; values are not yet checked to be finite.
pub fn inputs(path: &Path) -> Result<Array2<f32>, DataError> {
    let array = Array::read(path, &["f4", "f8", "u1"], 2)?;
    let values: Vec<f32> = match &array.kind[..] {
        "f4" => array.elements(f32::from_le_bytes),
        "f8" => array.elements(|bytes| f64::from_le_bytes(bytes) as f32),
        _ => array.elements(|[byte]| f32::from(byte)),
    };
    let shape = (array.shape[0], array.shape[1]);
    let by_column = Array2::from_shape_vec(shape.set_f(array.by_column), values);
    by_column
        .map(|inputs| inputs.as_standard_layout().into_owned())
        .map_err(|error| {
            let found = format!("the shape {shape:?}: {error}");
            DataError::content(path, Place::Whole, found, "samples by features")
        })
}

/// Reads labels, `[samples]` of `u8`, `i32` or `i64`.
///
/// # Errors
/// [`DataError`] if the file is not such an array or a label is negative or too large.
pub fn labels(path: &Path) -> Result<Vec<usize>, DataError> {
    let array = Array::read(path, &["u1", "i4", "i8"], 1)?;
    let values: Vec<i64> = match &array.kind[..] {
        "u1" => array.elements(|[byte]| i64::from(byte)),
        "i4" => array.elements(|bytes| i64::from(i32::from_le_bytes(bytes))),
        _ => array.elements(i64::from_le_bytes),
    };
    let label = |(sample, value): (usize, i64)| match usize::try_from(value) {
        Ok(label) if label < MOST_CLASSES => Ok(label),
        _ => {
            let expected = format!("an integer from 0 to {}", MOST_CLASSES - 1);
            let found = format!("label {value}");
            Err(DataError::content(
                path,
                Place::Sample(sample),
                found,
                expected,
            ))
        }
    };
    values.into_iter().enumerate().map(label).collect()
}

/// An array as the file has it.
struct Array {
    /// NumPy's letter for the type and its size in bytes.
    kind: String,
    big_endian: bool,
    by_column: bool,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    fn read(path: &Path, kinds: &[&str], dimensions: usize) -> Result<Self, DataError> {
        let mut bytes = Bytes::open(path, RELATIVE_PATH)?;
        let start = bytes.take(8, "magic string and version")?;
        let (magic, version) = start.split_at(6);
        if magic != b"\x93NUMPY" || !(1..=3).contains(&version[0]) {
            return Err(DataError::content(
                path,
                Place::Offset(0),
                quote(&String::from_utf8_lossy(&start)),
                "\\x93NUMPY and a version from 1 to 3",
            ));
        }
        let (size, at) = if version[0] == 1 { (2, 10) } else { (4, 12) };
        let length = bytes
            .take(size, "header length")?
            .iter()
            .rfold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let header = bytes.take(length, "header")?;
        let header = String::from_utf8_lossy(&header);
        let wrong = |found: String, expected: String| {
            DataError::content(path, Place::Offset(at), found, expected)
        };
        let unknown = |key: &str| {
            let expected = format!("a NumPy header with a plain '{key}'");
            wrong(quote(header.trim()), expected)
        };

        let descr = value(&header, "descr")
            .and_then(quoted)
            .ok_or_else(|| unknown("descr"))?;
        let (order, kind) = descr.split_at_checked(1).unwrap_or_default();
        if !kinds.contains(&kind) || !["<", ">", "|", "="].contains(&order) {
            let expected = format!("one of {kinds:?}, as in '<{}'", kinds[0]);
            return Err(wrong(
                format!("elements of type {}", quote(descr)),
                expected,
            ));
        }
        let by_column = match value(&header, "fortran_order") {
            Some(text) if text.starts_with("True") => true,
            Some(text) if text.starts_with("False") => false,
            _ => return Err(unknown("fortran_order")),
        };
        let shape = value(&header, "shape")
            .and_then(tuple)
            .ok_or_else(|| unknown("shape"))?;
        let element = u64::from(kind.as_bytes()[1] - b'0');
        let total = shape
            .iter()
            .try_fold(element, |product, &size| product.checked_mul(size as u64));
        let total = match total {
            Some(total) if total > 0 && shape.len() == dimensions => total,
            _ => {
                let expected = format!("{dimensions} sizes above 0 whose product fits a file");
                return Err(wrong(format!("the shape {shape:?}"), expected));
            }
        };
        let array = Self {
            kind: kind.to_owned(),
            big_endian: order == ">",
            by_column,
            shape,
            bytes: bytes.take(total, "elements")?,
        };
        bytes.end()?;
        Ok(array)
    }

    /// Every element by `convert`, which is given its bytes in little-endian order.
    fn elements<const SIZE: usize, T>(&self, convert: impl Fn([u8; SIZE]) -> T) -> Vec<T> {
        let (elements, _) = self.bytes.as_chunks::<SIZE>();
        let convert = |&(mut bytes): &[u8; SIZE]| {
            if self.big_endian {
                bytes.reverse();
            }
            convert(bytes)
        };
        elements.iter().map(convert).collect()
    }
}

/// What follows `'key':` in the header.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}'"))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    Some(text.strip_prefix('\'')?.split_once('\'')?.0)
}

fn tuple(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    inside
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{inputs, labels};
    use ndarray::{Array1, Array2, array};
    use ndarray_npy::write_npy;

    /// A version-1 file with this header text and these elements.
    fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
        let length = (header.len() as u16).to_le_bytes();
        [
            b"\x93NUMPY\x01\x00",
            &length[..],
            header.as_bytes(),
            elements,
        ]
        .concat()
    }

    #[test]
    fn what_another_writer_wrote_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        let expected = array![[0.0f32, 1.0, 2.0], [3.0, 4.0, 255.0]];
        write_npy(&path, &expected).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected);
        write_npy(&path, &expected.mapv(f64::from)).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected);
        write_npy(&path, &expected.mapv(|x| x as u8)).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected);
        // Transposed, the same memory is column by column.
        write_npy(&path, &expected.t()).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected.t());

        let expected = [3usize, 0, 200];
        write_npy(&path, &Array1::from(vec![3u8, 0, 200])).unwrap();
        assert_eq!(labels(&path).unwrap(), expected);
        write_npy(&path, &Array1::from(vec![3i32, 0, 200])).unwrap();
        assert_eq!(labels(&path).unwrap(), expected);
        write_npy(&path, &Array1::from(vec![3i64, 0, 200])).unwrap();
        assert_eq!(labels(&path).unwrap(), expected);
    }

    #[test]
    fn big_endian_bytes_by_hand() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big.npy");
        let header = "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }\n";
        std::fs::write(&path, npy(header, &[0, 0, 0, 7, 0, 0, 1, 0])).unwrap();
        assert_eq!(labels(&path).unwrap(), [7, 256]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.npy");
        let header = |descr: &str, shape: &str| {
            format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
        };
        let huge = "(18446744073709551615, 18446744073709551615)";
        for (bytes, says) in [
            (vec![], "byte 0: found the end"),
            (b"PK\x03\x04....".to_vec(), "expected \\x93NUMPY"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(), "of header"),
            (npy("{}", &[]), "a plain 'descr'"),
            (npy(&header("[('a', '<f4')]", "(1, 1)"), &[]), "'descr'"),
            (npy(&header("''", "(1, 1)"), &[]), "elements of type \"\""),
            (npy(&header("'é4'", "(1, 1)"), &[]), "elements of type"),
            (npy(&header("'<c8'", "(1, 1)"), &[]), "\"<c8\""),
            (npy(&header("'<f4'", "(-1, 1)"), &[]), "a plain 'shape'"),
            (npy(&header("'<f4'", "(4,)"), &[0; 16]), "shape [4]"),
            (npy(&header("'<f4'", "(0, 3)"), &[]), "sizes above 0"),
            (npy(&header("'<f4'", huge), &[]), "product fits a file"),
            (
                npy(&header("'<f4'", "(99999999, 999)"), &[0; 8]),
                "of elements",
            ),
            (npy(&header("'<f4'", "(1, 1)"), &[0; 5]), "a further byte"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = inputs(&path).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        write_npy(&path, &Array1::from(vec![0i32, -1])).unwrap();
        let error = labels(&path).unwrap_err().to_string();
        assert!(error.contains("sample 1: found label -1"), "{error}");
        write_npy(&path, &Array2::<f32>::zeros((1, 1))).unwrap();
        assert!(labels(&path).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(at in 0usize..90, byte: u8, cut in 0usize..90) {
            let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }\n";
            let mut bytes = npy(header, &[0; 8]);
            if let Some(one) = bytes.get_mut(at) {
                *one = byte;
            }
            bytes.truncate(cut);
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("any.npy");
            std::fs::write(&path, bytes).unwrap();
            let _ = (inputs(&path), labels(&path));
        }
    }
}
