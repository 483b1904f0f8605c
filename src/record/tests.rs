//! The whole way: what is recorded is what is read, in the same bytes, from a disk that is slow,
//! full or gone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::RngExt;

use super::sink::{FileSink, Sink};
use super::{
    Batch, Kept, RecordError, Recorded, Recorder, Series, TraceKey, metadata, statistics, traces,
    weights,
};
use crate::stimulus::seed::stream;

const ABOUT: [(&str, &str); 2] = [("scenario", "digits"), ("seed", "7")];

fn about() -> Vec<(&'static str, String)> {
    ABOUT.map(|(key, value)| (key, value.to_owned())).into()
}

/// Batches of all three tables, mixed, of random sizes and values.
fn batches(seed: u64, count: usize) -> Vec<Batch> {
    let mut random = stream(seed, "recording", 0);
    let special = [f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE, 0.0];
    let populations: [Arc<str>; 3] = ["hidden".into(), "output".into(), "señal β".into()];
    let projections: [Arc<str>; 2] = ["input->hidden".into(), "".into()];
    let make = |step| {
        let time_ms = step as f64 * 0.1;
        let size = random.random_range(0..7);
        let id = |k: u32| if k == 0 { u32::MAX } else { k * k };
        let values = (0..size).map(|_| match random.random_range(0..9) {
            k if k < 5 => special[k],
            _ => random.random_range(-1.0f32..1.0),
        });
        let values: Vec<f32> = values.collect();
        match random.random_range(0..5) {
            0 => Batch::Statistic {
                time_ms,
                projection: projections[random.random_range(0..2)].clone(),
                statistic: ["cosine", "norm"][random.random_range(0..2)],
                value: random.random_range(-1.0..1.0),
            },
            1 => Batch::Weights {
                time_ms,
                projection: projections[random.random_range(0..2)].clone(),
                synapses: (0..size).map(|k| (k, id(k))).collect(),
                values,
            },
            _ => Batch::Traces {
                time_ms,
                trial: id(random.random_range(0..3)),
                population: populations[random.random_range(0..3)].clone(),
                neurons: (0..size).map(id).collect(),
                variable: ["b", "xi"][random.random_range(0..2)],
                values,
            },
        }
    };
    (0..count).map(make).collect()
}

/// Bits of times and values, so that NaN equals NaN and 0 does not equal -0.
type Bits = Vec<(u64, u64)>;

fn bits(series: &Series) -> Bits {
    assert_eq!(series.time_ms.len(), series.value.len());
    (series.time_ms.iter().zip(&series.value))
        .map(|(time, value)| (time.to_bits(), value.to_bits()))
        .collect()
}

/// What a reader should find, sorted into series without any file.
#[derive(Default, Debug, PartialEq)]
struct Expected {
    traces: BTreeMap<TraceKey, Bits>,
    weights: BTreeMap<(String, u32, u32), Bits>,
    statistics: BTreeMap<(String, String), Bits>,
}

impl Expected {
    fn of(batches: &[Batch]) -> Self {
        let mut all = Self::default();
        for batch in batches {
            match batch {
                Batch::Traces {
                    time_ms,
                    trial,
                    population,
                    neurons,
                    variable,
                    values,
                } => {
                    for (neuron, value) in neurons.iter().zip(values) {
                        let key = TraceKey {
                            population: population.to_string(),
                            trial: *trial,
                            neuron: *neuron,
                            variable: (*variable).to_owned(),
                        };
                        let bits = (time_ms.to_bits(), f64::from(*value).to_bits());
                        all.traces.entry(key).or_default().push(bits);
                    }
                }
                Batch::Weights {
                    time_ms,
                    projection,
                    synapses,
                    values,
                } => {
                    for ((post, pre), value) in synapses.iter().zip(values) {
                        let key = (projection.to_string(), *post, *pre);
                        let bits = (time_ms.to_bits(), f64::from(*value).to_bits());
                        all.weights.entry(key).or_default().push(bits);
                    }
                }
                Batch::Statistic {
                    time_ms,
                    projection,
                    statistic,
                    value,
                } => {
                    let key = (projection.to_string(), (*statistic).to_owned());
                    let bits = (time_ms.to_bits(), value.to_bits());
                    all.statistics.entry(key).or_default().push(bits);
                }
            }
        }
        all
    }

    fn read(directory: &Path) -> Self {
        fn all<K: Ord>(series: BTreeMap<K, Series>) -> BTreeMap<K, Bits> {
            let bits = |(key, series)| (key, bits(&series));
            series.into_iter().map(bits).collect()
        }
        let path = |table: &str| directory.join(format!("{table}.parquet"));
        Self {
            traces: all(traces(&path("traces"), |_, _, _, _| true).unwrap()),
            weights: all(weights(&path("weights")).unwrap()),
            statistics: all(statistics(&path("projections")).unwrap()),
        }
    }
}

fn record(mut recorder: Recorder, batches: &[Batch]) -> Result<Recorded, RecordError> {
    (batches.iter()).try_for_each(|batch| recorder.record(batch.clone()))?;
    recorder.finish()
}

fn small(directory: &Path, capacity: usize) -> Recorder {
    Recorder::start(directory, &about(), 50, capacity, FileSink::create).unwrap()
}

#[test]
fn what_is_read_is_what_was_recorded() {
    for seed in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let batches = batches(seed, 400);
        let files = record(small(dir.path(), 3), &batches).unwrap();
        let expected = Expected::of(&batches);
        assert_eq!(Expected::read(dir.path()), expected);

        let rows: Vec<u64> = files.iter().map(|file| file.rows).collect();
        let count = |lengths: &mut dyn Iterator<Item = usize>| lengths.sum::<usize>() as u64;
        assert_eq!(
            rows,
            [
                count(&mut expected.traces.values().map(Vec::len)),
                count(&mut expected.weights.values().map(Vec::len)),
                count(&mut expected.statistics.values().map(Vec::len)),
            ]
        );
        assert!(rows[0] > 500, "more than ten row groups");
        for file in files {
            let expected = ABOUT.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(metadata(&file.path).unwrap(), expected.into());
        }
    }
}

#[test]
fn only_series_that_are_asked_for_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let batches = batches(1, 300);
    record(small(dir.path(), 3), &batches).unwrap();
    let wanted = |key: &TraceKey| {
        (&*key.population, &*key.variable) == ("hidden", "xi") && key.trial == 1 && key.neuron > 3
    };
    let read = traces(&dir.path().join("traces.parquet"), |p, t, n, v| {
        (p, v) == ("hidden", "xi") && t == 1 && n > 3
    });
    let mut expected = Expected::of(&batches).traces;
    expected.retain(|key, _| wanted(key));
    assert!(!expected.is_empty());
    let read = read.unwrap().into_iter();
    assert_eq!(
        read.map(|(key, s)| (key, bits(&s)))
            .collect::<BTreeMap<_, _>>(),
        expected
    );
}

/// Neither the size of the channel nor how values were divided into batches leaves a trace.
#[test]
fn the_same_rows_give_the_same_bytes() {
    let batches = batches(2, 300);
    let single = |batch: &Batch| match batch.clone() {
        Batch::Traces {
            time_ms,
            trial,
            population,
            neurons,
            variable,
            values,
        } => (neurons.iter().zip(values))
            .map(|(neuron, value)| Batch::Traces {
                time_ms,
                trial,
                population: population.clone(),
                neurons: [*neuron].into(),
                variable,
                values: vec![value],
            })
            .collect(),
        other => vec![other],
    };
    let singles: Vec<Batch> = batches.iter().flat_map(single).collect();
    let [first, second] = [(&batches, 1), (&singles, 64)].map(|(batches, capacity)| {
        let dir = tempfile::tempdir().unwrap();
        let files = record(small(dir.path(), capacity), batches).unwrap();
        files
            .iter()
            .map(|file| fs::read(&file.path).unwrap())
            .collect::<Vec<_>>()
    });
    assert!(first == second);
}

#[test]
fn a_file_is_made_for_its_first_row_and_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("runs/1");
    let mut recorder = Recorder::create(&run, &about()).unwrap();
    recorder
        .record(Batch::Weights {
            time_ms: 0.0,
            projection: "p".into(),
            synapses: [].into(),
            values: vec![],
        })
        .unwrap();
    let statistic = Batch::Statistic {
        time_ms: 0.0,
        projection: "p".into(),
        statistic: "norm",
        value: 1.0,
    };
    recorder.record(statistic).unwrap();
    let files = recorder.finish().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(
        (&files[0].path, files[0].rows),
        (&run.join("projections.parquet"), 1)
    );
    assert_eq!(fs::read_dir(&run).unwrap().count(), 1);

    let again = Recorder::create(&run, &about()).err().unwrap();
    assert!(matches!(&again, RecordError::Exists { file } if *file == files[0].path));
    let empty = Recorder::create(&dir.path().join("empty"), &[]).unwrap();
    assert_eq!(empty.finish().unwrap(), []);
}

#[test]
fn a_recorder_that_is_dropped_closes_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let batches = batches(3, 100);
    let mut recorder = small(dir.path(), 3);
    for batch in &batches {
        recorder.record(batch.clone()).unwrap();
    }
    drop(recorder);
    assert_eq!(Expected::read(dir.path()), Expected::of(&batches));
}

#[test]
fn a_batch_that_does_not_fit_is_refused_and_the_recording_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut recorder = small(dir.path(), 3);
    let batch = |neurons: &[u32]| Batch::Traces {
        time_ms: 0.0,
        trial: 0,
        population: "hidden".into(),
        neurons: neurons.into(),
        variable: "xi",
        values: vec![1.0, 2.0],
    };
    let error = recorder.record(batch(&[1, 2, 3])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "batch of xi of hidden: found 2 values, expected 3"
    );
    let synapses = Batch::Weights {
        time_ms: 0.0,
        projection: "p".into(),
        synapses: [(0, 0)].into(),
        values: vec![],
    };
    assert!(matches!(
        recorder.record(synapses),
        Err(RecordError::Batch { .. })
    ));
    recorder.record(batch(&[1, 2])).unwrap();
    assert_eq!(recorder.finish().unwrap()[0].rows, 2);
}

/// A disk of limited size that may be slow. Bytes that are there can be written over for nothing.
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

/// Records 20 steps, a row group every 50 rows, on a disk of this size; the outcome and the disk.
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
            Kept::Unclosed { .. } => panic!("{capacity} bytes: {error}"),
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
    // Two kilobytes hold less than 10 row groups of 5 batches.
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

/// While the disk is slow, never more batches exist than the channel holds, the one being
/// written, and the one being sent; and in the end all of them are there.
#[test]
fn a_slow_disk_makes_the_sender_wait_and_drops_nothing() {
    let mut disk = Disk::new(usize::MAX);
    disk.delay = Duration::from_millis(2);
    let bytes = Arc::clone(&disk.bytes);
    let mut disk = Some(disk);
    let open = move |_: &Path| disk.take().ok_or(io::ErrorKind::NotFound.into());
    let (group, capacity) = (10, 4);
    let mut recorder = Recorder::start(Path::new("run"), &[], group, capacity, open).unwrap();
    // Every batch holds a reference.
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

/// A file that is removed while it is written is missed at the end.
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

/// A device that is always full, from the operating system itself.
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
    let error = record(recorder, &batches(5, 50)).unwrap_err();
    let first = format!("{}: cannot be written: No space left", dir.path().display());
    let text = error.to_string().replace("/traces.parquet", "");
    assert!(
        text.replace("/weights.parquet", "").starts_with(&first),
        "{error}"
    );
}
