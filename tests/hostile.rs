//! Files and surroundings that nobody wishes for: results of two processes, full devices, names
//! and texts that are not what they seem, small files that ask for much.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use apical::description::Registry;
use apical::description::scenario::load;
use apical::record::{Batch, Recorder};
use apical::run::{Leaves, Memory, Summary};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn apical<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apical"));
    command.current_dir(ROOT).env_remove("APICAL_DATA");
    command.args(arguments);
    command
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, wrong) = (text(&output.stdout), text(&output.stderr));
    (output.status.code(), said, wrong)
}

fn run<S: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = S>,
) -> (Option<i32>, String, String) {
    told(apical(arguments).output().unwrap())
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every file below a directory, by its path.
fn files(directory: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(path.clone(), fs::metadata(&path).unwrap().len())),
            }
        }
    }
    found
}

fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "{path:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A model and a scenario around it, as files.
fn scenario(directory: &Path, model: &str, fields: &str) -> PathBuf {
    fs::write(directory.join("model.ron"), model).unwrap();
    let path = directory.join("scenario.ron");
    let text = format!("(name: \"hostile\", model: \"model.ron\", dt_ms: 1.0, {fields})");
    fs::write(&path, text).unwrap();
    path
}

const CELL: &str = r#"(name: "cell", neurons: {"n": ()}, inputs: [(name: "world", size: 1)],
    populations: [(name: "cell", size: 1, neuron: "n")], synapses: {"fixed": ()},
    projections: [(from: "world", to: "cell", compartment: basal, delay_ms: 1.0,
        synapse: "fixed", weights: constant(0.5))])"#;

#[test]
fn two_runs_never_share_a_directory() {
    let home = tempfile::tempdir().unwrap();
    let file = scenario(
        home.path(),
        CELL,
        r#"duration_ms: 1e8, probes: [traces(neurons: ["cell"], every_ms: 1e7)],
           timeline: [rates(input: "world", values: [1.0], from_ms: 0.0, until_ms: 1.0,
               repeat: (every_ms: 2.0, times: 1000000))], engine: dense"#,
    );
    let out = home.path().join("out");
    let start = |command: &str, out: &Path| {
        apical([command.as_ref(), file.as_os_str()])
            .args(["--quiet".as_ref(), "--out".as_ref(), out.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let first = Running(start("run", &out));
    wait_for(&out.join("timeline.csv"));
    let before = files(&out).into_keys().collect::<Vec<_>>();
    let (code, _, wrong) = told(start("run", &out).wait_with_output().unwrap());
    assert_eq!(code, Some(1));
    assert!(wrong.contains("another process works here"), "{wrong}");
    assert!(wrong.contains("--out"), "{wrong}");
    for command in ["plot", "inspect"] {
        let mut arguments = vec![command.into(), out.clone().into_os_string()];
        arguments.extend((command == "inspect").then(|| "cell[0]".into()));
        let (code, _, wrong) = run(arguments);
        assert_eq!(code, Some(1));
        assert!(wrong.contains("a run is under way here"), "{wrong}");
    }
    assert_eq!(files(&out).into_keys().collect::<Vec<_>>(), before);
    // A process that is killed holds nothing any more; what it left is still nobody's to replace.
    drop(first);
    let (code, _, wrong) = told(start("run", &out).wait_with_output().unwrap());
    assert_eq!(code, Some(1));
    assert!(wrong.contains("is not empty"), "{wrong}");
}

#[test]
fn of_runs_that_start_together_one_has_the_directory() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let start = |seed: usize| {
        apical(["run", "scenarios/two_neuron_chain.ron", "--quiet", "--out"])
            .arg(&out)
            .args(["--seed", &seed.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let started: Vec<Child> = (1..=4).map(start).collect();
    let ended = (started.into_iter()).map(|child| told(child.wait_with_output().unwrap()));
    let codes: Vec<Option<i32>> = ended.map(|(code, ..)| code).collect();
    let winners = codes.iter().filter(|code| **code == Some(0)).count();
    assert_eq!(winners, 1, "{codes:?}");
    let winner = 1 + codes.iter().position(|code| *code == Some(0)).unwrap();
    for name in ["scenario.ron", "summary.json"] {
        let text = fs::read_to_string(out.join(name)).unwrap();
        let seed = [format!("seed: {winner},"), format!("\"seed\": {winner},")];
        assert!(
            seed.iter().any(|seed| text.contains(seed)),
            "{name}: {text}"
        );
    }
    assert!(!out.join("apical.lock").exists());
    // Two that draw at once: one is refused, or both are one after the other.
    let claim = apical::run::Claim::of(&out).unwrap();
    let (code, _, wrong) = run(["plot".as_ref(), out.as_os_str()]);
    assert!(
        code == Some(1) && wrong.contains("another process"),
        "{wrong}"
    );
    drop(claim);
    assert_eq!(run(["plot".as_ref(), out.as_os_str()]).0, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_write_to_standard_output_fails_the_command_and_a_closed_pipe_does_not() {
    let home = tempfile::tempdir().unwrap();
    let out = |name: &str| home.path().join(name).display().to_string();
    let run_once = ["run", "scenarios/two_neuron_chain.ron", "--out"];
    assert_eq!(run(run_once.into_iter().chain([&*out("run")])).0, Some(0));
    fs::write(
        home.path().join("rules.ron"),
        format!(
            r#"(name: "rules", scenario: "{ROOT}/scenarios/digits.ron",
                set: ["task.split=counts(train: 32, validation: 8, test: 8)", "task.epochs=1"],
                rules: {{"dll": ()}})"#
        ),
    )
    .unwrap();
    let (ran, compared, rules) = (out("run"), out("compared"), out("rules.ron"));
    let (full, closed) = (out("full"), out("closed"));
    for to_full in [true, false] {
        let other = if to_full { &full } else { &closed };
        let commands = [
            vec!["--help"],
            vec!["--version"],
            vec!["list", "rules"],
            vec!["validate", "scenarios/single_neuron.ron"],
            vec!["run", "scenarios/two_neuron_chain.ron", "--out", other],
            vec!["inspect", &ran, "second[0]"],
            vec!["inspect", &ran, "second[0]", "--json"],
            vec!["plot", &ran],
            vec!["compare", &rules, "--seeds", "1", "--out", &compared],
        ];
        for arguments in commands {
            let mut command = apical(&arguments);
            command.stderr(Stdio::piped());
            let (code, _, wrong) = if to_full {
                let full = File::options().write(true).open("/dev/full").unwrap();
                told(command.stdout(full).output().unwrap())
            } else {
                let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
                drop(child.stdout.take());
                told(child.wait_with_output().unwrap())
            };
            match to_full {
                true => {
                    assert_eq!(code, Some(1), "{arguments:?}: {wrong}");
                    let said = "error: standard output cannot be written: No space left";
                    assert!(wrong.contains(said), "{arguments:?}: {wrong}");
                }
                false => assert_eq!(code, Some(0), "{arguments:?}: {wrong}"),
            }
        }
    }
    // What was computed is there all the same.
    assert!(Path::new(&full).join("summary.json").is_file());
}

#[test]
fn a_quiet_comparison_that_fails_says_why() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("rules.ron");
    let text = format!(
        r#"(name: "rules", scenario: "{ROOT}/scenarios/digits.ron",
            about: "red \u{{1b}}[31m", set: ["task.split=counts(train: 320, validation: 8, test: 8)",
                "task.epochs=1", "model.synapses.plastic.update.optimiser=plain"],
            rules: {{"wild": (set: ["model.synapses.plastic.eta=1e15"])}})"#
    );
    fs::write(&file, text).unwrap();
    let out = home.path().join("out");
    let arguments = [
        "compare".as_ref(),
        file.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ];
    let mut command = apical(arguments);
    let (code, said, wrong) = told(command.args(["--quiet", "--seeds", "1"]).output().unwrap());
    assert_eq!((code, &*said), (Some(1), ""));
    assert!(
        wrong.contains("error: 1 run failed\n  wild, seed 1: "),
        "{wrong}"
    );
    // A table for people has no escape sequence of the file in it.
    let table = fs::read_to_string(out.join("table.md")).unwrap();
    assert!(
        table.contains(r"red \u{1b}[31m") && !table.contains('\u{1b}'),
        "{table}"
    );
}

#[test]
fn names_of_recordings_lead_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let arguments = ["run", "scenarios/two_neuron_chain.ron", "--quiet", "--out"];
    let (code, _, wrong) = told(apical(arguments).arg(&out).output().unwrap());
    assert_eq!(code, Some(0), "{wrong}");
    // The folder that a figure of this name would be written through.
    fs::create_dir_all(out.join("figures/weights_x")).unwrap();
    let evil = "x/../../../PWN";
    let batches = [
        Batch::Weights {
            time_ms: 0.0,
            projection: evil.into(),
            synapses: [(0, 0)].into(),
            values: vec![1.0],
        },
        Batch::Traces {
            time_ms: 0.0,
            trial: 0,
            population: evil.into(),
            neurons: [0].into(),
            variable: "r",
            values: vec![1.0],
        },
        Batch::Statistic {
            time_ms: 0.0,
            projection: evil.into(),
            statistic: "norm",
            value: 1.0,
        },
    ];
    for batch in batches {
        let recorded = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::create(recorded.path(), &[]).unwrap();
        recorder.record(batch).unwrap();
        let file = recorder.finish().unwrap().remove(0).path;
        let place = out.join(file.file_name().unwrap());
        let kept = fs::read(&place).ok();
        fs::copy(&file, &place).unwrap();
        let outside = files(home.path());
        let (code, _, wrong) = run(["plot".as_ref(), out.as_os_str()]);
        assert_eq!(code, Some(1));
        assert!(wrong.contains("is no name"), "{wrong}");
        let new = files(home.path());
        let new: Vec<&PathBuf> = new
            .keys()
            .filter(|path| !outside.contains_key(*path))
            .collect();
        assert!(new.iter().all(|path| path.starts_with(&out)), "{new:?}");
        match kept {
            Some(bytes) => fs::write(&place, bytes).unwrap(),
            None => fs::remove_file(&place).unwrap(),
        }
    }
    // The same of the model, and a size that no list can have.
    let model = fs::read_to_string(out.join("model.ron")).unwrap();
    for (old, new, said) in [
        ("\"second\"", "\"../second\"", "is no name"),
        (
            "size: 1,",
            "size: 1000000000000,",
            "neurons, expected 16777216 at most",
        ),
    ] {
        assert!(model.contains(old));
        fs::write(out.join("model.ron"), model.replace(old, new)).unwrap();
        for arguments in [vec!["plot"], vec!["inspect", "first"]] {
            let mut command = apical(&arguments[..1]);
            command.arg(&out).args(&arguments[1..]);
            let (code, _, wrong) = told(command.output().unwrap());
            assert_eq!(code, Some(1));
            assert!(
                wrong.contains("model.ron") && wrong.contains(said),
                "{wrong}"
            );
        }
    }
    fs::write(out.join("model.ron"), model).unwrap();
    // A folder of figures that is elsewhere.
    #[cfg(unix)]
    {
        let elsewhere = home.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::remove_dir_all(out.join("figures")).unwrap();
        std::os::unix::fs::symlink(&elsewhere, out.join("figures")).unwrap();
        let (code, _, wrong) = run(["plot".as_ref(), out.as_os_str()]);
        assert!(code == Some(1) && wrong.contains("found a link"), "{wrong}");
        assert_eq!(files(&elsewhere).len(), 0);
        fs::remove_file(out.join("figures")).unwrap();
        // A figure that is a link is replaced, not followed.
        let precious = home.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        fs::create_dir(out.join("figures")).unwrap();
        for name in ["membrane_first_0.svg", "membrane_first_0.svg.partial"] {
            std::os::unix::fs::symlink(&precious, out.join("figures").join(name)).unwrap();
        }
        let (code, _, wrong) = run(["plot".as_ref(), out.as_os_str()]);
        assert_eq!(code, Some(0), "{wrong}");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let pipe = pipe.display().to_string();
    let out = home.path().join("run");
    let mut ran = apical(["run", "scenarios/two_neuron_chain.ron", "--quiet", "--out"]);
    assert!(ran.arg(&out).status().unwrap().success());
    let ran = out.display().to_string();
    let model = format!("model={pipe}");
    let weights = format!("projections.world_to_first.weights=npy(\"{pipe}\")");
    let table = format!("task.data=csv(path: \"{pipe}\")");
    let arrays = format!("task.data=npy(inputs: \"{pipe}\", labels: \"{pipe}\")");
    let mut cases = vec![
        vec!["validate", &pipe],
        vec!["run", &pipe],
        vec!["compare", &pipe],
        vec!["validate", "/dev/zero"],
        vec!["validate", "scenarios/single_neuron.ron", "--set", &model],
        vec!["validate", "models/two_neuron_chain.ron", "--set", &weights],
        vec!["validate", "scenarios/digits.ron", "--set", &table],
        vec!["validate", "scenarios/digits.ron", "--set", &arrays],
    ];
    for name in ["summary.json", "model.ron", "scenario.ron"] {
        let file = out.join(name);
        fs::remove_file(&file).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&file)
                .status()
                .unwrap()
                .success()
        );
    }
    cases.push(vec!["plot", &ran]);
    cases.push(vec!["inspect", &ran, "first[0]"]);
    for arguments in cases {
        let mut child = Running(
            apical(&arguments)
                .stderr(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.0.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{arguments:?}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut wrong = String::new();
        child
            .0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut wrong)
            .unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}: {wrong}");
        let is_told = wrong.contains("pipe") || wrong.contains("found a device");
        assert!(is_told, "{arguments:?}: {wrong}");
    }
}

#[test]
fn no_more_threads_than_are_of_any_use() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    for command in [
        vec!["run", "scenarios/single_neuron.ron"],
        vec!["compare", "scenarios/compare/digits.ron"],
        vec!["bench", "steps"],
    ] {
        let mut apical = apical(&command);
        apical.args(["--threads", "65535"]);
        if command[0] != "bench" {
            apical.arg("--out").arg(&out);
        }
        let (code, _, wrong) = told(apical.output().unwrap());
        assert_eq!(code, Some(1), "{command:?}: {wrong}");
        assert!(wrong.contains("--threads 65535: expected 1 to "), "{wrong}");
        assert!(wrong.contains("this machine has "), "{wrong}");
    }
    assert!(!out.exists());
}

/// A population of `size` neurons and nothing else.
fn population(size: usize) -> String {
    format!(
        r#"(name: "cells", neurons: {{"n": ()}}, inputs: [], synapses: {{}}, projections: [],
            populations: [(name: "cell", size: {size}, neuron: "n")])"#
    )
}

/// Two populations and a projection between them; both are driven.
fn pair(sizes: (usize, usize), delay_ms: f64, neuron: &str, synapse: &str) -> String {
    format!(
        r#"(name: "pair", neurons: {{"n": ({neuron})}}, inputs: [],
            populations: [(name: "from", size: {}, neuron: "n"), (name: "to", size: {}, neuron: "n")],
            synapses: {{"s": ({synapse})}},
            projections: [(from: "from", to: "to", compartment: basal, delay_ms: {delay_ms:?},
                synapse: "s", weights: fan_in(gain: 1.0))])"#,
        sizes.0, sizes.1
    )
}

const DRIVEN: &str = r#"timeline: [
    current(neurons: "from", compartment: basal, amplitude: 1.0, from_ms: 0.0),
    current(neurons: "to", compartment: apical, amplitude: 0.5, from_ms: 0.0)]"#;

fn summary(out: &Path) -> Summary {
    serde_json::from_str(&fs::read_to_string(out.join("summary.json")).unwrap()).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_reckoned_within_a_factor_of_two() {
    let adam = "rule: \"dll\", eta: 0.01, update: (every_ms: 2.0, optimiser: adam())";
    let plain = "rule: \"dll\", eta: 0.01, update: (every_ms: 2.0, optimiser: plain)";
    let slow = pair((10_000, 1), 1000.0, "tau_b_ms: 2000.0", "");
    let cases = [
        (
            "neurons",
            population(200_000),
            "duration_ms: 3.0".to_owned(),
        ),
        (
            "trials",
            population(3000),
            "duration_ms: 3.0, trials: 100".to_owned(),
        ),
        (
            "probes",
            population(50_000),
            "duration_ms: 3.0, probes: [traces(neurons: [\"cell\"])]".to_owned(),
        ),
        (
            "weights",
            pair((1200, 1200), 1.0, "", ""),
            format!("duration_ms: 5.0, {DRIVEN}"),
        ),
        (
            "adam",
            pair((1200, 1200), 1.0, "", adam),
            format!("duration_ms: 8.0, {DRIVEN}"),
        ),
        (
            "plain",
            pair((1200, 1200), 1.0, "", plain),
            format!("duration_ms: 8.0, {DRIVEN}"),
        ),
        (
            "continuous",
            pair((1200, 1200), 1.0, "", "rule: \"dll\", eta: 0.01"),
            format!("duration_ms: 5.0, {DRIVEN}"),
        ),
        ("delays", slow, format!("duration_ms: 1500.0, {DRIVEN}")),
    ];
    let mut wrong = Vec::new();
    for (name, model, fields) in cases {
        for engine in ["dense", "events"] {
            let home = tempfile::tempdir().unwrap();
            let file = scenario(home.path(), &model, &format!("{fields}, engine: {engine}"));
            let out = home.path().join("out");
            let arguments = [
                "run".as_ref(),
                file.as_os_str(),
                "--out".as_ref(),
                out.as_os_str(),
            ];
            let (code, _, said) = told(
                apical(arguments)
                    .args(["--quiet", "--threads", "2"])
                    .output()
                    .unwrap(),
            );
            assert_eq!(code, Some(0), "{name} {engine}: {said}");
            let loaded = load(&file, &[], &Registry::default()).unwrap();
            let reckoned = Memory::of(&loaded.scenario, &loaded.circuit).bytes();
            let took = summary(&out).peak_memory_bytes.unwrap() as f64;
            if !(0.5..2.0).contains(&(reckoned / took)) {
                wrong.push(format!(
                    "{name} {engine}: reckoned {:.0} MB, took {:.0} MB",
                    reckoned / 1e6,
                    took / 1e6
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn validate_refuses_what_run_would_for_want_of_memory() {
    let home = tempfile::tempdir().unwrap();
    let file = scenario(
        home.path(),
        &pair((16_000_000, 1_000_000), 1.0, "", ""),
        "duration_ms: 1.0",
    );
    for command in ["validate", "run"] {
        let (code, _, wrong) = run([command.as_ref(), file.as_os_str()]);
        assert_eq!(code, Some(1));
        assert!(
            wrong.contains("GB of memory, most of it for synapses"),
            "{wrong}"
        );
    }
}

#[test]
fn what_a_run_leaves_is_told_before_and_is_only_what_was_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let probes = r#"probes: [traces(neurons: ["from[0..3, 90]"], variables: [b, r], every_ms: 2.0),
        weights(projection: "from_to_to", post: "0..5", pre: "0..100", from_ms: -4.0)]"#;
    let model = pair((100_000, 10), 1.0, "", "");
    let recorded = |name: &str, fields: &str| {
        let file = scenario(
            home.path(),
            &model,
            &format!("duration_ms: 9.0, {DRIVEN}, {fields}"),
        );
        let out = home.path().join(name);
        let arguments = [
            "run".as_ref(),
            file.as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ];
        let (code, _, said) = told(apical(arguments).arg("--quiet").output().unwrap());
        assert_eq!(code, Some(0), "{said}");
        let loaded = load(&file, &[], &Registry::default()).unwrap();
        let leaves = Leaves::of(&loaded.scenario, &loaded.circuit, 9, 0);
        let summary = summary(&out);
        assert_eq!(leaves.rows(), summary.samples_recorded as f64, "{fields}");
        let bytes: u64 = (files(&out).iter())
            .filter(|(path, _)| {
                path.extension()
                    .is_some_and(|e| e == "parquet" || e == "npy")
            })
            .map(|(_, bytes)| bytes)
            .sum();
        let ratio = leaves.bytes() / bytes as f64;
        assert!(
            (0.5..2.0).contains(&ratio),
            "{fields}: {} {bytes}",
            leaves.bytes()
        );
        let (code, said, wrong) = run(["validate".as_ref(), file.as_os_str()]);
        assert_eq!(code, Some(0), "{wrong}");
        (out, said)
    };
    // 4 neurons, 2 variables, 5 times; 5 x 100 synapses, 5 times; of the tail 64 and 10
    // neurons, 8 variables, 10 times.
    let (out, said) = recorded("usual", probes);
    for line in [
        "  leaves: 8 460 rows, about ",
        " and figures\n",
        "    probes[0]: 40 rows, ",
        "    probes[1]: 2 500 rows, ",
        "    tail: 5 920 rows, ",
        "    weights: ",
        "    state: ",
        "  memory: about ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // The tail has its own file, and recordings that were asked for are by themselves.
    let kept = apical::record::traces(&out.join("traces.parquet"), |_, _, _, _| true).unwrap();
    assert_eq!(kept.len(), 8);
    let inspect = |neuron: &str| {
        let arguments = ["inspect".as_ref(), out.as_os_str(), neuron.as_ref()];
        let (code, said, wrong) = run(arguments);
        assert_eq!(code, Some(0), "{wrong}");
        said
    };
    assert!(inspect("from[63]").contains("recorded last, 0 to 9 ms"));
    assert!(inspect("from[90]").contains("recorded last, 0 to 8 ms"));
    assert!(inspect("from[64]").contains("no history of this neuron"));
    let (out, _) = recorded("none", "tail: none");
    assert!(!out.join("tail.parquet").exists() && !out.join("traces.parquet").exists());
    let (_, said) = recorded("named", r#"tail: last(ms: 2.0, neurons: ["from[90..92]"])"#);
    // 2 neurons, 8 variables, 3 times.
    assert!(said.contains("    tail: 48 rows, "), "{said}");
    let tail = r#"tail: last(ms: 0.3, neurons: ["none[0]"])"#;
    let file = scenario(home.path(), &model, &format!("duration_ms: 9.0, {tail}"));
    let (code, _, wrong) = run(["validate".as_ref(), file.as_os_str()]);
    assert_eq!(code, Some(1));
    assert!(
        wrong.contains("tail.ms") && wrong.contains("tail.neurons[0]"),
        "{wrong}"
    );
}

#[test]
fn small_files_take_little() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path("model.ron"), CELL).unwrap();
    let start = "name: \"a\", model: \"model.ron\", dt_ms: 1.0, duration_ms: 10.0";
    let variants: Vec<String> = (0..2000)
        .map(|n| format!("\"v{n}\": [\"seed=1\", \"seed=2\"]"))
        .collect();
    let current =
        "current(neurons: \"nobody\", compartment: basal, amplitude: 1.0, from_ms: 0.0),\n";
    let long = "x".repeat(100_000);
    for (name, text, code, said) in [
        (
            "brackets",
            "[".repeat(4_000_000),
            1,
            "nested too deeply; expected 128 at most",
        ),
        (
            "parentheses",
            format!("(a: {}", "(b: ".repeat(900_000)),
            1,
            "nested too deeply",
        ),
        ("larger", "[".repeat(10_000_000), 1, "larger than 4 MiB"),
        (
            "variants",
            format!("({start}, variants: {{{}}})", variants.join(",")),
            0,
            "2000 variants",
        ),
        (
            "errors",
            format!("({start}, timeline: [{}])", current.repeat(20_000)),
            1,
            "19900 more",
        ),
        (
            "name",
            format!("({start}, {long}: 1)"),
            1,
            "there is no field `xxxx",
        ),
        (
            "text",
            format!("({start}, about: {long})"),
            1,
            "expected a text in quotes",
        ),
        (
            "number",
            format!("({start}, seed: {})", "1".repeat(300)),
            1,
            "expected a smaller number",
        ),
        (
            "times",
            format!("({start}, probes: [traces(neurons: [\"cell\"], from_ms: 1e300)])"),
            1,
            "found 1e300",
        ),
        (
            "selector",
            format!(
                "({start}, probes: [traces(neurons: [\"cell[{}]\"])])",
                "9".repeat(100_000)
            ),
            1,
            "is not an index",
        ),
        (
            "escape",
            format!("({start}, about: \u{1b}]0;title\u{7})"),
            1,
            r"\u{1b}",
        ),
    ] {
        let file = path("file.ron");
        fs::write(&file, text).unwrap();
        let started = Instant::now();
        let (ended, out, wrong) = run(["validate".as_ref(), file.as_os_str()]);
        let took = started.elapsed();
        assert_eq!(ended, Some(code), "{name}: {wrong}");
        assert!(
            wrong.contains(said) || out.contains(said),
            "{name}: {out}{wrong}"
        );
        assert!(took < Duration::from_secs(15), "{name}: {took:?}");
        assert!(
            name == "errors" || wrong.len() < 3000,
            "{name}: {} bytes",
            wrong.len()
        );
        assert!(!wrong.contains(['\u{1b}', '\u{7}']), "{name}: {wrong}");
    }
    let indices: Vec<String> = (0..1000).map(|n| (n * 10_000).to_string()).collect();
    let neurons: apical::description::scenario::Neurons =
        format!("c[{}]", indices.join(",")).parse().unwrap();
    let started = Instant::now();
    for _ in 0..100 {
        assert_eq!(neurons.indices.among(10_000_000).len(), 1000);
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn numbers_beyond_single_precision_are_refused_where_they_are_written() {
    let digits = "scenarios/digits.ron";
    let chain = "scenarios/two_neuron_chain.ron";
    for (file, set, path, said) in [
        (
            digits,
            "task.encoding=scale(offset: 0.0, factor: 1e38)",
            "task.encoding.scale.factor",
            "found 1e38",
        ),
        (
            digits,
            "task.encoding=scale(offset: 0.0, factor: 1e14)",
            "task.encoding",
            "becomes 1.6e15",
        ),
        (
            digits,
            "task.encoding=standardize(mean: 0.0, std: 1e-30)",
            "task.encoding.standardize.std",
            "1e-15",
        ),
        (
            digits,
            "model.projections.pixels_to_hidden1.weights=normal(std: 1e38)",
            "weights.std",
            "to 1e15",
        ),
        (
            digits,
            "model.projections.pixels_to_hidden1.weights=constant(-1e16)",
            "weights",
            "-1e15 to 1e15",
        ),
        (
            digits,
            "model.synapses.plastic.eta=1e38",
            "synapses.plastic.eta",
            "found 1e38",
        ),
        (
            digits,
            "model.neurons.pyramidal.g_a=1e20",
            "neurons.pyramidal.g_a",
            "found 1e20",
        ),
        (
            digits,
            "model.neurons.pyramidal.tau_b_ms=1e300",
            "neurons.pyramidal.tau_b_ms",
            "found 1e300",
        ),
        (digits, "task.epochs=1000000", "", ""),
        (
            chain,
            "timeline[0].values=[1e39]",
            "timeline[0].values[0]",
            "-1e15 to 1e15",
        ),
        (
            chain,
            "timeline[0].values=[-1e20]",
            "timeline[0].values[0]",
            "found -1e20",
        ),
    ] {
        let (code, _, wrong) = run(["validate", file, "--set", set]);
        if said.is_empty() {
            assert_eq!(code, Some(0), "{set}: {wrong}");
            continue;
        }
        assert_eq!(code, Some(1), "{set}: {wrong}");
        assert!(
            wrong.contains(path) && wrong.contains(said),
            "{set}: {wrong}"
        );
    }
}

#[test]
fn a_number_with_its_unit_is_told_to_be_a_number() {
    let (code, _, wrong) = run([
        "validate",
        "scenarios/single_neuron.ron",
        "--set",
        "dt_ms=1ms",
    ]);
    assert_eq!(code, Some(1));
    assert!(
        wrong.contains("dt_ms: expected a number, found "),
        "{wrong}"
    );
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("scenario.ron");
    let text = "(name: \"a\", model: \"m.ron\", dt_ms: 1ms, duration_ms: 1.0)";
    fs::write(&file, text).unwrap();
    let (_, _, wrong) = run(["validate".as_ref(), file.as_os_str()]);
    let said = "dt_ms: expected a number, found `1ms`; it is written without its unit";
    assert!(wrong.contains(said), "{wrong}");
}

#[test]
fn passwords_are_not_repeated() {
    let home = tempfile::tempdir().unwrap();
    for from in ["http://me:geheim@127.0.0.1:1/x", "ftp://me:geheim@nowhere"] {
        let to = home.path().join("to");
        let mut command = apical(["data", "get", "mnist", "--from", from, "--to"]);
        let (code, said, wrong) = told(command.arg(&to).output().unwrap());
        assert_eq!(code, Some(1));
        assert!(
            !said.contains("geheim") && !wrong.contains("geheim"),
            "{said}{wrong}"
        );
        assert!(wrong.contains("...@"), "{wrong}");
    }
}

/// What `clap` says of an argument repeats it: escaped, in one line and not at its full length.
#[test]
fn arguments_are_repeated_in_part_and_escaped() {
    let escape = "\u{1b}]0;title\u{7}\u{9b}2J\u{202e}";
    let long = "x".repeat(100_000);
    let lines = "a\nerror: b\r\tc";
    for (arguments, shown) in [
        (&[escape][..], r"'\u{1b}]0;title\u{7}\u{9b}2J\u{202e}'"),
        (&[&long], "xxx...xxx"),
        (&[lines], r"'a\nerror: b\u{d}\tc'"),
        (
            &["run", "scenario.ron", &format!("--{escape}")],
            r"\u{1b}]0;",
        ),
        (&["run", "scenario.ron", &format!("--{long}")], "xxx...xxx"),
        (
            &["run", "scenario.ron", &format!("--{lines}")],
            r"'--a\nerror: b\u{d}\tc'",
        ),
        (&["run", "scenario.ron", "--threads", escape], r"\u{1b}]0;"),
        (&["run", "scenario.ron", "--threads", &long], "xxx...xxx"),
        (
            &["run", "scenario.ron", "--threads", lines],
            r"'a\nerror: b\u{d}\tc'",
        ),
        (&["plot", "runs/x", "--neuron", escape], r"\u{1b}]0;"),
        (
            &["plot", "runs/x", "--neuron", &format!("!{long}")],
            "xxx...xxx",
        ),
        (
            &["plot", "runs/x", "--neuron", lines],
            r"a\nerror: b\u{d}\tc",
        ),
        (&["list", escape], r"\u{1b}]0;"),
        (&["list", &long], "xxx...xxx"),
    ] {
        let (code, said, wrong) = run(arguments);
        assert_eq!((code, &said[..]), (Some(2), ""), "{wrong}");
        assert!(wrong.contains(shown), "{shown} is not in {wrong}");
        assert!(
            wrong.starts_with("error: ") && !wrong.contains("\nerror"),
            "{wrong}"
        );
        let hidden = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!wrong.contains(hidden), "{wrong:?}");
        assert!(wrong.len() < 1_000, "{} bytes", wrong.len());
    }
}

#[test]
fn damaged_and_missing_files_of_a_run_are_told_and_other_figures_drawn() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let more = r#"probes=[traces(neurons: ["hidden1[0]"], until_ms: 20),
        weights(projection: "pixels_to_hidden1", post: "0", pre: "0..9", every_ms: 100)]"#;
    let arguments = ["run", "scenarios/digits.ron", "--quiet", "--set", more];
    let mut ran = apical(arguments);
    ran.args(["--set", "task.epochs=1", "--out"]).arg(&out);
    let (code, _, wrong) = told(ran.output().unwrap());
    assert_eq!(code, Some(0), "{wrong}");
    let plot = || run(["plot".as_ref(), out.as_os_str()]);
    let inspect = || run(["inspect".as_ref(), out.as_os_str(), "hidden1[0]".as_ref()]);
    let (code, said, wrong) = plot();
    assert_eq!(code, Some(0), "{wrong}");
    let all = said.lines().count();
    assert_eq!(inspect().0, Some(0));
    let square = ndarray::Array2::<f32>::zeros((3, 3));
    for (name, damage) in [
        ("timeline.csv", "garbage"),
        ("timeline.csv", "pipe"),
        ("metrics.csv", "garbage"),
        ("metrics.csv", "none"),
        ("confusion.csv", "garbage"),
        ("confusion.csv", "none"),
        ("weights.parquet", "pipe"),
        ("weights.parquet", "none"),
        ("tail.parquet", "garbage"),
        ("weights/pixels_to_hidden1.npy", "none"),
        ("weights/pixels_to_hidden1.npy", "square"),
    ] {
        let path = out.join(name);
        let kept = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        match damage {
            "garbage" => fs::write(&path, "what, ever\n1,2\n").unwrap(),
            "square" => ndarray_npy::write_npy(&path, &square).unwrap(),
            "pipe" => assert!(
                Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap()
                    .success()
            ),
            _ => {}
        }
        let (code, said, wrong) = plot();
        assert_eq!(code, Some(1), "{name} {damage}: {wrong}");
        assert!(
            wrong.contains(name) && wrong.contains("expected"),
            "{wrong}"
        );
        let drawn = said.lines().count();
        assert!(0 < drawn && drawn <= all, "{name} {damage}: {said}");
        if name.starts_with("weights/") || name.starts_with("tail") {
            let (code, _, wrong) = inspect();
            assert_eq!(code, Some(1), "{name} {damage}: {wrong}");
            assert!(wrong.contains(name), "{wrong}");
        }
        let _ = fs::remove_file(&path);
        fs::write(&path, kept).unwrap();
    }
    assert_eq!(plot().0, Some(0));
    // Figures do without it; the inspector does not.
    let arrived = "state/arrived/pixels_to_hidden1.npy";
    ndarray_npy::write_npy(out.join(arrived), &square).unwrap();
    let (code, _, wrong) = inspect();
    assert_eq!(code, Some(1), "{wrong}");
    assert!(wrong.contains(arrived), "{wrong}");
}
