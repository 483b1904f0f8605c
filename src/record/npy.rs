//! Arrays as `.npy` files: weights, connected pairs, checkpoints, final states.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use ndarray::{Array, Array2, ArrayRef, Dimension};
use ndarray_npy::{ReadNpyExt, WritableElement, WriteNpyError, WriteNpyExt};

use super::error::{Kept, RecordError};
use crate::data::{self, DataError};
use crate::files;

/// Writes `array` to `path`, completely or not at all.
///
/// # Errors
/// [`RecordError::Write`]; the earlier content of `path` then still exists.
pub fn write<T: WritableElement, D: Dimension>(
    path: &Path,
    array: &ArrayRef<T, D>,
) -> Result<(), RecordError> {
    let written = files::replace(path, |file| {
        let written = array.view().write_npy(&mut *file);
        written.map_err(|error| match error {
            WriteNpyError::Io(error) => error,
            other => io::Error::other(other),
        })?;
        file.flush()?;
        file.get_ref().sync_all()
    });
    written.map_err(|error| RecordError::write(path, error, Kept::Unchanged))
}

/// Reads an array written by [`write()`] or NumPy, of any number type whose values are exact as
/// `f32`.
///
/// # Errors
/// [`RecordError::Read`] if the file cannot be read, [`RecordError::Content`] if it is not such an
/// array or has a number of dimensions other than `D`.
pub fn read<D: Dimension>(path: &Path) -> Result<Array<f32, D>, RecordError> {
    let dimensions = D::NDIM.map_or_else(String::new, |n| format!(" of {n} dimensions"));
    let expected = format!("a complete .npy array{dimensions} of float32 ('<f4')");
    data::formats::npy::exact(path).map_err(|error| match error {
        DataError::Read { source, .. } => RecordError::read(path, source, expected),
        DataError::Missing { .. } => {
            RecordError::read(path, io::ErrorKind::NotFound.into(), expected)
        }
        DataError::Content { place, found, .. } => {
            let place = place.to_string();
            let found = match place.trim_start_matches(", ") {
                "" => found,
                place => format!("{found} at {place}"),
            };
            RecordError::content(path, found, expected)
        }
        other => RecordError::read(path, io::Error::other(other.to_string()), expected),
    })
}

/// Reads `count` pairs of numbers of receivers and senders, written by [`write()`].
///
/// # Errors
/// As [`read`].
pub fn read_pairs(path: &Path, count: usize) -> Result<Array2<u32>, RecordError> {
    /// Largest header in bytes.
    const HEADER: u64 = 1 << 16;
    let expected = || format!("a complete .npy array of {count} x 2 uint32 ('<u4')");
    let file = File::open(path).map_err(|error| RecordError::read(path, error, expected()))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let numbers = 2 * size_of::<u32>() as u64 * count as u64;
    // The header is not trusted before memory is allocated.
    if !(numbers..numbers + HEADER).contains(&length) {
        let found = format!("{length} bytes");
        return Err(RecordError::content(path, found, expected()));
    }
    let pairs = Array2::<u32>::read_npy(BufReader::new(file));
    let pairs = pairs.map_err(|error| RecordError::content(path, error.to_string(), expected()))?;
    match pairs.dim() == (count, 2) {
        true => Ok(pairs),
        false => {
            let found = format!("the shape {:?}", pairs.shape());
            Err(RecordError::content(path, found, expected()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::record::RecordError;
    use ndarray::{Array2, Array3, Ix2, Ix3};
    use ndarray_npy::read_npy;
    use std::fs;

    fn cube() -> Array3<f32> {
        Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f32 / 7.0)
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.npy");
        write(&path, &cube()).unwrap();
        assert_eq!(read::<Ix3>(&path).unwrap(), cube());
        // An existing array is replaced, here by one stored column by column.
        let matrix = cube().index_axis_move(ndarray::Axis(1), 2).reversed_axes();
        write(&path, &matrix).unwrap();
        assert_eq!(read::<Ix2>(&path).unwrap(), matrix);
        // Another reader returns the same array.
        assert_eq!(read_npy::<_, Array2<f32>>(&path).unwrap(), matrix);
        let empty = Array2::<f32>::zeros((0, 5));
        write(&path, &empty).unwrap();
        assert_eq!(read::<Ix2>(&path).unwrap(), empty);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.npy");
        write(&path, &cube()).unwrap();
        fs::create_dir(dir.path().join("w.npy.partial")).unwrap();
        let error = write(&path, &(cube() + 1.0)).unwrap_err();
        assert!(
            error.to_string().contains("w.npy: cannot be written: "),
            "{error}"
        );
        assert_eq!(read::<Ix3>(&path).unwrap(), cube());
        assert!(write(&dir.path().join("none/w.npy"), &cube()).is_err());
        assert!(write(dir.path(), &cube()).is_err());
    }

    #[test]
    fn what_is_not_such_an_array_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.npy");
        assert!(matches!(read::<Ix2>(&path), Err(RecordError::Read { .. })));
        write(&path, &cube()).unwrap();
        let error = read::<Ix2>(&path).unwrap_err().to_string();
        assert!(
            error.contains("w.npy: found the shape [2, 3, 4] at byte 10"),
            "{error}"
        );
        assert!(error.contains("expected a complete .npy array of 2 dimensions of float32"));
        let bytes = fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            assert!(matches!(
                read::<Ix3>(&path),
                Err(RecordError::Content { .. })
            ));
        }
        for shape in [
            "(9999999999, 3, 4)",
            "(99999999999999999999, 1, 1)",
            "(-1, 1, 1)",
        ] {
            let text = String::from_utf8_lossy(&bytes[10..128]).replace("(2, 3, 4)", shape);
            let header = &text.as_bytes()[..118];
            fs::write(&path, [&bytes[..10], header, &bytes[128..]].concat()).unwrap();
            assert!(read::<Ix3>(&path).is_err(), "{shape}");
        }
        ndarray_npy::write_npy(&path, &Array2::from_elem((1, 1), 0.1f64)).unwrap();
        let error = read::<Ix2>(&path).unwrap_err().to_string();
        assert!(error.contains("found 0.1 at element 0"), "{error}");
        for at in 0..bytes.len() {
            for flip in [0x01, 0x02, 0x10, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                fs::write(&path, damaged).unwrap();
                let _ = read::<Ix3>(&path);
            }
        }
    }
}
