//! Tables as people have them, from the file to the results, through the command that users have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Three kinds of wine with constituents from 0.1 to 1000, in that order.
const KINDS: [&str; 3] = ["Grignolino", "Barbera", "Barolo"];
const MEANS: [[f64; 4]; 3] = [
    [12.3, 0.28, 520.0, 2.1],
    [13.1, 0.48, 630.0, 0.8],
    [13.7, 0.30, 1100.0, 2.9],
];
const SPREADS: [f64; 4] = [0.25, 0.03, 60.0, 0.2];
const SAMPLES: usize = 90;

const MODEL: &str = r#"(
    name: "wine",
    neurons: {"hidden": (transfer: tanh), "readout": (transfer: softmax)},
    inputs: [(name: "constituents", size: 4)],
    populations: [
        (name: "hidden", size: 12, neuron: "hidden", bias: (synapse: "plastic")),
        (name: "kind", size: 3, neuron: "readout", bias: (synapse: "plastic")),
    ],
    synapses: {"plastic": (rule: "change_gated_decay", eta: 0.02, update: (optimiser: adam()))},
    projections: [
        (from: "constituents", to: "hidden", compartment: basal, delay_ms: 1.0, synapse: "plastic", weights: fan_in(gain: 1.0)),
        (from: "hidden", to: "kind", compartment: basal, delay_ms: 1.0, synapse: "plastic", weights: fan_in(gain: 1.0)),
        (from: "kind", to: "hidden", compartment: apical, delay_ms: 1.0, synapse: "plastic", weights: fan_in(gain: 1.0)),
    ],
)"#;

const SCENARIO: &str = r#"(
    name: "wine", model: "model.ron", dt_ms: 1.0, trials: 4,
    task: (
        data: csv(path: "wine.csv", header: true, label_column: name("kind"), drop: ["id"]),
        encoding: standardize(per: feature),
        split: fractions(train: 0.6, validation: 0.2, test: 0.2),
        input: "constituents", output: "kind", epochs: 15, presentation_ms: 10.0,
    ),
)"#;

/// Numbers that look random, from -1 to 1; the sum of three of them lies near 0 mostly.
fn noise(state: &mut u64) -> f64 {
    let mut one = || {
        *state =
            (state.wrapping_mul(6_364_136_223_846_793_005)).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / 2f64.powi(53) * 2.0 - 1.0
    };
    (one() + one() + one()) / 3.0
}

/// The rows of the table: kind and constituents.
fn wines() -> Vec<(&'static str, [f64; 4])> {
    let mut state = 7;
    let kinds = (0..SAMPLES).map(|sample| sample * 7 % 3);
    let row = |kind: usize| {
        let values = std::array::from_fn(|c| {
            let value = MEANS[kind][c] + 2.0 * SPREADS[c] * noise(&mut state);
            // As it is written.
            (value * 1e4).round() / 1e4
        });
        (KINDS[kind], values)
    };
    kinds.map(row).collect()
}

/// The table as spreadsheets write it: a mark, quotes, semicolons; gzip if the name says so.
fn table(rows: &[(&str, [f64; 4])]) -> String {
    let mut text = String::from("\u{feff}\"id\";\"alcohol, %\";ash;kind;proline;hue\r\n");
    for (id, (kind, [alcohol, ash, proline, hue])) in rows.iter().enumerate() {
        text += &format!("w{id};{alcohol};{ash};\"{kind}\";{proline};{hue}\r\n");
    }
    text
}

fn folder(scenario: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("model.ron", MODEL),
        ("wine.ron", scenario),
        ("wine.csv", &table(&wines())),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn apical(arguments: &[&str], here: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apical"))
        .args(arguments)
        .current_dir(here)
        .env_remove("APICAL_DATA")
        .output()
        .expect("the command starts")
}

fn run(dir: &Path, out: &str, set: &[&str]) -> PathBuf {
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let run = ["run", "wine.ron", "--quiet", "--threads", "1", "--out", out];
    let output = apical(&[&run[..], &set].concat(), dir);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    dir.join(out)
}

/// A table of a run: its rows without the names, which are as given.
fn read(path: &Path, names: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    let header: Vec<String> = rows.next().unwrap();
    assert_eq!(header.join(","), names);
    rows.collect()
}

#[test]
fn a_table_with_text_labels_and_columns_of_all_sizes_is_learned_and_told_by_its_names() {
    let dir = folder(SCENARIO);
    let out = run(dir.path(), "out", &[]);
    let wines = wines();

    let split = read(&out.join("split.csv"), "sample,part,label");
    assert_eq!(split.len(), SAMPLES);
    let mut parts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (sample, row) in split.iter().enumerate() {
        assert_eq!(
            (row[0].as_str(), row[2].as_str()),
            (sample.to_string().as_str(), wines[sample].0)
        );
        parts.entry(&row[1]).or_default().push(sample);
    }
    let sizes: Vec<(&str, usize)> = parts
        .iter()
        .map(|(part, samples)| (*part, samples.len()))
        .collect();
    assert_eq!(sizes, [("test", 18), ("train", 54), ("validation", 18)]);

    // Classes are in the order of their names, and a third of each part is of each.
    let classes = read(&out.join("classes.csv"), "class,name,train,validation,test");
    let sorted = ["Barbera", "Barolo", "Grignolino"];
    for (class, (row, name)) in classes.iter().zip(sorted).enumerate() {
        assert_eq!(row.join(","), format!("{class},{name},18,6,6"));
    }

    // Mean and population deviation of the training samples alone.
    let used = read(&out.join("standardization.csv"), "feature,name,mean,std");
    for (feature, name) in ["alcohol, %", "ash", "proline", "hue"]
        .into_iter()
        .enumerate()
    {
        let values: Vec<f64> = parts["train"]
            .iter()
            .map(|&sample| wines[sample].1[feature])
            .collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let row = &used[feature];
        assert_eq!((&row[0], row[1].as_str()), (&feature.to_string(), name));
        let near = |told: &str, wanted: f64| {
            let told: f64 = told.parse().unwrap();
            assert!(
                (told - wanted).abs() < 1e-5 * wanted.abs(),
                "{told} {wanted}"
            );
        };
        near(&row[2], mean);
        near(&row[3], (squares / count).sqrt());
    }

    let predictions = read(&out.join("predictions.csv"), "sample,label,answer,correct");
    let mut counts = BTreeMap::<(&str, &str), usize>::new();
    let mut right = 0;
    for (row, sample) in predictions.iter().zip(&parts["test"]) {
        assert_eq!(
            (&row[0], row[1].as_str()),
            (&sample.to_string(), wines[*sample].0)
        );
        assert_eq!(row[3], (row[1] == row[2]).to_string());
        *counts.entry((&row[1], &row[2])).or_default() += 1;
        right += usize::from(row[1] == row[2]);
    }
    assert_eq!(predictions.len(), 18);
    let confusion = read(
        &out.join("confusion.csv"),
        "class,Barbera,Barolo,Grignolino",
    );
    for (row, label) in confusion.iter().zip(sorted) {
        assert_eq!(row[0], label);
        for (count, answer) in row[1..].iter().zip(sorted) {
            let wanted = counts.get(&(label, answer)).copied().unwrap_or(0);
            assert_eq!(*count, wanted.to_string());
        }
    }
    let summary = fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let accuracy = summary["test_accuracy"].as_f64().unwrap();
    assert_eq!(accuracy, right as f64 / 18.0);
    assert!(accuracy > 0.9, "{accuracy}");
    // One scale for columns of 0.3 and 1000 hides all but the largest.
    let one = run(dir.path(), "one", &["task.encoding=standardize(per: all)"]);
    let summary = fs::read_to_string(one.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert!(summary["test_accuracy"].as_f64().unwrap() < accuracy);

    // What ran runs again from its own directory, and answers the same.
    let again = apical(
        &[
            "run",
            "out/scenario.ron",
            "--quiet",
            "--threads",
            "1",
            "--out",
            "again",
        ],
        dir.path(),
    );
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    for file in ["predictions.csv", "standardization.csv", "split.csv"] {
        let bytes = |out: &str| fs::read(dir.path().join(out).join(file)).unwrap();
        assert_eq!(bytes("out"), bytes("again"), "{file}");
    }
}

#[test]
fn a_test_file_has_the_numbers_of_training_and_keeps_its_own_order() {
    let dir = folder(SCENARIO);
    let mut far = wines()[..6].to_vec();
    // Values far from those of training must not move the numbers of the encoding.
    far.iter_mut().for_each(|(_, values)| values[1] = 1e4);
    fs::write(dir.path().join("far.csv"), table(&far)).unwrap();
    let parts = "task.split=fractions(train: 0.6, validation: 0.2)";
    let source = r#"task.data=csv(path: "wine.csv", test: "far.csv", header: true, label_column: name("kind"), drop: ["id"])"#;
    let out = run(dir.path(), "out", &[parts, source, "task.epochs=1"]);
    let alone = run(dir.path(), "alone", &[parts, "task.epochs=1"]);
    let numbers = |out: &Path| fs::read(out.join("standardization.csv")).unwrap();
    assert_eq!(numbers(&out), numbers(&alone));
    let split = read(&out.join("split.csv"), "sample,part,label");
    let unused = split.iter().filter(|row| row[1] == "unused").count();
    assert_eq!((split.len(), unused), (SAMPLES + 6, 18));
    for (sample, row) in split[SAMPLES..].iter().enumerate() {
        let wanted = [sample.to_string(), "test".into(), far[sample].0.into()];
        assert_eq!(row[..], wanted);
    }
    let predictions = read(&out.join("predictions.csv"), "sample,label,answer,correct");
    assert_eq!(predictions.len(), 6);
    assert!(out.join("scenario.ron").is_file());
    let again = apical(&["validate", "out/scenario.ron"], dir.path());
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
}

fn said(dir: &Path, set: &[&str]) -> String {
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let output = apical(&[&["validate", "wine.ron"], &set[..]].concat(), dir);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let starts = ["wine.ron: ", "error: ", "warning: "];
    let told = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let lines: Vec<&str> = text.lines().filter(told).collect();
    lines.join("\n  ")
}

#[test]
fn what_is_wrong_with_data_is_told_in_one_line() {
    let dir = folder(SCENARIO);
    let dir = dir.path();
    let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
    write("one.csv", "1,2,3,4,1\n5,6,7,8,2\n9,1,2,3,3\n");
    write("gap.csv", "1,0,0,0,0\n0,1,0,0,1\n0,0,1,0,5\n");
    write("hole.csv", "1,0,0,0,0\n0,1,,0,1\n0,0,1,0,2\n");
    write("nan.csv", "1,0,0,0,0\n0,1,nan,0,1\n0,0,1,0,2\n");
    write("cell.csv", "1,0,0,0,0\n0\n");
    let lines: Vec<String> = [
        &[][..],
        &["task.data=csv(path: \"one.csv\")"],
        &["task.data=csv(path: \"one.csv\", classes: from(1))"],
        &["task.data=csv(path: \"gap.csv\")"],
        &[
            "task.data=csv(path: \"gap.csv\")",
            "model.populations.kind.size=6",
        ],
        &["task.data=csv(path: \"gap.csv\", classes: named)"],
        &["task.data=csv(path: \"hole.csv\")"],
        &["task.data=csv(path: \"nan.csv\")"],
        &["task.data=csv(path: \"cell.csv\")"],
        &["task.data=csv(path: \"wine.csv\")"],
        &["task.data=csv(path: \"wine.csv\", header: true, label_column: name(\"kin\"))"],
        &["task.data=csv(path: \"wine.csv\", header: true, label_column: name(\"kind\"))"],
        &["task.data.drop=[\"ide\"]"],
        &["task.data.delimiter=\";;\""],
        &["model.populations.kind.size=2"],
        &["task.encoding=standardize(mean: 1.0)"],
        &["task.encoding=standardize(per: column)"],
        &["task.data=npy(inputs: \"i.npy\", labels: \"l.npy\", test_inputs: \"t.npy\")"],
    ]
    .into_iter()
    .map(|set| format!("{}\n  {}", set.join(" "), said(dir, set)))
    .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// Runs `validate` under a limit of memory in KiB, and says how it ended.
#[cfg(target_os = "linux")]
fn limited(dir: &Path, kibibytes: u64, set: &str) -> (Option<i32>, String) {
    let script = format!(
        "ulimit -v {kibibytes}; exec {} validate wine.ron --set '{set}'",
        env!("CARGO_BIN_EXE_apical")
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir)
        // Threads reserve addresses that they do not use.
        .env("MALLOC_ARENA_MAX", "1")
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

#[cfg(target_os = "linux")]
#[test]
fn small_files_that_unpack_to_much_are_refused_within_little_memory() {
    let dir = folder(SCENARIO);
    let write = |name: &str, start: &[u8], piece: &[u8], times: usize| {
        let file = fs::File::create(dir.path().join(name)).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, start).unwrap();
        for _ in 0..times {
            std::io::Write::write_all(&mut packed, piece).unwrap();
        }
        packed.finish().unwrap();
    };
    let megabyte = vec![0; 1 << 20];
    let header = |descr: &str, shape: &str| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = (text.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()].concat()
    };
    write("wide.csv.gz", b"", &b"0,".repeat(1 << 19), 200);
    write("cell.csv.gz", b"1,2,3,4,\"", &megabyte, 200);
    write("long.csv.gz", b"", &b"0,0,0,0,0\n".repeat(100_000), 300);
    write("i.npy.gz", &header("|u1", "(104857600, 4)"), &megabyte, 400);
    write("l.npy.gz", &header("|u1", "(104857600,)"), &megabyte, 100);
    write(
        "i",
        &[0, 0, 8, 3, 6, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2],
        &megabyte,
        384,
    );
    write("l", &[0, 0, 8, 1, 6, 0, 0, 0], &megabyte, 96);
    write("c", b"", &[0; 3073], 130_000);
    let memory = "MB of memory, which this process may not have";
    for (source, says) in [
        (
            "csv(path: \"wide.csv.gz\")",
            "found more than 1048576 columns",
        ),
        (
            "csv(path: \"cell.csv.gz\")",
            "found a row of more than 32 MiB",
        ),
        ("csv(path: \"long.csv.gz\")", memory),
        ("npy(inputs: \"i.npy.gz\", labels: \"l.npy.gz\")", memory),
        (
            "idx(directory: \".\", images: \"i\", labels: \"l\")",
            memory,
        ),
        (
            "cifar10(directory: \".\", train: [\"c\"], test: [])",
            memory,
        ),
    ] {
        let (code, text) = limited(dir.path(), 400_000, &format!("task.data={source}"));
        assert_eq!(code, Some(1), "{source}: {text}");
        assert!(text.contains(says) && text.len() < 1000, "{source}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_at_once() {
    let dir = folder(SCENARIO);
    let pipe = dir.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    fs::create_dir(dir.path().join("folder")).unwrap();
    let started = Instant::now();
    for (name, found) in [("pipe", "a named pipe"), ("folder", "a directory")] {
        for set in [
            format!("task.data=csv(path: \"{name}\")"),
            format!(
                "task.data=csv(path: \"wine.csv\", test: \"{name}\", header: true, \
                 label_column: name(\"kind\"), drop: [\"id\"])"
            ),
            format!("task.data=npy(inputs: \"{name}\", labels: \"{name}\")"),
            format!("task.data=idx(directory: \".\", images: \"{name}\", labels: \"{name}\")"),
            format!("task.data=cifar10(directory: \".\", train: [\"{name}\"], test: [])"),
            format!("model.projections.kind_to_hidden.weights=npy(\"{name}\")"),
        ] {
            let text = said(dir.path(), &[&set]);
            let says = format!("{name}: found {found}, expected a regular file");
            assert!(text.contains(&says), "{set}: {text}");
        }
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

/// Seconds since 1970, three kinds a minute apart: single precision has one number in 128 there.
fn seconds() -> Vec<(f64, usize)> {
    let sample = |n: usize| (1.7e9 + (60 * (n % 3) + n * 7 % 5) as f64, n % 3);
    (0..SAMPLES).map(sample).collect()
}

/// A folder with those as `t.csv`, `x.npy` and `y.npy`.
fn clock() -> tempfile::TempDir {
    let dir = folder(SCENARIO);
    let seconds = seconds();
    let rows = seconds.iter().map(|(t, kind)| format!("{t},{kind}\n"));
    let text = format!("time,kind\n{}", rows.collect::<String>());
    fs::write(dir.path().join("t.csv"), text).unwrap();
    let times = seconds.iter().map(|(t, _)| *t as i64).collect();
    let times = ndarray::Array2::from_shape_vec((SAMPLES, 1), times).unwrap();
    let kinds = ndarray::Array1::from_iter(seconds.iter().map(|(_, kind)| *kind as u8));
    ndarray_npy::write_npy(dir.path().join("x.npy"), &times).unwrap();
    ndarray_npy::write_npy(dir.path().join("y.npy"), &kinds).unwrap();
    dir
}

const CLOCKS: [&str; 2] = [
    "task.data=csv(path: \"t.csv\", header: true)",
    "task.data=npy(inputs: \"x.npy\", labels: \"y.npy\")",
];

#[test]
fn large_numbers_that_differ_by_little_are_learned_from_text_and_arrays() {
    let dir = clock();
    let seconds = seconds();
    for (source, out) in CLOCKS.into_iter().zip(["csv", "npy"]) {
        let size = "model.inputs.constituents.size=1";
        let out = run(dir.path(), out, &[source, size]);
        let split = read(&out.join("split.csv"), "sample,part,label");
        let rows = split.iter().zip(&seconds);
        let train: Vec<f64> = rows
            .filter(|(row, _)| row[1] == "train")
            .map(|(_, (t, _))| t - 1.7e9)
            .collect();
        let count = train.len() as f64;
        let mean = train.iter().sum::<f64>() / count;
        let squares: f64 = train.iter().map(|t| (t - mean).powi(2)).sum();
        let used = read(&out.join("standardization.csv"), "feature,name,mean,std");
        let told: [f64; 2] = [2, 3].map(|column| used[0][column].parse().unwrap());
        assert!((told[0] - 1.7e9 - mean).abs() < 1e-5, "{told:?} {mean}");
        assert!((told[1] - (squares / count).sqrt()).abs() < 1e-5);
        let summary = fs::read_to_string(out.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["test_accuracy"], 1.0);
    }
}

#[test]
fn values_that_rounding_blurs_are_told_once() {
    let dir = clock();
    let size = "model.inputs.constituents.size=1";
    for (encoding, blurred) in [
        ("scale(offset: 0.0, factor: 1.0)", true),
        ("scale(offset: 0.0, factor: 1e-9)", true),
        ("scale(offset: 1.7e9, factor: 0.01)", false),
        ("standardize(mean: 1700000062.0, std: 49.0)", false),
        ("standardize(per: feature)", false),
    ] {
        let encoding = format!("task.encoding={encoding}");
        for (source, name) in CLOCKS.into_iter().zip([" (\"time\")", ""]) {
            let said = said(dir.path(), &[source, size, &encoding]);
            let says = format!("once encoded, values of feature 0{name} are far from 0");
            assert_eq!(said.matches(&says).count(), usize::from(blurred), "{said}");
            assert_eq!(said.contains("warning"), blurred, "{said}");
        }
    }
    // A run says so too.
    let run = ["run", "wine.ron", "--threads", "1", "--out", "out"];
    let set = [
        "task.epochs=1",
        CLOCKS[0],
        size,
        "task.encoding=scale(offset: 0.0, factor: 1e-9)",
    ];
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let output = apical(&[&run[..], &set].concat(), dir.path());
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text.matches("once encoded").count(), 1, "{text}");
}
