//! Why a comparison could not begin or go on.

use std::io;
use std::path::{Path, PathBuf};

use crate::description::document::Problems;
use crate::plot::GalleryError;
use crate::record::RecordError;
use crate::run::{ResultsError, RunError};

/// Why a comparison, or a run of it, could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Something with other things in it where the results should go.
    #[error(
        "{directory}: {what}; expected a directory that is empty, not there, or of this \
         comparison: give another with --out",
        directory = directory.display()
    )]
    Occupied {
        /// Where.
        directory: PathBuf,
        /// What it is or holds.
        what: String,
    },
    /// Another process works in the directory.
    #[error(
        "{directory}: another process works here; the comparison there is under way. Wait for its end, or give \
         another directory with --out",
        directory = .0.display()
    )]
    UnderWay(PathBuf),
    /// Finished runs are not what would be run now.
    #[error(
        "{runs}\nNothing was run. Another directory with --out leaves {directory} as it is; --anew \
         runs these again and replaces them.",
        runs = .runs.join("\n"),
        directory = directory.display()
    )]
    Outdated {
        /// Where they are.
        directory: PathBuf,
        /// Which, and in what they differ.
        runs: Vec<String>,
    },
    /// A finished run has learned other data than those that there are now.
    #[error(
        "{planned} has learned other data than there are now: their SHA-256 is {then}, not {now}. \
         Nothing was run. Give the data that it has learned, or another directory than {directory} \
         with --out.",
        directory = directory.display()
    )]
    OtherData {
        /// Where it is.
        directory: PathBuf,
        /// Which.
        planned: String,
        /// SHA-256 of what it has learned.
        then: String,
        /// SHA-256 of what there is.
        now: String,
    },
    /// The data of a rule are not what they should be.
    #[error("{0}")]
    Data(Problems),
    /// Fewer runs fit into memory.
    #[error(
        "--at-once {wanted}: a run takes about {needed_gb:.1} GB of memory, of which \
         {available_gb:.1} GB are free; expected {fit} at most"
    )]
    Memory {
        /// Runs at once that were asked for.
        wanted: usize,
        /// Those that fit.
        fit: usize,
        /// About what the largest takes.
        needed_gb: f64,
        /// What there is.
        available_gb: f64,
    },
    /// A run could not be made.
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
    /// Threads could not be had.
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A file could not be written or removed.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl CompareError {
    /// Names the file that an error of the system belongs to.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
