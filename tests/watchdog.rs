//! Activity that runs away is found in its step, named, and costs no recording.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::engine::{Runaway, Simulation};
use apical::event::Teacher;
use apical::neuron::Variable;
use apical::record;
use apical::run::{Results, RunError};
use common::{both_engines, parse, run_into, simulation};
use ndarray::{Array2, arr2};

/// Linear cells that excite themselves through `again`, and drive their own dendrites through
/// `down`; all weights are 0 at first.
fn explosive(neuron: &str) -> Model {
    parse(&format!(
        r#"(
            name: "explosive", neurons: {{"cell": (transfer: linear, {neuron})}},
            inputs: [(name: "in", size: 3)],
            populations: [
                (name: "calm", size: 3, neuron: "cell"),
                (name: "cell", size: 3, neuron: "cell"),
            ],
            synapses: {{"fixed": ()}},
            projections: [
                (name: "in", from: "in", to: "cell", compartment: basal, delay_ms: 1,
                    synapse: "fixed", weights: constant(0)),
                (name: "again", from: "cell", to: "cell", compartment: basal, delay_ms: 1,
                    synapse: "fixed", weights: constant(0)),
                (name: "down", from: "cell", to: "cell", compartment: apical, delay_ms: 1,
                    synapse: "fixed", weights: constant(0)),
            ],
        )"#
    ))
}

/// Weights of 3 x 3 that are 0 but for `weight` from `pre` to `post`.
fn single(post: usize, pre: usize, weight: f32) -> Array2<f32> {
    let mut weights = Array2::zeros((3, 3));
    weights[[post, pre]] = weight;
    weights
}

/// A teacher of one neuron in the second of two trials.
fn teacher(neuron: usize, strength: f32) -> Teacher {
    let mut target = Array2::zeros((2, 3));
    target[[1, neuron]] = 1.0;
    Teacher {
        target,
        strength: vec![strength; 2],
    }
}

fn runaway(simulation: &mut Simulation, steps: usize) -> Option<Runaway> {
    (0..steps).find_map(|_| {
        simulation.step();
        simulation.runaway().cloned()
    })
}

fn a_runaway_names_its_neuron_trial_step_and_first_term(engine: Engine) {
    // Basal: 1 in the state at 1 ms, then ten times as much in every step; 1e39 is no f32.
    let mut basal = simulation(&explosive(""), engine, 1.0, 2, 1.0);
    basal.set_weights("in", single(2, 0, 1.0)).unwrap();
    basal.set_weights("again", single(2, 2, 10.0)).unwrap();
    let pulse = arr2(&[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    basal.set_input("in", pulse.view()).unwrap();
    basal.step();
    basal.set_input("in", (pulse * 0.0).view()).unwrap();
    let found = runaway(&mut basal, 100).unwrap();
    let want = Runaway {
        population: "cell".into(),
        neuron: 2,
        trial: 1,
        variable: Variable::BASAL_CURRENT,
        value: f32::INFINITY,
        step: 39,
        time_ms: 40.0,
    };
    assert_eq!(found, want);
    let message = found.to_string();
    assert!(
        message.contains("I_b of cell[2] in trial 1 became inf at 40 ms (step 39)"),
        "{message}"
    );
    // What came first stays, whatever comes after it.
    (0..5).for_each(|_| basal.step());
    assert_eq!(basal.runaway(), Some(&want));

    // Apical: the same through teaching signals.
    let mut apical = simulation(&explosive(""), engine, 1.0, 2, 1.0);
    apical.set_weights("down", single(1, 1, -10.0)).unwrap();
    apical.teach("cell", teacher(1, 1.0)).unwrap();
    apical.step();
    apical.teach("cell", teacher(1, 0.0)).unwrap();
    let found = runaway(&mut apical, 100).unwrap();
    let want = Runaway {
        neuron: 1,
        variable: Variable::APICAL_CURRENT,
        value: f32::NEG_INFINITY,
        ..want
    };
    assert_eq!(found, want);

    // Soma: the dendrites are finite, their coupling is too strong.
    let mut soma = simulation(&explosive("g_a: 1e15"), engine, 1.0, 2, 1.0);
    soma.teach("calm", teacher(0, 1e25)).unwrap();
    let found = runaway(&mut soma, 100).unwrap();
    let want = Runaway {
        population: "calm".into(),
        neuron: 0,
        variable: Variable::MISMATCH,
        value: f32::INFINITY,
        step: 0,
        time_ms: 1.0,
        ..want
    };
    assert_eq!(found, want);
}

/// `in` to `hidden` to `out` and back, linear, all weights 2 and `hidden` read by weight transport.
fn nudged(lambda: f32, eta: f32) -> Model {
    parse(&format!(
        r#"(
            name: "nudged", neurons: {{"cell": (transfer: linear, lambda: {lambda})}},
            inputs: [(name: "in", size: 1)],
            populations: [
                (name: "hidden", size: 1, neuron: "cell"), (name: "out", size: 1, neuron: "cell"),
            ],
            synapses: {{"plastic": (rule: "transport", eta: {eta})}},
            projections: [
                (from: "in", to: "hidden", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: constant(2)),
                (from: "hidden", to: "out", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: constant(2)),
                (from: "out", to: "hidden", compartment: apical, delay_ms: 1,
                    synapse: "plastic", weights: constant(0)),
            ],
        )"#
    ))
}

fn full_nudging_with_full_teaching_and_a_huge_eta_run_away_and_moderate_ones_do_not(
    engine: Engine,
) {
    // Without learning the loop is z^3 + lambda z^2 + 4 lambda = 0: outside the unit circle with
    // lambda = 1, inside with 0.1.
    for (lambda, eta, runs_away) in [
        (1.0, 0.0, true),
        (0.1, 0.0, false),
        (0.0, 30.0, true),
        (0.0, 0.003, false),
    ] {
        let mut simulation = simulation(&nudged(lambda, eta), engine, 1.0, 1, 1.0);
        simulation.set_input("in", arr2(&[[1.0]]).view()).unwrap();
        let teacher = Teacher {
            target: arr2(&[[1.0]]),
            strength: vec![1.0],
        };
        simulation.teach("out", teacher).unwrap();
        let found = runaway(&mut simulation, 2000);
        assert_eq!(
            found.is_some(),
            runs_away,
            "lambda {lambda} eta {eta}: {found:?}"
        );
    }
}

fn a_run_that_ends_so_keeps_what_it_recorded(engine: Engine) {
    let model: Model = parse(
        r#"(
            name: "explosive", neurons: {"cell": (transfer: linear)},
            inputs: [(name: "in", size: 1)], populations: [(name: "cell", size: 1, neuron: "cell")],
            synapses: {"fixed": ()},
            projections: [
                (name: "in", from: "in", to: "cell", compartment: basal, delay_ms: 0.5,
                    synapse: "fixed", weights: constant(1)),
                (name: "again", from: "cell", to: "cell", compartment: basal, delay_ms: 0.5,
                    synapse: "fixed", weights: constant(10)),
            ],
        )"#,
    );
    let mut scenario: Scenario = parse(
        r#"(
            name: "explosive", model: "", dt_ms: 0.5, duration_ms: 100,
            timeline: [rates(input: "in", values: [1], from_ms: 5, until_ms: 5.5)],
            probes: [
                traces(neurons: ["cell"], variables: [b]), weights(projection: "again"),
                statistics(statistics: [norm]),
            ],
        )"#,
    );
    scenario.engine = engine;
    let directory = tempfile::tempdir().unwrap();
    let error = run_into(directory.path(), &scenario, &model).unwrap_err();
    let RunError::Runaway(found) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (found.step, found.time_ms, found.variable),
        (49, 25.0, Variable::BASAL_CURRENT)
    );
    let results = Results::open(directory.path()).unwrap();
    assert_eq!(results.summary.steps, 50);
    assert_eq!(results.weights("again").unwrap().unwrap(), arr2(&[[10.0]]));
    assert!(results.state("cell").unwrap().is_some());

    let file = |name: &str| results.file(name).unwrap();
    let traces = record::traces(&file("traces.parquet"), |_, _, _, variable| variable == "b");
    let traces = traces.unwrap();
    let b = traces.values().next().unwrap();
    // Everything up to the step before the last, from rest at time 0 on.
    assert_eq!(b.time_ms.len(), 50);
    assert_eq!(b.time_ms.last(), Some(&24.5));
    for (t, b) in b.time_ms.iter().zip(&b.value) {
        let want = if *t < 5.5 {
            0.0
        } else {
            10f64.powf((t - 5.5) / 0.5)
        };
        assert!((b - want).abs() <= 1e-5 * want, "{t} ms: {b}");
    }
    let weights = record::weights(
        &file("weights.parquet"),
        &std::sync::atomic::AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!(weights.values().next().unwrap().time_ms.len(), 50);
    let norms = record::statistics(&file("projections.parquet")).unwrap();
    assert_eq!(norms.len(), 2);
}

both_engines! {
    a_runaway_names_its_neuron_trial_step_and_first_term,
    full_nudging_with_full_teaching_and_a_huge_eta_run_away_and_moderate_ones_do_not,
    a_run_that_ends_so_keeps_what_it_recorded,
}
