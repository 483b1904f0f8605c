//! Check of initial weights, including those in files.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use crate::connectivity::InitialWeights;
use crate::data::formats::npy;
use crate::description::document::{Allowed, Issues, Quantity};

/// Checks the weights of a projection with this shape, post x pre, if it is known. Returns the
/// matrix of a file, which is read only here.
pub(super) fn check(
    issues: &mut Issues,
    path: &str,
    weights: &InitialWeights,
    shape: Option<(usize, usize)>,
    directory: &Path,
) -> Option<Arc<Array2<f32>>> {
    match weights {
        InitialWeights::Constant(value) => {
            issues.number(path, *value, Allowed::Any);
        }
        InitialWeights::Normal { mean, std } => {
            issues.number(format!("{path}.mean"), *mean, Allowed::Any);
            issues.number(format!("{path}.std"), *std, Allowed::AtLeast(0.0));
        }
        InitialWeights::Uniform {
            limit: Some(limit),
            low: None,
            high: None,
        } => {
            issues.number(format!("{path}.limit"), *limit, Allowed::AtLeast(0.0));
        }
        InitialWeights::Uniform {
            limit: None,
            low: Some(low),
            high: Some(high),
        } => {
            issues.number(format!("{path}.low"), *low, Allowed::Any);
            issues.number(
                format!("{path}.high"),
                *high,
                Allowed::AtLeast((*low).into()),
            );
        }
        InitialWeights::Uniform { .. } => {
            let message = "expected `limit`, the largest magnitude, or both `low` and `high`";
            issues.error(path, message);
        }
        InitialWeights::Lognormal { median, sigma } => {
            issues.number(format!("{path}.median"), *median, Allowed::Any);
            // exp(10) is 22 000; a weight ten sigma away must be a number.
            issues.number(format!("{path}.sigma"), *sigma, Allowed::Within(0.0, 3.0));
        }
        InitialWeights::FanIn { gain } => {
            issues.number(format!("{path}.gain"), *gain, Allowed::AtLeast(0.0));
        }
        InitialWeights::Npy(file) => {
            let file = directory.join(file);
            match shape.map(|shape| npy::weights(&file, shape)) {
                Some(Err(error)) => issues.error(path, error.to_string()),
                Some(Ok(weights)) => {
                    magnitudes(issues, path, &file, &weights);
                    return Some(Arc::new(weights));
                }
                None => {}
            }
        }
    }
    None
}

/// Checks for weights that are too large for the computation of currents.
fn magnitudes(issues: &mut Issues, path: &str, file: &Path, weights: &Array2<f32>) {
    let mut all = weights.indexed_iter();
    if let Some(((row, column), weight)) = all.find(|(_, w)| !Allowed::Any.permits(**w)) {
        let message = format!(
            "{} has {weight:e} in row {row}, column {column}; expected numbers from -{most:e} to \
             {most:e}",
            file.display(),
            most = f32::LARGEST
        );
        issues.error(path, message);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::check;
    use crate::connectivity::InitialWeights;
    use crate::description::document::Issues;

    #[test]
    fn a_file_of_weights_is_right_in_shape_and_numbers_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.npy");
        let outcome = |file: &str, shape| {
            let mut issues = Issues::default();
            let weights = InitialWeights::Npy(file.into());
            check(&mut issues, "weights", &weights, Some(shape), dir.path());
            let issues: Vec<String> = issues.into_vec().into_iter().map(|i| i.message).collect();
            issues.join("\n")
        };
        let missing = outcome("w.npy", (2, 3));
        assert!(missing.contains("no such file") && missing.contains("Paths start where"));
        ndarray_npy::write_npy(&path, &Array2::<f32>::ones((2, 3))).unwrap();
        assert_eq!(outcome("w.npy", (2, 3)), "");
        let other = outcome("w.npy", (3, 2));
        assert!(other.contains("found an array of 2 x 3, expected 3 x 2 (post x pre)"));
        ndarray_npy::write_npy(&path, &array![[1i16, -300]]).unwrap();
        assert_eq!(outcome("w.npy", (1, 2)), "");
        ndarray_npy::write_npy(&path, &array![[0.5, 0.1]]).unwrap();
        assert!(outcome("w.npy", (1, 2)).contains("0.1 in row 0, column 1"));
        ndarray_npy::write_npy(&path, &array![[1.0f32, f32::NAN]]).unwrap();
        assert!(outcome("w.npy", (1, 2)).contains("NaN in row 0, column 1"));
        assert!(outcome("", (1, 1)).contains("found a directory"));
        ndarray_npy::write_npy(&path, &array![[1e38f32, 0.0]]).unwrap();
        let said = outcome("w.npy", (1, 2));
        assert!(
            said.contains("1e38 in row 0, column 0; expected numbers from -1e15"),
            "{said}"
        );
    }
}
