//! The directory of a run: which file holds what.
//!
//! | path | content |
//! |---|---|
//! | `scenario.ron`, `model.ron` | what ran, with every default, override, seed and version |
//! | `summary.json` | [`Summary`](super::Summary) |
//! | `metrics.csv` | one row an epoch, or means over populations along a run without a task |
//! | `messages.csv` | values sent and suppressed along each projection, what the dense simulation sends, and the worst hold; event engine only |
//! | `timeline.csv` | when stimuli, teachers and currents were on |
//! | `traces.parquet`, `weights.parquet`, `projections.parquet` | what the probes saw |
//! | `tail.parquet` | the end of the run of some neurons of each population, see [`Tail`](crate::description::scenario::Tail) |
//! | `weights/NAME.npy` | weights at the end, post x pre |
//! | `weights/chosen/NAME.npy` | those of the epoch that validation chose |
//! | `state/NAME.npy` | every variable at the end, variable x trial x neuron; inputs have only `r` |
//! | `state/arrived/NAME.npy` | what had arrived through a projection at the end, trial x sender |
//! | `state/terms/NAME.npy` | what a projection added to its current at the end, trial x neuron |
//! | `classes.csv` | classes of a task, their names and how many samples each part has of them |
//! | `split.csv` | part and label of each sample |
//! | `standardization.csv` | mean and deviation of each feature, if they are of the training part |
//! | `confusion.csv` | answers to the test part, class x answer |
//! | `predictions.csv` | label and answer of each sample of the test part |
//! | `figures/` | SVG and PNG |
//! | `apical.lock` | while a process works here, see [`Claim`] |

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::RunError;
use super::claim::{CLAIM, Claim, Taken};
use crate::files;

/// The directory of a run, which this process alone writes to.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Given back when it is dropped.
    _claim: Claim,
}

impl RunDirectory {
    /// Creates and claims `wanted`, which must be empty or not be there.
    ///
    /// # Errors
    /// [`RunError::Occupied`] so that no earlier result is lost; [`RunError::UnderWay`] if another
    /// process works there; [`RunError::NoDirectory`]; [`RunError::File`]. Nothing is then written.
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
        // Checked before the claim, whose file should not stand among those of another program, and
        // after it, since another process may have written in between.
        if others()? {
            return Err(occupied());
        }
        let claimed = Self::claim(wanted)?;
        if others()? {
            return Err(RunError::Occupied(wanted.to_owned()));
        }
        Ok(claimed)
    }

    /// Claims the directory of a run that is over, to draw into it.
    ///
    /// # Errors
    /// [`RunError::UnderWay`] if another process works there; [`RunError::File`].
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

    /// Creates and claims `runs/NAME`, or the first of `runs/NAME-2`, `runs/NAME-3`... that is not
    /// there.
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
            // Creating is the test: two runs that start together get two directories.
            match fs::create_dir(&path) {
                // Another process may have been told to use just this one.
                Ok(()) => match Self::create(&path) {
                    Err(RunError::UnderWay(_) | RunError::Occupied(_)) => {}
                    claimed => return claimed,
                },
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(RunError::file(&path)(error)),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the directory as a whole: it is there complete or not at all.
    ///
    /// # Errors
    /// [`RunError::File`]
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf, RunError> {
        let path = self.path.join(name);
        files::replace(&path, |file| file.write_all(content.as_bytes()))
            .map_err(RunError::file(&path))?;
        Ok(path)
    }

    /// A folder of the directory, made if it is not there.
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
        // Refused while another has it, empty or not.
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
