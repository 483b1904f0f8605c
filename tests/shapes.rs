//! Populations with axes: selectors by position, in timelines, probes and inspections.

mod common;

use apical::connectivity::Shape;
use apical::description::Registry;
use apical::description::model::{Model, check};
use apical::description::scenario::{self, Scenario};
use apical::inspect;
use apical::record;
use apical::run::Results;
use common::{parse, run_into};

/// An image of 3 channels, 4 rows and 5 columns, and a population of the same shape.
fn model(shape: &str) -> Model {
    parse(&format!(
        r#"(
            name: "shaped", neurons: {{"n": (transfer: linear)}},
            inputs: [(name: "x", shape: (3, 4, 5))],
            populations: [(name: "v1", {shape}, neuron: "n")],
            synapses: {{"fixed": ()}},
            projections: [(from: "x", to: "v1", compartment: basal, delay_ms: 1, synapse: "fixed", weights: normal(std: 0.3))],
        )"#
    ))
}

fn scenario(neurons: &str) -> Scenario {
    parse(&format!(
        r#"(
            name: "shaped", model: "", dt_ms: 1, duration_ms: 20,
            timeline: [current(neurons: "{neurons}", compartment: soma, amplitude: 0.5, from_ms: 3, until_ms: 20)],
            probes: [
                traces(neurons: ["{neurons}"], variables: [s]),
                weights(projection: "x_to_v1", post: "2, 1, 4", pre: "0, all, 3"),
            ],
        )"#
    ))
}

#[test]
fn a_block_is_driven_recorded_and_inspected_by_its_position() {
    let directory = tempfile::tempdir().unwrap();
    let model = model("shape: (3, 4, 5)");
    run_into(directory.path(), &scenario("v1[1, 1..3, 4]"), &model).unwrap();
    let block = [(4 + 1) * 5 + 4, (4 + 2) * 5 + 4];
    let results = Results::open(directory.path()).unwrap();
    let state = results.state("v1").unwrap().unwrap();
    // The somatic potential is the current alone, since the input is 0.
    for neuron in 0..60 {
        let right = if block.contains(&neuron) { 0.5 } else { 0.0 };
        let s = (0..state.dim().0).map(|variable| state[[variable, 0, neuron]]);
        assert_eq!(
            s.fold(0.0f32, |most, x| most.max(x.abs())),
            right,
            "{neuron}"
        );
    }
    let traces = directory.path().join("traces.parquet");
    let traces = record::traces(&traces, |_, _, _, _| true).unwrap();
    let recorded: Vec<usize> = traces.keys().map(|key| key.neuron as usize).collect();
    assert_eq!(recorded, block);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let weights = record::weights(&directory.path().join("weights.parquet"), &stop).unwrap();
    let pairs: Vec<_> = weights.keys().map(|key| (key.1, key.2)).collect();
    let pre = |row: u32| row * 5 + 3;
    assert_eq!(
        pairs,
        (0..4)
            .map(|row| ((2 * 4 + 1) * 5 + 4, pre(row)))
            .collect::<Vec<_>>()
    );
    let mut results = results;
    let neuron = inspect::neuron(&mut results, "v1[1, 2, 4]", 0, 3).unwrap();
    assert_eq!(neuron.neuron, "v1[1, 2, 4]");
    assert_eq!(neuron.s, 0.5);
    for synapse in &neuron.basal.strongest {
        let from = synapse.from.as_deref().unwrap();
        assert_eq!(from.matches(", ").count(), 2, "{from}");
    }
    let error = inspect::neuron(&mut results, "v1[1, 2]", 0, 3)
        .unwrap_err()
        .to_string();
    assert!(error.contains("`v1[0, 0, 0]` to `v1[2, 3, 4]`"), "{error}");
}

#[test]
fn a_selector_that_does_not_fit_the_axes_is_an_error_with_its_place() {
    let model = model("shape: (3, 4, 5)");
    for (neurons, message) in [
        (
            "v1[1, 2]",
            "one index or range for each of the 3 axes of the (3, 4, 5) neurons of `v1`",
        ),
        (
            "v1[3, 0, 0]",
            "index 3 is beyond the 3 neurons along axis 1",
        ),
        ("v1[60]", "index 60 is beyond the 60 neurons of `v1`"),
    ] {
        let issues = scenario::check(&scenario(neurons), Some(&model), &Registry::default());
        for path in ["timeline[0].neurons", "probes[0].neurons[0]"] {
            let found = issues.iter().find(|issue| issue.path == path);
            let found = found.unwrap_or_else(|| panic!("{neurons}: {issues:?}"));
            assert!(found.message.contains(message), "{}", found.message);
        }
    }
}

#[test]
fn size_and_shape_agree_or_one_of_them_is_given() {
    assert_eq!(
        model("size: 7").populations[0].arrangement(),
        Shape::line(7)
    );
    assert_eq!(model("shape: (2, 3)").populations[0].size, 6);
    for (fields, path, message) in [
        (
            "shape: (2, 3), size: 7",
            "populations.v1.shape",
            "has 6 neurons, and `size` is 7",
        ),
        ("shape: (2, 0)", "populations.v1.shape", "found 0"),
        (
            "shape: (4096, 4097)",
            "populations.v1.shape",
            "expected 1 to 16777216 neurons",
        ),
    ] {
        let issues = check(
            &model(fields),
            &Registry::default(),
            Some(1.0),
            std::path::Path::new(""),
        );
        let found = issues.iter().find(|issue| issue.path == path);
        let found = found.unwrap_or_else(|| panic!("{fields}: {issues:?}"));
        assert!(found.message.contains(message), "{}", found.message);
    }
}
