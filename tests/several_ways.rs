//! Two projections between the same populations, with different delays: what mirrors or compares
//! treats both or refuses.

mod common;

use std::path::Path;

use apical::circuit::Engine;
use apical::description::Registry;
use apical::description::document::{Issue, Severity};
use apical::description::model::{Model, check};
use apical::description::scenario::{self, Scenario};
use apical::description::{Setup, lower};
use apical::engine::Simulation;
use apical::event::Teacher;
use apical::neuron::Variable;
use apical::record::statistics;
use common::{both_engines, error, f64s, parse, run_into, simulation};
use ndarray::Array2;

/// Two ways up from `h` to `y` with delays of 1 and 3 ms; `down` are the apical projections.
fn circuit(down: &str) -> Model {
    parse(&format!(
        r#"(
            name: "two_ways",
            neurons: {{"hidden": (transfer: tanh), "readout": (transfer: softmax)}},
            inputs: [(name: "pixels", size: 64)],
            populations: [(name: "h", size: 6, neuron: "hidden"), (name: "y", size: 10, neuron: "readout")],
            synapses: {{"mirror": (rule: "transport", eta: 0.001, update: (every_ms: 100000, optimiser: plain))}},
            projections: [
                (name: "W", from: "pixels", to: "h", compartment: basal, delay_ms: 1, synapse: "mirror", weights: fan_in(gain: 1)),
                (name: "fast", from: "h", to: "y", compartment: basal, delay_ms: 1, synapse: "mirror", weights: normal(std: 0.5)),
                (name: "slow", from: "h", to: "y", compartment: basal, delay_ms: 3, synapse: "mirror", weights: normal(std: 0.5)),
                {down}
            ],
        )"#
    ))
}

fn down(name: &str, mirrors: &str) -> String {
    let mirrors = match mirrors {
        "" => String::new(),
        name => format!("reciprocal: \"{name}\","),
    };
    format!(
        r#"(name: "{name}", from: "y", to: "h", compartment: apical, delay_ms: 1, synapse: "mirror", weights: constant(0), {mirrors}),"#
    )
}

fn both() -> Model {
    circuit(&(down("down_fast", "fast") + &down("down_slow", "slow")))
}

fn feedback_along_both_ways_is_the_whole_gradient(engine: Engine) {
    let model = both();
    let mut circuit = simulation(&model, engine, 1.0, 2, 1.0);
    let x = Array2::from_shape_fn((2, 64), |(trial, n)| ((trial * 64 + n) as f32 * 0.7).sin());
    let target = Array2::from_shape_fn((2, 10), |(trial, n)| f32::from(n == 3 + trial));
    circuit.set_input("pixels", x.view()).unwrap();
    let strength = vec![1.0; 2];
    let teacher = Teacher {
        target: target.clone(),
        strength,
    };
    circuit.teach("y", teacher).unwrap();
    // Nothing is applied, so that the circuit settles.
    (0..40).for_each(|_| circuit.step());
    let before = circuit.eligibility("W").unwrap();
    circuit.step();
    let step = circuit.eligibility("W").unwrap() - before;

    let [w, fast, slow] = ["W", "fast", "slow"].map(|name| f64s(&circuit.weights(name).unwrap()));
    let up = &fast + &slow;
    let x = f64s(&x);
    let h = x.dot(&w.t()).mapv(f64::tanh);
    let mut y = h.dot(&up.t()).mapv(f64::exp);
    for mut row in y.rows_mut() {
        let sum = row.sum();
        row /= sum;
    }
    let read = f64s(&circuit.read("y", Variable::RATE).unwrap());
    assert!((&read - &y).iter().all(|d| d.abs() < 1e-5));
    let delta = (f64s(&target) - &y).dot(&up) * h.mapv(|r| 1.0 - r * r);
    let gradient = delta.t().dot(&x) / 2.0;
    assert!(
        error(&step, &gradient) < 1e-4,
        "{}",
        error(&step, &gradient)
    );
    for (mirror, of) in [("down_fast", &fast), ("down_slow", &slow)] {
        assert_eq!(f64s(&circuit.weights(mirror).unwrap()), of.t());
    }
}

both_engines!(feedback_along_both_ways_is_the_whole_gradient);

fn issues(model: &Model) -> Vec<Issue> {
    check(model, &Registry::default(), Some(1.0), Path::new("."))
}

#[test]
fn the_reciprocal_projection_is_named_or_requested() {
    let of = |down: &str, severity| -> Vec<(String, String)> {
        (issues(&circuit(down)).into_iter())
            .filter(|issue| issue.severity == severity)
            .map(|issue| (issue.path, issue.message))
            .collect()
    };
    let errors = of(&down("back", ""), Severity::Error);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, "projections.back");
    for words in ["`fast`, `slow`", "reciprocal: \"fast\""] {
        assert!(errors[0].1.contains(words), "{errors:?}");
    }
    let errors = of(&down("back", "fats"), Severity::Error);
    assert_eq!(errors[0].0, "projections.back.reciprocal");
    assert!(errors[0].1.contains("`fast`"), "{errors:?}");

    // What is left out or counted twice is told.
    assert_eq!(of(&down("back", "slow"), Severity::Error), []);
    let warnings = of(&down("back", "slow"), Severity::Warning);
    assert!(warnings.len() == 1 && warnings[0].1.contains("no projection reads `fast`"));
    let twice = down("one", "slow") + &down("two", "slow") + &down("three", "fast");
    let warnings = of(&twice, Severity::Warning);
    assert!(
        warnings.len() == 2 && warnings[0].1.contains("`one`, `two`"),
        "{warnings:?}"
    );
    assert_eq!(issues(&both()), []);

    let mut model = both();
    model.projections[1].reciprocal = Some("slow".into());
    let found = issues(&model);
    assert_eq!(found[0].path, "projections.fast.reciprocal");
}

#[test]
fn statistics_use_the_reciprocal_projection_and_are_refused_without_a_choice() {
    let scenario: Scenario = parse(
        r#"(
            name: "two_ways", model: "", dt_ms: 1, trials: 8,
            task: (
                data: csv(path: "data/digits.csv.gz"), encoding: scale(offset: 0, factor: 0.0625),
                split: counts(train: 64), input: "pixels", output: "y", epochs: 1, presentation_ms: 40,
            ),
            probes: [statistics(statistics: [alignment, gradient_angle], every_ms: 40)],
        )"#,
    );
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    run_into(&out, &scenario, &both()).unwrap();
    let found = statistics(&out.join("projections.parquet")).unwrap();
    let of = |projection: &str, statistic: &str| {
        let series = &found[&(projection.to_owned(), statistic.to_owned())];
        assert!(!series.value.is_empty());
        series.value.clone()
    };
    for mirror in ["down_fast", "down_slow"] {
        assert!(
            of(mirror, "alignment")
                .iter()
                .all(|cosine| (cosine - 1.0).abs() < 1e-6)
        );
    }
    // All of a presentation is learned from, settling among it.
    for projection in ["W", "fast", "slow"] {
        let angles = of(projection, "gradient_angle");
        assert!(
            angles.iter().all(|angle| *angle < 20.0),
            "{projection} {angles:?}"
        );
    }
    let refused = |down: &str, projections: &str| {
        let mut model = circuit(down);
        model.synapses.get_mut("mirror").unwrap().rule = Some("dll".into());
        let mut scenario = scenario.clone();
        scenario.probes = parse(&format!(
            "[statistics(projections: {projections}, statistics: [alignment])]"
        ));
        let issues = scenario::check(&scenario, Some(&model), &Registry::default()).into_iter();
        let mut errors = issues.filter(|issue| issue.severity == Severity::Error);
        errors.next().map(|issue| issue.message)
    };
    for projections in ["[]", "[\"back\"]"] {
        let message = refused(&down("back", ""), projections).unwrap();
        assert!(
            message.contains("`fast`, `slow`") && message.contains("`reciprocal`"),
            "{message}"
        );
        assert_eq!(refused(&down("back", "fast"), projections), None);
    }
}

#[test]
fn a_frozen_copy_has_tied_weights_too() {
    let model = circuit(&down("down_fast", "fast"));
    let setup = Setup {
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: Path::new("."),
        engine: Engine::Events,
    };
    let circuit = lower(&model, &Registry::default(), setup).unwrap();
    let mut frozen = Simulation::new(circuit.frozen());
    let weights = frozen.weights("fast").unwrap().mapv(|w| 2.0 * w + 0.1);
    frozen.set_weights("fast", weights.clone()).unwrap();
    assert_eq!(
        frozen.weights("down_fast").unwrap(),
        weights.reversed_axes()
    );
}
