//! Errors of recordings: the file, the cause, and the remaining data.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Content of a file after a failed write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// No file.
    Nothing,
    /// Content as before, if there was any.
    Unchanged,
    /// A complete and readable file with this many rows.
    Rows(u64),
    /// The bytes of this many rows, in a file that could not be closed.
    Unclosed {
        /// Rows whose bytes are in the file.
        rows: u64,
        /// Reason why it could not be closed.
        reason: String,
    },
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "there is no such file"),
            Self::Unchanged => write!(f, "what was there is unchanged"),
            Self::Rows(rows) => write!(f, "the file is complete up to row {rows}"),
            Self::Unclosed { rows, reason } => {
                write!(f, "{rows} rows are there, but unreadable: {reason}")
            }
        }
    }
}

/// Reasons why data cannot be recorded or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    /// A batch whose parts do not fit together: an error of the program, not of the user.
    #[error("batch of {what}: found {values} values, expected {expected}")]
    Batch {
        /// Content of the batch.
        what: String,
        /// Number of values.
        values: usize,
        /// Expected number of values: one for each neuron or synapse.
        expected: usize,
    },
    /// A recording would replace an existing one.
    #[error("{file}: is there already; expected a directory without recordings", file = file.display())]
    Exists {
        /// Path of the existing file.
        file: PathBuf,
    },
    /// A file or directory could not be written: no space, no permission, or removed meanwhile.
    #[error("{file}: cannot be written: {source}; {kept}", file = file.display())]
    Write {
        /// Path of the file or directory.
        file: PathBuf,
        /// Error of the operating system.
        source: Arc<io::Error>,
        /// Remaining content of the file.
        kept: Kept,
    },
    /// More than one file of a recording failed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<RecordError>),
    /// The writer thread could not be started, or ended too early.
    #[error("the writer thread: {reason}")]
    Thread {
        /// Reason.
        reason: String,
    },
    /// A file cannot be opened or read.
    #[error("{file}: cannot be read: {source}; expected {expected}", file = file.display())]
    Read {
        /// Path of the file.
        file: PathBuf,
        /// Error of the operating system.
        source: Arc<io::Error>,
        /// Expected content.
        expected: String,
    },
    /// Reading was interrupted.
    #[error("{file}: stopped before it was read", file = file.display())]
    Stopped {
        /// Path of the file.
        file: PathBuf,
    },
    /// The content of a file is not the expected one.
    #[error("{file}: found {found}; expected {expected}", file = file.display())]
    Content {
        /// Path of the file.
        file: PathBuf,
        /// Content found.
        found: String,
        /// Content expected.
        expected: String,
    },
}

impl RecordError {
    pub(super) fn write(file: &Path, source: io::Error, kept: Kept) -> Self {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { file },
            _ => Self::Write {
                file,
                source: Arc::new(source),
                kept,
            },
        }
    }

    pub(super) fn read(file: &Path, source: io::Error, expected: impl Into<String>) -> Self {
        Self::Read {
            file: file.to_owned(),
            source: Arc::new(source),
            expected: expected.into(),
        }
    }

    pub(crate) fn content(
        file: &Path,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Content {
            file: file.to_owned(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// All of `errors` as one error, if there are any.
    pub(super) fn several(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => errors.pop().map_or(Ok(()), Err),
            _ => Err(Self::Several(errors)),
        }
    }
}
