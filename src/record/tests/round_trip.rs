//! Recorded values equal the values read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand::RngExt;

use super::{ABOUT, about, record};
use crate::math::random::stream;
use crate::record::sink::FileSink;
use crate::record::{
    Batch, RecordError, Recorder, Series, TraceKey, metadata, statistics, traces, weights,
};

/// Batches of traces, weights and statistics, mixed, of random sizes and values.
fn batches(seed: u64, count: usize) -> Vec<Batch> {
    let mut random = stream(seed, "recording", 0);
    let special = [f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE, 0.0];
    let populations: [Arc<str>; 3] = ["hidden".into(), "output".into(), "signal-3".into()];
    let projections: [Arc<str>; 2] = ["input_to_hidden".into(), "x".into()];
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

/// Expected result of reading, sorted into series without any file.
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
                }
                | Batch::Tail {
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
            weights: all(weights(&path("weights"), &AtomicBool::new(false)).unwrap()),
            statistics: all(statistics(&path("projections")).unwrap()),
        }
    }
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

/// The bytes depend neither on the size of the channel nor on the division of values into batches.
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
