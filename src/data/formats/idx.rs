//! IDX files, the format of MNIST and similar data sets: big-endian sizes, then bytes.
//!
//! ```text
//! byte 0-1  0          byte 2  0x08, element type u8          byte 3  number of dimensions
//! then      each dimension as a big-endian u32                then    the elements, row-major
//! ```

use super::file::{self, Bytes};
use crate::data::error::{DataError, Place};
use crate::data::room;
use ndarray::Array2;
use std::path::{Path, PathBuf};

const REMEDY: &str = "MNIST and Fashion-MNIST are four IDX files each: \
    train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
    t10k-labels-idx1-ubyte. Get them with `apical data get mnist` or `apical data get \
    fashion-mnist`, and pass --data DIR or set APICAL_DATA=DIR.";

/// Path of `name` or of `name.gz` in `folder` of `directory`, or else in `directory` itself.
///
/// # Errors
/// [`DataError::Missing`] if it is in neither or no directory is given, with advice on how to get
/// the files of MNIST and Fashion-MNIST.
pub fn find(
    directory: Option<&Path>,
    folder: Option<&Path>,
    name: &Path,
) -> Result<PathBuf, DataError> {
    file::find(directory, folder.as_slice(), name, REMEDY)
}

/// Reads images, `[images, rows, columns]` of `u8`, as `[images, rows * columns]`.
///
/// # Errors
/// [`DataError`] with the byte at which the file is not IDX of `u8` in three dimensions.
pub fn images(path: &Path) -> Result<Array2<f32>, DataError> {
    let (sizes, bytes) = elements(path, 3, "images")?;
    let pixels = sizes[1..].iter().product::<u64>() as usize;
    let count = bytes.len().checked_div(pixels).unwrap_or(0);
    let values = bytes.iter().map(|&byte| Ok(f32::from(byte)));
    let values = room::collect(path, bytes.len(), values)?;
    Array2::from_shape_vec((count, pixels), values).map_err(|error| {
        let expected = "images by rows by columns of pixels";
        DataError::content(path, Place::Offset(4), error.to_string(), expected)
    })
}

/// Reads labels, `[labels]` of `u8`.
///
/// # Errors
/// [`DataError`] with the byte at which the file is not IDX of `u8` in one dimension.
pub fn labels(path: &Path) -> Result<Vec<u8>, DataError> {
    let (_, bytes) = elements(path, 1, "labels")?;
    Ok(bytes)
}

fn elements(path: &Path, dimensions: u8, what: &str) -> Result<(Vec<u64>, Vec<u8>), DataError> {
    let mut bytes = Bytes::open(path, REMEDY)?;
    let magic = bytes.take(4, "magic number")?;
    if magic != [0, 0, 0x08, dimensions] {
        return Err(DataError::content(
            path,
            Place::Offset(0),
            format!("the magic number {magic:02x?}"),
            format!(
                "[00, 00, 08, {dimensions:02x}]: IDX {what} of u8 in {dimensions} dimension(s)"
            ),
        ));
    }
    let header = bytes.take(4 * u64::from(dimensions), "dimensions")?;
    let sizes: Vec<u64> = header
        .chunks_exact(4)
        .map(|size| size.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
        .collect();
    let total = sizes
        .iter()
        .try_fold(1u64, |product, &size| product.checked_mul(size));
    match total {
        Some(total) if total > 0 => {
            let elements = bytes.take(total, what)?;
            bytes.end()?;
            Ok((sizes, elements))
        }
        _ => Err(DataError::content(
            path,
            Place::Offset(4),
            format!("the dimensions {sizes:?}"),
            "sizes above 0 whose product fits a file",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::gzip;
    use super::{images, labels};
    use ndarray::array;
    use std::path::PathBuf;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        (dir, path)
    }

    const IMAGES: [u8; 28] = [
        0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, // two images of 2 by 3
        0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250,
    ];

    #[test]
    fn bytes_by_hand_plain_and_packed() {
        for bytes in [IMAGES.to_vec(), gzip(&IMAGES)] {
            let (_dir, path) = file(&bytes);
            assert_eq!(
                images(&path).unwrap(),
                array![
                    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
                    [255.0, 254.0, 253.0, 252.0, 251.0, 250.0]
                ]
            );
        }
        let (_dir, path) = file(&[0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]);
        assert_eq!(labels(&path).unwrap(), [7, 0, 9]);
    }

    #[test]
    fn any_cut_and_any_surplus_is_an_error() {
        for length in 0..IMAGES.len() {
            let (_dir, path) = file(&IMAGES[..length]);
            let error = images(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("byte {length}: found the end")));
        }
        let (_dir, path) = file(&[&IMAGES[..], &[9]].concat());
        let error = images(&path).unwrap_err().to_string();
        assert!(
            error.contains("byte 28: found a further byte 0x09"),
            "{error}"
        );
    }

    #[test]
    fn wrong_headers_are_errors() {
        let (_dir, path) = file(&IMAGES);
        let error = labels(&path).unwrap_err().to_string();
        assert!(error.contains("[00, 00, 08, 03], expected [00, 00, 08, 01]"));
        let huge = [&[0, 0, 8, 3][..], &[255; 12], &[1, 2, 3]].concat();
        let none = [&[0, 0, 8, 3][..], &[0; 12]].concat();
        let large = [
            &[0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 28, 0, 0, 0, 28][..],
            &[1],
        ]
        .concat();
        for (bytes, says) in [
            (huge, "product fits a file"),
            (none, "sizes above 0"),
            (large, "byte 17: found the end of the file"),
        ] {
            let (_dir, path) = file(&bytes);
            let error = images(&path).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(head in 0usize..20, tail: Vec<u8>) {
            let (_dir, path) = file(&[&IMAGES[..head], &tail].concat());
            let _ = (images(&path), labels(&path));
        }
    }
}
