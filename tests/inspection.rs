//! The inspection of a simulation in memory is that of the run with the same state.

mod common;

use std::path::Path;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::description::{Registry, Setup, lower};
use apical::engine::Simulation;
use apical::inspect::{self, InspectError, Inspection};
use apical::math::Steps;
use apical::protocol::{ClassificationProtocol, Protocol, enter};
use apical::run::Results;
use common::{both_engines, parse, run_into};

/// Leaks, noise, a bias, several projections between two populations, tied weights, delays.
const MODEL: &str = r#"(
    name: "circuit",
    neurons: {
        "h": (
            transfer: tanh, tau_b_ms: 2.5, tau_a_ms: 0.3, tau_s_ms: 1000,
            noise: (std: 0.25, every_ms: 3),
        ),
        "o": (transfer: softmax, mismatch: potential),
    },
    inputs: [(name: "x", size: 4)],
    populations: [
        (name: "out", size: 2, neuron: "o"),
        (name: "hidden", size: 8, neuron: "h", bias: (synapse: "p", weights: constant(0.1))),
    ],
    synapses: {"p": (rule: "transport", eta: 0.01, update: (every_ms: 7, optimiser: plain))},
    projections: [
        (from: "x", to: "hidden", compartment: basal, delay_ms: 1, synapse: "p", weights: fan_in(gain: 1)),
        (name: "up", from: "hidden", to: "out", compartment: basal, delay_ms: 1, synapse: "p", weights: fan_in(gain: 1)),
        (name: "slow", from: "hidden", to: "out", compartment: basal, delay_ms: 4, synapse: "p", weights: fan_in(gain: 1)),
        (name: "down", from: "out", to: "hidden", compartment: apical, delay_ms: 2, synapse: "p", weights: constant(0), reciprocal: "slow"),
    ],
)"#;

fn scenario(engine: Engine, more: &str) -> Scenario {
    let engine = format!("{engine:?}").to_lowercase();
    parse(&format!(
        r#"(name: "inspected", model: "circuit.ron", dt_ms: 0.5, engine: {engine}, {more})"#
    ))
}

/// The simulation of a scenario at its end, without recordings.
fn at_its_end(scenario: &Scenario, model: &Model) -> Simulation {
    let task = scenario.task.as_ref();
    let setup = Setup {
        dt_ms: scenario.dt_ms,
        trials: scenario.trials,
        seed: scenario.seed,
        presentation_ms: task.map_or(scenario.dt_ms, |task| task.presentation_ms),
        directory: Path::new(""),
        engine: scenario.engine,
    };
    let circuit = lower(model, &Registry::default(), setup).unwrap();
    let data = task.map(|task| task.data.load(Path::new(""), None).unwrap());
    let protocol = ClassificationProtocol::new(scenario, &circuit, data).unwrap();
    let mut simulation = Simulation::new(circuit);
    let steps = Steps::of(scenario.dt_ms);
    let end = match (&protocol, scenario.duration_ms) {
        (Some(protocol), _) => protocol.steps(),
        (None, ms) => steps.next(ms.unwrap()),
    };
    let (timeline, trials) = (&scenario.timeline, scenario.trials);
    enter(&mut simulation, timeline, trials, steps.ms(end)).unwrap();
    if let Some(mut protocol) = protocol {
        protocol.prepare(&mut simulation).unwrap();
        while let Some(segment) = protocol.begin(&mut simulation).unwrap() {
            simulation.advance_to(segment.steps.end);
            protocol.end(&mut simulation).unwrap();
        }
    }
    simulation.advance_to(end);
    simulation
}

/// Inspections of all neurons, which must be the same in a simulation and in a run. The trace
/// exists only in a run.
fn same_in_memory_and_in_files(scenario: &Scenario) -> Vec<Inspection> {
    let model: Model = parse(MODEL);
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    run_into(&out, scenario, &model).unwrap();
    let mut results = Results::open(&out).unwrap();
    let mut simulation = at_its_end(scenario, &model);
    let mut all = Vec::new();
    for population in &model.populations {
        for (index, trial) in (0..population.size).zip((0..scenario.trials).cycle()) {
            let neuron = format!("{}[{index}]", population.name);
            let in_memory = inspect::neuron(&mut simulation, &neuron, trial, 6).unwrap();
            let of_run = inspect::neuron(&mut results, &neuron, trial, 6).unwrap();
            assert_eq!(of_run.trace.is_empty(), trial > 0);
            let of_run = Inspection {
                trace: Vec::new(),
                ..of_run
            };
            assert_eq!(in_memory, of_run);
            let texts = [&in_memory, &of_run].map(Inspection::to_string);
            assert_eq!(texts[0], texts[1]);
            assert_eq!(in_memory.neuron, neuron);
            assert!(!in_memory.basal.strongest.is_empty());
            all.push(in_memory);
        }
    }
    all
}

fn of(all: &[Inspection], neuron: &str) -> Inspection {
    let found = all.iter().find(|inspection| inspection.neuron == neuron);
    found.unwrap().clone()
}

fn with_a_timeline(engine: Engine) {
    let more = r#"duration_ms: 60, trials: 2, timeline: [
        rates(input: "x", values: [1, 2, 3, 4], from_ms: 0),
        neuron(population: "hidden", parameter: tau_b_ms, at_ms: 30, value: 7.25),
        neuron(population: "hidden", parameter: lambda, at_ms: 20, value: 0.5),
        neuron(population: "hidden", parameter: g_a, at_ms: 60, value: 9),
        current(neurons: "hidden[0..2]", compartment: basal, amplitude: 0.5, from_ms: 10),
        current(neurons: "hidden[1]", compartment: basal, amplitude: 0.25, from_ms: 50),
        current(neurons: "hidden[1]", compartment: soma, amplitude: 0.125, from_ms: 50),
        current(neurons: "hidden[3]", compartment: apical, amplitude: 3, from_ms: 50, until_ms: 59.5),
        current(neurons: "hidden[4]", compartment: apical, amplitude: 2, from_ms: 50, until_ms: 60),
        teacher(population: "out", target: [1, 0], from_ms: 50),
    ]"#;
    let all = same_in_memory_and_in_files(&scenario(engine, more));
    let hidden = of(&all, "hidden[1]");
    let parameters = &hidden.parameters;
    assert_eq!((parameters.tau_b_ms, parameters.lambda), (7.25, 0.5));
    assert_eq!((parameters.tau_a_ms, parameters.g_a), (0.3, 1.0));
    assert!(hidden.noise.is_some_and(|noise| noise != 0.0));
    assert_eq!((hidden.basal.injected, hidden.i_s), (0.75, 0.125));
    assert!(!hidden.apical.taught);
    let names = |terms: &[(String, f32)]| -> Vec<String> {
        terms.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&hidden.basal.terms), ["x_to_hidden", "hidden_bias"]);
    assert_eq!(names(&hidden.apical.terms), ["down"]);
    let apical = |neuron: &str| of(&all, neuron).apical.injected;
    assert_eq!((apical("hidden[3]"), apical("hidden[4]")), (0.0, 2.0));
    let out = of(&all, "out[0]");
    assert!(out.apical.taught && out.apical.rest != 0.0);
    assert!(out.basal.several_ways);
    assert_eq!(names(&out.basal.terms), ["slow", "up"]);
}

fn with_a_task(engine: Engine) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.csv");
    let rows = (0..24).map(|n| format!("{0},{0},{0},{0},{1}\n", 1 + n % 2, n % 2));
    std::fs::write(&path, rows.collect::<String>()).unwrap();
    for (before_end_ms, taught) in [(3, false), (0, true)] {
        let more = format!(
            r#"trials: 8, task: (
                data: csv(path: {path:?}), split: counts(train: 24), input: "x", output: "out",
                epochs: 2, presentation_ms: 20,
                teacher: (latency_ms: 5, off_before_end_ms: {before_end_ms}),
            )"#
        );
        let all = same_in_memory_and_in_files(&scenario(engine, &more));
        assert_eq!(of(&all, "out[1]").apical.taught, taught);
        assert!(!of(&all, "hidden[0]").apical.taught);
    }
}

both_engines!(with_a_timeline, with_a_task);

#[test]
fn what_is_no_neuron_of_a_simulation_is_an_error() {
    let model: Model = parse(MODEL);
    let mut simulation = common::simulation(&model, Engine::Events, 0.5, 2, 1.0);
    let mut wrong =
        |neuron: &str, trial| inspect::neuron(&mut simulation, neuron, trial, 5).unwrap_err();
    for (neuron, message) in [
        ("x[0]", "`x` is an input"),
        ("hiden[0]", "did you mean `hidden`?"),
        (
            "hidden[8]",
            "hidden[8]: expected one neuron, `hidden[0]` to `hidden[7]`",
        ),
        ("hidden", "expected one neuron"),
        ("hidden[0..2]", "expected one neuron"),
        ("hidden[", "names no neurons"),
    ] {
        let told = wrong(neuron, 0).to_string();
        assert!(told.contains(message), "{neuron}: {told}");
    }
    let beyond = wrong("hidden[7]", 2);
    assert!(matches!(beyond, InspectError::Trial { trial: 2, last: 1 }));
}
