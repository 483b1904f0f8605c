//! It learns: handwritten digits in brief, and changes that go downhill.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::record;
use common::{both_engines, parse, run_into};

fn shipped(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn five_epochs_of_digits_are_enough_for_four_of_five(engine: Engine) {
    let mut scenario: Scenario = parse(&shipped("scenarios/digits.ron"));
    let model: Model = parse(&shipped("models/digits.ron"));
    scenario.task.as_mut().unwrap().epochs = 5;
    scenario.probes.clear();
    scenario.engine = engine;
    let directory = tempfile::tempdir().unwrap();
    let summary = run_into(directory.path(), &scenario, &model).unwrap();
    assert!(summary.validation_accuracy.unwrap() > 0.8, "{summary:?}");
    assert!(summary.test_accuracy.unwrap() > 0.8, "{summary:?}");
    assert_eq!(summary.test_samples, Some(360));
}

/// Presentations of an epoch below.
const PRESENTATIONS: usize = 30;

/// Angles in degrees between the changes of each basal projection and the exact gradient, as the
/// mean of each of `epochs` of a small circuit whose synapses follow `rule`.
fn angles(engine: Engine, rule: &str, epochs: usize) -> BTreeMap<String, Vec<f64>> {
    let model: Model = parse(&format!(
        r#"(
            name: "small",
            neurons: {{
                "pyramidal": (tau_b_ms: 1, tau_a_ms: 1), "readout": (tau_b_ms: 1, transfer: softmax),
            }},
            inputs: [(name: "pixels", size: 64)],
            populations: [
                (name: "hidden1", size: 32, neuron: "pyramidal"),
                (name: "hidden2", size: 24, neuron: "pyramidal"),
                (name: "output", size: 10, neuron: "readout"),
            ],
            synapses: {{"plastic": (rule: "{rule}", eta: 0.002, update: (optimiser: adam()))}},
            projections: [
                (from: "pixels", to: "hidden1", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden1", to: "hidden2", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden2", to: "output", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "output", to: "hidden2", compartment: apical, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden2", to: "hidden1", compartment: apical, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#
    ));
    let mut scenario: Scenario = parse(&format!(
        r#"(
            name: "small", model: "", dt_ms: 1, trials: 32,
            task: (
                data: csv(path: "data/digits.csv.gz"), encoding: scale(offset: 0, factor: 0.0625),
                split: counts(train: 960), input: "pixels", output: "output", epochs: {epochs},
                presentation_ms: 40,
            ),
            probes: [statistics(statistics: [gradient_angle], every_ms: 40)],
        )"#
    ));
    scenario.engine = engine;
    let directory = tempfile::tempdir().unwrap();
    run_into(directory.path(), &scenario, &model).unwrap();
    let path = directory.path().join("projections.parquet");
    let recorded = record::statistics(&path).unwrap();
    (recorded.into_iter())
        .map(|((projection, _), series)| {
            assert_eq!(series.value.len(), PRESENTATIONS * epochs);
            let epochs = series.value.chunks(PRESENTATIONS);
            let means = epochs.map(|epoch| epoch.iter().sum::<f64>() / PRESENTATIONS as f64);
            (projection, means.collect())
        })
        .collect()
}

const PROJECTIONS: [&str; 3] = [
    "pixels_to_hidden1",
    "hidden1_to_hidden2",
    "hidden2_to_output",
];

fn weight_transport_changes_along_the_exact_gradient(engine: Engine) {
    let angles = angles(engine, "transport", 2);
    for projection in PROJECTIONS {
        let means = &angles[projection];
        assert!(
            means.iter().all(|angle| *angle < 1.0),
            "{projection}: {means:?}"
        );
    }
}

fn dll_goes_downhill_and_ever_more_steeply(engine: Engine) {
    let angles = angles(engine, "dll", 8);
    // No feedback is between the output and its synapses.
    let means = &angles["hidden2_to_output"];
    assert!(means.iter().all(|angle| *angle < 1.0), "{means:?}");
    // Random feedback begins at right angles to the gradient, and learning aligns the circuit.
    for projection in &PROJECTIONS[..2] {
        let means = &angles[*projection];
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        assert!(mean < 88.0, "{projection}: {means:?}");
        assert!(
            means[7] < 75.0 && means[7] < means[0] - 10.0,
            "{projection}: {means:?}"
        );
    }
}

both_engines! {
    five_epochs_of_digits_are_enough_for_four_of_five,
    weight_transport_changes_along_the_exact_gradient,
    dll_goes_downhill_and_ever_more_steeply,
}
