//! What is recorded does not depend on how often anybody looks, on jumps over time in which
//! nothing happens, or on the engine.

mod common;

use std::collections::BTreeMap;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::record;
use common::{parse, run_into};

const DT_MS: f64 = 0.5;

/// Continuous synapses, synapses that fade, and applied ones, on neurons with and without
/// leaks.
fn model() -> Model {
    parse(
        r#"(
            name: "chain",
            neurons: {
                "leaky": (tau_b_ms: 4, tau_a_ms: 3, tau_s_ms: 1, lambda: 0.1),
                "fast": (transfer: relu),
                "readout": (tau_b_ms: 1, transfer: softmax),
            },
            inputs: [(name: "x", size: 5)],
            populations: [
                (name: "leaky", size: 6, neuron: "leaky"),
                (name: "fast", size: 7, neuron: "fast", bias: (synapse: "plastic")),
                (name: "out", size: 3, neuron: "readout"),
            ],
            synapses: {
                "plastic": (rule: "dll", eta: 0.002),
                "fading": (rule: "kolen_pollack", eta: 0.002, decay_per_ms: 1e-3),
                "applied": (rule: "dll", eta: 0.01, update: (every_ms: 12, optimiser: adam())),
            },
            projections: [
                (name: "w1", from: "x", to: "leaky", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w2", from: "leaky", to: "fast", compartment: basal, delay_ms: 6.5, synapse: "fading", weights: fan_in(gain: 1)),
                (name: "w3", from: "fast", to: "out", compartment: basal, delay_ms: 2, synapse: "applied", weights: fan_in(gain: 1)),
                (name: "w4", from: "out", to: "fast", compartment: apical, delay_ms: 1, synapse: "applied", weights: fan_in(gain: 1)),
                (name: "w5", from: "fast", to: "leaky", compartment: apical, delay_ms: 3, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#,
    )
}

/// Stimuli, a teacher and a current, with long times of rest between them.
fn scenario(engine: Engine, every_ms: f64) -> Scenario {
    let mut scenario: Scenario = parse(&format!(
        r#"(
            name: "rest", model: "", dt_ms: {DT_MS}, trials: 2, duration_ms: 1700,
            timeline: [
                rates(input: "x", values: [0.5, -1, 0, 1, 0.25], from_ms: 20, until_ms: 200, repeat: (every_ms: 700, times: 2)),
                teacher(population: "out", target: [0, 1, 0], from_ms: 90, until_ms: 150),
                teacher(population: "out", target: [1, 0, 0], from_ms: 800, until_ms: 840),
                current(neurons: "leaky[0..2]", compartment: soma, amplitude: 0.5, from_ms: 500, until_ms: 530),
            ],
            probes: [
                traces(neurons: ["x", "leaky", "fast", "out"], trials: "all", every_ms: {every_ms}),
                weights(projection: "w1", every_ms: {every_ms}),
                weights(projection: "w2", every_ms: {every_ms}),
                weights(projection: "w3", every_ms: {every_ms}),
            ],
        )"#
    ));
    scenario.engine = engine;
    scenario
}

/// What was recorded, each series under what it is of: value by time in steps.
type Recorded = BTreeMap<String, BTreeMap<u64, f64>>;

fn recorded(engine: Engine, every_ms: f64) -> Recorded {
    let directory = tempfile::tempdir().unwrap();
    run_into(directory.path(), &scenario(engine, every_ms), &model()).unwrap();
    let file = |name: &str| directory.path().join(name);
    let traces = record::traces(&file("traces.parquet"), |_, _, _, _| true).unwrap();
    let weights = record::weights(
        &file("weights.parquet"),
        &std::sync::atomic::AtomicBool::new(false),
    )
    .unwrap();
    let step = |t: &f64| (t / DT_MS).round() as u64;
    let mut all = Recorded::new();
    for (key, series) in traces {
        let values = series.time_ms.iter().map(step).zip(series.value);
        all.insert(format!("{key:?}"), values.collect());
    }
    for (key, series) in weights {
        let values = series.time_ms.iter().map(step).zip(series.value);
        all.insert(format!("{key:?}"), values.collect());
    }
    all
}

#[test]
fn recordings_are_the_same_values_however_often_they_are_taken() {
    let often = recorded(Engine::Events, 1.0);
    let seldom = recorded(Engine::Events, 17.0);
    assert!(often.keys().eq(seldom.keys()));
    for (name, seldom) in &seldom {
        // Up to the stretch at the end that is always recorded, step by step.
        let common = seldom.iter().filter(|(step, _)| **step % 34 == 0);
        let common: Vec<_> = common.collect();
        assert_eq!(common.len(), 101, "{name}");
        for (step, value) in common {
            assert_eq!(
                often[name][step].to_bits(),
                value.to_bits(),
                "{name} at step {step}"
            );
        }
    }
}

#[test]
fn recordings_of_both_engines_agree() {
    let events = recorded(Engine::Events, 4.0);
    let dense = recorded(Engine::Dense, 4.0);
    assert!(dense.keys().eq(events.keys()));
    for (name, dense) in &dense {
        let largest = dense.values().fold(1e-2f64, |m, x| m.max(x.abs()));
        for (step, want) in dense {
            let off = (events[name][step] - want).abs();
            assert!(off < 1e-5 * largest, "{name} at step {step}: {off}");
        }
    }
}
