//! NPY files, the array format of NumPy: data, labels, weights and recorded arrays.
//!
//! ```text
//! \x93NUMPY  major  minor  header length (u16, from version 2 on u32), little-endian
//! {'descr': '<f4', 'fortran_order': False, 'shape': (1797, 64), }
//! the elements
//! ```
//!
//! Elements are `bool`, `i1` to `i8`, `u1` to `u8`, `f2`, `f4` or `f8`, in either byte order; the
//! array is stored row by row or column by column. The header is read here and not by a library
//! because its shape may be wrong: memory is allocated only for bytes that exist. Every `.npy` file
//! is read here.

use super::file::{Bytes, RELATIVE_PATH};
use crate::data::classes::{Collector, Labels};
use crate::data::error::{DataError, Place, listed, quote};
use crate::data::values::{Gathered, Values, shaped, single};
use crate::data::{Classes, room};
use half::f16;
use ndarray::{Array2, ArrayD, Dimension, IxDyn, ShapeBuilder};
use std::path::Path;

/// Advice for a missing file of weights.
const WEIGHTS_PATH: &str = "Paths start where the model's file is.";

/// Reads inputs, `[samples, features]` of any number type.
///
/// # Errors
/// [`DataError`] if the file is not such an array, for a whole number that is not exact in double
/// precision, and for a value beyond the range of `f32`; infinities and NaN of the file are
/// accepted.
pub fn inputs(path: &Path) -> Result<Values, DataError> {
    let header = Header::open(path, RELATIVE_PATH)?;
    let expected = "samples by features: 2 sizes above 0 whose product fits a file";
    let (samples, features) = match header.shape[..] {
        [samples, features] if samples > 0 && features > 0 => (samples, features),
        _ => return Err(header.other_shape(expected)),
    };
    let array = header.elements()?;
    let mut values = Gathered::new();
    values.reserve(samples * features, 0, path)?;
    for (index, number) in array.numbers().enumerate() {
        let expected = match number.double() {
            None => "a number that double precision holds exactly, up to 2^53 on either side of 0",
            Some(value) if value.is_finite() && (value as f32).is_infinite() => {
                "a number within the range of single precision, 3.4e38 on either side of 0"
            }
            Some(value) => {
                values.push(value, path)?;
                continue;
            }
        };
        let [sample, feature] = array.position(index, [samples, features]);
        let found = format!("{number} at feature {feature}");
        return Err(DataError::content(
            path,
            Place::Sample(sample),
            found,
            expected,
        ));
    }
    values.shaped(path, (samples, features), array.header.by_column)
}

/// Reads labels, `[samples]` or `[samples, 1]` of any number type: whole numbers.
///
/// # Errors
/// [`DataError`] if the file is not such an array, or for an invalid label.
pub(in crate::data) fn labels(path: &Path, classes: Classes) -> Result<Labels, DataError> {
    let header = Header::open(path, RELATIVE_PATH)?;
    if !matches!(header.shape[..], [(1..), 1] | [(1..)]) {
        return Err(header.other_shape("one label a sample: a size above 0, alone or before a 1"));
    }
    let array = header.elements()?;
    let mut collector = Collector::new(classes);
    for (sample, number) in array.numbers().enumerate() {
        collector.reserve(1, path)?;
        let taken = match number {
            Number::Whole(number) => collector.text(&number.to_string()),
            Number::Real(number) => collector.number(number),
        };
        taken.map_err(|expected| {
            let found = format!("label {number}");
            DataError::content(path, Place::Sample(sample), found, expected)
        })?;
    }
    Ok(collector.finish())
}

/// Reads weights of a projection, `[post, pre]` of any number type whose values are exact as `f32`.
///
/// # Errors
/// [`DataError`] if the file is not an array of that shape, or for a value that is not finite or
/// not exact as `f32`.
pub fn weights(path: &Path, (post, pre): (usize, usize)) -> Result<Array2<f32>, DataError> {
    let header = Header::open(path, WEIGHTS_PATH)?;
    if header.shape != [post, pre] {
        return Err(header.other_shape(&format!("{post} x {pre} (post x pre)")));
    }
    let array = header.elements()?;
    let place = |index| {
        let [row, column] = array.position(index, [post, pre]);
        format!("in row {row}, column {column}")
    };
    let values = array.single(true, place)?;
    shaped(path, values, (post, pre), array.header.by_column)
}

/// Reads an array of any shape and number type whose values are exact as `f32`, including NaN.
///
/// # Errors
/// [`DataError`] if the file is not such an array.
pub fn exact<D: Dimension>(path: &Path) -> Result<ndarray::Array<f32, D>, DataError> {
    let header = Header::open(path, "")?;
    if let Some(dimensions) = D::NDIM
        && header.shape.len() != dimensions
    {
        return Err(header.other_shape(&format!("an array of {dimensions} dimensions")));
    }
    let array = header.elements()?;
    let values = array.single(false, |index| format!("at element {index}"))?;
    let shape = IxDyn(&array.header.shape).set_f(array.header.by_column);
    ArrayD::from_shape_vec(shape, values)
        .and_then(ArrayD::into_dimensionality)
        .map_err(|error| {
            let found = error.to_string();
            DataError::content(path, Place::Whole, found, "an array of that shape")
        })
}

/// Type of an element.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// `False` or `True` in one byte.
    Bool,
    /// A whole number of this many bytes, with a sign.
    Signed(usize),
    /// A whole number of this many bytes, 0 or above.
    Unsigned(usize),
    /// A binary floating-point number of this many bytes.
    Float(usize),
}

impl Kind {
    const ALL: [(&str, Self); 12] = [
        ("b1", Self::Bool),
        ("i1", Self::Signed(1)),
        ("i2", Self::Signed(2)),
        ("i4", Self::Signed(4)),
        ("i8", Self::Signed(8)),
        ("u1", Self::Unsigned(1)),
        ("u2", Self::Unsigned(2)),
        ("u4", Self::Unsigned(4)),
        ("u8", Self::Unsigned(8)),
        ("f2", Self::Float(2)),
        ("f4", Self::Float(4)),
        ("f8", Self::Float(8)),
    ];

    fn of(name: &str) -> Option<Self> {
        (Self::ALL.iter())
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Signed(size) | Self::Unsigned(size) | Self::Float(size) => size,
        }
    }

    /// The number in `word`, with the lowest byte first and its other bytes 0.
    fn number(self, word: [u8; 8]) -> Number {
        let bits = u64::from_le_bytes(word);
        match self {
            Self::Bool => Number::Whole(i128::from(bits != 0)),
            Self::Unsigned(_) => Number::Whole(i128::from(bits)),
            Self::Signed(size) => {
                let above = 64 - 8 * size as u32;
                Number::Whole(i128::from((bits << above) as i64 >> above))
            }
            Self::Float(2) => Number::Real(f64::from(f16::from_bits(bits as u16))),
            Self::Float(4) => Number::Real(f64::from(f32::from_bits(bits as u32))),
            Self::Float(_) => Number::Real(f64::from_bits(bits)),
        }
    }
}

/// An element, exactly as in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    /// The number in double precision, if it is exact there; NaN stays NaN.
    fn double(self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(number as f64).filter(|near| *near as i128 == number),
            Self::Real(number) => Some(number),
        }
    }

    /// The number in single precision, if it is exact there; NaN stays NaN.
    fn exact(self) -> Option<f32> {
        self.double().and_then(single)
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number:?}"),
        }
    }
}

/// Content of a file before its elements.
struct Header {
    kind: Kind,
    big_endian: bool,
    by_column: bool,
    shape: Vec<usize>,
    /// Number of bytes of all elements.
    total: u64,
    /// Position of the first byte of the header's text.
    at: u64,
    bytes: Bytes,
}

impl Header {
    fn open(path: &Path, remedy: &str) -> Result<Self, DataError> {
        let mut bytes = Bytes::open(path, remedy)?;
        let start = bytes.take(8, "magic string and version")?;
        let (magic, version) = start.split_at(6);
        if magic != b"\x93NUMPY" || !(1..=3).contains(&version[0]) {
            return Err(DataError::content(
                path,
                Place::Offset(0),
                quote(&String::from_utf8_lossy(&start)),
                "\\x93NUMPY and a version from 1 to 3, the start of a .npy array",
            ));
        }
        let (size, at) = if version[0] == 1 { (2, 10) } else { (4, 12) };
        let length = bytes
            .take(size, "header length")?
            .iter()
            .rfold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let wrong = |found: String, expected: String| {
            DataError::content(path, Place::Offset(at), found, expected)
        };
        // A shape of 32 dimensions, the maximum in NumPy, needs less.
        const LONGEST: u64 = 1 << 16;
        if length > LONGEST {
            let found = format!("a header of {length} bytes");
            return Err(wrong(found, format!("at most {LONGEST} bytes of header")));
        }
        let header = bytes.take(length, "header")?;
        let header = String::from_utf8_lossy(&header);
        let unknown = |key: &str| {
            let expected = format!("a NumPy header with a plain '{key}'");
            wrong(quote(header.trim()), expected)
        };

        let descr = value(&header, "descr")
            .and_then(quoted)
            .ok_or_else(|| unknown("descr"))?;
        let (order, name) = descr.split_at_checked(1).unwrap_or_default();
        let kind = Kind::of(name).filter(|_| ["<", ">", "|", "="].contains(&order));
        let Some(kind) = kind else {
            let expected = format!(
                "numbers: one of {}, as in '<f4'",
                listed(Kind::ALL.map(|(name, _)| name))
            );
            let found = format!("elements of type {}", quote(descr));
            return Err(wrong(found, expected));
        };
        let by_column = match value(&header, "fortran_order") {
            Some(text) if text.starts_with("True") => true,
            Some(text) if text.starts_with("False") => false,
            _ => return Err(unknown("fortran_order")),
        };
        let shape = value(&header, "shape")
            .and_then(tuple)
            .ok_or_else(|| unknown("shape"))?;
        let total = (shape.iter())
            .try_fold(kind.size() as u64, |product, &size| {
                product.checked_mul(size as u64)
            })
            .filter(|total| *total <= isize::MAX as u64)
            .ok_or_else(|| {
                let expected = "sizes whose product fits a file".to_owned();
                wrong(format!("the shape {shape:?}"), expected)
            })?;
        Ok(Self {
            kind,
            big_endian: order == ">",
            by_column,
            shape,
            total,
            at,
            bytes,
        })
    }

    fn other_shape(&self, expected: &str) -> DataError {
        let found = match self.shape[..] {
            [rows, columns] => format!("an array of {rows} x {columns}"),
            _ => format!("the shape {:?}", self.shape),
        };
        DataError::content(self.bytes.path(), Place::Offset(self.at), found, expected)
    }

    fn elements(mut self) -> Result<Elements, DataError> {
        let bytes = self.bytes.take(self.total, "elements")?;
        self.bytes.end()?;
        Ok(Elements {
            header: self,
            bytes,
        })
    }
}

/// An array as stored in the file.
struct Elements {
    header: Header,
    bytes: Vec<u8>,
}

impl Elements {
    /// All elements in the order of the file.
    fn numbers(&self) -> impl Iterator<Item = Number> {
        let (kind, big_endian) = (self.header.kind, self.header.big_endian);
        self.bytes.chunks_exact(kind.size()).map(move |bytes| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            if big_endian {
                word[..bytes.len()].reverse();
            }
            kind.number(word)
        })
    }

    /// All elements in the order of the file, which are exact in single precision. `finite` is true
    /// if infinities and NaN are errors; `place` gives the place of an element for messages.
    fn single(&self, finite: bool, place: impl Fn(usize) -> String) -> Result<Vec<f32>, DataError> {
        let path = self.header.bytes.path();
        let count = self.bytes.len() / self.header.kind.size();
        let values = self.numbers().enumerate().map(|(index, number)| {
            let expected = match number.exact() {
                Some(value) if value.is_finite() || !finite => return Ok(value),
                Some(_) => "a finite number",
                None => "a number that single precision holds exactly",
            };
            let found = format!("{number} {}", place(index));
            Err(DataError::content(path, Place::Whole, found, expected))
        });
        room::collect(path, count, values)
    }

    /// Row and column of the element with this index in the file.
    fn position(&self, index: usize, [rows, columns]: [usize; 2]) -> [usize; 2] {
        match self.header.by_column {
            true => [index % rows, index / rows],
            false => [index / columns, index % columns],
        }
    }
}

/// Text after `'key':` in the header.
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
    use super::{exact, inputs, labels, weights};
    use crate::data::Classes;
    use crate::data::classes::Labels;
    use ndarray::{Array1, Array2, Ix0, Ix3, array};
    use ndarray_npy::write_npy;
    use std::path::PathBuf;

    /// A version-1 file with the given header text and elements.
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

    fn header(descr: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
    }

    fn file() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        (dir, path)
    }

    /// Name of a type, three values and their bytes.
    type Case = (&'static str, [f32; 3], Vec<Vec<u8>>);

    /// The numbers -2 (or 2 without a sign), 1 and 100 (1 for `bool`) in every type of NumPy, with
    /// bytes written by hand, lowest first.
    fn every_type() -> Vec<Case> {
        let whole = |size: usize, signed: bool| {
            let first = match signed {
                true => [vec![0xfe], vec![0xff; size - 1]].concat(),
                false => [vec![2], vec![0; size - 1]].concat(),
            };
            let small = |byte: u8| [vec![byte], vec![0; size - 1]].concat();
            vec![first, small(1), small(100)]
        };
        let (signed, unsigned) = ([-2.0, 1.0, 100.0], [2.0, 1.0, 100.0]);
        vec![
            ("i1", signed, whole(1, true)),
            ("i2", signed, whole(2, true)),
            ("i4", signed, whole(4, true)),
            ("i8", signed, whole(8, true)),
            ("u1", unsigned, whole(1, false)),
            ("u2", unsigned, whole(2, false)),
            ("u4", unsigned, whole(4, false)),
            ("u8", unsigned, whole(8, false)),
            ("b1", [0.0, 1.0, 1.0], vec![vec![0], vec![1], vec![1]]),
            // Sign, exponent and fraction: -2 = -1.0 x 2^1, 100 = 1.5625 x 2^6.
            (
                "f2",
                signed,
                vec![vec![0, 0xc0], vec![0, 0x3c], vec![0x40, 0x56]],
            ),
            (
                "f4",
                signed,
                vec![
                    vec![0, 0, 0, 0xc0],
                    vec![0, 0, 0x80, 0x3f],
                    vec![0, 0, 0xc8, 0x42],
                ],
            ),
            (
                "f8",
                signed,
                vec![
                    vec![0, 0, 0, 0, 0, 0, 0, 0xc0],
                    vec![0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
                    vec![0, 0, 0, 0, 0, 0, 0x59, 0x40],
                ],
            ),
        ]
    }

    #[test]
    fn every_type_in_both_byte_orders_is_read_as_data_labels_and_weights() {
        let (_dir, path) = file();
        for (kind, values, elements) in every_type() {
            for order in ["<", ">"] {
                let bytes: Vec<u8> = (elements.iter())
                    .flat_map(|element| {
                        let mut element = element.clone();
                        if order == ">" {
                            element.reverse();
                        }
                        element
                    })
                    .collect();
                let write = |shape: &str| {
                    let text = header(&format!("'{order}{kind}'"), shape);
                    std::fs::write(&path, npy(&text, &bytes)).unwrap();
                };
                write("(3, 1)");
                let column = Array2::from_shape_vec((3, 1), values.to_vec()).unwrap();
                assert_eq!(
                    inputs(&path).unwrap(),
                    column.clone().into(),
                    "{order}{kind}"
                );
                assert_eq!(weights(&path, (3, 1)).unwrap(), column, "{order}{kind}");
                let numbers = Labels::Numbers(values.map(|value| value as i64).to_vec());
                for shape in ["(3,)", "(3, 1)"] {
                    write(shape);
                    let seen = labels(&path, Classes::From(-2)).unwrap();
                    assert_eq!(seen, numbers, "{order}{kind} {shape}");
                }
            }
        }
    }

    #[test]
    fn what_another_writer_wrote_is_read_back_row_by_row_or_column_by_column() {
        let (_dir, path) = file();
        let expected = array![[0.0f32, 1.0, 2.0], [3.0, 4.0, 255.0]];
        write_npy(&path, &expected).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected.clone().into());
        assert_eq!(weights(&path, (2, 3)).unwrap(), expected);
        write_npy(&path, &expected.mapv(|x| x as u8)).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected.clone().into());
        // The transposed array has the same memory, column by column.
        write_npy(&path, &expected.t()).unwrap();
        assert_eq!(inputs(&path).unwrap(), expected.t().to_owned().into());
        assert_eq!(weights(&path, (3, 2)).unwrap(), expected.t());
        write_npy(&path, &ndarray::arr0(0.5f64)).unwrap();
        assert_eq!(exact::<Ix0>(&path).unwrap(), ndarray::arr0(0.5));
        assert!(exact::<Ix3>(&path).is_err());
    }

    #[test]
    fn data_are_exact_as_doubles_and_weights_in_single_precision_or_refused() {
        let (_dir, path) = file();
        // 1 + 2^-24 is halfway between two numbers of single precision.
        let near = array![[1.0 + 2.0f64.powi(-24), 0.1], [1e38, -3.0]];
        write_npy(&path, &near).unwrap();
        assert!(inputs(&path).unwrap().iter().eq(near.iter().copied()));
        let text = weights(&path, (2, 2)).unwrap_err().to_string();
        assert!(
            text.ends_with(
                "a.npy: found 1.0000000596046448 in row 0, column 0, expected a number that single \
                 precision holds exactly"
            ),
            "{text}"
        );
        write_npy(&path, &array![[16_777_217i64]]).unwrap();
        assert_eq!(inputs(&path).unwrap(), array![[16_777_217.0]].into());
        assert!(weights(&path, (1, 1)).is_err());
        write_npy(&path, &array![[1i64 << 60], [-(1 << 53) - 1]]).unwrap();
        let text = inputs(&path).unwrap_err().to_string();
        assert!(
            text.contains(
                "sample 1: found -9007199254740993 at feature 0, expected a number that double"
            ),
            "{text}"
        );
        write_npy(&path, &array![[1.0, f64::NAN], [2.0, 3.0]].t()).unwrap();
        let text = weights(&path, (2, 2)).unwrap_err().to_string();
        assert!(
            text.contains("NaN in row 1, column 0, expected a finite"),
            "{text}"
        );
        write_npy(&path, &array![[0.0, 1.0], [-1e39, 2.0]]).unwrap();
        let text = inputs(&path).unwrap_err().to_string();
        assert!(
            text.contains("a.npy, sample 1: found -1e39 at feature 0, expected a number within"),
            "{text}"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (_dir, path) = file();
        let huge = "(18446744073709551615, 18446744073709551615)";
        for (bytes, says) in [
            (vec![], "byte 0: found the end"),
            (b"PK\x03\x04....".to_vec(), "expected \\x93NUMPY"),
            (b"\x93NUMPY\x02\x00\xff\xff\x00\x00{".to_vec(), "of header"),
            (
                b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(),
                "a header of 4294967295 bytes",
            ),
            (npy("{}", &[]), "a plain 'descr'"),
            (npy(&header("[('a', '<f4')]", "(1, 1)"), &[]), "'descr'"),
            (npy(&header("''", "(1, 1)"), &[]), "elements of type \"\""),
            (npy(&header("'é4'", "(1, 1)"), &[]), "elements of type"),
            (
                npy(&header("'<c8'", "(1, 1)"), &[]),
                "\"<c8\", expected numbers: one of b1, i1",
            ),
            (npy(&header("'|O'", "(1, 1)"), &[]), "\"|O\""),
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
        let wrong = |says: &str| {
            let error = labels(&path, Classes::Auto).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        write_npy(&path, &Array1::from(vec![0i32, -1])).unwrap();
        wrong("sample 1: found label -1, expected a label, a whole number from 0");
        write_npy(&path, &Array1::from(vec![0.0, 1.5])).unwrap();
        wrong("sample 1: found label 1.5, expected a label, a whole number");
        write_npy(&path, &Array1::from(vec![f32::NAN])).unwrap();
        wrong("sample 0: found label NaN");
        write_npy(&path, &Array1::from(vec![u64::MAX])).unwrap();
        wrong("found label 18446744073709551615");
        write_npy(&path, &Array2::<f32>::zeros((1, 2))).unwrap();
        wrong("found an array of 1 x 2, expected one label a sample");
        write_npy(&path, &Array1::<f32>::zeros(0)).unwrap();
        wrong("a size above 0");
        let text = weights(&path, (2, 3)).unwrap_err().to_string();
        assert!(
            text.contains("found the shape [0], expected 2 x 3 (post x pre)"),
            "{text}"
        );
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
            let (_dir, path) = file();
            std::fs::write(&path, bytes).unwrap();
            let _ = (inputs(&path), labels(&path, Classes::Auto), weights(&path, (1, 2)));
        }
    }
}
