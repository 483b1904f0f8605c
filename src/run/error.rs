//! Why a run could not begin or go on.

use std::io;
use std::path::{Path, PathBuf};

use crate::circuit::LayoutError;
use crate::engine::Runaway;
use crate::protocol::ProtocolError;
use crate::record::RecordError;

/// Why a run could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A system has moved neurons out of their population.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The protocol cannot begin or go on.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Activity is no longer a number.
    #[error(transparent)]
    Runaway(#[from] Runaway),
    /// A recording could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Neither a duration nor a task.
    #[error("duration_ms: without a task a scenario says how long it lasts")]
    Endless,
    /// Somebody asked the run to stop.
    #[error("stopped")]
    Stopped,
    /// A directory that is not empty.
    #[error("{directory}: is not empty; give another directory with --out, or remove it", directory = .0.display())]
    Occupied(PathBuf),
    /// Another process works in the directory.
    #[error(
        "{directory}: another process works here; wait for its end, or give another directory with \
         --out",
        directory = .0.display()
    )]
    UnderWay(PathBuf),
    /// A file where a directory should be.
    #[error("{file}: is a file; expected a directory", file = .0.display())]
    NoDirectory(PathBuf),
    /// More memory than there is.
    #[error(
        "the run takes about {needed_gb:.1} GB of memory, most of it for {mostly}, and \
         {available_gb:.1} GB are free; expected fewer neurons, synapses or trials, shorter delays, \
         or less that is recorded"
    )]
    Memory {
        /// About what it takes.
        needed_gb: f64,
        /// What there is.
        available_gb: f64,
        /// What most of it is for.
        mostly: &'static str,
    },
    /// A resolved file could not be put into words.
    #[error("{name}: cannot be written as RON: {source}")]
    Resolved {
        /// The file.
        name: String,
        /// What the writer says.
        source: ron::Error,
    },
    /// A file could not be written or read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl RunError {
    /// Names the file that an error of the system belongs to.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
