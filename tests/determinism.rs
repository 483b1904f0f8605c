//! Same seed, same bytes: run again, and with any number of threads.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apical::circuit::Engine;
use apical::model::Model;
use apical::run::Summary;
use apical::scenario::Scenario;
use common::{both_engines, parse, run_into};

/// 128 trials of 64-256-192-10: its products are of 2 million multiplications and more, which is
/// where they are cut into blocks for several threads.
fn model() -> Model {
    parse(
        r#"(
            name: "wide",
            neurons: {
                "pyramidal": (tau_b_ms: 1, tau_a_ms: 1, tau_s_ms: 0.5, lambda: 0.05),
                "readout": (transfer: softmax),
            },
            inputs: [(name: "pixels", size: 64)],
            populations: [
                (name: "hidden1", size: 256, neuron: "pyramidal", bias: (synapse: "plastic")),
                (name: "hidden2", size: 192, neuron: "pyramidal", bias: (synapse: "slow")),
                (name: "output", size: 10, neuron: "readout", bias: (synapse: "plastic")),
            ],
            synapses: {
                "plastic": (rule: "dll", eta: 0.002, consolidation: (optimiser: adam())),
                "slow": (rule: "kolen_pollack", eta: 1e-3, decay_per_ms: 1e-5, bounds: (-1, 1)),
                "mirror": (rule: "transport"),
            },
            projections: [
                (from: "pixels", to: "hidden1", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden1", to: "hidden2", compartment: basal, delay_ms: 1, synapse: "slow", weights: uniform(limit: 0.1)),
                (from: "hidden2", to: "output", compartment: basal, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.1)),
                (from: "output", to: "hidden2", compartment: apical, delay_ms: 1, synapse: "mirror", weights: constant(0)),
                (from: "hidden2", to: "hidden1", compartment: apical, delay_ms: 1, synapse: "slow", weights: fan_in(gain: 1)),
            ],
        )"#,
    )
}

fn scenario(engine: Engine, seed: u64) -> Scenario {
    let mut scenario: Scenario = parse(&format!(
        r#"(
            name: "wide", model: "", seed: {seed}, dt_ms: 1, trials: 128,
            task: (
                data: csv(path: "data/digits.csv.gz"), encoding: scale(offset: 0, factor: 0.0625),
                split: counts(train: 256, validation: 64, test: 64),
                input: "pixels", output: "output", epochs: 2, presentation_ms: 26,
                eta_schedule: linear(end: 0),
            ),
            timeline: [
                current(neurons: "hidden1[0..9]", compartment: apical, amplitude: 0.1, from_ms: 3, until_ms: 40),
            ],
            probes: [
                traces(neurons: ["hidden1[0..40]", "hidden2", "output"], trials: "0, 100"),
                weights(projection: "pixels_to_hidden1", post: "0..9", every_ms: 13),
                statistics(statistics: [norm, alignment, gradient_angle], every_ms: 13),
            ],
        )"#
    ));
    scenario.engine = engine;
    scenario
}

/// Every file of a run by its path, and what is the same for every machine in its summary.
fn files(engine: Engine, threads: usize, seed: u64) -> BTreeMap<String, Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    let ran = pool.install(|| run_into(directory.path(), &scenario(engine, seed), &model()));
    let summary = Summary {
        wall_seconds: 0.0,
        peak_memory_bytes: None,
        ..ran.unwrap()
    };
    let mut files = BTreeMap::new();
    gather(directory.path(), directory.path(), &mut files);
    files.insert("summary.json".into(), format!("{summary:?}").into_bytes());
    files
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn every_file_of_a_run_depends_on_its_seed_alone(engine: Engine) {
    let once = files(engine, 1, 1);
    for name in [
        "traces.parquet",
        "weights.parquet",
        "projections.parquet",
        "metrics.csv",
        "timeline.csv",
        "confusion.csv",
        "weights/hidden1_to_hidden2.npy",
        "weights/chosen/hidden1_to_hidden2.npy",
        "state/hidden1.npy",
        "state/terms/pixels_to_hidden1.npy",
    ] {
        assert!(once[name].len() > 50, "{name} should be written");
    }
    for threads in [1, 2, 3] {
        let again = files(engine, threads, 1);
        assert!(once.keys().eq(again.keys()));
        for (name, bytes) in &once {
            assert!(
                *bytes == again[name],
                "{name} differs with {threads} threads"
            );
        }
    }
    let other = files(engine, 2, 2);
    for name in [
        "traces.parquet",
        "weights.parquet",
        "projections.parquet",
        "weights/pixels_to_hidden1.npy",
        "state/output.npy",
    ] {
        assert!(
            once[name] != other[name],
            "{name} should depend on the seed"
        );
    }
}

both_engines! {
    every_file_of_a_run_depends_on_its_seed_alone,
}
