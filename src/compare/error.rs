//! Reasons why a comparison cannot start or continue.

use std::io;
use std::path::{Path, PathBuf};

use crate::description::document::Problems;
use crate::plot::GalleryError;
use crate::record::RecordError;
use crate::run::{ResultsError, RunError};

/// Reasons why a comparison, or one of its runs, cannot start or continue.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The directory for the results has other content.
    #[error(
        "{directory}: {what}; expected a directory that is empty, not there, or of this \
         comparison: give another with --out",
        directory = directory.display()
    )]
    Occupied {
        /// Path of the directory.
        directory: PathBuf,
        /// Description of the path or of its content.
        what: String,
    },
    /// Another process uses the directory.
    #[error(
        "{directory}: another process works here; the comparison there is under way. Wait for its end, or give \
         another directory with --out",
        directory = .0.display()
    )]
    UnderWay(PathBuf),
    /// Finished runs are out of date.
    #[error(
        "{runs}\nNothing was run. Another directory with --out leaves {directory} as it is; --anew \
         runs these again and replaces them.",
        runs = .runs.join("\n"),
        directory = directory.display()
    )]
    Outdated {
        /// Path of the directory.
        directory: PathBuf,
        /// Runs with their differences.
        runs: Vec<String>,
    },
    /// A finished run learned data that differ from the present ones.
    #[error(
        "{planned} has learned other data than there are now: their SHA-256 is {then}, not {now}. \
         Nothing was run. Give the data that it has learned, or another directory than {directory} \
         with --out.",
        directory = directory.display()
    )]
    OtherData {
        /// Path of the directory.
        directory: PathBuf,
        /// Name of the run.
        planned: String,
        /// SHA-256 of the data of the finished run.
        then: String,
        /// SHA-256 of the present data.
        now: String,
    },
    /// The data of a rule are missing or wrong.
    #[error("{0}")]
    Data(Problems),
    /// The requested number of runs does not fit into memory.
    #[error(
        "--at-once {wanted}: a run takes about {needed_gb:.1} GB of memory, of which \
         {available_gb:.1} GB are free; expected {fit} at most"
    )]
    Memory {
        /// Requested number of simultaneous runs.
        wanted: usize,
        /// Number of runs that fit.
        fit: usize,
        /// Approximate memory of the largest run, in GB.
        needed_gb: f64,
        /// Free memory, in GB.
        available_gb: f64,
    },
    /// A run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A finished run could not be read back.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A recording of a finished run could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A figure could not be drawn or saved.
    #[error(transparent)]
    Figure(#[from] GalleryError),
    /// Threads could not be created.
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A file could not be written or removed.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl CompareError {
    /// Adds the path of the file to an error of the operating system.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
