//! What is shown is what is: recordings of inputs, the inspector, the timeline and metrics of a run.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::event::Event;
use apical::neuron::Variable;
use apical::record::traces;
use common::{both_engines, parse, simulation};
use ndarray::{Array2, arr2};
use serde_json::Value;

fn relay() -> Model {
    parse(
        r#"(
            name: "relay", neurons: {"n": (transfer: linear)}, inputs: [(name: "world", size: 1)],
            populations: [(name: "first", size: 1, neuron: "n"), (name: "second", size: 1, neuron: "n")],
            synapses: {"fixed": ()},
            projections: [
                (from: "world", to: "first", compartment: basal, delay_ms: 5, synapse: "fixed", weights: constant(1)),
                (from: "first", to: "second", compartment: basal, delay_ms: 5, synapse: "fixed", weights: constant(1)),
            ],
        )"#,
    )
}

fn the_rate_of_an_input_is_what_it_sends_at_that_time(engine: Engine) {
    let mut circuit = simulation(&relay(), engine, 1.0, 1, 1.0);
    let world = circuit.input("world").unwrap();
    for (step, rate) in [(0, 2.0), (1, 0.0), (10, 7.0), (10, 1.0), (20, 0.0)] {
        circuit
            .enter(step, Event::Rates(world, arr2(&[[rate]])))
            .unwrap();
    }
    let sent = |step: u64| match step {
        0 => 2.0,
        10..20 => 1.0,
        _ => 0.0,
    };
    for step in 0..40u64 {
        for (population, late) in [("world", 0), ("first", 5), ("second", 10)] {
            let rate = circuit.read(population, Variable::RATE).unwrap()[[0, 0]];
            let expected = step.checked_sub(late).map_or(0.0, sent);
            assert_eq!(rate, expected, "{population} at {step} ms");
            let sample = circuit.sample(population, Variable::RATE, 0, &[0]).unwrap();
            assert_eq!(sample, [expected]);
        }
        circuit.step();
    }
}

both_engines!(the_rate_of_an_input_is_what_it_sends_at_that_time);

fn apical(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apical"))
        .args(arguments)
        .env_remove("APICAL_DATA")
        .output()
        .unwrap()
}

/// A run of a scenario with these fields in `directory`.
fn run(directory: &Path, model: &str, scenario: &str, more: &[&str]) -> String {
    fs::write(directory.join("model.ron"), model).unwrap();
    let scenario = format!("(name: \"shown\", model: \"model.ron\", dt_ms: 1, {scenario})");
    let path = directory.join("scenario.ron");
    fs::write(&path, scenario).unwrap();
    let out = directory.join("out");
    let arguments = [
        "run",
        path.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let output = apical(&[&arguments, more].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    told
}

fn inspect(directory: &Path, neuron: &str) -> (String, Value) {
    let out = directory.join("out");
    let arguments = ["inspect", out.to_str().unwrap(), neuron];
    let text = |more: &[&str]| {
        let output = apical(&[&arguments, more].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    (text(&[]), serde_json::from_str(&text(&["--json"])).unwrap())
}

/// Rows of a table, by their columns.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn the_state_at_the_start_and_at_the_end_are_in_the_metrics() {
    let directory = tempfile::tempdir().unwrap();
    let model = r#"(
        name: "clock", neurons: {"n": (transfer: linear, tau_b_ms: 100)}, inputs: [(name: "in", size: 1)],
        populations: [(name: "cell", size: 1, neuron: "n")], synapses: {"fixed": ()},
        projections: [(from: "in", to: "cell", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(1))],
    )"#;
    let scenario = r#"duration_ms: 1003, timeline: [rates(input: "in", values: [1], from_ms: 0)],
        probes: [traces(neurons: ["in", "cell"], variables: [r], every_ms: 1003)]"#;
    run(directory.path(), model, scenario, &["--quiet"]);
    let rows = rows(&directory.path().join("out/metrics.csv"));
    let number = |row: usize, column: &str| rows[row][column].parse::<f64>().unwrap();
    assert_eq!(number(0, "time_ms"), 0.0);
    assert_eq!(number(0, "cell_mean_r"), 0.0);
    let last = rows.len() - 1;
    assert_eq!(number(last, "time_ms"), 1003.0);
    // The input arrives after the first step.
    let exact = -(-10.03f64).exp_m1();
    assert!((number(last, "cell_mean_r") - exact).abs() < 1e-5);
    assert_eq!(number(last - 1, "time_ms"), 1002.0);

    // Without an end of its own an input is on in the last state.
    let path = directory.path().join("out/traces.parquet");
    let recorded = traces(&path, |population, _, _, _| population == "in").unwrap();
    let input = recorded.values().next().unwrap();
    assert_eq!(
        (input.time_ms[0], *input.time_ms.last().unwrap()),
        (0.0, 1003.0)
    );
    assert!(input.value.iter().all(|r| *r == 1.0), "{:?}", input.value);
}

const CIRCUIT: &str = r#"(
    name: "circuit",
    neurons: {
        "h": (transfer: tanh, tau_b_ms: 2, noise: (std: 0.25, every_ms: 3)),
        "o": (transfer: softmax),
    },
    inputs: [(name: "x", size: 4)],
    populations: [
        (name: "hidden", size: 8, neuron: "h", bias: (synapse: "still")), (name: "hidden2", size: 2, neuron: "o"),
        (name: "out", size: 2, neuron: "o"),
    ],
    synapses: {"p": (rule: "transport", eta: 0.001, update: (every_ms: 1000, optimiser: plain)), "still": ()},
    projections: [
        (from: "x", to: "hidden", compartment: basal, delay_ms: 1, synapse: "p", weights: fan_in(gain: 1)),
        (name: "up", from: "hidden", to: "out", compartment: basal, delay_ms: 1, synapse: "p", weights: fan_in(gain: 1)),
        (name: "slow", from: "hidden", to: "out", compartment: basal, delay_ms: 2, synapse: "p", weights: fan_in(gain: 1)),
        (name: "down", from: "out", to: "hidden", compartment: apical, delay_ms: 1, synapse: "p", weights: constant(0), reciprocal: "slow"),
    ],
)"#;

#[test]
fn the_inspector_shows_parameters_currents_noise_and_synapses_as_of_now() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = r#"duration_ms: 100, timeline: [
        neuron(population: "hidden", parameter: tau_b_ms, at_ms: 30, value: 7),
        neuron(population: "hidden", parameter: lambda, at_ms: 20, value: 0.5),
        neuron(population: "hidden", parameter: tau_b_ms, at_ms: 20, value: 5),
        neuron(population: "hidden", parameter: g_a, at_ms: 100, value: 9),
        neuron(population: "hidden2", parameter: tau_b_ms, at_ms: 40, value: 99),
        current(neurons: "hidden[0..2]", compartment: basal, amplitude: 0.5, from_ms: 10),
        current(neurons: "hidden[1]", compartment: basal, amplitude: 0.25, from_ms: 50),
        current(neurons: "hidden[1]", compartment: soma, amplitude: 0.125, from_ms: 50),
        current(neurons: "hidden[3]", compartment: basal, amplitude: 3, from_ms: 50, until_ms: 60),
        teacher(population: "out", target: [1, 0], from_ms: 50),
        rates(input: "x", values: [1, 2, 3, 4], from_ms: 0),
    ]"#;
    run(directory.path(), CIRCUIT, scenario, &["--quiet"]);
    let (text, seen) = inspect(directory.path(), "hidden[1]");
    let parameters = &seen["parameters"];
    let now = ["tau_b_ms", "lambda", "g_a"].map(|name| parameters[name].as_f64().unwrap());
    assert_eq!(now, [7.0, 0.5, 1.0]);
    assert!(
        text.contains("tau_b 7 ms") && text.contains("standard deviation 0.25"),
        "{text}"
    );

    // Noise is what the output is made of beside the potentials.
    let of = |name: &str| seen[name].as_f64().unwrap();
    assert!(of("noise") != 0.0);
    let r = (of("b") + of("noise") + 0.5 * (of("s") - of("b"))).tanh();
    assert!((r - of("r")).abs() < 1e-6, "{r}");
    assert!(text.contains("r = f(b + n + lambda (s - b))"), "{text}");

    assert_eq!(seen["basal"]["injected"], 0.75);
    assert_eq!(seen["I_s"], 0.125);
    assert!(seen["basal"]["rest"].as_f64().unwrap().abs() < 1e-5);
    for line in ["injected +0.7500", "I_s     +0.1250  injected"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("teacher"), "{text}");
    // The projection down mirrors the second way up.
    assert_eq!(seen["apical"]["synapses"], 2);
    let slow: Array2<f32> =
        ndarray_npy::read_npy(directory.path().join("out/weights/slow.npy")).unwrap();
    let strongest = seen["apical"]["strongest"].as_array().unwrap();
    for synapse in strongest {
        let from = usize::from(synapse["from"] == "out[1]");
        assert_eq!(synapse["weight"].as_f64().unwrap() as f32, slow[[from, 1]]);
    }

    let (text, seen) = inspect(directory.path(), "hidden[3]");
    assert!(
        !text.contains("teacher") && !text.contains("injected"),
        "{text}"
    );
    assert_eq!(seen["basal"]["injected"], 0.0);
    let (text, seen) = inspect(directory.path(), "out[0]");
    assert!(
        text.contains("teacher +") && !text.contains("injected"),
        "{text}"
    );
    let rest = seen["apical"]["rest"].as_f64().unwrap();
    let target = 1.0 - seen["r"].as_f64().unwrap();
    // The teacher acted on the rate of the step before.
    assert!((rest - target).abs() < 0.05, "{rest} and {target}");
}

/// Four values of one class each, twelve samples a class.
fn task(directory: &Path) -> &'static str {
    let rows = (0..24).map(|n| format!("{0},{0},{0},{0},{1}\n", 1 + n % 2, n % 2));
    fs::write(directory.join("data.csv"), rows.collect::<String>()).unwrap();
    r#"trials: 8, task: (
        data: csv(path: "data.csv"), split: counts(train: 24), input: "x", output: "out", epochs: 2,
        presentation_ms: 40,
    ),"#
}

#[test]
fn the_timeline_has_the_labels_of_every_trial_that_is_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = format!(
        r#"{} timeline: [
            eta(projection: "up", at_ms: 60, value: 0.5),
            neuron(population: "hidden", parameter: lambda, at_ms: 50, value: 0.25),
            current(neurons: "hidden[1]", compartment: basal, amplitude: 0.25, from_ms: 10, until_ms: 100),
            current(neurons: "hidden[1]", compartment: basal, amplitude: 0.5, from_ms: 20, until_ms: 30),
        ], probes: [traces(neurons: ["x[0]", "hidden[0]"], variables: [r], trials: "3, 7")]"#,
        task(directory.path())
    );
    run(directory.path(), CIRCUIT, &scenario, &["--quiet"]);
    let rows = rows(&directory.path().join("out/timeline.csv"));
    let recorded = traces(
        &directory.path().join("out/traces.parquet"),
        |population, _, _, _| population == "x",
    )
    .unwrap();
    let stimuli = |trial: &str| -> Vec<_> {
        let mine = |row: &&BTreeMap<_, _>| row["kind"] == "stimulus" && row["trial"] == trial;
        rows.iter().filter(mine).collect()
    };
    let mut differ = false;
    for trial in ["3", "7"] {
        let series = (recorded.iter())
            .find(|(key, _)| key.trial.to_string() == trial)
            .unwrap()
            .1;
        assert_eq!(stimuli(trial).len(), 6);
        for (row, first) in stimuli(trial).into_iter().zip(stimuli("0")) {
            let from: f64 = row["from_ms"].parse().unwrap();
            let at = (series.time_ms.iter()).position(|t| *t == from).unwrap();
            // What is sent tells what is shown, from the first step of a presentation to the last.
            let shown: f64 = row["label"].parse().unwrap();
            assert!(series.value[at..at + 40].iter().all(|r| *r == shown + 1.0));
            differ |= row["label"] != first["label"];
        }
    }
    assert!(differ && stimuli("1").is_empty());
    let found = |kind: &str| -> Vec<[&str; 4]> {
        (rows.iter().filter(|row| row["kind"] == kind))
            .map(|row| ["label", "from_ms", "until_ms", "trial"].map(|name| row[name].as_str()))
            .collect()
    };
    assert_eq!(
        found("neuron"),
        [["hidden lambda 0.25", "50", "240", "all"]]
    );
    assert_eq!(found("eta"), [["up 0.5", "60", "240", "all"]]);
    assert_eq!(found("current").len(), 2);
    assert_eq!(found("teacher").len(), 3 * 6);

    // At the end of a presentation there is no teacher, and nothing was injected.
    let (text, _) = inspect(directory.path(), "out[0]");
    assert!(
        !text.contains("teacher") && !text.contains("injected"),
        "{text}"
    );
    for figure in ["membrane_hidden_0_trial7", "membrane_hidden_0_trial3"] {
        let path = directory.path().join(format!("out/figures/{figure}.svg"));
        assert!(path.is_file(), "{figure}");
    }
}

#[test]
fn products_of_the_inspector_are_of_what_has_arrived() {
    let projection = |name: &str, delay_ms: u32, weight: u32| {
        format!(
            r#"(name: "{name}", from: "world", to: "cell", compartment: basal, delay_ms: {delay_ms},
                synapse: "fixed", weights: constant({weight})),"#
        )
    };
    let model = format!(
        r#"(
            name: "two", neurons: {{"n": (transfer: linear)}}, inputs: [(name: "world", size: 1)],
            populations: [(name: "cell", size: 1, neuron: "n")], synapses: {{"fixed": ()}},
            projections: [{}{}],
        )"#,
        projection("fast", 1, 2),
        projection("slow", 5, 3)
    );
    let timeline = r#"
        rates(input: "world", values: [1.0], from_ms: 0, until_ms: 17),
        rates(input: "world", values: [0.5], from_ms: 17),
    "#;
    for engine in ["events", "dense"] {
        let directory = tempfile::tempdir().unwrap();
        let scenario = format!("engine: {engine}, duration_ms: 20, timeline: [{timeline}]");
        run(directory.path(), &model, &scenario, &[]);
        let (text, seen) = inspect(directory.path(), "cell[0]");
        let synapses = seen["basal"]["strongest"].as_array().unwrap();
        let arrived: BTreeMap<&str, f64> = (synapses.iter())
            .map(|synapse| {
                let projection = synapse["projection"].as_str().unwrap();
                (projection, synapse["arrived"].as_f64().unwrap())
            })
            .collect();
        assert_eq!(arrived, BTreeMap::from([("fast", 0.5), ("slow", 1.0)]));
        // Products are the terms of the current: 2 x 0.5 and 3 x 1.
        assert!(text.contains("fast +1.0000  slow +3.0000"), "{text}");
        for (projection, product) in [("fast", "+1.0000"), ("slow", "+3.0000")] {
            let name = format!("world[0] {projection}");
            let line = text.lines().find(|line| line.contains(&name)).unwrap();
            assert!(line.ends_with(product), "{line}");
        }
    }
}

#[test]
fn weights_that_start_at_a_bound_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let model = r#"(
        name: "bounded", neurons: {"n": ()}, inputs: [(name: "in", size: 40)],
        populations: [(name: "cell", size: 25, neuron: "n", bias: (synapse: "bounded", weights: constant(-1)))],
        synapses: {"bounded": (rule: "dll", bounds: (0, 0.75)), "free": (rule: "dll")},
        projections: [
            (name: "W", from: "in", to: "cell", compartment: basal, delay_ms: 1, synapse: "bounded", weights: uniform(limit: 1)),
            (name: "V", from: "in", to: "cell", compartment: basal, delay_ms: 1, synapse: "bounded", weights: uniform(limit: 0)),
        ],
    )"#;
    let free = model.replace("synapse: \"bounded\"", "synapse: \"free\"");
    let circuit = simulation(&parse(&free), Engine::Dense, 1.0, 1, 1.0);
    let outside = (circuit.weights("W").unwrap().iter())
        .filter(|weight| **weight < 0.0 || **weight > 0.75)
        .count();
    assert!((500..750).contains(&outside));
    let told = run(directory.path(), model, "duration_ms: 2", &[]);
    for words in [
        format!("{outside} of 1000 initial weights lie outside the bounds 0 to 0.75"),
        "25 of 25 initial weights".to_owned(),
        "model.ron:".to_owned(),
    ] {
        assert!(told.contains(&words), "{words} in {told}");
    }
    assert_eq!(told.matches("initial weights").count(), 2, "{told}");
    let path = directory.path().join("scenario.ron");
    let validated = apical(&["validate", path.to_str().unwrap()]);
    let validated = String::from_utf8_lossy(&validated.stderr).into_owned()
        + &String::from_utf8_lossy(&validated.stdout);
    assert!(validated.contains("of 1000 initial weights"), "{validated}");
}
