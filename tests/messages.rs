//! Every message about a model or a scenario, as it is printed: one defect at a time.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use apical::cli::validate;
use apical::description::Registry;
use apical::description::document::Problems;

const MODEL: &str = r#"// A small circuit.
(
    name: "small",
    neurons: {
        "pyramidal": (tau_b_ms: 2.0, tau_a_ms: 2.0, transfer: tanh),
        "readout": (transfer: softmax),
    },
    inputs: [(name: "pixels", size: 4, shape: (2, 2)), (name: "sound", size: 2)],
    populations: [
        (name: "hidden", size: 3, neuron: "pyramidal", bias: (synapse: "plastic")),
        (name: "output", size: 2, neuron: "readout"),
    ],
    synapses: {
        "plastic": (rule: "dll", eta: 0.01, update: (optimiser: adam())),
        "still": (),
    },
    projections: [
        (from: "pixels", to: "hidden", compartment: basal, delay_ms: 1.0, synapse: "plastic", weights: fan_in(gain: 1.0)),
        (from: "hidden", to: "output", compartment: basal, delay_ms: 1.0, synapse: "plastic", weights: normal(std: 0.1)),
        (from: "output", to: "hidden", compartment: apical, delay_ms: 2.0, synapse: "still", weights: uniform(limit: 0.1)),
    ],
)
"#;

const FREE: &str = r#"// A timeline and probes.
(
    name: "free",
    model: "model.ron",
    dt_ms: 0.5,
    trials: 2,
    duration_ms: 100.0,
    timeline: [
        rates(input: "pixels", values: [1.0], from_ms: 10.0, until_ms: 20.0, repeat: (every_ms: 20.0, times: 3)),
        current(neurons: "hidden[0..2]", compartment: soma, amplitude: 0.5, from_ms: 10.0, until_ms: 20.0),
        teacher(population: "output", target: [0.0, 1.0], from_ms: 30.0, until_ms: 40.0),
        neuron(population: "hidden", parameter: lambda, at_ms: 50.0, value: 0.1),
        eta(projection: "hidden_bias", at_ms: 50.0, value: 0.0),
        eta_scale(at_ms: 50.0, factor: 0.5),
    ],
    probes: [
        traces(neurons: ["hidden", "pixels[0]"], trials: "all", every_ms: 1.0, from_ms: -20.0),
        weights(projection: "pixels_to_hidden", post: "0..2", pre: "3", until_ms: 50.0),
        statistics(projections: ["output_to_hidden"], statistics: [norm, alignment], every_ms: 10.0),
    ],
)
"#;

const TASK: &str = r#"// A task.
(
    name: "task",
    model: "model.ron",
    dt_ms: 1.0,
    task: (
        data: csv(path: "data.csv"),
        encoding: scale(offset: 0.0, factor: 0.5),
        split: counts(train: 2, validation: 1, test: 1),
        input: "pixels",
        output: "output",
        epochs: 2,
        presentation_ms: 60.0,
        teacher: (latency_ms: 20.0, off_before_end_ms: 20.0),
        eta_schedule: linear(end: 0.1),
    ),
    probes: [statistics(statistics: [gradient_angle])],
    variants: {
        "short": ["task.epochs=1"],
        "slow": ["model.neurons.pyramidal.tau_b_ms=3"],
    },
)
"#;

const DATA: &str = "0,1,2,3,0\n1,1,2,3,1\n0,1,2,2,0\n0,0,2,3,1\n";

fn validate(file: &Path, set: &[String]) -> Result<(String, Problems), Problems> {
    validate::validate(file, set, None, &Registry::default())
}

/// What is printed for three files of which the text of one is changed, and for overrides.
fn printed(replace: (&str, &str, &str), file: &str, set: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("model.ron", MODEL),
        ("free.ron", FREE),
        ("task.ron", TASK),
        ("data.csv", DATA),
    ] {
        let changed = match replace {
            (of, old, new) if of == name => {
                assert!(text.contains(old), "{old} is not in {name}");
                text.replacen(old, new, 1)
            }
            _ => text.to_owned(),
        };
        fs::write(directory.path().join(name), changed).unwrap();
    }
    let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
    let text = match validate(&directory.path().join(file), &set) {
        Ok((summary, warnings)) if warnings.0.is_empty() => format!("ok ({summary})"),
        Ok((summary, warnings)) => format!("ok ({summary})\n{warnings}"),
        Err(problems) => problems.to_string(),
    };
    text.replace(&format!("{}/", directory.path().display()), "")
}

/// Compares a text with the one that is kept under that name.
fn assert_kept(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// One defect after the other in the file that is validated.
fn defects(file: &str, changes: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (old, new) in changes {
        let shown = new.replace('\n', "\\n");
        writeln!(
            text,
            "==== {old:?} -> {shown:?}\n{}\n",
            printed((file, old, new), file, &[])
        )
        .unwrap();
    }
    text
}

#[test]
fn the_texts_are_right_as_they_are() {
    let all: Vec<String> = ["model.ron", "free.ron", "task.ron"]
        .map(|file| printed(("", "", ""), file, &[]))
        .into();
    insta::assert_snapshot!(all.join("\n"), @r"
    ok (4 populations, 3 projections, 27 synapses)
    ok (4 populations, 3 projections, 27 synapses; 100 ms simulated)
    ok (4 populations, 3 projections, 27 synapses; 2 epochs of 2 presentations of 60 ms = 0.2 s simulated; 2 variants)
    ");
}

#[test]
fn text_that_cannot_be_read() {
    assert_kept(
        "parse_task",
        &defects(
            "task.ron",
            &[
                ("epochs: 2", "epoch: 2"),
                ("epochs: 2,", ""),
                ("epochs: 2", "epochs: \"abc\""),
                ("epochs: 2", "epochs: -6"),
                ("epochs: 2", "epochs: 6.5"),
                ("epochs: 2", "epochs: 99999999999999999999999"),
                ("epochs: 2", "epochs: many"),
                ("epochs: 2", "epochs: 2, epochs: 3"),
                ("epochs: 2", "epochs 2"),
                ("epochs: 2", "epochs = 2"),
                ("epochs: 2,", "epochs: 2"),
                ("epochs: 2", "\"epochs\": 2"),
                ("dt_ms: 1.0", "dt_ms: \"1.0\""),
                ("dt_ms: 1.0", "dt_ms: [1.0]"),
                ("dt_ms: 1.0", "dt_ms: 1,5"),
                ("dt_ms: 1.0", "dt_ms: 1.0 ms"),
                ("dt_ms: 1.0", "dt_ms: "),
                ("dt_ms: 1.0", "dt-ms: 1.0"),
                ("dt_ms: 1.0", "step_ms: 1.0"),
                ("dt_ms: 1.0", "engine: sparse, dt_ms: 1.0"),
                ("dt_ms: 1.0", "engine: event, dt_ms: 1.0"),
                ("    model: \"model.ron\",\n", ""),
                ("\"task\"", "\"task"),
                ("\"task\"", "task"),
                ("\"task\"", "\"ta\\qsk\""),
                ("csv(", "cvs("),
                ("csv(", "table("),
                ("linear(end: 0.1)", "linear"),
                ("linear(end: 0.1)", "linear(0.1)"),
                ("linear(end: 0.1)", "linear()"),
                ("linear(end: 0.1)", "\"linear\""),
                ("linear(end: 0.1)", "0.1"),
                ("task: (", "task: ["),
                ("task: (", "task: {"),
                ("[statistics(", "statistics("),
                ("[gradient_angle]", "gradient_angle"),
                ("[gradient_angle]", "[\"norm\"]"),
                ("[gradient_angle]", "[angle]"),
                ("[\"task.epochs=1\"]", "\"task.epochs=1\""),
                ("variants: {", "variants: ("),
                ("\"slow\": [", "\"short\": ["),
                ("    },\n)", "    }\n"),
                (" },\n)", " },\n) extra"),
                ("// A task.", "/* A task."),
                ("// A task.\n(", ""),
                ("// A task.", "é → ("),
            ],
        ),
    );
    assert_kept(
        "parse_free",
        &defects(
            "free.ron",
            &[
                ("\"hidden[0..2]\"", "\"hidden[0..2\""),
                ("\"hidden[0..2]\"", "\"hidden[a]\""),
                ("\"hidden[0..2]\"", "hidden"),
                ("parameter: lambda", "parameter: lamda"),
                ("compartment: soma", "compartment: axon"),
                ("values: [1.0]", "values: 1.0"),
                ("values: [1.0]", "values: [1.0, x]"),
                ("trials: \"all\"", "trials: 0"),
                ("statistics: [norm", "variables: [b], statistics: [norm"),
            ],
        ),
    );
    assert_kept(
        "parse_model",
        &defects(
            "model.ron",
            &[
                ("transfer: tanh", "transfer: tanhh"),
                ("transfer: tanh", "transfer: sigmoid"),
                ("tau_b_ms: 2.0", "tau_basal_ms: 2.0"),
                ("tau_b_ms: 2.0", "threshold: 2.0"),
                ("shape: (2, 2)", "shape: 4"),
                ("shape: (2, 2)", "shape: (4)"),
                ("shape: (2, 2)", "shape: (2, 2, 1)"),
                ("shape: (2, 2)", "shape: [2, 2]"),
                ("fan_in(gain: 1.0)", "fan_in(1.0)"),
                ("fan_in(gain: 1.0)", "fan_in"),
                ("fan_in(gain: 1.0)", "constant"),
                ("adam()", "adam"),
                ("\"pyramidal\": (", "pyramidal: ("),
                ("neurons: {", "neurons: ["),
                ("size: 4", "size: 4.0"),
                ("compartment: basal", "compartment: \"basal\""),
                ("compartment: basal", "compartment: soma"),
                ("rule: \"dll\"", "rule: dll"),
                ("rule: \"dll\"", "bounds: 1.0"),
                ("rule: \"dll\"", "parameters: {s: 1}"),
            ],
        ),
    );
}

#[test]
fn models_that_describe_no_circuit() {
    assert_kept(
        "model",
        &defects(
            "model.ron",
            &[
                ("name: \"small\"", "name: \"\""),
                ("\"pyramidal\": (", "\"2 pyramidal\": ("),
                ("name: \"hidden\"", "name: \"hid den\""),
                ("name: \"hidden\"", "name: \"pixels\""),
                ("name: \"output\"", "name: \"hidden\""),
                ("size: 3", "size: 0"),
                ("size: 3", "size: 99999999999"),
                ("shape: (2, 2)", "shape: (2, 3)"),
                ("neuron: \"readout\"", "neuron: \"readuot\""),
                ("tau_b_ms: 2.0", "tau_b_ms: -1.0"),
                ("tau_a_ms: 2.0", "tau_a_ms: NaN"),
                ("tau_a_ms: 2.0", "tau_s_ms: inf"),
                ("tau_a_ms: 2.0", "g_a: NaN"),
                ("tau_a_ms: 2.0", "lambda: 1.5"),
                ("rule: \"dll\"", "rule: \"dl\""),
                ("rule: \"dll\"", "rule: \"dll\", parameters: {\"sign\": 1}"),
                ("rule: \"dll\"", "rule: \"dll\", parameters: {\"s\": 2}"),
                (
                    "rule: \"dll\"",
                    "rule: \"kolen_pollack\", parameters: {\"s\": 1}",
                ),
                ("rule: \"dll\", ", ""),
                ("eta: 0.01", "eta: -0.01"),
                ("eta: 0.01", "eta: 1e39"),
                ("eta: 0.01", "decay_per_ms: -1"),
                ("eta: 0.01", "bounds: (1.0, -1.0)"),
                ("eta: 0.01", "bounds: (NaN, 1.0)"),
                ("optimiser: adam()", "optimiser: plain, every_ms: 0.0"),
                ("optimiser: adam()", "optimiser: plain, offset_ms: -1.0"),
                ("optimiser: adam()", "optimiser: plain, offset_ms: NaN"),
                ("adam()", "adam(beta1: 1.0, beta2: -0.1, epsilon: 0.0)"),
                ("adam()", "momentum(momentum: 1.0)"),
                ("\"still\": ()", "\"still\": (), \"other\": ()"),
                ("\"readout\": (", "\"spare\": (), \"readout\": ("),
                ("synapse: \"still\"", "synapse: \"stil\""),
                (
                    "bias: (synapse: \"plastic\")",
                    "bias: (synapse: \"elastic\")",
                ),
                (
                    "from: \"hidden\", to: \"output\"",
                    "from: \"hiden\", to: \"output\"",
                ),
                (
                    "from: \"hidden\", to: \"output\"",
                    "from: \"hidden\", to: \"result\"",
                ),
                (
                    "from: \"hidden\", to: \"output\"",
                    "from: \"hidden\", to: \"sound\"",
                ),
                (
                    "from: \"output\", to: \"hidden\"",
                    "from: \"sound\", to: \"hidden\"",
                ),
                (
                    "from: \"hidden\", to: \"output\"",
                    "from: \"pixels\", to: \"hidden\"",
                ),
                (
                    "from: \"hidden\", to: \"output\"",
                    "name: \"hidden_bias\", from: \"hidden\", to: \"output\"",
                ),
                (
                    "from: \"hidden\", to: \"output\"",
                    "name: \"a b\", from: \"hidden\", to: \"output\"",
                ),
                ("delay_ms: 2.0", "delay_ms: 0.0"),
                ("delay_ms: 2.0", "delay_ms: NaN"),
                ("delay_ms: 2.0", "threshold: -0.01, delay_ms: 2.0"),
                ("delay_ms: 2.0", "threshold: NaN, delay_ms: 2.0"),
                ("delay_ms: 2.0", "threshold: inf, delay_ms: 2.0"),
                ("normal(std: 0.1)", "normal(std: -0.1)"),
                ("normal(std: 0.1)", "uniform(limit: NaN)"),
                ("normal(std: 0.1)", "fan_in(gain: -1.0)"),
                ("normal(std: 0.1)", "constant(inf)"),
                ("normal(std: 0.1)", "npy(\"weights.npy\")"),
                ("normal(std: 0.1)", "npy(\"data.csv\")"),
                (
                    "compartment: basal, delay_ms: 1.0, synapse: \"plastic\", weights: fan_in",
                    "compartment: apical, delay_ms: 1.0, synapse: \"plastic\", weights: fan_in",
                ),
                (
                    "\"still\": ()",
                    "\"still\": (rule: \"transport\"), \"x\": (eta: 1)",
                ),
                (
                    "from: \"output\", to: \"hidden\", compartment: apical, delay_ms: 2.0, synapse: \"still\"",
                    "from: \"hidden\", to: \"hidden\", compartment: apical, delay_ms: 2.0, synapse: \"still\"",
                ),
            ],
        ),
    );
    let transported = MODEL.replace("\"still\": ()", "\"still\": (rule: \"transport\")");
    let transported = transported.replace("from: \"output\", to", "from: \"hidden\", to");
    let text = printed(("model.ron", MODEL, &transported), "model.ron", &[]);
    assert_kept("model_transport", &text);
}

#[test]
fn scenarios_that_cannot_happen() {
    assert_kept(
        "scenario",
        &defects(
            "free.ron",
            &[
                ("name: \"free\"", "name: \"../free\""),
                ("\"model.ron\"", "\"modell.ron\""),
                ("dt_ms: 0.5", "dt_ms: 0.0"),
                ("dt_ms: 0.5", "dt_ms: NaN"),
                ("dt_ms: 0.5", "dt_ms: 0.75"),
                ("trials: 2", "trials: 0"),
                ("    duration_ms: 100.0,\n", ""),
                ("duration_ms: 100.0", "duration_ms: -1.0"),
                ("duration_ms: 100.0", "duration_ms: 100.3"),
            ],
        ),
    );
    assert_kept(
        "timeline",
        &defects(
            "free.ron",
            &[
                ("input: \"pixels\"", "input: \"pixel\""),
                ("input: \"pixels\"", "input: \"hidden\""),
                ("values: [1.0]", "values: [1.0, 2.0, 3.0]"),
                ("values: [1.0]", "values: []"),
                ("values: [1.0]", "values: [1.0, 2.0, 3.0, NaN]"),
                (
                    "from_ms: 10.0, until_ms: 20.0, r",
                    "from_ms: 20.0, until_ms: 20.0, r",
                ),
                (
                    "from_ms: 10.0, until_ms: 20.0, r",
                    "from_ms: -10.0, until_ms: 0.0, r",
                ),
                (
                    "from_ms: 10.0, until_ms: 20.0, r",
                    "from_ms: 10.0, until_ms: inf, r",
                ),
                ("from_ms: 10.0, until_ms: 20.0, r", "from_ms: 10.0, r"),
                (
                    "from_ms: 10.0, until_ms: 20.0, r",
                    "from_ms: 10.2, until_ms: 20.0, r",
                ),
                ("every_ms: 20.0", "every_ms: 5.0"),
                ("every_ms: 20.0", "every_ms: 0.0"),
                ("every_ms: 20.0", "every_ms: 20.1"),
                ("times: 3", "times: 0"),
                ("times: 3", "times: 4000000000"),
                ("times: 3", "times: 30"),
                ("neurons: \"hidden[0..2]\"", "neurons: \"hidden[0..4]\""),
                ("neurons: \"hidden[0..2]\"", "neurons: \"pixels\""),
                ("neurons: \"hidden[0..2]\"", "neurons: \"hiden\""),
                ("amplitude: 0.5", "amplitude: NaN"),
                ("population: \"output\"", "population: \"sound\""),
                ("target: [0.0, 1.0]", "target: [0.0, 1.0, 0.0]"),
                (
                    "from_ms: 30.0, until_ms: 40.0",
                    "strength: -1.0, from_ms: 130.0, until_ms: 140.0",
                ),
                (
                    "teacher(population: \"output\"",
                    "teacher(population: \"output\", target: [1.0], from_ms: 35.0), teacher(population: \"output\"",
                ),
                (
                    "teacher(",
                    "rates(input: \"pixels\", values: [0.5], from_ms: 55.0), teacher(",
                ),
                (
                    "population: \"hidden\", parameter",
                    "population: \"sound\", parameter",
                ),
                (
                    "parameter: lambda, at_ms: 50.0, value: 0.1",
                    "parameter: lambda, at_ms: 50.0, value: 2",
                ),
                (
                    "parameter: lambda, at_ms: 50.0, value: 0.1",
                    "parameter: tau_b_ms, at_ms: 150.0, value: -2",
                ),
                ("projection: \"hidden_bias\"", "projection: \"output_bias\""),
                (
                    "projection: \"hidden_bias\"",
                    "projection: \"output_to_hidden\"",
                ),
                ("value: 0.0)", "value: -1.0)"),
                ("factor: 0.5", "factor: NaN"),
            ],
        ),
    );
    assert_kept(
        "probes",
        &defects(
            "free.ron",
            &[
                ("\"pixels[0]\"", "\"pixels[9]\""),
                ("\"pixels[0]\"", "\"pixls\""),
                ("[\"hidden\", \"pixels[0]\"]", "[]"),
                ("trials: \"all\"", "trials: \"2\""),
                ("trials: \"all\"", "variables: []"),
                ("trials: \"all\"", "variables: [r, xi]"),
                ("every_ms: 1.0", "every_ms: 0.7"),
                ("every_ms: 1.0", "every_ms: 0.0"),
                ("from_ms: -20.0", "from_ms: -20.0, until_ms: 70.0"),
                ("from_ms: -20.0", "from_ms: NaN"),
                ("from_ms: -20.0", "from_ms: 200.0"),
                (
                    "projection: \"pixels_to_hidden\"",
                    "projection: \"pixels_to_hiden\"",
                ),
                ("post: \"0..2\"", "post: \"3\""),
                ("pre: \"3\"", "pre: \"4\""),
                (
                    "projections: [\"output_to_hidden\"]",
                    "projections: [\"hidden_to_output\"]",
                ),
                (
                    "projections: [\"output_to_hidden\"]",
                    "projections: [\"nothing\"]",
                ),
                ("[norm, alignment]", "[]"),
                ("[norm, alignment]", "[gradient_angle]"),
                (
                    "[\"output_to_hidden\"], statistics: [norm, alignment]",
                    "[\"hidden_bias\"], statistics: [messages]",
                ),
            ],
        ),
    );
    assert_kept(
        "task",
        &defects(
            "task.ron",
            &[
                ("task: (", "duration_ms: 5.0, task: ("),
                (
                    "dt_ms: 1.0",
                    "dt_ms: 1.0, timeline: [rates(input: \"pixels\", values: [1], from_ms: 0), teacher(population: \"output\", target: [1], from_ms: 0), eta_scale(at_ms: 5, factor: 1)]",
                ),
                ("input: \"pixels\"", "input: \"pixel\""),
                ("input: \"pixels\"", "input: \"output\""),
                ("input: \"pixels\"", "input: \"sound\""),
                ("output: \"output\"", "output: \"pixels\""),
                ("output: \"output\"", "output: \"hidden\""),
                ("epochs: 2", "epochs: 0"),
                ("presentation_ms: 60.0", "presentation_ms: 60.5"),
                ("presentation_ms: 60.0", "presentation_ms: 0.0"),
                ("presentation_ms: 60.0", "presentation_ms: 40.0"),
                ("latency_ms: 20.0", "latency_ms: 3.0"),
                ("latency_ms: 20.0", "latency_ms: -3.0"),
                ("off_before_end_ms: 20.0", "off_before_end_ms: 5.0"),
                ("off_before_end_ms: 20.0", "off_before_end_ms: NaN"),
                ("latency_ms: 20.0", "strength: 1.5"),
                ("latency_ms: 20.0", "label_smoothing: 1.0"),
                ("linear(end: 0.1)", "linear(end: -0.1)"),
                ("linear(end: 0.1)", "linear(start: -0.5, end: 0.1)"),
                ("factor: 0.5", "factor: 0.0"),
                (
                    "scale(offset: 0.0, factor: 0.5)",
                    "standardize(mean: NaN, std: 1.0)",
                ),
                (
                    "counts(train: 2, validation: 1, test: 1)",
                    "counts(train: 0)",
                ),
                (
                    "counts(train: 2, validation: 1, test: 1)",
                    "counts(train: 5)",
                ),
                (
                    "counts(train: 2, validation: 1, test: 1)",
                    "fractions(train: 0.9, test: 0.2)",
                ),
                (
                    "counts(train: 2, validation: 1, test: 1)",
                    "fractions(train: -0.5)",
                ),
                ("\"data.csv\"", "\"data.tsv\""),
                (
                    "csv(path: \"data.csv\")",
                    "idx(images: \"i\", labels: \"l\", test_images: \"t\")",
                ),
                (
                    "csv(path: \"data.csv\")",
                    "idx(images: \"i\", labels: \"l\")",
                ),
                ("csv(path: \"data.csv\")", "cifar10()"),
                ("csv(path: \"data.csv\")", "cifar10(train: [])"),
                ("csv(path: \"data.csv\")", "cifar10(batches: [])"),
                ("task.epochs=1", "task.epoch=1"),
                ("task.epochs=1", "task.epochs=0"),
                ("task.epochs=1", "task.epochs"),
                ("task.epochs=1", "model=other.ron"),
                ("tau_b_ms=3", "tau_b_ms=-3"),
                ("tau_b_ms=3", "tau_b_ms=9"),
                ("\"short\"", "\"a short one\""),
            ],
        ),
    );
    let clocks = ["every_ms: 25.0", "offset_ms: 2.3"].map(|clock| {
        let applied = format!("optimiser: adam(), {clock}");
        let change = ("model.ron", "optimiser: adam()", applied.as_str());
        printed(change, "task.ron", &[])
    });
    assert_kept("weight_updates", &clocks.join("\n\n"));
}

#[test]
fn overrides_that_change_nothing() {
    let mut text = String::new();
    for set in [
        "task.epoch=3",
        "tsk.epochs=3",
        "task.epochs=three",
        "task.epochs",
        "=3",
        "task..epochs=3",
        "task.epochs.first=3",
        "task.input=pixel",
        "task.teacher.latncy_ms=5",
        "task.teacher.strength=7",
        "probes[3].every_ms=1",
        "timeline[0].from_ms=1",
        "model=nothing.ron",
        "model.neurons.pyramidal.tau_b_ms=-5",
        "model.neurons.pyramidal.transfer=tanhh",
        "model.populations.hiden.size=5",
        "model.projections.output_to_hidden.delay_ms=0.3",
        "variants.short=task.epochs",
    ] {
        writeln!(
            text,
            "==== --set {set}\n{}\n",
            printed(("", "", ""), "task.ron", &[set])
        )
        .unwrap();
    }
    assert_kept("overrides", &text);
}

#[test]
fn files_that_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.ron");
    let message = |path: &Path| {
        let problems = validate(path, &[]).unwrap_err().to_string();
        problems.replace(&format!("{}/", directory.path().display()), "")
    };
    let mut text = message(&path);
    for content in [
        &b"(a: 1)"[..],
        b"",
        b"\xff\xfe",
        b"(neurons: 3)",
        b"(dt_ms: 3)",
    ] {
        fs::write(&path, content).unwrap();
        write!(text, "\n\n{}", message(&path)).unwrap();
    }
    assert_kept("files", &text);
    assert!(validate(directory.path(), &[]).is_err());
}

#[test]
fn ten_problems_in_two_files_are_reported_at_once_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let change = |text: &str, changes: &[(&str, &str)]| {
        (changes.iter()).fold(text.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, new, 1)
        })
    };
    let model = change(
        MODEL,
        &[
            ("tau_b_ms: 2.0", "tau_b_ms: -2.0"),
            ("size: 4", "size: 5"),
            ("neuron: \"readout\"", "neuron: \"redout\""),
            ("rule: \"dll\"", "rule: \"dlll\""),
            ("delay_ms: 2.0", "delay_ms: 0.2"),
        ],
    );
    let scenario = change(
        FREE,
        &[
            ("trials: 2", "trials: 0"),
            ("input: \"pixels\"", "input: \"pixel\""),
            ("amplitude: 0.5", "amplitude: inf"),
            ("target: [0.0, 1.0]", "target: [0.0, 1.0, 2.0]"),
            ("\"output_to_hidden\"", "\"output_to_hiden\""),
        ],
    );
    fs::write(directory.path().join("model.ron"), model).unwrap();
    let path = directory.path().join("free.ron");
    fs::write(&path, scenario).unwrap();
    let problems = validate(&path, &[]).unwrap_err();
    let text = problems.to_string();
    assert_kept(
        "ten",
        &text.replace(&format!("{}/", directory.path().display()), ""),
    );
    // The trials of a probe are out of range if there are none at all.
    assert!(
        (10..=11).contains(&problems.errors()),
        "{}",
        problems.errors()
    );
}

#[test]
fn a_scenario_that_cannot_be_read_does_not_hide_what_is_wrong_with_its_model() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("model.ron"),
        MODEL.replace("tau_b_ms: 2.0", "tau_b_ms: -2.0"),
    )
    .unwrap();
    let path = directory.path().join("free.ron");
    fs::write(&path, FREE.replace("dt_ms", "dtms")).unwrap();
    let text = validate(&path, &[]).unwrap_err().to_string();
    assert!(
        text.contains("did you mean `dt_ms`?") && text.contains("neurons.pyramidal.tau_b_ms"),
        "{text}"
    );
    assert!(text.ends_with("2 errors"), "{text}");
}

/// Everything in a file that the schema does not take, not only the first thing.
#[test]
fn after_the_first_thing_that_cannot_be_read_the_rest_is_read_too() {
    let change = |text: &str, changes: &[(&str, &str)]| {
        (changes.iter()).fold(text.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, new, 1)
        })
    };
    let model = change(
        MODEL,
        &[
            ("tau_b_ms: 2.0", "tau_bms: \"two\""),
            ("transfer: softmax", "transfer: soft"),
            ("size: 4", "size: 4.5"),
            ("name: \"sound\", ", ""),
            ("rule: \"dll\"", "rule: dll, rules: 3"),
            ("fan_in(gain: 1.0)", "fan_in(1.0)"),
            (
                "compartment: basal, delay_ms: 1.0, synapse: \"plastic\", weights: normal",
                "compartment: \"basal\", delay_ms: 1,0, weights: normal",
            ),
            ("uniform(limit: 0.1)", "unifrm(limit: 0.1)"),
        ],
    );
    let free = change(
        FREE,
        &[
            ("trials: 2", "trial: 2"),
            ("dt_ms: 0.5,", ""),
            ("times: 3", "times: -3"),
            ("compartment: soma", "compartment: axon"),
            ("\"hidden\", \"pixels[0]\"", "\"hidden[5..2]\", \"[0]\""),
            ("[norm, alignment]", "[norm, alignmint]"),
        ],
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("free.ron");
    fs::write(directory.path().join("model.ron"), model).unwrap();
    fs::write(&path, free).unwrap();
    let set = ["seed=many", "duration_ms=long", "sed=3"].map(String::from);
    let text = validate(&path, &set).unwrap_err().to_string();
    assert_kept(
        "read_on",
        &text.replace(&format!("{}/", directory.path().display()), ""),
    );
}

/// What would record nothing says so before the run.
#[test]
fn angles_to_a_gradient_that_there_is_not() {
    let last = "    projections: [\n";
    let extra = |from: &str, to: &str| {
        format!(
            "{last}(name: \"{from}-{to}\", from: \"{from}\", to: \"{to}\", compartment: basal, \
             delay_ms: 1.0, synapse: \"plastic\", weights: constant(0.0)),\n"
        )
    };
    let side = "(name: \"output\", size: 2, neuron: \"readout\"),";
    let with_side = format!("{side} (name: \"side\", size: 2, neuron: \"pyramidal\"),");
    let named = |name: &str| {
        format!("probes=[statistics(projections: [\"{name}\"], statistics: [gradient_angle])]")
    };
    let mut text = String::new();
    for (old, new, set) in [
        (last, extra("hidden", "hidden"), None),
        (last, extra("output", "hidden"), None),
        (
            last,
            extra("output", "hidden"),
            Some(named("pixels_to_hidden")),
        ),
        (side, with_side.clone(), Some(named("hidden_to_output"))),
        (
            "rule: \"dll\", ",
            String::new(),
            Some(named("hidden_to_output")),
        ),
        ("rule: \"dll\", ", String::new(), None),
    ] {
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let shown = printed(("model.ron", old, &new), "task.ron", &set);
        writeln!(text, "==== {:?} {}\n{shown}\n", new.trim(), set.join("")).unwrap();
    }
    let beside = printed(
        ("model.ron", side, &with_side),
        "task.ron",
        &[
            &format!(
                "model.projections=[{}]",
                [
                    ("pixels", "hidden"),
                    ("hidden", "output"),
                    ("hidden", "side")
                ]
                .map(|(from, to)| extra(from, to).replace(last, "").replace('\n', " "))
                .concat()
            ),
            &named("hidden-side"),
        ],
    );
    write!(text, "==== beside the output\n{beside}").unwrap();
    assert_kept("no_gradient", &text);
}

#[test]
fn every_shipped_file_is_without_errors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["models", "scenarios"] {
        let mut found = 0;
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "ron") {
                found += 1;
                if let Err(problems) = validate(&path, &[]) {
                    panic!("{problems}");
                }
            }
        }
        assert!(found > 1, "{folder}");
    }
}

#[test]
fn the_dense_engine_counts_no_events() {
    let events = "probes=[statistics(statistics: [messages])]";
    let told = |set: &[&str]| printed(("", "", ""), "task.ron", set);
    assert!(told(&[events]).starts_with("ok") && !told(&[events]).contains("warning"));
    assert!(told(&[events, "engine=dense"]).contains("every neuron sends in every step"));
}

#[test]
fn benchmarks_that_there_are_not() {
    let told = ["stepz", "everything"].map(|row| {
        let output = Command::new(env!("CARGO_BIN_EXE_apical"))
            .args(["bench", row])
            .output()
            .expect("the command starts");
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    });
    insta::assert_snapshot!(told.concat(), @r"
    error: there is no row `stepz`; did you mean `steps`?
    error: there is no row `everything`; expected one of `steps`, `leaky`, `accuracy`, `epoch`, `online`, `recurrent`, `sparse`, `cnn_mnist`, `cnn_cifar10`, `entities`
    ");
}

/// In a file and as `--set`.
#[test]
fn former_names_are_answered_with_the_present_ones() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenario = root.join("scenarios/digits.ron");
    let registry = apical::description::Registry::default();
    for (set, now) in [
        (
            "model.synapses.plastic.consolidation=(optimiser: plain)",
            "`update`",
        ),
        (
            "model.synapses.plastic.rule=turnover",
            "`change_gated_decay`",
        ),
        (
            "model.synapses.plastic.parameters={\"turnover\": 2}",
            "`gated_decay`",
        ),
        (
            "model.projections[3].mirrors=pixels_to_hidden1",
            "`reciprocal`",
        ),
        ("probes=[statistics(statistics: [events])]", "`messages`"),
    ] {
        let mut settings = vec![set.to_owned()];
        if set.contains("parameters") {
            settings.insert(
                0,
                "model.synapses.plastic.rule=change_gated_decay".to_owned(),
            );
        }
        let loaded = apical::description::scenario::load(&scenario, &settings, &registry);
        let error = loaded.unwrap_err().to_string();
        assert!(error.contains(now), "{set}: {error}");
    }
    // The same in the file of a model.
    let model = std::fs::read_to_string(root.join("models/digits.ron")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("former.ron");
    std::fs::write(&path, model.replace("update:", "consolidation:")).unwrap();
    let loaded = apical::description::scenario::load_model(&path, &[], &registry);
    let error = loaded.unwrap_err().to_string();
    assert!(
        error.contains("`consolidation`") && error.contains("`update`"),
        "{error}"
    );
}
