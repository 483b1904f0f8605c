//! Every shipped scenario runs, through the command that users have.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ndarray::Array2;

fn apical(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apical"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("APICAL_DATA")
        .output()
        .expect("the command starts")
}

fn succeed(arguments: &[&str]) -> String {
    let output = apical(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn run(scenario: &str, more: &[&str], out: &Path) -> String {
    let file = format!("scenarios/{scenario}.ron");
    let out = out.to_str().expect("a path of plain text");
    succeed(&[&["run", &file, "--out", out], more].concat())
}

#[test]
fn digits_leaves_everything_that_a_run_promises() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("digits");
    let told = run("digits", &["--set", "task.epochs=1", "--seed", "2"], &out);
    assert!(
        told.contains("test accuracy")
            && told.contains("messages sent")
            && told.contains("learning_curve.png")
    );
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    for field in [
        "scenario",
        "seed",
        "version",
        "test_accuracy",
        "validation_accuracy",
        "epochs",
        "steps",
        "simulated_ms",
        "data_sha256",
        "wall_seconds",
        "messages_sent",
        "messages_of_dense",
        "messages_suppressed",
        "worst_hold",
    ] {
        assert!(!summary[field].is_null(), "{field}");
    }
    assert_eq!(
        (&summary["seed"], &summary["steps"]),
        (&2.into(), &1600.into())
    );
    for file in [
        "scenario.ron",
        "model.ron",
        "metrics.csv",
        "timeline.csv",
        "messages.csv",
        "confusion.csv",
        "classes.csv",
        "split.csv",
        "predictions.csv",
        "traces.parquet",
        "weights.parquet",
        "projections.parquet",
        "weights/pixels_to_hidden1.npy",
        "weights/chosen/pixels_to_hidden1.npy",
        "state/hidden1.npy",
        "figures/learning_curve.svg",
        "figures/learning_curve.png",
        "figures/fields_pixels_to_hidden1.png",
        "figures/membrane_hidden1_0_end.png",
    ] {
        assert!(out.join(file).is_file(), "{file}");
    }

    let path = out.to_str().unwrap();
    let seen = succeed(&["inspect", path, "hidden1[17]"]);
    assert!(seen.contains("   tanh, tau_b 1 ms"), "{seen}");
    for text in [
        "I_b",
        "pixels_to_hidden1",
        "hidden2_to_hidden1",
        "65",
        "recorded last, 1560 to 1600 ms",
    ] {
        assert!(seen.contains(text), "{text} in {seen}");
    }
    let beyond = apical(&["plot", path, "--neuron", "hidden1[500]"]);
    let said = String::from_utf8_lossy(&beyond.stderr);
    assert!(
        !beyond.status.success()
            && said.contains("index 500 is beyond the 128 neurons of `hidden1`"),
        "{said}"
    );
    let json = succeed(&["inspect", path, "hidden1[17]", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let number = |name: &str| json[name].as_f64().unwrap();
    assert!((number("s") - number("b_hat") - number("xi")).abs() < 1e-6);
    assert!((number("r") - number("b").tanh()).abs() < 1e-6);

    // What ran can run again from its own directory, and gives the same weights.
    let again = dir.path().join("again");
    let scenario = out.join("scenario.ron");
    succeed(&[
        "run",
        scenario.to_str().unwrap(),
        "--quiet",
        "--out",
        again.to_str().unwrap(),
    ]);
    for file in [
        "metrics.csv",
        "weights/pixels_to_hidden1.npy",
        "traces.parquet",
    ] {
        let read = |run: &Path| fs::read(run.join(file)).unwrap();
        assert!(read(&out) == read(&again), "{file}");
    }

    let occupied = apical(&["run", "scenarios/single_neuron.ron", "--out", path]);
    assert_eq!(occupied.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&occupied.stderr).contains("is not empty"));
}

#[test]
fn the_timelines_and_the_variants_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name);
    run("single_neuron", &["--quiet"], &out("single_neuron"));
    assert!(out("single_neuron/figures/membrane_cell_0.png").is_file());
    run("two_neuron_chain", &["--quiet"], &out("chain"));
    assert!(out("chain/figures/weights_first_to_second.png").is_file());
    run(
        "relaxation",
        &["--quiet", "--set", "task.epochs=1"],
        &out("relaxation"),
    );
    for variant in ["good_window", "always_on", "too_short"] {
        assert!(
            out("relaxation")
                .join(variant)
                .join("summary.json")
                .is_file()
        );
    }
    assert!(out("relaxation/figures/learning_curves.png").is_file());
}

#[test]
fn thresholds_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("events");
    run(
        "events",
        &["--quiet", "--set", "task.epochs=1", "--trials", "64"],
        &out,
    );
    assert!(out.join("figures/thresholds.png").is_file());
    let sent = |variant: &str| {
        let run = out.join(variant);
        assert!(run.join("figures/messages.png").is_file());
        assert!(!run.join("figures/projections.png").is_file());
        let summary = fs::read_to_string(run.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        let table = fs::read_to_string(run.join("messages.csv")).unwrap();
        let of_projections = table.lines().skip(1).map(|line| {
            let sent = line.split(',').nth(1).unwrap();
            sent.parse::<u64>().unwrap()
        });
        assert_eq!(of_projections.sum::<u64>(), summary["messages_sent"]);
        summary["messages_sent"].as_u64().unwrap()
    };
    let variants = [
        "threshold_0",
        "threshold_1e-3",
        "threshold_1e-2",
        "threshold_5e-2",
    ];
    assert!(variants.map(sent).is_sorted_by(|more, less| more > less));
}

/// A convolution learns the digits; its kernels and rates are drawn, its weights are files.
#[test]
fn a_convolution_learns_the_digits() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    run("cnn_digits", &["--set", "task.epochs=8"], &out);
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let accuracy = summary["test_accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.93, "{accuracy}");
    for figure in [
        "kernels_pixels_to_v1",
        "maps_v1_trial0",
        "maps_pixels_trial0",
    ] {
        assert!(
            out.join(format!("figures/{figure}.png")).is_file(),
            "{figure}"
        );
    }
    let weights: Array2<f32> = ndarray_npy::read_npy(out.join("weights/pixels_to_v1.npy")).unwrap();
    assert_eq!(weights.dim(), (16, 9));
    let validated = succeed(&["validate", "scenarios/cnn_digits.ron"]);
    let line = "(1, 8, 8) to (16, 6, 6), convolution  5 184 synapses    144 weights";
    assert!(validated.contains(line), "{validated}");
    let inspected = succeed(&["inspect", out.to_str().unwrap(), "v1[3, 2, 5]"]);
    assert!(inspected.contains("pixels[0, 2, 6]"), "{inspected}");
}

/// Bytes of noise.
fn noise(count: u32) -> impl Iterator<Item = u8> {
    (0..count).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
}

/// Runs a scenario whose data are not shipped on the 20 test images in `data`.
fn run_on(scenario: &str, data: &Path, set: &[&str], figure: &str) {
    let out = data.join("out");
    let data = data.to_str().unwrap();
    let mut more = vec!["--quiet", "--trials", "16", "--data", data];
    for change in [&["task.epochs=1"], set].concat() {
        more.extend(["--set", change]);
    }
    run(scenario, &more, &out);
    let counts = fs::read_to_string(out.join("confusion.csv")).unwrap();
    let rows = counts
        .lines()
        .skip(1)
        .flat_map(|line| line.split(',').skip(1));
    assert_eq!(
        rows.map(|cell| cell.parse::<u32>().unwrap()).sum::<u32>(),
        20
    );
    assert!(out.join("figures").join(figure).is_file());
    // It runs again from its own directory, which says where the data are.
    let scenario = out.join("scenario.ron");
    succeed(&["validate", scenario.to_str().unwrap()]);
    fs::remove_dir_all(out).unwrap();
}

fn says_how_to_get(scenario: &str, name: &str, file: &str) {
    let without = apical(&["run", &format!("scenarios/{scenario}.ron")]);
    assert_eq!(without.status.code(), Some(1));
    let message = String::from_utf8_lossy(&without.stderr).into_owned();
    for text in [&format!("apical data get {name}"), "--data DIR", file] {
        assert!(message.contains(text), "{text} in {message}");
    }
}

/// MNIST and its like are not shipped: sixty images of noise in its format, and a smaller first
/// population.
#[test]
fn mnist_and_fashion_run_on_idx_files_and_say_how_to_get_them() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, count: u32| {
        let sizes = [count, 28, 28].map(u32::to_be_bytes).concat();
        let images: Vec<u8> = [0, 0, 8, 3]
            .into_iter()
            .chain(sizes)
            .chain(noise(count * 784))
            .collect();
        fs::write(dir.path().join(format!("{name}-images-idx3-ubyte")), images).unwrap();
        let labels = (0..count).map(|i| (i % 10) as u8);
        let head = [0, 0, 8, 1].into_iter().chain(count.to_be_bytes());
        let labels: Vec<u8> = head.chain(labels).collect();
        fs::write(dir.path().join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    };
    write("train", 60);
    write("t10k", 20);
    for (scenario, name) in [("mnist", "mnist"), ("fashion", "fashion-mnist")] {
        let fields = "fields_pixels_to_hidden1.png";
        let smaller = ["model.populations.hidden1.size=64"];
        run_on(scenario, dir.path(), &smaller, fields);
        // The convolutional circuit, with two images in parallel.
        let kernels = "kernels_pixels_to_v1.png";
        let few = ["trials=2", "task.split=counts(train: 8, validation: 4)"];
        run_on(&format!("cnn_{scenario}"), dir.path(), &few, kernels);
        says_how_to_get(scenario, name, "train-images-idx3-ubyte");
    }
}

/// The same for CIFAR-10, whose populations are larger.
#[test]
fn cifar10_runs_on_its_batches_and_says_how_to_get_them() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, count: u32| {
        let pixels: Vec<u8> = noise(count * 3072).collect();
        let labelled = pixels.chunks(3072).zip((0..10).cycle());
        let records: Vec<u8> = labelled
            .flat_map(|(image, label)| [&[label][..], image].concat())
            .collect();
        fs::write(dir.path().join(name), records).unwrap();
    };
    for batch in 1..=5 {
        write(&format!("data_batch_{batch}.bin"), 20);
    }
    write("test_batch.bin", 20);
    let smaller = [
        "model.populations.hidden1.size=32",
        "model.populations.hidden2.size=24",
        "model.populations.hidden3.size=16",
    ];
    run_on(
        "cifar10",
        dir.path(),
        &smaller,
        "fields_pixels_to_hidden1.png",
    );
    let few = ["trials=2", "task.split=counts(train: 4, validation: 2)"];
    run_on("cnn_cifar10", dir.path(), &few, "kernels_pixels_to_v1.png");
    says_how_to_get("cifar10", "cifar10", "data_batch_1.bin");
}

/// What cannot be begun says so at once, and makes no directory.
#[test]
fn runs_that_cannot_begin_say_why() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    let out = out.to_str().unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    let digits = "scenarios/digits.ron";
    let huge = "model.populations.hidden1.size=16000000";
    for (arguments, says) in [
        (
            vec!["run", "models/digits.ron"],
            "this is a model; expected a scenario",
        ),
        (
            vec!["run", "scenarios"],
            "this is a directory; expected a file",
        ),
        (vec!["run", digits, "--seed", "-1"], "invalid value '-1'"),
        (vec!["run", digits, "--threads", "0"], "invalid value '0'"),
        (
            vec!["run", digits, "--trials", "0"],
            "expected 1 to 65536 trials, found 0",
        ),
        (
            vec!["run", digits, "--set", "nonsense"],
            "expected PATH=VALUE",
        ),
        (
            vec!["run", digits, "--set", "dt_ms=1e-300"],
            "0.000001 or more, found 1e-300",
        ),
        (
            vec!["run", digits, "--set", "task.presentation_ms=1e17"],
            "at most 9007199254740992 steps",
        ),
        (
            vec![
                "run",
                digits,
                "--set",
                "task.presentation_ms=1e15",
                "--set",
                "probes=[]",
            ],
            "expected 9007199254740992 at most",
        ),
        (
            vec![
                "run",
                digits,
                "--set",
                "model.populations.hidden1.size=1000000000000",
            ],
            "expected 1 to 16777216 neurons",
        ),
        (
            vec![
                "run",
                digits,
                "--set",
                huge,
                "--set",
                "model.populations.hidden2.size=16000000",
            ],
            "GB of memory",
        ),
        (
            vec![
                "run",
                "scenarios/single_neuron.ron",
                "--out",
                file.to_str().unwrap(),
            ],
            "is a file; expected a directory",
        ),
    ] {
        let mut arguments = arguments;
        if !arguments.contains(&"--out") {
            arguments.extend(["--out", out]);
        }
        let output = apical(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(says),
            "{arguments:?}: {said}"
        );
        assert!(!Path::new(out).exists(), "{arguments:?}");
    }
}
