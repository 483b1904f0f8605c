//! Initial weights, those in files among them.

use std::fs;
use std::path::Path;

use crate::document::{Allowed, Issues, Quantity};
use crate::model::Weights;

/// Most bytes of the header of a `.npy` file that is not damaged.
const LONGEST_HEADER: u64 = 1 << 17;

/// Checks the weights of a projection of that shape, post x pre, if that is known.
pub(super) fn check(
    issues: &mut Issues,
    path: &str,
    weights: &Weights,
    shape: Option<(usize, usize)>,
    directory: &Path,
) {
    match weights {
        Weights::Constant(value) => {
            issues.number(path, *value, Allowed::Any);
        }
        Weights::Normal { std } => {
            issues.number(format!("{path}.std"), *std, Allowed::AtLeast(0.0));
        }
        Weights::Uniform { limit } => {
            issues.number(format!("{path}.limit"), *limit, Allowed::AtLeast(0.0));
        }
        Weights::FanIn { gain } => {
            issues.number(format!("{path}.gain"), *gain, Allowed::AtLeast(0.0));
        }
        Weights::Npy(file) => {
            if let Some(shape) = shape
                && let Err(message) = check_file(&directory.join(file), shape)
            {
                issues.error(path, message);
            }
        }
    }
}

/// The size of the file is looked at first: its header is not to be trusted with memory.
fn check_file(file: &Path, (post, pre): (usize, usize)) -> Result<(), String> {
    let name = file.display();
    let wanted = format!("expected {post} x {pre} values of `f32` (post x pre)");
    let metadata = fs::metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!(
            "there is no file {name}; paths start where the model's file is, and a file of \
             weights holds a `.npy` array"
        ),
        _ => format!("{name} cannot be read: {error}"),
    })?;
    let bytes = (post as u64).saturating_mul(pre as u64).saturating_mul(4);
    let length = metadata.len();
    if !metadata.is_file() || length < bytes || length - bytes > LONGEST_HEADER {
        return Err(format!(
            "{name} has {length} bytes; {wanted}, {bytes} bytes after a short header"
        ));
    }
    let read: ndarray::Array2<f32> =
        ndarray_npy::read_npy(file).map_err(|error| format!("{name}: {error}; {wanted}"))?;
    if read.dim() != (post, pre) {
        let (rows, columns) = read.dim();
        return Err(format!("{name} is {rows} x {columns}; {wanted}"));
    }
    match read
        .indexed_iter()
        .find(|(_, weight)| !Allowed::Any.permits(**weight))
    {
        None => Ok(()),
        Some(((row, column), weight)) => Err(format!(
            "{name} has {weight:e} in row {row}, column {column}; expected numbers from -{0:e} to {0:e}",
            f32::LARGEST
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::check_file;
    use ndarray::{Array2, array};

    #[test]
    fn a_file_of_weights_is_right_in_type_shape_and_numbers_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.npy");
        let outcome = |shape| check_file(&path, shape).err().unwrap_or_default();
        assert!(outcome((2, 3)).contains("there is no file"));
        ndarray_npy::write_npy(&path, &Array2::<f32>::ones((2, 3))).unwrap();
        assert_eq!(outcome((2, 3)), "");
        assert!(outcome((3, 2)).contains("is 2 x 3; expected 3 x 2"));
        assert!(outcome((200, 300)).contains("240000 bytes"));
        ndarray_npy::write_npy(&path, &Array2::<f64>::ones((2, 3))).unwrap();
        assert!(outcome((2, 3)).contains("expected 2 x 3 values of `f32`"));
        ndarray_npy::write_npy(&path, &array![[1.0f32, f32::NAN]]).unwrap();
        assert!(outcome((1, 2)).contains("NaN in row 0, column 1"));
        ndarray_npy::write_npy(&path, &array![[1e38f32, 0.0]]).unwrap();
        let said = outcome((1, 2));
        assert!(
            said.contains("1e38 in row 0, column 0; expected numbers from -1e15"),
            "{said}"
        );
        assert!(check_file(dir.path(), (1, 1)).is_err());
    }
}
