//! Validation and test: a copy that starts from the state as built, hears the timeline as learning
//! does, and is watched.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::event::Teacher;
use apical::neuron::Variable;
use common::{bits, both_engines, injection, parse, simulation};
use ndarray::{Array2, array};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Leaks, delays, noise, feedback, a bias, bounds, and every kind of memory that synapses have.
fn everything() -> Model {
    parse(
        r#"(
            name: "everything",
            neurons: {
                "slow": (tau_b_ms: 7, tau_a_ms: 3, tau_s_ms: 2, lambda: 0.2, noise: (std: 0.1, every_ms: 4)),
                "potential": (tau_b_ms: 2, mismatch: potential),
                "readout": (transfer: softmax),
            },
            inputs: [(name: "x", size: 3)],
            populations: [
                (name: "cell", size: 4, neuron: "slow", bias: (synapse: "adam", weights: constant(0.1))),
                (name: "h", size: 5, neuron: "potential"),
                (name: "y", size: 3, neuron: "readout"),
            ],
            synapses: {
                "plain": (rule: "dll", eta: 0.01, decay_per_ms: 0.001, bounds: (-0.8, 0.8)),
                "adam": (rule: "dll", eta: 0.01, update: (every_ms: 7, offset_ms: 2, optimiser: adam())),
                "momentum": (rule: "kolen_pollack", eta: 0.01, update: (every_ms: 5, optimiser: momentum(momentum: 0.9))),
                "reward": (rule: "node_perturbation", eta: 0.01, update: (every_ms: 5, optimiser: plain)),
                "mirror": (rule: "transport", eta: 0.01),
            },
            projections: [
                (name: "A", from: "x", to: "cell", compartment: basal, delay_ms: 2, synapse: "plain", weights: normal(std: 0.5)),
                (name: "R", from: "x", to: "cell", compartment: basal, delay_ms: 1, synapse: "reward", weights: normal(std: 0.5)),
                (name: "B", from: "cell", to: "h", compartment: basal, delay_ms: 3, synapse: "adam", weights: normal(std: 0.5)),
                (name: "C", from: "h", to: "y", compartment: basal, delay_ms: 1, synapse: "momentum", weights: normal(std: 0.5)),
                (name: "D", from: "y", to: "h", compartment: apical, delay_ms: 4, synapse: "momentum", weights: normal(std: 0.5)),
                (name: "E", from: "h", to: "cell", compartment: apical, delay_ms: 1, synapse: "mirror", weights: constant(0)),
            ],
        )"#,
    )
}

const OWN: [&str; 6] = ["A", "B", "C", "D", "R", "cell_bias"];

/// Everything that can be read after each of some steps, while something happens.
fn course(circuit: &mut Simulation) -> Vec<Array2<u32>> {
    let random = |columns, seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((2, columns), || rng.random_range(-1.0f32..1.0))
    };
    circuit.set_input("x", random(3, 1).view()).unwrap();
    let teacher = Teacher {
        target: random(3, 2),
        strength: vec![1.0, 0.5],
    };
    circuit.teach("y", teacher).unwrap();
    let event = injection(
        circuit,
        apical::neuron::Site::Apical,
        &[0.5, 0.0, -0.5, 1.0],
    );
    circuit.enter(9, event).unwrap();
    let mut seen = Vec::new();
    for _ in 0..40 {
        circuit.step();
        for population in ["x", "cell", "h", "y"] {
            for variable in Variable::ALL {
                seen.extend(
                    circuit
                        .read(population, variable)
                        .map(|values| bits(&values)),
                );
            }
        }
        seen.extend(OWN.map(|name| bits(&circuit.weights(name).unwrap())));
        seen.extend(circuit.noise().values().map(bits));
    }
    seen
}

fn after_a_reset_everything_is_as_in_a_new_circuit_but_the_weights(engine: Engine) {
    let model = everything();
    let mut new = simulation(&model, engine, 1.0, 2, 10.0);
    let initial = OWN.map(|name| (name, new.weights(name).unwrap()));
    let expected = course(&mut new);

    let mut used = simulation(&model, engine, 1.0, 2, 10.0);
    let huge = Array2::from_elem((2, 3), 1e6);
    used.set_input("x", huge.view()).unwrap();
    course(&mut used);
    assert!(used.steps() == 40 && expected != course(&mut used));
    // Something is still to come, under way and applied in part.
    used.set_input("x", huge.view()).unwrap();
    used.step();
    let learned = OWN.map(|name| bits(&used.weights(name).unwrap()));
    used.reset();
    assert_eq!(OWN.map(|name| bits(&used.weights(name).unwrap())), learned);
    assert!((initial.iter().zip(&learned)).all(|((_, before), after)| bits(before) != *after));
    for variable in Variable::ALL {
        for population in ["x", "cell", "h", "y"] {
            let values = used.read(population, variable);
            assert!(
                values.iter().flatten().all(|v| *v == 0.0),
                "{population} {variable}"
            );
        }
    }
    for (name, weights) in initial {
        used.set_weights(name, weights).unwrap();
    }
    used.reset();
    assert_eq!((used.steps(), used.computed_steps()), (0, 0));
    assert_eq!(course(&mut used), expected);
}

both_engines!(after_a_reset_everything_is_as_in_a_new_circuit_but_the_weights);

/// A readout of a few values, with `more` of the model and of the scenario; classes are told apart
/// by whether the mean of `x` is above a bound.
#[derive(Clone)]
struct Readout<'a> {
    /// Weights from `x` onto the first and second neuron of `out`.
    weights: [[f32; 2]; 2],
    neuron: &'a str,
    populations: &'a str,
    inputs: &'a str,
    projections: &'a str,
    timeline: &'a str,
    task: &'a str,
    rows: Vec<(f32, f32, usize)>,
}

impl Default for Readout<'_> {
    fn default() -> Self {
        Self {
            weights: [[0.0, 0.0], [0.5, 0.5]],
            neuron: "transfer: softmax",
            populations: "",
            inputs: "",
            projections: "",
            timeline: "",
            task: "split: counts(train: 20, validation: 10, test: 10), presentation_ms: 10",
            rows: (0..40)
                .map(|n| match n % 2 {
                    0 => (4.0 + 0.01 * n as f32, 4.0, 0),
                    _ => (6.0, 6.0 + 0.01 * n as f32, 1),
                })
                .collect(),
        }
    }
}

impl Readout<'_> {
    fn write(&self, directory: &Path) {
        let [[a, b], [c, d]] = self.weights;
        ndarray_npy::write_npy(directory.join("w.npy"), &array![[a, b], [c, d]]).unwrap();
        let column = array![[0.0f32], [-5.0]];
        ndarray_npy::write_npy(directory.join("c.npy"), &column).unwrap();
        let rows = self
            .rows
            .iter()
            .map(|(a, b, label)| format!("{a:e},{b:e},{label}\n"));
        fs::write(directory.join("data.csv"), rows.collect::<String>()).unwrap();
        let Self {
            neuron,
            populations,
            inputs,
            projections,
            timeline,
            task,
            ..
        } = self;
        let model = format!(
            r#"(
                name: "readout",
                neurons: {{"o": ({neuron}), "relay": (transfer: linear, tau_b_ms: 100)}},
                inputs: [(name: "x", size: 2), {inputs}],
                populations: [(name: "out", size: 2, neuron: "o"), {populations}],
                synapses: {{"fixed": ()}},
                projections: [
                    (from: "x", to: "out", compartment: basal, delay_ms: 1, synapse: "fixed", weights: npy("w.npy")),
                    {projections}
                ],
            )"#
        );
        fs::write(directory.join("model.ron"), model).unwrap();
        let scenario = format!(
            r#"(
                name: "readout", model: "model.ron", dt_ms: 1, timeline: [{timeline}],
                task: (data: csv(path: "data.csv"), input: "x", output: "out", epochs: 2, {task}),
            )"#
        );
        fs::write(directory.join("scenario.ron"), scenario).unwrap();
    }
}

fn run(directory: &Path, more: &[&str]) -> Output {
    let out = directory.join("out");
    let _ = fs::remove_dir_all(&out);
    Command::new(env!("CARGO_BIN_EXE_apical"))
        .arg("run")
        .arg(directory.join("scenario.ron"))
        .arg("--out")
        .arg(&out)
        .args(["--threads", "1", "--quiet"])
        .args(more)
        .output()
        .unwrap()
}

/// Accuracy in training in the last epoch, in validation, and in the test.
fn accuracies(directory: &Path, more: &[&str]) -> [f64; 3] {
    let output = run(directory, more);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metrics = fs::read_to_string(directory.join("out/metrics.csv")).unwrap();
    let last: Vec<f64> = (metrics.lines().last().unwrap().split(','))
        .map(|cell| cell.parse().unwrap())
        .collect();
    let summary = fs::read_to_string(directory.join("out/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    [last[2], last[3], summary["test_accuracy"].as_f64().unwrap()]
}

#[test]
fn no_sample_changes_the_answer_to_another() {
    let directory = tempfile::tempdir().unwrap();
    // What is large in one feature is small in the mean of the weights of the other class: the
    // answer to it is right, and it must have no effect on those after it.
    let mut rows: Vec<_> = (0..60u8)
        .map(|n| match n % 2 {
            0 => (-0.001 * f32::from(n + 1), -1.0, 0),
            _ => (1.0, 0.001 * f32::from(n), 1),
        })
        .collect();
    rows[10] = (-1e9, -1.0, 0);
    rows[31] = (1e7, 1.0, 1);
    for neuron in ["transfer: softmax", "transfer: softmax, tau_b_ms: 20"] {
        let readout = Readout {
            weights: [[-1.0, -1.0], [1.0, 1.0]],
            neuron,
            rows: rows.clone(),
            task: "split: counts(train: 2, validation: 8, test: 50), presentation_ms: 200",
            ..Readout::default()
        };
        readout.write(directory.path());
        for engine in ["engine=events", "engine=dense"] {
            for trials in ["1", "2", "7"] {
                let [_, validation, test] =
                    accuracies(directory.path(), &["--set", engine, "--trials", trials]);
                assert_eq!(
                    [validation, test],
                    [1.0; 2],
                    "{neuron}, {engine}, {trials} trials"
                );
            }
        }
    }
}

/// Everything that is right only if -5 reaches the second neuron of the output.
#[test]
fn validation_and_test_hear_the_timeline_as_learning_does() {
    let directory = tempfile::tempdir().unwrap();
    let context = Readout {
        inputs: r#"(name: "context", size: 1)"#,
        projections: r#"(from: "context", to: "out", compartment: basal, delay_ms: 1, synapse: "fixed", weights: npy("c.npy"))"#,
        ..Readout::default()
    };
    let cases = [
        (
            "an input",
            Readout {
                timeline: r#"rates(input: "context", values: [1], from_ms: 0)"#,
                ..context.clone()
            },
        ),
        (
            "an input that is on while learning reads its answers",
            Readout {
                timeline: r#"rates(input: "context", values: [1], from_ms: 0, until_ms: 6, repeat: (every_ms: 10, times: 40))"#,
                task: "split: counts(train: 20, validation: 10, test: 10), presentation_ms: 10, teacher: (latency_ms: 5)",
                ..context.clone()
            },
        ),
        (
            "an input in the first epoch alone, which is the one that is chosen",
            Readout {
                timeline: r#"rates(input: "context", values: [1], from_ms: 0, until_ms: 200)"#,
                ..context.clone()
            },
        ),
        (
            "a current",
            Readout {
                timeline: r#"current(neurons: "out[1]", compartment: basal, amplitude: -5, from_ms: 0)"#,
                ..Readout::default()
            },
        ),
        (
            "a current that a slow population hands on",
            Readout {
                populations: r#"(name: "slow", size: 1, neuron: "relay")"#,
                projections: r#"(from: "slow", to: "out", compartment: basal, delay_ms: 1, synapse: "fixed", weights: npy("c.npy"))"#,
                timeline: r#"current(neurons: "slow", compartment: basal, amplitude: 1, from_ms: 0)"#,
                // The first presentations come before the slow population has charged.
                task: "split: counts(train: 20, validation: 10, test: 10), presentation_ms: 50",
                ..Readout::default()
            },
        ),
        (
            "a parameter",
            Readout {
                timeline: r#"
                    current(neurons: "out[1]", compartment: soma, amplitude: -5, from_ms: 0),
                    neuron(population: "out", parameter: lambda, at_ms: 3, value: 1),
                    neuron(population: "out", parameter: lambda, at_ms: 5000, value: 0),
                "#,
                ..Readout::default()
            },
        ),
        (
            "a teacher of another population",
            Readout {
                neuron: "transfer: softmax",
                populations: r#"(name: "aside", size: 1, neuron: "nudged")"#,
                projections: r#"(from: "aside", to: "out", compartment: basal, delay_ms: 1, synapse: "fixed", weights: npy("c.npy"))"#,
                // A linear rate r = lambda strength (target - r) settles at 1.
                timeline: r#"teacher(population: "aside", target: [3], strength: 0.5, from_ms: 0)"#,
                ..Readout::default()
            },
        ),
    ];
    for (what, readout) in cases {
        readout.write(directory.path());
        if what.contains("teacher") {
            let path = directory.path().join("model.ron");
            let model = fs::read_to_string(&path).unwrap();
            let nudged = r#""nudged": (transfer: linear, tau_a_ms: 5, lambda: 1), "relay""#;
            fs::write(&path, model.replacen("\"relay\"", nudged, 1)).unwrap();
        }
        for engine in ["engine=events", "engine=dense"] {
            let [train, validation, test] = accuracies(directory.path(), &["--set", engine]);
            // In the epoch that was not chosen everybody is of the second class.
            let last = if what.contains("alone") { 0.5 } else { 1.0 };
            assert_eq!(
                [train, validation, test],
                [last, last, 1.0],
                "{what}, {engine}"
            );
        }
    }
}

#[test]
fn an_answer_that_is_no_number_is_an_error_that_names_population_neuron_sample_and_value() {
    let directory = tempfile::tempdir().unwrap();
    let mut readout = Readout {
        populations: r#"(name: "first", size: 1, neuron: "relay"), (name: "second", size: 1, neuron: "relay")"#,
        projections: r#"
            (from: "x", to: "first", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(1e15)),
            (from: "first", to: "second", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(1e15)),
        "#,
        task: "split: counts(train: 2, validation: 0, test: 38), presentation_ms: 10",
        ..Readout::default()
    };
    // Three factors of 1e15, each as large as it may be.
    readout.rows[12].0 = 1e15;
    readout.write(directory.path());
    for engine in ["engine=events", "engine=dense"] {
        for trials in ["1", "5"] {
            let output = run(directory.path(), &["--set", engine, "--trials", trials]);
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success());
            for words in ["test", "sample 12 of the data", "of second[0] became inf"] {
                assert!(told.contains(words), "{words} in {told}");
            }
        }
    }
}
