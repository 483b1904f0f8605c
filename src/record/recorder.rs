//! Transfer of batches from the simulation to the writer thread, through a bounded channel.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use crossbeam::channel::{self, Sender};

use super::batch::Batch;
use super::columns::{Projections, Rows, TAIL, Traces, Weights};
use super::error::{Kept, RecordError};
use super::sink::{FileSink, Sink};
use super::writer::Tables;

/// Number of rows of a row group: twelve megabytes of traces in memory. The file has a minimum and
/// maximum for each, so that a reader of a short time interval can skip the others.
const GROUP_ROWS: usize = 128 * 1024;

/// Number of batches that may wait for the writer: enough for the time of encoding a row group.
const CAPACITY: usize = 64;

/// A file of a finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Number of rows.
    pub rows: u64,
}

/// Files of a finished recording with at least one row: traces, tail, weights, projections.
pub type Recorded = Vec<RecordedFile>;

/// Records batches in the order of arrival.
///
/// Memory contains at most 64 waiting batches, the one that is being written, and one row group of
/// 131072 rows for each table, plus a few kB for each row group written, for the footer.
///
/// A recorder that is dropped also closes its files, but errors are lost.
///
/// ```
/// use apical::record::{Batch, Recorder, traces};
///
/// let directory = tempfile::tempdir()?;
/// let mut recorder = Recorder::create(directory.path(), &[("seed", "7".to_owned())])?;
/// recorder.record(Batch::Traces {
///     time_ms: 0.5,
///     trial: 0,
///     population: "hidden".into(),
///     neurons: [3, 8].into(),
///     variable: "xi",
///     values: vec![0.25, -1.0],
/// })?;
/// let files = recorder.finish()?;
/// assert_eq!(files[0].rows, 2);
///
/// let read = traces(&files[0].path, |_, _, neuron, _| neuron == 8)?;
/// let (key, series) = read.first_key_value().ok_or("no series")?;
/// assert_eq!((key.neuron, &key.variable[..]), (8, "xi"));
/// assert_eq!((&series.time_ms[..], &series.value[..]), (&[0.5][..], &[-1.0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder {
    /// Channel and writer, present until the writer has ended.
    running: Option<(Sender<Batch>, Writer)>,
    failure: Option<RecordError>,
}

type Writer = JoinHandle<Result<Recorded, RecordError>>;

impl Recorder {
    /// Starts a recording in `directory`, which is created if necessary; every file contains
    /// `metadata`. A file is created with its first row.
    ///
    /// # Errors
    /// [`RecordError::Exists`] if `directory` has a recording, [`RecordError::Write`] if it cannot
    /// be created, [`RecordError::Thread`].
    pub fn create(directory: &Path, metadata: &[(&str, String)]) -> Result<Self, RecordError> {
        fs::create_dir_all(directory)
            .map_err(|error| RecordError::write(directory, error, Kept::Unchanged))?;
        for name in [Traces::FILE, TAIL, Weights::FILE, Projections::FILE] {
            let file = directory.join(name);
            if file.symlink_metadata().is_ok() {
                return Err(RecordError::Exists { file });
            }
        }
        Self::start(directory, metadata, GROUP_ROWS, CAPACITY, FileSink::create)
    }

    pub(super) fn start<S: Sink + 'static>(
        directory: &Path,
        metadata: &[(&str, String)],
        group_rows: usize,
        capacity: usize,
        open: impl FnMut(&Path) -> io::Result<S> + Send + 'static,
    ) -> Result<Self, RecordError> {
        let tables = Tables::new(directory, metadata, group_rows, open);
        let (sender, receiver) = channel::bounded(capacity);
        let writer = thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || tables.record(receiver))
            .map_err(|error| RecordError::Thread {
                reason: error.to_string(),
            })?;
        Ok(Self {
            running: Some((sender, writer)),
            failure: None,
        })
    }

    /// Sends `batch`; waits while the channel is full, so that no batch is lost.
    ///
    /// # Errors
    /// [`RecordError::Batch`] if its parts do not fit together; the recording continues without it.
    /// Otherwise the error that ended the recording, now and in every later call.
    pub fn record(&mut self, batch: Batch) -> Result<(), RecordError> {
        batch.check()?;
        if let Some((sender, _)) = &self.running
            && sender.send(batch).is_ok()
        {
            return Ok(());
        }
        // The receiver is gone: the writer has failed.
        self.stop().and_then(|_| {
            let reason = "it ended before the recording did".to_owned();
            Err(RecordError::Thread { reason })
        })
    }

    /// Writes all remaining batches and closes the files.
    ///
    /// # Errors
    /// The error that ended the recording.
    pub fn finish(mut self) -> Result<Recorded, RecordError> {
        self.stop()
    }

    fn stop(&mut self) -> Result<Recorded, RecordError> {
        let Some((sender, writer)) = self.running.take() else {
            return self.failure.clone().map_or(Ok(Recorded::new()), Err);
        };
        drop(sender);
        let outcome = writer.join().unwrap_or_else(|_| {
            Err(RecordError::Thread {
                reason: "it panicked".to_owned(),
            })
        });
        self.failure = outcome.as_ref().err().cloned();
        outcome
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The error is returned only by `finish`.
        let _ = self.stop();
    }
}
