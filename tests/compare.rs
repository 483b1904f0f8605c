//! Learning rules side by side: runs, the table, going on, and what is said of bad files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use apical::compare::load;
use apical::description::Registry;
use apical::record::csv::{Column, read};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A few presentations of the digits.
const SMALL: &str = r#""task.split=counts(train: 160, validation: 80, test: 80)", "task.epochs=2""#;

const RULES: &str = r#"
    "transport": (set: ["model.synapses.plastic.rule=transport"]),
    "dll": (set: ["model.synapses.plastic.parameters.s=-1"]),
    "kolen_pollack": (set: ["model.synapses.plastic.rule=kolen_pollack"]),
"#;

/// A comparison on the digits of the package in a directory of its own.
struct Case {
    home: tempfile::TempDir,
}

impl Case {
    fn new(set: &str, rules: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let text = format!(
            "(name: \"small\", scenario: \"{ROOT}/scenarios/digits.ron\", set: [{set}], \
             rules: {{{rules}}})"
        );
        fs::write(home.path().join("small.ron"), text).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, out: &str, more: &[&str]) -> Command {
        let mut command = apical();
        (command.arg("compare").arg(self.path("small.ron")))
            .arg("--out")
            .arg(self.path(out))
            .args(more);
        command
    }

    fn run(&self, out: &str, more: &[&str]) -> (Option<i32>, String, String) {
        told(self.command(out, more).output().unwrap())
    }

    /// Runs without an error; what is said.
    fn succeed(&self, out: &str, more: &[&str]) -> String {
        let (code, said, wrong) = self.run(out, more);
        assert_eq!(code, Some(0), "{said}{wrong}");
        said
    }

    fn table(&self, out: &str) -> BTreeMap<String, Vec<String>> {
        let columns = read(&self.path(out).join("table.csv")).unwrap();
        (columns.into_iter())
            .map(|(name, column)| match column {
                Column::Texts(texts) => (name, texts),
                Column::Numbers(numbers) => (
                    name,
                    numbers.iter().map(|number| number.to_string()).collect(),
                ),
            })
            .collect()
    }

    /// The table without what the machine had to do with.
    fn results(&self, out: &str) -> BTreeMap<String, Vec<String>> {
        let mut table = self.table(out);
        assert!(table.remove("wall_seconds").is_some());
        table
    }
}

fn apical() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apical"));
    command.env_remove("APICAL_DATA");
    command
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Every file below a directory by its path, without what the machine had to do with.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).unwrap();
            if path.ends_with("summary.json") {
                let text = String::from_utf8(bytes).unwrap();
                let lines = text.lines().filter(|line| !line.contains("wall_seconds"));
                bytes = lines.collect::<String>().into_bytes();
            }
            found.insert(path.strip_prefix(directory).unwrap().to_owned(), bytes);
        }
    }
    found
}

#[test]
fn cells_are_ordinary_runs_and_the_table_has_what_came_of_them() {
    let case = Case::new(SMALL, RULES);
    let said = case.succeed("out", &["--seeds", "2"]);
    assert!(
        said.contains("[6/6]") && said.contains("| kolen_pollack |"),
        "{said}"
    );
    let out = case.path("out");
    let table = case.table("out");
    let rules = ["transport", "dll", "kolen_pollack"];
    let twice: Vec<&str> = rules.iter().flat_map(|rule| [*rule, *rule]).collect();
    assert_eq!(table["rule"], twice);
    assert_eq!(table["seed"], ["1", "2", "1", "2", "1", "2"]);
    assert_eq!(table["data"], ["digits"; 6]);
    assert_eq!(table["epochs"], ["2"; 6]);
    for (row, (rule, seed)) in table["rule"].iter().zip(&table["seed"]).enumerate() {
        let run = out.join(rule).join(format!("seed_{seed}"));
        let summary = fs::read_to_string(run.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        for name in [
            "test_accuracy",
            "validation_accuracy",
            "wall_seconds",
            "messages_sent",
        ] {
            let number: f64 = table[name][row].parse().unwrap();
            assert_eq!(
                summary[name].as_f64().unwrap(),
                number,
                "{rule} {seed}: {name}"
            );
        }
        // What several runs share is of none of them.
        assert!(summary["cpu_seconds"].is_null() && summary["peak_memory_bytes"].is_null());
    }
    // Ninety answers would do for a difference between rules and between seeds.
    let sent = &table["messages_sent"];
    assert!((1..6).all(|row| sent[row] != sent[0]), "{sent:?}");
    for figure in [
        "learning_curves",
        "accuracy",
        "gradient_angle",
        "alignment",
        "feedback_norm",
    ] {
        for extension in ["svg", "png"] {
            let file = out.join("figures").join(figure).with_extension(extension);
            assert!(file.is_file(), "{}", file.display());
        }
    }
    let people = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(said.contains(&people));

    // The same by `apical run`, and seen by the other commands.
    let alone = case.path("alone");
    let (code, _, wrong) = told(
        (apical()
            .arg("run")
            .arg(Path::new(ROOT).join("scenarios/digits.ron")))
        .args(["--quiet", "--seed", "2", "--out"])
        .arg(&alone)
        .args([
            "--set",
            "task.split=counts(train: 160, validation: 80, test: 80)",
        ])
        .args(["--set", "task.epochs=2"])
        .args(["--set", "model.synapses.plastic.parameters.s=-1"])
        .output()
        .unwrap(),
    );
    assert_eq!(code, Some(0), "{wrong}");
    let run = out.join("dll/seed_2");
    for (path, bytes) in files(&run) {
        if path != Path::new("summary.json") {
            assert!(
                fs::read(alone.join(&path)).unwrap() == bytes,
                "{}",
                path.display()
            );
        }
    }
    for (command, more) in [("inspect", vec!["hidden1[17]"]), ("plot", vec![])] {
        let (code, _, wrong) = told(apical().arg(command).arg(&run).args(more).output().unwrap());
        assert_eq!(code, Some(0), "{wrong}");
    }
}

#[test]
fn what_is_finished_is_not_run_again_and_what_has_changed_is() {
    let case = Case::new(SMALL, RULES);
    let seeds = ["--seeds", "3,8", "--only", "dll,transport"];
    let said = case.succeed("out", &seeds);
    assert!(
        said.contains("Not run: kolen_pollack.") && !said.contains("| kolen_pollack |"),
        "{said}"
    );
    let table = case.table("out");
    assert_eq!(table["rule"], ["transport", "transport", "dll", "dll"]);
    assert_eq!(table["seed"], ["3", "8", "3", "8"]);

    // Nothing is run: every byte is as it was, wall-clock times too.
    let before = files(&case.path("out"));
    let said = case.succeed("out", &seeds);
    assert!(said.contains("4 finished before, 0 to run"), "{said}");
    assert!(files(&case.path("out")) == before);

    // One that is damaged and one that was left are run anew, and come to the same.
    let summary = case.path("out/dll/seed_3/summary.json");
    fs::write(&summary, "{").unwrap();
    fs::rename(
        case.path("out/dll/seed_8"),
        case.path("out/dll/seed_8.unfinished"),
    )
    .unwrap();
    let run_anew = |runs: [&str; 2]| {
        let said = case.succeed("out", &seeds);
        for line in runs.into_iter().chain(["2 finished before, 2 to run"]) {
            assert!(said.contains(line), "{line} in {said}");
        }
    };
    run_anew([
        "dll seed 3 is made anew: its summary.json cannot be read",
        "dll seed 8 is made anew: it was not finished",
    ]);
    let after = files(&case.path("out"));
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    let of_cells = |files: &BTreeMap<PathBuf, Vec<u8>>| -> Vec<Vec<u8>> {
        let runs = files.iter().filter(|(path, _)| path.iter().count() > 2);
        runs.map(|(_, bytes)| bytes.clone()).collect()
    };
    assert!(of_cells(&after) == of_cells(&before));

    // So are those whose recordings are not whole.
    let metrics = case.path("out/dll/seed_3/metrics.csv");
    let text = fs::read_to_string(&metrics).unwrap();
    let cut = text.trim_end().rfind('\n').unwrap();
    fs::write(&metrics, &text[..cut]).unwrap();
    let recorded = case.path("out/transport/seed_8/projections.parquet");
    let bytes = fs::read(&recorded).unwrap();
    fs::write(&recorded, &bytes[..bytes.len() / 2]).unwrap();
    run_anew([
        "dll seed 3 is made anew: its metrics.csv does not go to epoch 2",
        "transport seed 8 is made anew: a recording of it is damaged: ",
    ]);
    for run in ["dll/seed_8", "transport/seed_3"] {
        fs::remove_file(case.path("out").join(run).join("projections.parquet")).unwrap();
    }
    run_anew([
        "dll seed 8 is made anew: its recordings hold ",
        "transport seed 3 is made anew: its recordings hold ",
    ]);
    assert!(of_cells(&files(&case.path("out"))) == of_cells(&before));

    // The rule that was left out joins those that are finished.
    let said = case.succeed("out", &["--seeds", "3,8"]);
    assert!(said.contains("4 finished before, 2 to run"), "{said}");
    assert_eq!(case.table("out")["rule"].len(), 6);

    // A change of one rule makes its runs out of date and no others.
    let file = case.path("small.ron");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("parameters.s=-1", "parameters.s=0")).unwrap();
    // They are replaced by nobody who does not say so.
    let before = files(&case.path("out"));
    let (code, _, wrong) = case.run("out", &["--seeds", "3,8", "--quiet"]);
    assert_eq!(code, Some(1));
    let why = "dll seeds 3, 8 are finished, but model.ron has `\"s\": -1.0,` where now is";
    assert!(wrong.contains(why) && wrong.contains("--anew"), "{wrong}");
    assert!(files(&case.path("out")) == before);
    // Where they are not asked for the table says so.
    let said = case.succeed(
        "out",
        &["--seeds", "3,8", "--only", "kolen_pollack, transport"],
    );
    let apart = "Not in this table: dll seeds 3, 8 are finished, but model.ron has";
    assert!(said.contains(apart), "{said}");
    assert_eq!(case.table("out")["rule"].len(), 4);
    let said = case.succeed("out", &["--seeds", "3,8", "--anew"]);
    let why = "dll seed 3 is made anew: model.ron has `\"s\": -1.0,` where now is `\"s\": 0.0,`";
    assert!(
        said.contains(why) && said.contains("4 finished before, 2 to run"),
        "{said}"
    );

    // Seeds of earlier commands stay in the table.
    case.succeed("out", &["--seeds", "8,", "--only", "dll"]);
    assert_eq!(case.table("out")["rule"].len(), 6);
}

#[test]
fn cells_that_learned_other_data_are_in_no_table_together() {
    let case = Case::new(SMALL, RULES);
    let made = |factor: usize| -> String {
        let row = |sample: usize| -> String {
            let pixels = (0..64).map(|pixel| format!("{},", factor * sample * pixel % 17));
            pixels.collect::<String>() + &format!("{}\n", sample % 10)
        };
        (0..320).map(row).collect()
    };
    let path = case.path("made.csv");
    let set = format!("task.data=csv(path: {path:?}, label_column: last)");
    let options =
        |rule| ["--seeds", "1", "--set", &set, "--quiet", "--only", rule].map(String::from);
    let run = |rule| {
        let options = options(rule);
        case.run("out", &options.each_ref().map(String::as_str))
    };
    fs::write(&path, made(3)).unwrap();
    assert_eq!(run("dll").0, Some(0));
    fs::write(&path, made(5)).unwrap();
    let before = files(&case.path("out"));
    // Nothing is to be run, so nothing is read.
    assert_eq!(run("dll").0, Some(0));
    let (code, _, wrong) = run("transport");
    assert_eq!(code, Some(1));
    let why = "dll seed 1 has learned other data than there are now: their SHA-256 is ";
    assert!(wrong.contains(why) && wrong.contains("--out"), "{wrong}");
    assert!(files(&case.path("out")) == before);
    fs::write(&path, made(3)).unwrap();
    assert_eq!(run("transport").0, Some(0));
    assert_eq!(case.table("out")["rule"], ["transport", "dll"]);
}

#[test]
fn a_warning_about_the_data_is_printed_once() {
    let current = "current(neurons: 'hidden1', compartment: apical, amplitude: 0.01, from_ms: 0, \
                   until_ms: 10)";
    let window = format!("\"timeline=[{}]\"", current.replace('\'', "\\\""));
    let case = Case::new(&format!("{SMALL}, {window}"), RULES);
    let (code, _, wrong) = case.run("out", &["--seeds", "1"]);
    assert_eq!(code, Some(0), "{wrong}");
    let told = wrong.matches("is not the same in all").count();
    assert_eq!(told, 1, "{wrong}");
}

#[test]
fn the_number_of_cells_at_once_changes_no_byte() {
    let case = Case::new(SMALL, RULES);
    case.succeed(
        "one",
        &[
            "--seeds",
            "2",
            "--at-once",
            "1",
            "--threads",
            "2",
            "--quiet",
        ],
    );
    case.succeed(
        "two",
        &[
            "--seeds",
            "2",
            "--at-once",
            "2",
            "--threads",
            "2",
            "--quiet",
        ],
    );
    assert_eq!(case.results("one"), case.results("two"));
    for rule in ["transport", "dll", "kolen_pollack"] {
        let of = |out: &str| files(&case.path(out).join(rule));
        assert!(of("one") == of("two"), "{rule}");
    }
    let figure = |out: &str| fs::read(case.path(out).join("figures/accuracy.svg")).unwrap();
    assert!(figure("one") == figure("two"));
}

#[test]
fn a_cell_that_fails_is_told_and_stops_no_other() {
    let rules = format!(
        "\"wild\": (set: [\"model.synapses.plastic.eta=1e15\", \"model.synapses.plastic.update.optimiser=plain\"]), {RULES}"
    );
    let case = Case::new(SMALL, &rules);
    let (code, said, wrong) = case.run("out", &["--seeds", "1"]);
    assert_eq!(code, Some(1), "{said}{wrong}");
    assert!(said.contains("wild seed 1: failed: "), "{said}");
    let people = fs::read_to_string(case.path("out/table.md")).unwrap();
    let reason = people.split("* wild, seed 1: ").nth(1).unwrap();
    assert!(
        reason.contains("finite") || reason.contains("number"),
        "{reason}"
    );
    let table = case.table("out");
    assert_eq!(table["rule"], ["wild", "transport", "dll", "kolen_pollack"]);
    assert_eq!(table["test_accuracy"][0], "NaN");
    assert_eq!(table["validation_accuracy"][0], "NaN");
    assert!(
        table["test_accuracy"][1..]
            .iter()
            .all(|a| a.parse::<f64>().unwrap() > 0.0)
    );
    // What it recorded before can be read, and the next attempt begins anew.
    assert!(
        case.path("out/wild/seed_1.unfinished/summary.json")
            .is_file()
    );
    let (code, said, _) = case.run("out", &["--seeds", "1"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("wild seed 1 is made anew") && said.contains("3 finished before, 1 to run")
    );
}

#[cfg(unix)]
#[test]
fn a_comparison_that_was_stopped_goes_on() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let set = SMALL.replace("epochs=2", "epochs=30");
    let case = Case::new(&set, RULES);
    let arguments = ["--seeds", "1", "--at-once", "1"];
    let child = (case.command("out", &arguments))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !case.path("out/dll/seed_1.unfinished/metrics.csv").is_file() {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "it does not begin"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let (code, said, wrong) = told(child.wait_with_output().unwrap());
    assert_eq!(code, Some(130), "{said}{wrong}");
    let hint = "stopped with 1 of 3 runs finished; the same command keeps these and runs";
    assert!(wrong.contains(hint), "{wrong}");
    assert!(case.path("out/transport/seed_1/summary.json").is_file());
    assert!(
        case.path("out/dll/seed_1.unfinished/summary.json")
            .is_file()
    );
    assert!(!case.path("out/dll/seed_1").exists() && !case.path("out/kolen_pollack").exists());
    assert_eq!(case.table("out")["rule"], ["transport"]);
    assert!(case.path("out/figures/accuracy.png").is_file());

    let said = case.succeed("out", &arguments);
    assert!(said.contains("1 finished before, 2 to run"), "{said}");
    assert!(!case.path("out/dll/seed_1.unfinished").exists());
    case.succeed("whole", &arguments);
    assert_eq!(case.results("out"), case.results("whole"));
}

#[test]
fn the_shipped_comparisons_are_valid_and_the_one_on_shipped_data_runs() {
    for (name, rules) in [
        ("digits", 6),
        ("mnist_mlp", 12),
        ("mnist_gated_decay", 5),
        ("fashion_mlp", 5),
        ("cifar10_mlp", 4),
        ("depth", 6),
    ] {
        let file = format!("{ROOT}/scenarios/compare/{name}.ron");
        let (code, said, wrong) = told(apical().args(["validate", &file]).output().unwrap());
        assert_eq!(code, Some(0), "{wrong}");
        assert!(said.contains(&format!("ok ({rules} rules; ")), "{said}");
    }
    let home = tempfile::tempdir().unwrap();
    let file = format!("{ROOT}/scenarios/compare/digits.ron");
    let small = "task.split=counts(train: 160, validation: 80, test: 80)";
    let output = (apical().args(["compare", &file, "--seeds", "1", "--set", "task.epochs=1"]))
        .args(["--set", small])
        .current_dir(home.path())
        .output();
    let (code, said, wrong) = told(output.unwrap());
    assert_eq!(code, Some(0), "{said}{wrong}");
    assert!(home.path().join("runs/compare/digits/table.csv").is_file());
}

#[test]
fn what_cannot_begin_says_why() {
    let case = Case::new(SMALL, RULES);
    for (arguments, message) in [
        (
            vec!["--only", "dl"],
            "--only dl: there is no rule `dl`; did you mean `dll`?",
        ),
        (
            vec!["--seeds", "0"],
            "expected a number of seeds from 1 to 1000",
        ),
        (vec!["--at-once", "0"], "0 is not in 1..=65535"),
        (vec!["--cells", "2"], "it is called `--at-once` now"),
        (
            vec!["--set", "seed=3"],
            "--set: every rule runs with each of `--seeds`; expected no change of `seed`",
        ),
        (
            vec!["--set", "task.data=csv(path: \"nowhere.csv\")"],
            "nowhere.csv: no such file",
        ),
        (
            vec!["--set", "task.input=hidden1"],
            "expected an input: `pixels`",
        ),
    ] {
        let (code, said, wrong) = case.run("out", &arguments);
        assert!(
            code != Some(0) && wrong.contains(message),
            "{arguments:?}: {said}{wrong}"
        );
    }
    fs::create_dir(case.path("mine")).unwrap();
    fs::write(case.path("mine/notes"), "").unwrap();
    let (code, _, wrong) = case.run("mine", &[]);
    assert_eq!(code, Some(1));
    assert!(
        wrong.contains("is not empty and holds no comparison"),
        "{wrong}"
    );
    assert_eq!(fs::read_dir(case.path("mine")).unwrap().count(), 1);
}

const COMPARISON: &str = r#"// Two rules.
(
    name: "two",
    scenario: "../digits.ron",
    set: ["task.epochs=2"],
    rules: {
        "dll": (),
        "transport": (model: "../../models/own.ron", set: ["task.presentation_ms=50"]),
    },
)
"#;

/// What is said of the comparison with one part of it, or of the model, changed.
fn printed(old: &str, new: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str, text: &dyn Fn(String) -> String| {
        let path = home.path().join(to);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let original = fs::read_to_string(Path::new(ROOT).join(from)).unwrap();
        fs::write(path, text(original)).unwrap();
    };
    let same = |text: String| text;
    copy("scenarios/digits.ron", "scenarios/digits.ron", &same);
    copy(
        "scenarios/relaxation.ron",
        "scenarios/relaxation.ron",
        &same,
    );
    copy(
        "scenarios/single_neuron.ron",
        "scenarios/single_neuron.ron",
        &same,
    );
    copy(
        "models/single_neuron.ron",
        "models/single_neuron.ron",
        &same,
    );
    copy("models/relaxation.ron", "models/relaxation.ron", &same);
    copy("models/digits.ron", "models/digits.ron", &same);
    copy("models/digits.ron", "models/own.ron", &|text| {
        let text = text.replace("rule: \"dll\"", "rule: \"transport\"");
        text.replacen(old, new, usize::from(!COMPARISON.contains(old)))
    });
    assert!(
        COMPARISON.contains(old) || old.contains("tau_b_ms"),
        "{old}"
    );
    let file = home.path().join("scenarios/compare/two.ron");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, COMPARISON.replacen(old, new, 1)).unwrap();
    let text = match load(&file, &[], &Registry::default()) {
        Ok(loaded) if loaded.warnings.0.is_empty() => format!("{} rules", loaded.rules.len()),
        Ok(loaded) => loaded.warnings.to_string(),
        Err(problems) => problems.to_string(),
    };
    text.replace(&format!("{}/", home.path().display()), "")
}

#[test]
fn messages_about_comparisons() {
    let mut text = String::new();
    for (old, new) in [
        ("rules", "rules"),
        // The schema.
        ("name: \"two\",", ""),
        ("rules: {", "rule: {"),
        ("scenario:", "scenarios:"),
        ("model: ", "modle: "),
        ("\"transport\": (", "\"dll\": ("),
        ("\"task.epochs=2\"", "2"),
        ("    },\n)", "    ]\n)"),
        // What it holds.
        ("\"two\"", "\"a/b\""),
        ("\"dll\": ()", "\"figures\": ()"),
        ("\"dll\": ()", "\"dll:2\": ()"),
        ("\"dll\": ()", "\"dll\": (set: [\"seed=3\"])"),
        ("\"task.epochs=2\"", "\"seed=3\", \"task.epochs=0\""),
        // What it names.
        ("../digits.ron", "../digit.ron"),
        ("../digits.ron", "../../models/digits.ron"),
        ("../digits.ron", "../single_neuron.ron"),
        ("../digits.ron", "../relaxation.ron"),
        ("own.ron", "other.ron"),
        // What it changes: everywhere, in one rule, in a model of its own.
        ("\"task.epochs=2\"", "\"task.epoch=2\""),
        (
            "\"task.epochs=2\"",
            "\"model.synapses.plastic.bounds=(1.0, 0.0)\"",
        ),
        (
            "\"dll\": ()",
            "\"dll\": (set: [\"task.epochs=3\", \"task.epochs\"])",
        ),
        (
            "\"dll\": ()",
            "\"dll\": (set: [\"model.synapses.plastic.rule=dl\"])",
        ),
        ("presentation_ms=50", "presentation_ms=0.5"),
        (
            "\"readout\": (tau_b_ms: 1.0",
            "\"readout\": (tau_b_ms: -1.0",
        ),
        // Several at once.
        (
            "\"dll\": ()",
            "\"dll\": (set: [\"task.epochs=x\"]), \"b\": (model: \"x.ron\", set: [\"=\"])",
        ),
    ] {
        let shown = new.replace('\n', "\\n");
        writeln!(text, "==== {old:?} -> {shown:?}\n{}\n", printed(old, new)).unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("compare", text));
}
