//! Reading of recordings, one row group at a time.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;

use super::columns::{Projections, Rows, TAIL, Traces, Weights, describe};
use super::error::RecordError;
use crate::description::model::is_file_name;
use crate::files;
use crate::terminal::shortened;

/// One quantity over time, in the order of recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Simulated times, in ms.
    pub time_ms: Vec<f64>,
    /// Values, one for each time; recorded as 32-bit floating point except for statistics.
    pub value: Vec<f64>,
}

/// Identification of a series of `traces.parquet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceKey {
    /// Name of the population.
    pub population: String,
    /// Index of the trial.
    pub trial: u32,
    /// Index of the neuron in its population.
    pub neuron: u32,
    /// Symbol of the variable.
    pub variable: String,
}

/// Series of a `traces.parquet` for which `keep(population, trial, neuron, variable)` is true;
/// others are not kept in memory.
///
/// # Errors
/// [`RecordError::Read`] if the file cannot be read, [`RecordError::Content`] if it is not a
/// complete file with such a table.
pub fn traces(
    path: &Path,
    keep: impl Fn(&str, u32, u32, &str) -> bool,
) -> Result<BTreeMap<TraceKey, Series>, RecordError> {
    kept_traces(path, &keep, &AtomicBool::new(false))
}

fn kept_traces(
    path: &Path,
    keep: &impl Fn(&str, u32, u32, &str) -> bool,
    stop: &AtomicBool,
) -> Result<BTreeMap<TraceKey, Series>, RecordError> {
    let mut gathered = HashMap::new();
    let (mut populations, mut variables) = (Names::default(), Names::default());
    groups(path, stop, |rows: Traces| {
        rows.rows()
            .try_for_each(|(&time_ms, trial, population, neuron, variable, &value)| {
                let (trial, neuron) = (trial.cast_unsigned(), neuron.cast_unsigned());
                let key = (
                    populations.id(population)?,
                    trial,
                    neuron,
                    variables.id(variable)?,
                );
                let (population, variable) = (populations.name(key.0), variables.name(key.3));
                if keep(population, trial, neuron, variable) {
                    add(&mut gathered, key, time_ms, f64::from(value));
                }
                Ok(())
            })
    })?;
    Ok(named(gathered, |(population, trial, neuron, variable)| {
        TraceKey {
            population: populations.name(population).to_owned(),
            trial,
            neuron,
            variable: variables.name(variable).to_owned(),
        }
    }))
}

/// Series of the directory of a run: from `traces.parquet`, plus those of `tail.parquet` that the
/// probes have not recorded.
///
/// # Errors
/// As [`traces`]; [`RecordError::Stopped`] when `stop` becomes true.
pub fn history(
    directory: &Path,
    keep: impl Fn(&str, u32, u32, &str) -> bool,
    stop: &AtomicBool,
) -> Result<BTreeMap<TraceKey, Series>, RecordError> {
    let read = |name: &str| {
        let path = directory.join(name);
        match path.symlink_metadata().is_ok() {
            true => kept_traces(&path, &keep, stop),
            false => Ok(BTreeMap::new()),
        }
    };
    let mut all = read(Traces::FILE)?;
    for (key, tail) in read(TAIL)? {
        let probed = all.entry(key).or_default();
        *probed = match probed.time_ms.is_empty() {
            true => tail,
            false => merged(probed, &tail),
        };
    }
    Ok(all)
}

/// Samples of two series of one quantity in order of time; samples at the same time occur once.
fn merged(one: &Series, other: &Series) -> Series {
    let samples = |series: &Series| -> Vec<(f64, f64)> {
        (series.time_ms.iter().copied())
            .zip(series.value.iter().copied())
            .collect()
    };
    let mut all = [samples(one), samples(other)].concat();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.dedup_by_key(|sample| sample.0);
    let (time_ms, value) = all.into_iter().unzip();
    Series { time_ms, value }
}

/// Series of a `weights.parquet` by projection, postsynaptic and presynaptic neuron.
///
/// # Errors
/// As [`history`].
pub fn weights(
    path: &Path,
    stop: &AtomicBool,
) -> Result<BTreeMap<(String, u32, u32), Series>, RecordError> {
    let mut gathered = HashMap::new();
    let mut names = Names::default();
    groups(path, stop, |rows: Weights| {
        rows.rows()
            .try_for_each(|(&time_ms, projection, post, pre, &value)| {
                let (post, pre) = (post.cast_unsigned(), pre.cast_unsigned());
                let key = (names.id(projection)?, post, pre);
                add(&mut gathered, key, time_ms, f64::from(value));
                Ok(())
            })
    })?;
    Ok(named(gathered, |(projection, post, pre)| {
        (names.name(projection).to_owned(), post, pre)
    }))
}

/// Series of a `projections.parquet` by projection and statistic.
///
/// # Errors
/// As [`traces`].
pub fn statistics(path: &Path) -> Result<BTreeMap<(String, String), Series>, RecordError> {
    let mut gathered = HashMap::new();
    let mut names = Names::default();
    groups(path, &AtomicBool::new(false), |rows: Projections| {
        rows.rows()
            .try_for_each(|(&time_ms, projection, statistic, &value)| {
                let key = (names.id(projection)?, names.id(statistic)?);
                add(&mut gathered, key, time_ms, value);
                Ok(())
            })
    })?;
    Ok(named(gathered, |(projection, statistic)| {
        let [projection, statistic] = [projection, statistic].map(|id| names.name(id).to_owned());
        (projection, statistic)
    }))
}

/// Total number of rows of all recordings in the directory of a run.
///
/// # Errors
/// As [`metadata`].
pub fn recorded_rows(directory: &Path) -> Result<u64, RecordError> {
    let files = [Traces::FILE, TAIL, Weights::FILE, Projections::FILE];
    let files = files.map(|name| directory.join(name));
    let rows = |path: &PathBuf| {
        let rows = open(path, "a recording")?
            .metadata()
            .file_metadata()
            .num_rows();
        Ok(rows.unsigned_abs())
    };
    files.iter().filter(|path| path.is_file()).map(rows).sum()
}

/// Metadata of the run, as given at the start of the recording of `path`.
///
/// # Errors
/// [`RecordError::Read`] if the file cannot be read, [`RecordError::Content`] if it is not a
/// complete Parquet file.
pub fn metadata(path: &Path) -> Result<BTreeMap<String, String>, RecordError> {
    let reader = open(path, "a recording")?;
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    Ok(pairs
        .into_iter()
        .flatten()
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
        .collect())
}

/// Distinct names, each with an index that replaces it while rows are sorted into series.
#[derive(Default)]
struct Names {
    ids: HashMap<String, usize>,
    names: Vec<String>,
    /// Index of the last name, which is usually that of the next row as well.
    last: usize,
}

impl Names {
    fn id(&mut self, name: &ByteArray) -> Result<usize, ParquetError> {
        if (self.names.get(self.last)).is_some_and(|last| last.as_bytes() == name.data()) {
            return Ok(self.last);
        }
        let name = name.as_utf8()?;
        if let Some(id) = self.ids.get(name) {
            self.last = *id;
            return Ok(*id);
        }
        // Names become names of files, and the origin of this file is unknown.
        if !is_file_name(name) {
            let name = shortened(name, 60);
            return Err(ParquetError::General(format!("{name:?} is no name")));
        }
        let id = self.names.len();
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        self.last = id;
        Ok(id)
    }

    fn name(&self, id: usize) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }
}

/// Appends to the series of `key`.
fn add<K: Eq + Hash>(gathered: &mut HashMap<K, Series>, key: K, time_ms: f64, value: f64) {
    let series = gathered.entry(key).or_default();
    series.time_ms.push(time_ms);
    series.value.push(value);
}

fn named<K, N: Ord>(gathered: HashMap<K, Series>, name: impl Fn(K) -> N) -> BTreeMap<N, Series> {
    let named = |(key, series)| (name(key), series);
    gathered.into_iter().map(named).collect()
}

/// Passes every row group of the table at `path` to `read`, one after the other until `stop`.
fn groups<R: Rows>(
    path: &Path,
    stop: &AtomicBool,
    mut read: impl FnMut(R) -> Result<(), ParquetError>,
) -> Result<(), RecordError> {
    let file = match path.ends_with(TAIL) {
        true => TAIL,
        false => R::FILE,
    };
    let reader = open(path, file)?;
    let damaged = |error: ParquetError| content(path, &error, file);
    let expected = describe(&SchemaDescriptor::new(R::schema().map_err(damaged)?));
    let found = describe(reader.metadata().file_metadata().schema_descr());
    if found != expected {
        return Err(RecordError::content(
            path,
            format!("the columns {found}"),
            format!("{file}: {expected}"),
        ));
    }
    for group in 0..reader.num_row_groups() {
        if stop.load(Ordering::Relaxed) {
            return Err(RecordError::Stopped {
                file: path.to_owned(),
            });
        }
        let rows = reader
            .get_row_group(group)
            .and_then(|group| R::read(&*group));
        rows.and_then(&mut read).map_err(damaged)?;
    }
    Ok(())
}

fn content(path: &Path, error: &ParquetError, what: &str) -> RecordError {
    let expected = format!(
        "{what} as a complete Parquet file; its last bytes are written when a recording ends"
    );
    RecordError::content(path, error.to_string(), expected)
}

/// Opens a Parquet file after a check that all its parts lie within it.
fn open(path: &Path, what: &str) -> Result<SerializedFileReader<File>, RecordError> {
    let failed = |error| RecordError::read(path, error, what);
    let file = files::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let reader = SerializedFileReader::new(file).map_err(|error| content(path, &error, what))?;
    let inside = |start: i64, size: i64| {
        let (start, size) = (u64::try_from(start).ok()?, u64::try_from(size).ok()?);
        start.checked_add(size).filter(|end| *end <= length)
    };
    let columns = (reader.metadata().row_groups().iter()).flat_map(|group| group.columns());
    for column in columns {
        let data = column.data_page_offset();
        let start = column.dictionary_page_offset().unwrap_or(data);
        let size = column.compressed_size();
        if inside(start, size).is_none() {
            let outside = format!("{size} bytes from byte {start} on in a file of {length}");
            return Err(content(path, &ParquetError::EOF(outside), what));
        }
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::{history, metadata, statistics, traces, weights};
    use crate::record::{Batch, RecordError, Recorder};
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::AtomicBool;

    /// A recording of two neurons over `steps` steps.
    fn recorded(directory: &Path, steps: u32) -> PathBuf {
        let about = [("scenario", "digits".to_owned()), ("seed", "7".to_owned())];
        let mut recorder = Recorder::create(directory, &about).unwrap();
        for step in 0..steps {
            let batch = Batch::Traces {
                time_ms: f64::from(step),
                trial: 0,
                population: "hidden".into(),
                neurons: [0, 7, step * step].into(),
                variable: ["b", "xi", "delta"][step as usize % 3],
                values: vec![0.5, -1.0, step as f32],
            };
            recorder.record(batch).unwrap();
        }
        recorder.finish().unwrap().remove(0).path
    }

    fn read(path: &Path) -> Result<usize, RecordError> {
        traces(path, |_, _, _, _| true).map(|series| series.len())
    }

    #[test]
    fn a_file_that_is_not_a_recording_is_named_with_what_was_expected() {
        let dir = tempfile::tempdir().unwrap();
        let path = recorded(dir.path(), 20);
        let bytes = fs::read(&path).unwrap();
        let says = |path: &Path, text: &str| {
            let error = read(path).unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
            assert!(error.contains(text), "{error}");
        };
        says(
            &dir.path().join("none.parquet"),
            "cannot be read: No such file",
        );
        says(dir.path(), "expected traces.parquet");
        let tail = dir.path().join("tail.parquet");
        fs::write(&tail, "PAR1").unwrap();
        says(&tail, "expected tail.parquet as a complete Parquet file");

        let other = dir.path().join("other.parquet");
        for content in [&b""[..], b"PAR1", b"time_ms,trial\n", &[b'x'; 999]] {
            fs::write(&other, content).unwrap();
            says(&other, "expected traces.parquet as a complete Parquet file");
            assert!(metadata(&other).is_err());
        }
        for length in (0..bytes.len()).step_by(7) {
            fs::write(&other, &bytes[..length]).unwrap();
            says(&other, "expected traces.parquet as a complete Parquet file");
        }

        let found = "found the columns time_ms DOUBLE, trial INT32 (unsigned), \
                     population BYTE_ARRAY (text), neuron INT32 (unsigned), \
                     variable BYTE_ARRAY (text), value FLOAT; expected ";
        let error = weights(&path, &AtomicBool::new(false))
            .unwrap_err()
            .to_string();
        assert!(error.contains(found), "{error}");
        assert!(error.contains("expected weights.parquet: time_ms DOUBLE, projection"));
        let error = statistics(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("statistic BYTE_ARRAY (text), value DOUBLE"),
            "{error}"
        );
    }

    #[test]
    fn reading_ends_when_it_is_asked_to() {
        let dir = tempfile::tempdir().unwrap();
        recorded(dir.path(), 20);
        let read = |stop| history(dir.path(), |_, _, _, _| true, &AtomicBool::new(stop));
        assert!(read(false).is_ok());
        assert!(matches!(read(true), Err(RecordError::Stopped { .. })));
    }

    #[test]
    fn no_damage_makes_it_panic() {
        let dir = tempfile::tempdir().unwrap();
        let path = recorded(dir.path(), 20);
        let bytes = fs::read(&path).unwrap();
        let mut errors = 0;
        for at in 0..bytes.len() {
            for flip in [0x01, 0x12, 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                fs::write(&path, damaged).unwrap();
                errors += u32::from(read(&path).is_err());
            }
        }
        assert!(errors > 100);
    }
}
