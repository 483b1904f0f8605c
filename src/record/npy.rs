//! Arrays of 32-bit floating point as `.npy` files: weights, checkpoints, final states.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use ndarray::{Array, ArrayRef, ArrayView, Dimension};
use ndarray_npy::{ViewNpyExt, WriteNpyError, WriteNpyExt};

use super::error::{Kept, RecordError};

/// Writes `array` to `path`, whole or not at all.
///
/// The bytes go to a file of another name beside it, which then takes the place of `path`:
/// nobody ever finds half an array, and an older one stays until the new one is complete.
///
/// # Errors
/// [`RecordError::Write`]; what was at `path` before is then still there.
pub fn write<D: Dimension>(path: &Path, array: &ArrayRef<f32, D>) -> Result<(), RecordError> {
    let partial = partial(path);
    let written = write_to(&partial, array).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // Fails if the file could not be made in the first place.
        let _ = fs::remove_file(&partial);
        RecordError::write(path, error, Kept::Nothing)
    })
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

fn write_to<D: Dimension>(path: &Path, array: &ArrayRef<f32, D>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    array
        .view()
        .write_npy(&mut file)
        .map_err(|error| match error {
            WriteNpyError::Io(error) => error,
            other => io::Error::other(other),
        })?;
    file.flush()?;
    file.get_ref().sync_all()
}

/// Reads an array that [`write`] or NumPy wrote; its elements must be `float32`.
///
/// # Errors
/// [`RecordError::Read`] if the file cannot be read, [`RecordError::Content`] if it is not an
/// array of that type and of as many dimensions as `D`.
pub fn read<D: Dimension>(path: &Path) -> Result<Array<f32, D>, RecordError> {
    let dimensions = D::NDIM.map_or_else(String::new, |n| format!(" of {n} dimensions"));
    let expected = format!("a complete .npy array{dimensions} of float32 ('<f4')");
    let failed = |error| RecordError::read(path, error, &expected);
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    // Elements are viewed where they are, so that a header that promises more costs nothing;
    // for that, the bytes have to begin where a float may.
    let mut floats = vec![0.0f32; (length as usize).div_ceil(size_of::<f32>())];
    let bytes = bytemuck::cast_slice_mut(&mut floats);
    let bytes = bytes.get_mut(..length as usize).unwrap_or_default();
    file.read_exact(bytes).map_err(failed)?;
    match ArrayView::<f32, D>::view_npy(bytes) {
        Ok(view) => Ok(view.to_owned()),
        Err(error) => Err(RecordError::content(path, error.to_string(), expected)),
    }
}
