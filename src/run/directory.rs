//! The directory of a run: its files and their contents.
//!
//! | path | content |
//! |---|---|
//! | `scenario.ron`, `model.ron` | what ran, with every default, override, seed and version |
//! | `summary.json` | [`Summary`](super::Summary) |
//! | `metrics.csv` | one row per epoch, or population means during a run without a task |
//! | `messages.csv` | values sent, suppressed, of the dense engine; worst hold (event engine) |
//! | `timeline.csv` | times of stimuli, teachers and currents |
//! | `traces.parquet`, `weights.parquet`, `projections.parquet` | samples of the probes |
//! | `tail.parquet` | end of the run, some neurons of each population, see [`Tail`](crate::description::scenario::Tail) |
//! | `weights/NAME.npy` | weights at the end, post x pre |
//! | `weights/chosen/NAME.npy` | weights of the epoch selected by validation |
//! | `state/NAME.npy` | every variable at the end, variable x trial x neuron; inputs have only `r` |
//! | `state/arrived/NAME.npy` | values arrived through a projection at the end, trial x sender |
//! | `state/terms/NAME.npy` | term of a projection in its current at the end, trial x neuron |
//! | `classes.csv` | classes of a task, their names and their numbers of samples in each part |
//! | `split.csv` | part and label of each sample |
//! | `standardization.csv` | mean and deviation of each feature, if from the training part |
//! | `confusion.csv` | answers to the test part, class x answer |
//! | `predictions.csv` | label and answer of each sample of the test part |
//! | `figures/` | SVG and PNG |
//! | `apical.lock` | exists while a process uses the directory, see [`Claim`] |

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::RunError;
use super::claim::{CLAIM, Claim, Taken};
use crate::files;

/// The directory of a run, to which only this process writes.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Released when this value is dropped.
    _claim: Claim,
}

impl RunDirectory {
    /// Creates and claims `wanted`, which must be empty or not exist.
    ///
    /// # Errors
    /// [`RunError::Occupied`] so that no earlier result is lost; [`RunError::UnderWay`] if another
    /// process uses it; [`RunError::NoDirectory`]; [`RunError::File`]. Nothing is then written.
    pub fn create(wanted: &Path) -> Result<Self, RunError> {
        if wanted.exists() && !wanted.is_dir() {
            return Err(RunError::NoDirectory(wanted.to_owned()));
        }
        fs::create_dir_all(wanted).map_err(RunError::file(wanted))?;
        let others = || -> Result<bool, RunError> {
            let mut entries = fs::read_dir(wanted).map_err(RunError::file(wanted))?;
            Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != CLAIM)))
        };
        let occupied = || match Claim::is_held(wanted) {
            true => RunError::UnderWay(wanted.to_owned()),
            false => RunError::Occupied(wanted.to_owned()),
        };
        // Checked before the claim, so that its file is not created among those of another program,
        // and after it, since another process may have written in between.
        if others()? {
            return Err(occupied());
        }
        let claimed = Self::claim(wanted)?;
        if others()? {
            return Err(RunError::Occupied(wanted.to_owned()));
        }
        Ok(claimed)
    }

    /// Claims the directory of a completed run, for drawing figures.
    ///
    /// # Errors
    /// [`RunError::UnderWay`] if another process uses it; [`RunError::File`].
    pub fn claim(path: &Path) -> Result<Self, RunError> {
        match Claim::of(path) {
            Ok(claim) => Ok(Self {
                path: path.to_owned(),
                _claim: claim,
            }),
            Err(Taken::UnderWay) => Err(RunError::UnderWay(path.to_owned())),
            Err(Taken::File(path, source)) => Err(RunError::File { path, source }),
        }
    }

    /// Creates and claims `runs/NAME`, or the first of `runs/NAME-2`, `runs/NAME-3`... that does
    /// not exist.
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
            number += 1;
            // Creation is the test: two runs that start together get different directories.
            match fs::create_dir(&path) {
                // Another process may have been given the same directory explicitly.
                Ok(()) => match Self::create(&path) {
                    Err(RunError::UnderWay(_) | RunError::Occupied(_)) => {}
                    claimed => return claimed,
                },
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(RunError::file(&path)(error)),
            }
        }
    }

    /// Path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the directory atomically: it is complete or does not exist.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf, RunError> {
        let path = self.path.join(name);
        files::replace(&path, |file| file.write_all(content.as_bytes()))
            .map_err(RunError::file(&path))?;
        Ok(path)
    }

    /// A folder of the directory, which is created if it does not exist.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn folder(&self, name: &str) -> Result<PathBuf, RunError> {
        let path = self.path.join(name);
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
        // An error while another process has the directory, whether empty or not.
        let refused = || RunDirectory::create(&wanted).unwrap_err().to_string();
        assert!(refused().contains("another process"), "{}", refused());
        directory.write("summary.json", "{}").unwrap();
        assert!(refused().contains("another process"), "{}", refused());
        assert!(RunDirectory::claim(&wanted).is_err());
        drop(directory);
        assert!(RunDirectory::claim(&wanted).is_ok());
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
