//! The directory of a run: which file holds what.
//!
//! | path | content |
//! |---|---|
//! | `scenario.ron`, `model.ron` | what ran, with every default, override, seed and version |
//! | `summary.json` | [`Summary`](super::Summary) |
//! | `metrics.csv` | one row an epoch, or means over populations along a run without a task |
//! | `events.csv` | values sent and suppressed along each projection, what everybody in every step would have sent, and the worst hold; event engine only |
//! | `timeline.csv` | when stimuli, teachers and currents were on |
//! | `traces.parquet`, `weights.parquet`, `projections.parquet` | what the probes saw |
//! | `weights/NAME.npy` | weights at the end, post x pre |
//! | `weights/chosen/NAME.npy` | those of the epoch that validation chose |
//! | `state/NAME.npy` | every variable at the end, variable x trial x neuron; inputs have only `r` |
//! | `state/terms/NAME.npy` | what a projection added to its current at the end, trial x neuron |
//! | `classes.csv` | classes of a task, their names and how many samples each part has of them |
//! | `split.csv` | part and label of each sample |
//! | `standardization.csv` | mean and deviation of each feature, if they are of the training part |
//! | `confusion.csv` | answers to the test part, class x answer |
//! | `predictions.csv` | label and answer of each sample of the test part |
//! | `figures/` | SVG and PNG |

use std::fs;
use std::path::{Path, PathBuf};

use super::RunError;

/// The directory of a run.
#[derive(Clone, Debug)]
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// Creates `wanted`, which must be empty or not be there.
    ///
    /// # Errors
    /// [`RunError::Occupied`] so that no earlier result is lost; [`RunError::NoDirectory`];
    /// [`RunError::File`].
    pub fn create(wanted: &Path) -> Result<Self, RunError> {
        if wanted.is_file() {
            return Err(RunError::NoDirectory(wanted.to_owned()));
        }
        fs::create_dir_all(wanted).map_err(RunError::file(wanted))?;
        let mut entries = fs::read_dir(wanted).map_err(RunError::file(wanted))?;
        if entries.next().is_some() {
            return Err(RunError::Occupied(wanted.to_owned()));
        }
        Ok(Self(wanted.to_owned()))
    }

    /// Creates `runs/NAME`, or the first of `runs/NAME-2`, `runs/NAME-3`... that is not there.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn next(name: &str) -> Result<Self, RunError> {
        let runs = Path::new("runs");
        fs::create_dir_all(runs).map_err(RunError::file(runs))?;
        let mut number = 1u64;
        loop {
            let path = match number {
                1 => runs.join(name),
                _ => runs.join(format!("{name}-{number}")),
            };
            // Creating is the test: two runs that start together get two directories.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(RunError::file(&path)(error)),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file of the directory as a whole: it is there complete or not at all.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf, RunError> {
        let path = self.0.join(name);
        let part = self.0.join(format!("{name}.part"));
        fs::write(&part, content)
            .and_then(|()| fs::rename(&part, &path))
            .map_err(RunError::file(&path))?;
        Ok(path)
    }

    /// A folder of the directory, made if it is not there.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn folder(&self, name: &str) -> Result<PathBuf, RunError> {
        let path = self.0.join(name);
        fs::create_dir_all(&path).map_err(RunError::file(&path))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::RunDirectory;

    #[test]
    fn an_earlier_result_is_never_overwritten() {
        let parent = tempfile::tempdir().unwrap();
        let wanted = parent.path().join("a/b");
        let directory = RunDirectory::create(&wanted).unwrap();
        assert!(RunDirectory::create(&wanted).is_ok());
        directory.write("summary.json", "{}").unwrap();
        let error = RunDirectory::create(&wanted).unwrap_err().to_string();
        assert!(error.contains("is not empty") && error.contains("--out"));
        let error = RunDirectory::create(&wanted.join("summary.json")).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("summary.json: is a file; expected a directory")
        );
    }
}
