//! Thresholds above 0: fewer events, held values never further off than the threshold, states
//! near the dense engine's, and learning that still works.

mod common;

use std::fs;
use std::path::Path;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::engine::Simulation;
use apical::event::Teacher;
use apical::neuron::Variable;
use common::{parse, run_into, simulation};
use ndarray::{Array2, Zip};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TRIALS: usize = 2;
const STEPS: u64 = 400;
const PROJECTIONS: [&str; 5] = ["w1", "w2", "around", "w3", "down"];

/// A leaky chain with a recurrent projection and feedback, whose weights are at most
/// `1 / fan-in`, so that a neuron's current is off by no more than its senders are.
fn model(plan: &Plan) -> Model {
    let Plan {
        tau_ms,
        transfer,
        eta,
        ..
    } = plan;
    let [up, down] = [plan.threshold, plan.threshold * plan.down];
    parse(&format!(
        r#"(
            name: "chain",
            neurons: {{
                "leaky": (tau_b_ms: {tau_ms}, tau_a_ms: {tau_ms}, transfer: {transfer}),
                "readout": (tau_b_ms: 2, transfer: linear),
            }},
            inputs: [(name: "x", size: 8)],
            populations: [
                (name: "p1", size: 10, neuron: "leaky"),
                (name: "p2", size: 6, neuron: "leaky"),
                (name: "p3", size: 3, neuron: "readout"),
            ],
            synapses: {{"plastic": (rule: "dll", eta: {eta})}},
            projections: [
                (name: "w1", from: "x", to: "p1", compartment: basal, delay_ms: 1, synapse: "plastic", weights: uniform(limit: 0.125), threshold: {up}),
                (name: "w2", from: "p1", to: "p2", compartment: basal, delay_ms: 2, synapse: "plastic", weights: uniform(limit: 0.1), threshold: {up}),
                (name: "around", from: "p2", to: "p2", compartment: basal, delay_ms: 3, synapse: "plastic", weights: uniform(limit: 0.08), threshold: {up}),
                (name: "w3", from: "p2", to: "p3", compartment: basal, delay_ms: 1, synapse: "plastic", weights: uniform(limit: 0.16), threshold: {up}),
                (name: "down", from: "p3", to: "p2", compartment: apical, delay_ms: 1, synapse: "plastic", weights: uniform(limit: 0.33), threshold: {down}),
            ],
        )"#
    ))
}

#[derive(Clone, Debug)]
struct Plan {
    seed: u64,
    threshold: f32,
    /// The threshold on the way down, in those on the way up.
    down: f32,
    tau_ms: f64,
    transfer: &'static str,
    eta: f64,
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        any::<u64>(),
        prop_oneof![Just(1e-3f32), Just(1e-2), Just(5e-2)],
        prop_oneof![Just(1.0f32), Just(0.5)],
        prop_oneof![Just(0.0), Just(5.0), Just(20.0)],
        prop_oneof![Just("tanh"), Just("logistic"), Just("relu")],
        prop_oneof![Just(0.0), Just(1e-3)],
    )
        .prop_map(|(seed, threshold, down, tau_ms, transfer, eta)| Plan {
            seed,
            threshold,
            down,
            tau_ms,
            transfer,
            eta,
        })
}

/// Stimuli that wander slowly, and a teacher now and then; what both engines are after each of
/// these is handed to `look`.
fn wander(plan: &Plan, mut look: impl FnMut(&mut [Simulation; 2])) -> [Simulation; 2] {
    let model = model(plan);
    let mut both =
        [Engine::Events, Engine::Dense].map(|engine| simulation(&model, engine, 1.0, TRIALS, 1.0));
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut rates = Array2::<f32>::zeros((TRIALS, 8));
    for step in 0..STEPS {
        if step % 100 < 60 {
            rates.mapv_inplace(|r| (r + rng.random_range(-0.1..0.1f32)).clamp(-1.0, 1.0));
        }
        for simulation in &mut both {
            simulation.set_input("x", rates.view()).unwrap();
            if step % 80 == 0 {
                let teacher = Teacher {
                    target: Array2::from_elem((TRIALS, 3), 0.5),
                    strength: vec![f32::from(u8::from(step % 160 == 80)); TRIALS],
                };
                simulation.teach("p3", teacher).unwrap();
            }
            simulation.step();
        }
        look(&mut both);
    }
    both
}

fn furthest(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    Zip::from(a)
        .and(b)
        .fold(0.0f32, |m, a, b| m.max((a - b).abs()))
}

/// Distances from the dense engine, in thresholds.
#[derive(Debug, Default)]
struct Off {
    rate: f32,
    mismatch: f32,
    weight: f32,
}

fn off(plan: &Plan) -> Off {
    let mut off = Off::default();
    let both = wander(plan, |both| {
        for population in ["p1", "p2", "p3"] {
            for (variable, most) in [
                (Variable::RATE, &mut off.rate),
                (Variable::MISMATCH, &mut off.mismatch),
            ] {
                let [a, b] = both
                    .each_mut()
                    .map(|s| s.read(population, variable).unwrap());
                *most = most.max(furthest(&a, &b) / plan.threshold);
            }
        }
    });
    for name in PROJECTIONS {
        let [a, b] = both.each_ref().map(|s| s.weights(name).unwrap());
        off.weight = off.weight.max(furthest(&a, &b) / plan.threshold);
    }
    off
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        // The same circuits on every machine.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// With currents off by less than their senders, three delays and a circle that passes on
    /// half of it, rates could be off by six thresholds; signs of weights make it far less.
    #[test]
    fn states_and_weights_stay_within_a_threshold_of_the_dense_engine(plan in plan()) {
        let off = off(&plan);
        prop_assert!(off.rate < 1.0 && off.mismatch < 1.0 && off.weight < 1.0, "{:?}", off);
        // It is the threshold that keeps them apart.
        prop_assert!(off.rate > 0.01, "{:?}", off);
    }
}

/// Events sent, and the worst hold over all projections with this threshold, in thresholds.
fn traffic(threshold: f32) -> (u64, f32) {
    let plan = Plan {
        seed: 4,
        threshold,
        down: 0.5,
        tau_ms: 5.0,
        transfer: "tanh",
        eta: 1e-3,
    };
    let [events, dense] = wander(&plan, |[events, _]| {
        for (name, (traffic, _)) in events.traffic() {
            let most = threshold * if &*name == "down" { plan.down } else { 1.0 };
            assert!(traffic.worst_hold <= most, "{name}: {traffic:?}");
        }
    });
    assert!(dense.traffic().is_empty());
    let traffic = events.traffic();
    assert_eq!(traffic.len(), PROJECTIONS.len());
    let all: u64 = traffic.values().map(|(_, all)| all).sum();
    let sent = traffic.values().map(|(traffic, _)| traffic.sent).sum();
    assert!(sent < all);
    let suppressed: u64 = traffic
        .values()
        .map(|(traffic, _)| traffic.suppressed)
        .sum();
    assert_eq!(suppressed > 0, threshold > 0.0);
    let worst = traffic["w2"].0.worst_hold;
    (
        sent,
        if threshold > 0.0 {
            worst / threshold
        } else {
            worst
        },
    )
}

#[test]
fn what_is_held_is_never_further_off_than_the_threshold_and_fewer_events_are_sent() {
    let [none, low, middle, high] = [0.0, 1e-3, 1e-2, 5e-2].map(traffic);
    assert_eq!(none.1, 0.0);
    for (_, worst) in [low, middle, high] {
        assert!((0.9..=1.0).contains(&worst), "{worst}");
    }
    let sent = [none.0, low.0, middle.0, high.0];
    assert!(
        sent.windows(2).all(|pair| pair[1] < pair[0] * 6 / 10),
        "{sent:?}"
    );
}

#[test]
fn digits_are_learned_with_thresholds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let mut scenario: Scenario = parse(&text("scenarios/digits.ron"));
    let mut model: Model = parse(&text("models/digits.ron"));
    scenario.task.as_mut().unwrap().epochs = 5;
    scenario.probes.clear();
    for projection in &mut model.projections {
        projection.threshold = Some(1e-2);
    }
    let directory = tempfile::tempdir().unwrap();
    let summary = run_into(directory.path(), &scenario, &model).unwrap();
    assert!(summary.test_accuracy.unwrap() > 0.8, "{summary:?}");
}
