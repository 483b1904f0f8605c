//! Disks that are slow, full or removed.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{about, record};
use crate::record::sink::{FileSink, Sink};
use crate::record::{Batch, Kept, RecordError, Recorded, Recorder, traces};

/// A disk of limited size that may be slow. Overwriting existing bytes needs no space.
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    capacity: usize,
    delay: Duration,
}

impl Disk {
    fn new(capacity: usize) -> Self {
        Self {
            bytes: Arc::default(),
            capacity,
            delay: Duration::ZERO,
        }
    }
}

impl Sink for Disk {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::thread::sleep(self.delay);
        let (mut disk, offset) = (self.bytes.lock().unwrap(), offset as usize);
        let end = (offset + bytes.len()).min(self.capacity);
        if end > disk.len() {
            disk.resize(end, 0);
        }
        let fit = bytes.len().min(end.saturating_sub(offset));
        if fit > 0 {
            disk[offset..end].copy_from_slice(&bytes[..fit]);
        }
        if fit < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.bytes.lock().unwrap().truncate(length as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One batch of 10 rows of traces at every step.
fn steps(count: u32) -> impl Iterator<Item = Batch> {
    let (population, neurons): (Arc<str>, Arc<[u32]>) = ("hidden".into(), (0..10).collect());
    (0..count).map(move |step| Batch::Traces {
        time_ms: f64::from(step),
        trial: 0,
        population: population.clone(),
        neurons: neurons.clone(),
        variable: "xi",
        values: (0..10).map(|neuron| (step * 10 + neuron) as f32).collect(),
    })
}

/// Records 20 steps on a disk of this size; returns the outcome and the content of the disk.
fn on_disk(capacity: usize, group_rows: usize) -> (Result<Recorded, RecordError>, Vec<u8>) {
    let disk = Disk::new(capacity);
    let bytes = Arc::clone(&disk.bytes);
    let mut disk = Some(disk);
    let open = move |_: &Path| disk.take().ok_or(io::ErrorKind::NotFound.into());
    let recorder = Recorder::start(Path::new("run"), &about(), group_rows, 2, open).unwrap();
    let outcome = record(recorder, &steps(20).collect::<Vec<_>>());
    let bytes = bytes.lock().unwrap().clone();
    (outcome, bytes)
}

#[test]
fn a_full_disk_costs_nothing_that_was_complete() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.parquet");
    let whole = on_disk(usize::MAX, 50).1;
    let (mut before, mut seen) = (0, Vec::new());
    for capacity in (0..).step_by(11) {
        let (outcome, bytes) = on_disk(capacity, 50);
        assert!(bytes.len() <= capacity);
        let error = match outcome {
            Ok(files) => {
                assert_eq!(files[0].rows, 200);
                assert!(bytes == whole);
                break;
            }
            Err(error) => error,
        };
        let RecordError::Write { file, source, kept } = &error else {
            panic!("{error}");
        };
        assert_eq!(*file, Path::new("run").join("traces.parquet"));
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        let rows = match kept {
            // Not even a file without rows fits.
            Kept::Nothing => {
                assert!(seen.is_empty(), "{capacity} bytes: {error}");
                continue;
            }
            Kept::Rows(rows) => *rows,
            Kept::Unchanged | Kept::Unclosed { .. } => panic!("{capacity} bytes: {error}"),
        };
        fs::write(&path, &bytes).unwrap();
        let read = traces(&path, |_, _, _, _| true).unwrap();
        let mut values: Vec<f64> = read.into_values().flat_map(|series| series.value).collect();
        values.sort_by(f64::total_cmp);
        let expected: Vec<f64> = (0..rows).map(|value| value as f64).collect();
        assert_eq!(values, expected, "{capacity} bytes");
        assert!(
            rows % 50 == 0 && rows >= before,
            "{capacity} bytes: {rows} rows"
        );
        before = rows;
        if !seen.contains(&rows) {
            seen.push(rows);
        }
    }
    assert_eq!(seen, [0, 50, 100, 150]);
}

#[test]
fn the_error_comes_at_once_and_stays() {
    let mut left = Some(Disk::new(2000));
    let open = move |_: &Path| left.take().ok_or(io::ErrorKind::NotFound.into());
    let (group, capacity) = (50, 2);
    let mut recorder = Recorder::start(Path::new("run"), &[], group, capacity, open).unwrap();
    let failed = steps(100_000).position(|batch| recorder.record(batch).is_err());
    // Two kilobytes are enough for less than 10 row groups of 5 batches.
    let failed = failed.unwrap();
    assert!(failed < 10 * 5 + capacity + 1, "{failed}");
    for batch in steps(2) {
        let again = recorder.record(batch).unwrap_err();
        assert!(
            again
                .to_string()
                .starts_with("run/traces.parquet: cannot be written: ")
        );
    }
    assert!(matches!(recorder.finish(), Err(RecordError::Write { .. })));
}

/// With a slow disk, there are never more batches than those in the channel, the one being written,
/// and the one being sent; at the end all of them are in the file.
#[test]
fn a_slow_disk_makes_the_sender_wait_and_drops_nothing() {
    let mut disk = Disk::new(usize::MAX);
    disk.delay = Duration::from_millis(2);
    let bytes = Arc::clone(&disk.bytes);
    let mut disk = Some(disk);
    let open = move |_: &Path| disk.take().ok_or(io::ErrorKind::NotFound.into());
    let (group, capacity) = (10, 4);
    let mut recorder = Recorder::start(Path::new("run"), &[], group, capacity, open).unwrap();
    // Every batch contains a reference, which is counted.
    let shared: Arc<[u32]> = (0..10).collect();
    let (mut most, start) = (0, Instant::now());
    for batch in steps(100) {
        let Batch::Traces {
            time_ms,
            trial,
            population,
            variable,
            values,
            ..
        } = batch
        else {
            unreachable!()
        };
        let neurons = Arc::clone(&shared);
        recorder
            .record(Batch::Traces {
                time_ms,
                trial,
                population,
                neurons,
                variable,
                values,
            })
            .unwrap();
        most = most.max(Arc::strong_count(&shared) - 1);
    }
    let files = recorder.finish().unwrap();
    assert!(
        start.elapsed() > Duration::from_millis(100 * 2 * 2),
        "the disk was slow"
    );
    assert!(
        (capacity..=capacity + 1).contains(&most),
        "{most} batches at once"
    );
    assert_eq!((files[0].rows, Arc::strong_count(&shared)), (1000, 1));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.parquet");
    fs::write(&path, &*bytes.lock().unwrap()).unwrap();
    let read = traces(&path, |_, _, _, _| true).unwrap();
    assert_eq!(read.len(), 10);
    for (key, series) in read {
        let expected = |step: u32| f64::from(step * 10 + key.neuron);
        assert_eq!(series.value, (0..100).map(expected).collect::<Vec<_>>());
    }
}

#[test]
fn a_file_or_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Recorder::create(&file.join("run"), &[]).err().unwrap();
    assert!(
        error.to_string().contains("file/run: cannot be written"),
        "{error}"
    );

    let run = dir.path().join("run");
    let recorder = Recorder::create(&run, &[]).unwrap();
    fs::remove_dir(&run).unwrap();
    let error = record(recorder, &steps(2).collect::<Vec<_>>()).unwrap_err();
    let says = "run/traces.parquet: cannot be written: No such file";
    assert!(error.to_string().contains(says), "{error}");
    assert!(
        error.to_string().ends_with("there is no such file"),
        "{error}"
    );
}

/// The removal of a file during writing is detected at the end.
#[test]
#[cfg(unix)]
fn a_file_that_was_removed_meanwhile_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let mut recorder = Recorder::start(&run, &[], 10, 1, FileSink::create).unwrap();
    fs::create_dir(&run).unwrap();
    for batch in steps(5) {
        recorder.record(batch).unwrap();
    }
    fs::remove_dir_all(&run).unwrap();
    let error = recorder.finish().unwrap_err().to_string();
    assert!(
        error.contains("run/traces.parquet: cannot be written: No such"),
        "{error}"
    );
}

/// The device of the operating system that is always full.
#[test]
#[cfg(target_os = "linux")]
fn the_full_device_of_the_system_is_a_full_disk() {
    struct Full(fs::File);
    impl Sink for Full {
        fn write_at(&mut self, _: u64, bytes: &[u8]) -> io::Result<()> {
            io::Write::write_all(&mut self.0, bytes)
        }
        fn truncate(&mut self, length: u64) -> io::Result<()> {
            self.0.set_len(length)
        }
        fn sync(&mut self) -> io::Result<()> {
            self.0.sync_all()
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let open = |_: &Path| {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .map(Full)
    };
    let recorder = Recorder::start(dir.path(), &[], 10, 1, open).unwrap();
    let error = record(recorder, &steps(50).collect::<Vec<_>>()).unwrap_err();
    let says = "traces.parquet: cannot be written: No space left on device";
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn every_file_that_failed_is_named() {
    let open = |_: &Path| Ok(Disk::new(1000));
    let mut recorder = Recorder::start(Path::new("run"), &[], 50, 1, open).unwrap();
    let weights = |step: u32| Batch::Weights {
        time_ms: f64::from(step),
        projection: "input_to_hidden".into(),
        synapses: [(step, 0)].into(),
        values: vec![0.5],
    };
    for step in 0..49 {
        recorder.record(weights(step)).unwrap();
    }
    // Traces fail during recording, weights when the writer then closes them.
    let failed = steps(100).find_map(|batch| recorder.record(batch).err());
    let Some(RecordError::Several(errors)) = &failed else {
        panic!("{failed:?}")
    };
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].starts_with("run/traces.parquet: cannot be written: "));
    assert!(texts[1].starts_with("run/weights.parquet: cannot be written: "));
}
