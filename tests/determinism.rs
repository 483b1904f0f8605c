//! Same seed, same bytes: run again, and with any number of threads.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::event::Teacher;
use apical::math::random::stream;
use apical::neuron::Variable;
use apical::run::Summary;
use common::{bits, both_engines, parse, run_into, simulation};
use ndarray::Array2;
use rand::RngExt;

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
                "plastic": (rule: "dll", eta: 0.002, update: (optimiser: adam())),
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
        cpu_seconds: None,
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
        "split.csv",
        "predictions.csv",
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

/// Enough neurons over all trials (268 800) that whatever is done to each is cut into pieces,
/// enough synapses (134 400) that the optimiser is, and products of 17 million multiplications.
fn very_wide(optimiser: &str) -> Model {
    parse(&format!(
        r#"(
            name: "very_wide",
            neurons: {{"leaky": (tau_b_ms: 2, tau_a_ms: 2), "readout": (transfer: softmax)}},
            inputs: [(name: "pixels", size: 64)],
            populations: [
                (name: "hidden", size: 2100, neuron: "leaky", bias: (synapse: "plastic")),
                (name: "output", size: 10, neuron: "readout"),
            ],
            synapses: {{"plastic": (rule: "dll", eta: 0.002, {optimiser})}},
            projections: [
                (from: "pixels", to: "hidden", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden", to: "output", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1), threshold: 1e-3),
                (from: "output", to: "hidden", compartment: apical, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#
    ))
}

#[test]
fn a_circuit_that_is_cut_into_pieces_everywhere_depends_on_its_seed_alone() {
    for optimiser in ["", "update: (every_ms: 5, optimiser: adam())"] {
        let model = very_wide(optimiser);
        let learned = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut circuit = simulation(&model, Engine::Events, 1.0, 128, 10.0);
                let mut draw = stream(1, "stimulus", 0);
                let mut rates = Array2::from_shape_simple_fn((128, 64), || draw.random::<f32>());
                circuit.set_input("pixels", rates.view()).unwrap();
                let teacher = Teacher {
                    target: Array2::from_shape_fn((128, 10), |(t, n)| f32::from(t % 10 == n)),
                    strength: vec![1.0; 128],
                };
                circuit.teach("output", teacher).unwrap();
                // One input of one trial changes: a few columns instead of a product.
                circuit.advance_to(8);
                rates[[5, 7]] = 0.0;
                circuit.set_input("pixels", rates.view()).unwrap();
                circuit.advance_to(16);
                let mut all: Vec<_> = (circuit.projections().iter())
                    .map(|p| bits(&circuit.weights(&p.name).unwrap()))
                    .collect();
                for variable in Variable::ALL {
                    all.push(bits(&circuit.read("hidden", variable).unwrap()));
                }
                all
            })
        };
        let one = learned(1);
        for threads in [2, 3] {
            assert!(one == learned(threads), "{threads} threads, {optimiser}");
        }
    }
}

both_engines! {
    every_file_of_a_run_depends_on_its_seed_alone,
}
