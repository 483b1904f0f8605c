//! From the simulation to the thread that writes, through a bounded channel.

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

/// Rows of a row group. Twelve megabytes of traces in memory; a minimum and maximum in the file
/// for each, so that a reader of few times can skip the others.
const GROUP_ROWS: usize = 128 * 1024;

/// Batches that may wait for the writer: enough to bridge the encoding of a row group.
const CAPACITY: usize = 64;

/// A file of a finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFile {
    /// Where it is.
    pub path: PathBuf,
    /// How many rows it holds.
    pub rows: u64,
}

/// The files of a finished recording: traces, tail, weights, projections, those that have rows.
pub type Recorded = Vec<RecordedFile>;

/// Records batches in the order in which they come.
///
/// Memory holds at most 64 batches that wait, the one that is being written, and one row group
/// of 131072 rows for each table; a few kB more for each row group written, for the footer.
///
/// A recorder that is dropped also closes its files, but nobody learns of an error.
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
    /// Both are there until the writer has ended.
    running: Option<(Sender<Batch>, Writer)>,
    failure: Option<RecordError>,
}

type Writer = JoinHandle<Result<Recorded, RecordError>>;

impl Recorder {
    /// Starts a recording in `directory`, which is made if need be; every file will hold
    /// `metadata`. A file is made when the first row for it arrives.
    ///
    /// # Errors
    /// [`RecordError::Exists`] if `directory` has a recording, [`RecordError::Write`] if it
    /// cannot be made, [`RecordError::Thread`].
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

    /// Hands `batch` over; waits while the channel is full, and drops nothing.
    ///
    /// # Errors
    /// [`RecordError::Batch`] if its parts do not fit together; the recording goes on without
    /// it. Otherwise the error that ended the recording, now and in every later call.
    pub fn record(&mut self, batch: Batch) -> Result<(), RecordError> {
        batch.check()?;
        if let Some((sender, _)) = &self.running
            && sender.send(batch).is_ok()
        {
            return Ok(());
        }
        // The writer no longer listens: it has failed.
        self.stop().and_then(|_| {
            let reason = "it ended before the recording did".to_owned();
            Err(RecordError::Thread { reason })
        })
    }

    /// Writes everything that is under way and closes the files.
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
        // Whoever wants to know calls `finish`.
        let _ = self.stop();
    }
}
