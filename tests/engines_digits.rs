//! Digits learned by both engines: the weights are the same, however fine the steps are.

mod common;

use std::collections::BTreeMap;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::run::Results;
use common::{error, f64s, parse, run_into, simulation};
use ndarray::Array2;

const PRESENTATION_MS: f64 = 40.0;
const DELAY_MS: f64 = 4.0;

/// What is learned, and how.
#[derive(Clone, Copy, Debug)]
struct Case {
    steps: u32,
    tau_ms: f64,
    trials: usize,
    presentations: usize,
    update: &'static str,
}

impl Case {
    fn dt_ms(self) -> f64 {
        PRESENTATION_MS / f64::from(self.steps)
    }
}

const PROJECTIONS: [&str; 7] = [
    "pixels_to_first",
    "first_to_second",
    "second_to_output",
    "output_to_second",
    "second_to_first",
    "first_bias",
    "output_bias",
];

fn model(case: Case) -> Model {
    let Case { tau_ms, update, .. } = case;
    // Optimisers take `eta` for a change a presentation, continuous synapses for one a ms.
    let eta = if update.contains("adam") { 0.01 } else { 0.02 };
    let projection = |from, to, compartment| {
        format!(
            r#"(from: "{from}", to: "{to}", compartment: {compartment}, delay_ms: {DELAY_MS},
                synapse: "plastic", weights: fan_in(gain: 1)),"#
        )
    };
    parse(&format!(
        r#"(
            name: "digits",
            neurons: {{
                "hidden": (tau_b_ms: {tau_ms}, tau_a_ms: {tau_ms}, transfer: tanh),
                "readout": (tau_b_ms: {tau_ms}, transfer: softmax),
            }},
            inputs: [(name: "pixels", size: 64)],
            populations: [
                (name: "first", size: 20, neuron: "hidden", bias: (synapse: "plastic")),
                (name: "second", size: 16, neuron: "hidden"),
                (name: "output", size: 10, neuron: "readout", bias: (synapse: "plastic")),
            ],
            synapses: {{"plastic": (rule: "dll", eta: {eta}, {update})}},
            projections: [{}{}{}{}{}],
        )"#,
        projection("pixels", "first", "basal"),
        projection("first", "second", "basal"),
        projection("second", "output", "basal"),
        projection("output", "second", "apical"),
        projection("second", "first", "apical"),
    ))
}

/// Weights by projection.
type Weights = BTreeMap<String, Array2<f32>>;

fn learned(case: Case, engine: Engine) -> Weights {
    let mut scenario: Scenario = parse(&format!(
        r#"(
            name: "digits", model: "", seed: 1, dt_ms: {}, trials: {},
            task: (
                data: csv(path: "data/digits.csv.gz"), encoding: scale(offset: 0, factor: 0.0625),
                split: counts(train: {}), input: "pixels", output: "output", epochs: 1,
                presentation_ms: {PRESENTATION_MS},
                teacher: (latency_ms: 20, off_before_end_ms: 8),
            ),
        )"#,
        case.dt_ms(),
        case.trials,
        case.presentations * case.trials,
    ));
    scenario.engine = engine;
    let directory = tempfile::tempdir().unwrap();
    run_into(directory.path(), &scenario, &model(case)).unwrap();
    let results = Results::open(directory.path()).unwrap();
    let weights = |name: &str| results.weights(name).unwrap().unwrap();
    PROJECTIONS
        .map(|name| (name.to_owned(), weights(name)))
        .into()
}

/// The weights of the same circuit as they are drawn.
fn drawn(case: Case) -> Weights {
    let engine = Engine::default();
    let circuit = simulation(
        &model(case),
        engine,
        case.dt_ms(),
        case.trials,
        PRESENTATION_MS,
    );
    PROJECTIONS
        .map(|name| (name.to_owned(), circuit.weights(name).unwrap()))
        .into()
}

/// Both engines agree, and not because nothing was learned.
fn agree(case: Case) {
    let (got, want) = (learned(case, Engine::Events), learned(case, Engine::Dense));
    let drawn = drawn(case);
    for (name, want) in &want {
        let want = f64s(want);
        let off = error(&got[name], &want);
        assert!(off < 1e-4, "{case:?}, {name}: {off}");
        let learned = error(&drawn[name], &want);
        assert!(learned > 1e-2, "{case:?}, {name} learned only {learned}");
    }
}

/// Every number of trials, with and without weight update and leaks.
fn all(steps: u32, presentations: usize) {
    for trials in [1, 64] {
        for tau_ms in [0.0, 2.0] {
            for update in ["", "update: (optimiser: adam(epsilon: 1e-4))"] {
                agree(Case {
                    steps,
                    tau_ms,
                    trials,
                    presentations,
                    update,
                });
            }
        }
    }
}

#[test]
fn weights_agree_at_10_steps_a_stimulus() {
    all(10, 8);
}

#[test]
fn weights_agree_at_100_steps_a_stimulus() {
    all(100, 4);
}

#[test]
fn weights_agree_at_1000_steps_a_stimulus() {
    all(1000, 2);
}
