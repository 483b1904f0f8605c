//! What can go wrong with a recording: which file, what happened, and what is left of it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a file holds after a write to it has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// There is no file.
    Nothing,
    /// What was there before, if anything.
    Unchanged,
    /// The file is complete and can be read; it holds this many rows.
    Rows(u64),
    /// The bytes of this many rows are there, but the file could not be closed.
    Unclosed {
        /// Rows whose bytes are in the file.
        rows: u64,
        /// Why it could not be closed.
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

/// Why something could not be recorded or read back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    /// A batch whose parts do not fit together: an error of the program, not of the user.
    #[error("batch of {what}: found {values} values, expected {expected}")]
    Batch {
        /// What the batch is of.
        what: String,
        /// How many values it has.
        values: usize,
        /// How many it should have: one for each neuron or synapse.
        expected: usize,
    },
    /// A recording would replace one that is there.
    #[error("{file}: is there already; expected a directory without recordings", file = file.display())]
    Exists {
        /// The file that is there.
        file: PathBuf,
    },
    /// A file or directory could not be written: no space, no permission, removed meanwhile.
    #[error("{file}: cannot be written: {source}; {kept}", file = file.display())]
    Write {
        /// The file or directory.
        file: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
        /// What is left of the file.
        kept: Kept,
    },
    /// More than one file of a recording failed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<RecordError>),
    /// The thread that writes could not be started, or it ended by itself.
    #[error("the writer thread: {reason}")]
    Thread {
        /// What happened.
        reason: String,
    },
    /// A file cannot be opened or read.
    #[error("{file}: cannot be read: {source}; expected {expected}", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
        /// What should be there.
        expected: String,
    },
    /// It was asked to end while a file was read.
    #[error("{file}: stopped before it was read", file = file.display())]
    Stopped {
        /// The file.
        file: PathBuf,
    },
    /// A file is not what was expected.
    #[error("{file}: found {found}; expected {expected}", file = file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is there.
        found: String,
        /// What would be right.
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

    /// All of `errors` as one.
    pub(super) fn several(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => errors.pop().map_or(Ok(()), Err),
            _ => Err(Self::Several(errors)),
        }
    }
}
