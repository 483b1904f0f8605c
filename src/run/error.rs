//! Errors of a run.

use std::io;
use std::path::{Path, PathBuf};

use crate::circuit::LayoutError;
use crate::engine::Runaway;
use crate::protocol::ProtocolError;
use crate::record::RecordError;

/// Reason why a run could not begin or continue.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A system has moved neurons out of their population.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The protocol cannot begin or continue.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Activity is not finite.
    #[error(transparent)]
    Runaway(#[from] Runaway),
    /// A recording could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Neither a duration nor a task.
    #[error("duration_ms: expected the length of the run, since there is no task")]
    Endless,
    /// The run was stopped by request.
    #[error("stopped")]
    Stopped,
    /// The directory is not empty.
    #[error("{directory}: is not empty; give another directory with --out, or remove it", directory = .0.display())]
    Occupied(PathBuf),
    /// Another process uses the directory.
    #[error(
        "{directory}: another process works here; wait for its end, or give another directory with \
         --out",
        directory = .0.display()
    )]
    UnderWay(PathBuf),
    /// The path of the directory is that of a file.
    #[error("{file}: is a file; expected a directory", file = .0.display())]
    NoDirectory(PathBuf),
    /// The run needs more memory than is available.
    #[error(
        "the run takes about {needed_gb:.1} GB of memory, most of it for {mostly}, and \
         {available_gb:.1} GB are free; expected fewer neurons, synapses or trials, shorter delays, \
         or less that is recorded"
    )]
    Memory {
        /// Approximate memory needed, in GB.
        needed_gb: f64,
        /// Memory available, in GB.
        available_gb: f64,
        /// Part of the run that needs most of it.
        mostly: &'static str,
    },
    /// A resolved file could not be serialised.
    #[error("{name}: cannot be written as RON: {source}")]
    Resolved {
        /// Name of the file.
        name: String,
        /// Error of the serialisation.
        source: ron::Error,
    },
    /// A file could not be written or read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl RunError {
    /// Adds the path of the file to an error of the operating system.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
