//! Kinds of wiring: equalities between them, gradients, pools with ties, borders, errors, results.

mod common;

use std::fs;

use apical::circuit::Engine;
use apical::connectivity::Connectivity;
use apical::description::model::{Model, check};
use apical::description::scenario::Scenario;
use apical::description::{Registry, Setup, lower};
use apical::engine::Simulation;
use apical::event::Teacher;
use apical::inspect;
use apical::neuron::Variable;
use apical::run::Results;
use common::{bits, both_engines, parse, run_into, simulation};
use ndarray::{Array2, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

both_engines!(
    a_sparse_projection_is_an_all_to_all_one_without_its_other_weights,
    local_fields_with_equal_kernels_are_a_convolution_until_the_first_change,
    transported_teaching_descends_the_loss,
    the_first_of_equal_values_wins,
    senders_that_no_window_reaches_have_no_synapse,
    a_context_is_a_term_of_the_mismatch,
    weights_keep_their_sign,
    a_state_continues_exactly,
    transport_changes_along_the_exact_gradient_through_all_kinds_of_wiring,
);

/// A number of a few bits, so that sums of products do not depend on their order.
fn few_bits(random: &mut ChaCha8Rng) -> f32 {
    random.random_range(-2..=2i32) as f32 / 2.0
}

fn drive(simulation: &mut Simulation, rates: &Array2<f32>) {
    simulation.set_input("x", rates.view()).unwrap();
}

fn one_layer(wiring: &str, synapse: &str) -> Model {
    parse(&format!(
        r#"(
            name: "layer", neurons: {{"n": (transfer: linear)}},
            inputs: [(name: "x", shape: (2, 4, 5))],
            populations: [(name: "out", shape: (3, 3, 4), neuron: "n")],
            synapses: {{"s": ({synapse})}},
            projections: [(name: "w", from: "x", to: "out", compartment: basal, delay_ms: 1, {wiring}
                synapse: "s", weights: constant(0))],
        )"#
    ))
}

fn teach(simulation: &mut Simulation, target: Array2<f32>, strength: f32) {
    let strength = vec![strength; target.nrows()];
    (simulation.teach("out", Teacher { target, strength })).unwrap();
}

/// With all weights and rates of few bits, sums are exact, so that equality is exact.
fn a_sparse_projection_is_an_all_to_all_one_without_its_other_weights(engine: Engine) {
    const TRIALS: usize = 2;
    let rule = r#"rule: "dll", eta: 0.25"#;
    let update = r#"rule: "dll", eta: 0.25, update: (every_ms: 2, optimiser: plain)"#;
    for synapse in [rule, update] {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let of = |wiring: &str| simulation(&one_layer(wiring, synapse), engine, 1.0, TRIALS, 1.0);
        let mut sparse = of("wiring: random(in_degree: 7),");
        let mut full = of("");
        let connectivity = sparse.connectivity("w").unwrap().clone();
        let initial = Array2::from_shape_simple_fn((36 * 7, 1), || few_bits(&mut random));
        sparse.set_weights("w", initial.clone()).unwrap();
        full.set_weights("w", connectivity.matrix(&initial))
            .unwrap();
        for step in 0..4 {
            if step % 2 == 0 {
                let rates = Array2::from_shape_simple_fn((TRIALS, 40), || few_bits(&mut random));
                let target = Array2::from_shape_simple_fn((TRIALS, 36), || few_bits(&mut random));
                for simulation in [&mut sparse, &mut full] {
                    drive(simulation, &rates);
                    teach(simulation, target.clone(), 0.5);
                }
            }
            sparse.step();
            full.step();
            let (own, all) = (sparse.weights("w").unwrap(), full.weights("w").unwrap());
            // The other weights are held at 0.
            let mut held = Array2::zeros(all.raw_dim());
            for (n, pair) in connectivity
                .listed_pairs()
                .unwrap()
                .rows()
                .into_iter()
                .enumerate()
            {
                let at = [pair[0] as usize, pair[1] as usize];
                assert_eq!(own[[n, 0]], all[at], "step {step}, pair {at:?}");
                held[at] = all[at];
            }
            full.set_weights("w", held).unwrap();
            for variable in [Variable::BASAL_CURRENT, Variable::MISMATCH] {
                let [a, b] = [&mut sparse, &mut full].map(|s| s.read("out", variable).unwrap());
                assert_eq!(bits(&a), bits(&b), "{variable}");
            }
        }
        assert_ne!(sparse.weights("w").unwrap(), initial, "it learns");
        assert_eq!(
            sparse.weights("w").unwrap().len(),
            36 * 7,
            "no synapse is made"
        );
    }
}

fn local_fields_with_equal_kernels_are_a_convolution_until_the_first_change(engine: Engine) {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let synapse = r#"rule: "dll", eta: 0.125, update: (every_ms: 5, optimiser: plain)"#;
    let of = |kind: &str| {
        let wiring = format!("wiring: {kind}(kernel: 2),");
        simulation(&one_layer(&wiring, synapse), engine, 1.0, 2, 1.0)
    };
    let (mut shared, mut local) = (of("convolution"), of("local"));
    let kernel = Array2::from_shape_simple_fn((3, 8), || few_bits(&mut random));
    let kernels = Array2::from_shape_fn((3, 12 * 8), |(channel, n)| kernel[[channel, n % 8]]);
    shared.set_weights("w", kernel).unwrap();
    local.set_weights("w", kernels).unwrap();
    for step in 0..8 {
        let rates = Array2::from_shape_simple_fn((2, 40), || few_bits(&mut random));
        for simulation in [&mut shared, &mut local] {
            drive(simulation, &rates);
            teach(simulation, Array2::ones((2, 36)), 0.25);
            simulation.step();
        }
        let [a, b] = [&mut shared, &mut local].map(|s| s.read("out", Variable::RATE).unwrap());
        assert_eq!(a == b, step < 5, "step {step}");
    }
    // The change of a shared weight is the sum of the changes of all positions.
    let (a, b) = (shared.weights("w").unwrap(), local.weights("w").unwrap());
    assert_eq!((a.dim(), b.dim()), ((3, 8), (3, 96)));
}

/// Input, convolution, pool to the largest value, local fields, mean pool, soft-max.
fn deep(rule: &str) -> Model {
    parse(&format!(
        r#"(
            name: "deep",
            neurons: {{"n": (transfer: tanh), "pool": (transfer: linear), "readout": (transfer: softmax)}},
            inputs: [(name: "x", shape: (2, 7, 8))],
            populations: [
                (name: "v1", shape: (3, 6, 8), neuron: "n", bias: (synapse: "plastic", weights: normal(std: 0.2), per: channel)),
                (name: "q1", shape: (3, 3, 4), neuron: "pool"),
                (name: "v2", shape: (4, 2, 4), neuron: "n", bias: (synapse: "plastic")),
                (name: "q2", shape: (4, 1, 2), neuron: "pool"),
                (name: "out", size: 3, neuron: "readout", bias: (synapse: "plastic")),
            ],
            synapses: {{
                "plastic": ({rule}, eta: 0, update: (every_ms: 1000, optimiser: plain)),
                "back": ({rule}, eta: 0, update: (every_ms: 1000, optimiser: plain)),
            }},
            projections: [
                (name: "xv", from: "x", to: "v1", compartment: basal, delay_ms: 1, wiring: convolution(kernel: (2, 3), padding: (0, 1)),
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "vq", from: "v1", to: "q1", compartment: basal, delay_ms: 1, wiring: max_pool(kernel: 2)),
                (name: "qv", from: "q1", to: "v2", compartment: basal, delay_ms: 1, wiring: local(kernel: (2, 3), padding: (0, 1)),
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "vm", from: "v2", to: "q2", compartment: basal, delay_ms: 1, wiring: mean_pool(kernel: (2, 2))),
                (name: "mo", from: "q2", to: "out", compartment: basal, delay_ms: 1, wiring: random(in_degree: 6), synapse: "plastic", weights: fan_in(gain: 2)),
                (name: "om", from: "out", to: "q2", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "back", weights: fan_in(gain: 1)),
                (name: "mv", from: "q2", to: "v2", compartment: apical, delay_ms: 1, wiring: reciprocal),
                (name: "vq_back", from: "v2", to: "q1", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "back", weights: fan_in(gain: 1)),
                (name: "qv_back", from: "q1", to: "v1", compartment: apical, delay_ms: 1, wiring: reciprocal),
            ],
        )"#
    ))
}

/// The eligibilities under weight transport against finite differences of the loss.
fn transported_teaching_descends_the_loss(engine: Engine) {
    const TRIALS: usize = 3;
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let model = deep(r#"rule: "transport""#);
    let mut circuit = simulation(&model, engine, 1.0, TRIALS, 1.0);
    let rates = Array2::from_shape_simple_fn((TRIALS, 112), || random.random_range(-1.0..1.0));
    let target = Array2::from_shape_fn((TRIALS, 3), |(trial, i)| f32::from(trial == i));
    drive(&mut circuit, &rates);
    circuit.advance_to(30);
    teach(&mut circuit, target.clone(), 1.0);
    // Teaching is at rest after 20 steps; then the eligibility grows by the same in every step.
    circuit.advance_to(60);
    let names = ["xv", "v1_bias", "qv", "v2_bias", "mo", "out_bias"];
    let before: Vec<_> = names
        .iter()
        .map(|name| circuit.eligibility(name).unwrap())
        .collect();
    circuit.advance_to(70);
    let loss = |circuit: &mut Simulation| {
        let steps = circuit.steps();
        circuit.advance_to(steps + 20);
        let r = circuit.read("out", Variable::RATE).unwrap();
        let terms = target
            .iter()
            .zip(&r)
            .map(|(t, r)| f64::from(*t) * f64::from(*r).ln());
        -terms.sum::<f64>() / TRIALS as f64
    };
    let mut frozen = Simulation::new(circuit.circuit().frozen());
    drive(&mut frozen, &rates);
    for (name, before) in names.iter().zip(before) {
        let gained = (circuit.eligibility(name).unwrap() - before) / 10.0;
        let weights = circuit.weights(name).unwrap();
        let most = gained.iter().fold(0.0f32, |most, g| most.max(g.abs()));
        assert!(most > 1e-3, "{name}: {most}");
        for _ in 0..12 {
            let at = [
                random.random_range(0..weights.nrows()),
                random.random_range(0..weights.ncols()),
            ];
            let mut at_distance = |by: f32| {
                let mut other = weights.clone();
                other[at] += by;
                frozen.set_weights(name, other).unwrap();
                loss(&mut frozen)
            };
            const STEP: f32 = 1e-3;
            let slope = (at_distance(STEP) - at_distance(-STEP)) / f64::from(2.0 * STEP);
            frozen.set_weights(name, weights.clone()).unwrap();
            let error = (f64::from(gained[at]) + slope).abs();
            assert!(
                error < 2e-3 * f64::from(most),
                "{name} {at:?}: {} {slope}",
                gained[at]
            );
        }
    }
}

fn the_first_of_equal_values_wins(engine: Engine) {
    let model: Model = parse(
        r#"(
            name: "pool", neurons: {"n": (transfer: linear)},
            inputs: [(name: "x", shape: (1, 2, 4))],
            populations: [
                (name: "v", shape: (1, 2, 4), neuron: "n"),
                (name: "out", shape: (1, 1, 2), neuron: "n"),
            ],
            synapses: {"fixed": ()},
            projections: [
                (from: "x", to: "v", compartment: basal, delay_ms: 1, wiring: one_to_one, synapse: "fixed", weights: constant(1)),
                (name: "up", from: "v", to: "out", compartment: basal, delay_ms: 1, wiring: max_pool(kernel: 2)),
                (name: "down", from: "out", to: "v", compartment: apical, delay_ms: 1, wiring: reciprocal),
            ],
        )"#,
    );
    let mut circuit = simulation(&model, engine, 1.0, 2, 1.0);
    // Left: all four are equal. Right: the largest two are equal, in row 0 and row 1.
    let rates = ndarray::arr2(&[
        [0.5f32, 0.5, -1.0, 0.25, 0.5, 0.5, 0.25, 0.0],
        [-2.0, -1.0, 0.0, 0.0, -1.5, -1.0, 0.0, 1e-3],
    ]);
    let refused = circuit.set_weights("up", Array2::zeros((0, 0)));
    assert!(refused.is_err(), "a pool has no weights to set");
    drive(&mut circuit, &rates);
    circuit.advance_to(5);
    let pooled = circuit.read("out", Variable::RATE).unwrap();
    assert_eq!(pooled, ndarray::arr2(&[[0.5, 0.25], [-1.0, 1e-3]]));
    teach(&mut circuit, &pooled + 1.0, 1.0);
    circuit.advance_to(10);
    let apical = circuit.read("v", Variable::APICAL_CURRENT).unwrap();
    let right = ndarray::arr2(&[
        [1.0f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    ]);
    assert_eq!(apical, right);
    // A new winner takes over while teaching stays as it is.
    let mut rates = rates;
    rates[[0, 5]] = 0.75;
    drive(&mut circuit, &rates);
    circuit.advance_to(12);
    let apical = circuit.read("v", Variable::APICAL_CURRENT).unwrap();
    assert_eq!((apical[[0, 0]], apical[[0, 5]]), (0.0, 1.0));
}

fn senders_that_no_window_reaches_have_no_synapse(engine: Engine) {
    let model: Model = parse(
        r#"(
            name: "borders", neurons: {"n": (transfer: linear)},
            inputs: [(name: "y", size: 1)],
            populations: [
                (name: "x", shape: (1, 5, 6), neuron: "n"),
                (name: "out", shape: (2, 2, 2), neuron: "n"),
            ],
            synapses: {"fixed": ()},
            projections: [
                (from: "y", to: "x", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(1)),
                (name: "up", from: "x", to: "out", compartment: basal, delay_ms: 1,
                    wiring: convolution(kernel: 2, stride: (2, 3)), synapse: "fixed", weights: constant(1)),
                (name: "down", from: "out", to: "x", compartment: apical, delay_ms: 1, wiring: reciprocal,
                    synapse: "fixed", weights: constant(1)),
            ],
        )"#,
    );
    let mut circuit = simulation(&model, engine, 1.0, 1, 1.0);
    teach(&mut circuit, Array2::ones((1, 8)), 1.0);
    circuit.advance_to(5);
    let apical = circuit.read("x", Variable::APICAL_CURRENT).unwrap();
    let down = circuit.connectivity("down").unwrap();
    for row in 0..5 {
        for column in 0..6 {
            // Rows 0 to 3 in windows of two, columns 0, 1, 3 and 4; two channels each.
            let reached = row < 4 && column % 3 < 2;
            let neuron = row * 6 + column;
            let right = if reached { 2.0 } else { 0.0 };
            assert_eq!(apical[[0, neuron]], right, "{row}, {column}");
            assert_eq!(down.afferents(neuron).len(), right as usize);
        }
    }
}

fn a_context_is_a_term_of_the_mismatch(engine: Engine) {
    let model: Model = parse(
        r#"(
            name: "context", neurons: {"n": (transfer: tanh, g_a: 0.5, lambda: 0.2)},
            inputs: [(name: "x", size: 3), (name: "y", size: 2)],
            populations: [(name: "out", size: 2, neuron: "n")],
            synapses: {"fixed": ()},
            projections: [
                (from: "x", to: "out", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(0.25)),
                (from: "y", to: "out", compartment: apical, signal: rate, delay_ms: 2, synapse: "fixed", weights: constant(0.5)),
                (name: "recurrent", from: "out", to: "out", compartment: apical, signal: rate, delay_ms: 1,
                    wiring: one_to_one, synapse: "fixed", weights: constant(0.125)),
            ],
        )"#,
    );
    let mut circuit = simulation(&model, engine, 1.0, 1, 1.0);
    drive(&mut circuit, &ndarray::arr2(&[[1.0, 1.0, -0.5]]));
    circuit
        .set_input("y", ndarray::arr2(&[[0.75, 0.25]]).view())
        .unwrap();
    circuit.advance_to(60);
    // r = tanh(b + lambda xi), xi = g_a (0.5 + r / 8), by iteration.
    let b = 0.375f64;
    let (mut r, mut xi) = (0.0f64, 0.0f64);
    for _ in 0..100 {
        xi = 0.5 * (0.5 + 0.125 * r);
        r = (b + 0.2 * xi).tanh();
    }
    let mismatch = circuit.read("out", Variable::MISMATCH).unwrap()[[0, 0]];
    let rate = circuit.read("out", Variable::RATE).unwrap()[[0, 0]];
    assert!((f64::from(mismatch) - xi).abs() < 1e-6, "{mismatch} {xi}");
    assert!((f64::from(rate) - r).abs() < 1e-6, "{rate} {r}");
}

fn weights_keep_their_sign(engine: Engine) {
    for (sign, beyond) in [("excitatory", -1.0f32), ("inhibitory", 1.0)] {
        let synapse = format!(r#"rule: "dll", eta: 0.5, sign: {sign}"#);
        let model = one_layer("wiring: convolution(kernel: 2),", &synapse);
        let mut circuit = simulation(&model, engine, 1.0, 1, 1.0);
        circuit
            .set_weights("w", Array2::from_elem((3, 8), 0.1 * beyond))
            .unwrap();
        drive(&mut circuit, &Array2::ones((1, 40)));
        teach(&mut circuit, Array2::from_elem((1, 36), beyond), 1.0);
        circuit.advance_to(10);
        let weights = circuit.weights("w").unwrap();
        assert!(weights.iter().all(|w| *w == 0.0), "{sign}: {weights}");
        teach(&mut circuit, Array2::from_elem((1, 36), -beyond), 0.01);
        circuit.advance_to(12);
        let weights = circuit.weights("w").unwrap();
        assert!(
            weights.iter().all(|w| *w * beyond < 0.0),
            "{sign}: {weights}"
        );
    }
}

fn a_state_continues_exactly(engine: Engine) {
    let mut model = deep(r#"rule: "change_gated_decay""#);
    for synapse in model.synapses.values_mut() {
        synapse.eta = 0.05;
        synapse.update.as_mut().unwrap().every_ms = Some(7.0);
    }
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let new = || simulation(&model, engine, 1.0, 2, 1.0);
    let (mut whole, mut other) = (new(), new());
    let mut events = Vec::new();
    for step in (0..60).step_by(5) {
        let rates = Array2::from_shape_simple_fn((2, 112), || random.random_range(-1.0..1.0f32));
        events.push((step, rates));
    }
    let run = |simulation: &mut Simulation, from: u64, until: u64| {
        for (step, rates) in events
            .iter()
            .filter(|(step, _)| (from..until).contains(step))
        {
            simulation.advance_to(*step);
            drive(simulation, rates);
            teach(simulation, Array2::ones((2, 3)), 0.5);
        }
        simulation.advance_to(until);
    };
    run(&mut whole, 0, 60);
    run(&mut other, 0, 33);
    let state = other.state();
    let mut resumed = new();
    resumed.restore(&state).unwrap();
    run(&mut resumed, 33, 60);
    assert!(resumed.state() == whole.state());
    for name in ["xv", "qv", "mo", "om", "vq_back"] {
        let [a, b] = [&whole, &resumed].map(|s| s.weights(name).unwrap());
        assert_eq!(bits(&a), bits(&b), "{name}");
        assert_ne!(a, new().weights(name).unwrap(), "{name} learns");
    }
}

#[test]
fn random_pairs_are_as_many_as_asked_for_and_follow_the_seed() {
    let drawn = |wiring: &str, seed: u64| {
        let model: Model = parse(&format!(
            r#"(
                name: "r", neurons: {{"n": ()}}, inputs: [],
                populations: [(name: "a", size: 60, neuron: "n")],
                synapses: {{"fixed": ()}},
                projections: [(name: "w", from: "a", to: "a", compartment: basal, delay_ms: 1,
                    wiring: {wiring}, synapse: "fixed", weights: constant(1))],
            )"#
        ));
        let setup = Setup {
            engine: Engine::Events,
            dt_ms: 1.0,
            trials: 1,
            seed,
            presentation_ms: 1.0,
            directory: "".as_ref(),
        };
        let simulation = Simulation::new(lower(&model, &Registry::default(), setup).unwrap());
        simulation.connectivity("w").unwrap().clone()
    };
    let degrees = |connectivity: &Connectivity| -> Vec<usize> {
        (0..60).map(|i| connectivity.afferents(i).len()).collect()
    };
    let ten = drawn("random(in_degree: 10)", 1);
    assert!(degrees(&ten).iter().all(|degree| *degree == 10));
    assert!((0..60).all(|i| {
        ten.afferents(i)
            .iter()
            .all(|(sender, _)| *sender != i as u32)
    }));
    let pairs = |c: &Connectivity| c.listed_pairs().unwrap();
    assert_eq!(pairs(&ten), pairs(&drawn("random(in_degree: 10)", 1)));
    assert_ne!(pairs(&ten), pairs(&drawn("random(in_degree: 10)", 2)));
    // All 59 others, and with itself all 60.
    assert!(
        degrees(&drawn("random(in_degree: 59)", 1))
            .iter()
            .all(|d| *d == 59)
    );
    let with_self = drawn("random(in_degree: 60, self_connections: true)", 1);
    assert!(degrees(&with_self).iter().all(|degree| *degree == 60));
    assert_eq!(drawn("random(probability: 1)", 1).synapses(), 60 * 59);
    assert_eq!(drawn("random(probability: 0)", 1).synapses(), 0);
    let mut senders = [0usize; 60];
    let mut synapses = 0;
    for seed in 0..40 {
        let some = drawn("random(probability: 0.1)", seed);
        synapses += some.synapses();
        let pairs = pairs(&some);
        assert!(pairs.rows().into_iter().all(|pair| pair[0] != pair[1]));
        pairs
            .column(1)
            .iter()
            .for_each(|sender| senders[*sender as usize] += 1);
    }
    // 40 x 3540 pairs: 14160 expected with a deviation of 113; 236 of each sender, deviation 15.
    assert!((synapses as f64 - 14160.0).abs() < 500.0, "{synapses}");
    assert!(
        senders.iter().all(|n| (*n as f64 - 236.0).abs() < 75.0),
        "{senders:?}"
    );
}

#[test]
fn weights_by_fan_in_count_the_synapses_of_their_receiver() {
    // A border of padding: corner windows have 4 taps of 9, others 6 or 9.
    let model: Model = parse(
        r#"(
            name: "f", neurons: {"n": ()}, inputs: [(name: "x", shape: (1, 20, 20))],
            populations: [(name: "a", shape: (60, 20, 20), neuron: "n")],
            synapses: {"fixed": ()},
            projections: [(name: "w", from: "x", to: "a", compartment: basal, delay_ms: 1,
                wiring: local(kernel: 3, padding: 1), synapse: "fixed", weights: fan_in(gain: 2))],
        )"#,
    );
    let mut circuit = simulation(&model, Engine::Events, 1.0, 1, 1.0);
    let weights = circuit.weights("w").unwrap();
    circuit
        .set_weights("w", Array2::ones(weights.dim()))
        .unwrap();
    let ones = circuit.weights("w").unwrap();
    assert_eq!(
        ones.sum() as usize,
        circuit.connectivity("w").unwrap().synapses()
    );
    let deviation = |place: usize, taps: &[usize]| {
        let squares = taps
            .iter()
            .flat_map(|tap| weights.column(place * 9 + tap).to_vec());
        let squares: Vec<f64> = squares.map(|w| f64::from(w).powi(2)).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    };
    for (place, taps, right) in [
        (0, &[4, 5, 7, 8][..], 2.0 / 2.0),
        (3, &[3, 4, 5, 6, 7, 8], 2.0 / 6f64.sqrt()),
        (20 * 5 + 7, &[0, 1, 2, 3, 4, 5, 6, 7, 8], 2.0 / 3.0),
    ] {
        let found = deviation(place, taps);
        assert!(
            (found / right - 1.0).abs() < 0.2,
            "{place}: {found} {right}"
        );
        for tap in (0..9).filter(|tap| !taps.contains(tap)) {
            // Places outside the image have no synapse.
            assert!(weights.column(place * 9 + tap).iter().all(|w| *w == 0.0));
        }
    }
}

fn wired(post: &str, pre: &str, projection: &str) -> Vec<String> {
    let model: Model = parse(&format!(
        r#"(
            name: "e", neurons: {{"n": ()}}, inputs: [(name: "x", {pre})],
            populations: [(name: "a", {post}, neuron: "n"), (name: "b", size: 4, neuron: "n")],
            synapses: {{"s": (rule: "dll", eta: 0.1)}},
            projections: [
                (from: "a", to: "b", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(0)),
                (from: "x", to: "a", delay_ms: 1, {projection}),
            ],
        )"#
    ));
    let issues = check(&model, &Registry::default(), Some(1.0), "".as_ref());
    let text =
        |issue: apical::description::document::Issue| format!("{}: {}", issue.path, issue.message);
    issues.into_iter().map(text).collect()
}

#[test]
fn a_wrong_wiring_is_an_error_that_names_what_would_be_right() {
    let image = "shape: (2, 6, 6)";
    let s = r#"compartment: basal, synapse: "s", weights: constant(0)"#;
    for (post, projection, right) in [
        (
            "shape: (3, 4, 4)",
            "wiring: convolution(kernel: 7)",
            "a kernel height of 7 is larger than the image of the senders, 6 with a padding of 0",
        ),
        (
            "shape: (3, 4, 4)",
            "wiring: convolution(kernel: 12, padding: 11)",
            "a kernel height of 12 has places that never lie in an image of 6; expected 11 at most",
        ),
        (
            "shape: (3, 4, 4)",
            "wiring: convolution(kernel: 2)",
            "the shape (channels, 5, 5), and `a` is (3, 4, 4)",
        ),
        (
            "shape: (3, 4, 4)",
            "wiring: local(kernel: 3, padding: 3)",
            "expected less padding than the kernel",
        ),
        (
            "shape: (3, 4, 4)",
            "wiring: convolution(kernel: 3, stride: 0)",
            "at least 1",
        ),
        (
            "size: 12",
            "wiring: one_to_one",
            "`x` has 72 neurons and `a` 12; expected as many of both",
        ),
        (
            "size: 12",
            "wiring: random(in_degree: 73)",
            "expected 1 to 72 senders",
        ),
        (
            "size: 12",
            "wiring: random(in_degree: 2, probability: 0.5)",
            "expected `probability`, or `in_degree`",
        ),
        (
            "size: 12",
            "wiring: random(probability: 1.5)",
            "a number from 0 to 1",
        ),
        (
            "size: 12",
            "wiring: reciprocal",
            "a basal projection has no reciprocal one",
        ),
        ("size: 12", "wiring: pairs(\"none.csv\")", "none.csv"),
        ("size: 12", "mask: true", "expected `weights: npy(...)`"),
        ("size: 12", "signal: delta", "basal dendrites receive rates"),
    ] {
        let found = wired(post, image, &format!("{projection}, {s}"));
        assert!(
            found
                .iter()
                .any(|issue| issue.starts_with("projections.x_to_a") && issue.contains(right)),
            "{projection}: {found:?}"
        );
    }
    let pool = r#"compartment: basal, wiring: max_pool(kernel: 2)"#;
    assert_eq!(wired("shape: (2, 3, 3)", image, pool), Vec::<String>::new());
    for (projection, right) in [
        (
            format!(r#"{pool}, synapse: "s""#),
            "a pool has no weights; expected no `synapse`",
        ),
        (
            format!("{pool}, weights: constant(1)"),
            "expected no `weights`",
        ),
        (
            "compartment: basal".to_owned(),
            "expected `synapse`, which only a pool does not have",
        ),
        (
            r#"compartment: apical, synapse: "s", weights: constant(0)"#.to_owned(),
            "expected one of the populations, or `signal: rate`",
        ),
    ] {
        let found = wired("shape: (2, 3, 3)", image, &projection);
        assert!(
            found.iter().any(|issue| issue.contains(right)),
            "{projection}: {found:?}"
        );
    }
    let found = wired("shape: (3, 3, 3)", image, pool);
    assert!(
        found[0].contains("the shape (2, 3, 3), and `a` is (3, 3, 3)"),
        "{found:?}"
    );
}

#[test]
fn pairs_of_a_file_and_of_a_mask_are_those_that_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let model = |projection: &str| -> Model {
        parse(&format!(
            r#"(
                name: "p", neurons: {{"n": ()}}, inputs: [(name: "x", size: 3)],
                populations: [(name: "a", size: 2, neuron: "n")],
                synapses: {{"fixed": ()}},
                projections: [(name: "w", from: "x", to: "a", compartment: basal, delay_ms: 1,
                    synapse: "fixed", {projection})],
            )"#
        ))
    };
    let issues = |projection: &str| {
        let issues = check(&model(projection), &Registry::default(), Some(1.0), path);
        issues
            .into_iter()
            .map(|issue| issue.message)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let pairs = |projection: &str| {
        let setup = Setup {
            engine: Engine::Dense,
            dt_ms: 1.0,
            trials: 1,
            seed: 1,
            presentation_ms: 1.0,
            directory: path,
        };
        let circuit = lower(&model(projection), &Registry::default(), setup).unwrap();
        let simulation = Simulation::new(circuit);
        let pairs = simulation
            .connectivity("w")
            .unwrap()
            .listed_pairs()
            .unwrap();
        (pairs, simulation.weights("w").unwrap())
    };
    fs::write(path.join("w.csv"), "pre, post\n2, 0\n0, 1\n0, 0\n").unwrap();
    let (listed, _) = pairs(r#"wiring: pairs("w.csv"), weights: constant(1)"#);
    assert_eq!(listed, ndarray::arr2(&[[0u32, 0], [1, 0], [0, 2]]));
    let weights = ndarray::arr2(&[[0.5f32, 0.0, -1.0], [0.25, 0.0, 0.0]]);
    ndarray_npy::write_npy(path.join("w.npy"), &weights).unwrap();
    let (masked, values) = pairs(r#"mask: true, weights: npy("w.npy")"#);
    assert_eq!(masked, listed);
    assert_eq!(values, ndarray::arr2(&[[0.5], [0.25], [-1.0]]));
    // The file of a reciprocal projection is post x pre as well.
    let back: Model = parse(
        r#"(
            name: "b", neurons: {"n": ()}, inputs: [],
            populations: [(name: "x", size: 3, neuron: "n"), (name: "a", size: 2, neuron: "n")],
            synapses: {"fixed": ()},
            projections: [
                (name: "up", from: "x", to: "a", compartment: basal, delay_ms: 1, wiring: pairs("w.csv"), synapse: "fixed", weights: constant(1)),
                (name: "down", from: "a", to: "x", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "fixed", weights: npy("down.npy")),
            ],
        )"#,
    );
    let down = ndarray::arr2(&[[1.0f32, 2.0], [0.0, 0.0], [3.0, 0.0]]);
    ndarray_npy::write_npy(path.join("down.npy"), &down).unwrap();
    let setup = Setup {
        engine: Engine::Events,
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: path,
    };
    let both = Simulation::new(lower(&back, &Registry::default(), setup).unwrap());
    // In the order of the weights of `up`: x[0] to a[0] and a[1], x[2] to a[0].
    assert_eq!(
        both.weights("down").unwrap(),
        ndarray::arr2(&[[1.0], [2.0], [3.0]])
    );
    assert_eq!(
        both.connectivity("down")
            .unwrap()
            .matrix(&both.weights("down").unwrap()),
        down
    );
    let (_, values) = pairs(r#"wiring: pairs("w.csv"), weights: npy("w.npy")"#);
    assert_eq!(values, ndarray::arr2(&[[0.5], [0.25], [-1.0]]));
    for (text, right) in [
        (
            "post, pre\n0, 3\n",
            "line 2: found `3`; expected the index of a neuron, 0 to 2",
        ),
        (
            "post, pre\n0, 1\n0, 1\n",
            "the pair of post 0 and pre 1 is listed twice",
        ),
        (
            "post, to\n0, 1\n",
            "the columns are post, to; expected `post` and `pre`",
        ),
        ("post, pre\n0\n", "w.csv"),
    ] {
        fs::write(path.join("w.csv"), text).unwrap();
        let found = issues(r#"wiring: pairs("w.csv"), weights: constant(1)"#);
        assert!(found.contains(right), "{text}: {found}");
    }
}

/// A run of the deep circuit: files, inspection, figures.
#[test]
fn a_run_leaves_weights_that_can_be_read_back_pair_by_pair() {
    let directory = tempfile::tempdir().unwrap();
    let mut model = deep(r#"rule: "change_gated_decay""#);
    model
        .synapses
        .values_mut()
        .for_each(|synapse| synapse.eta = 0.01);
    let scenario: Scenario = parse(
        r#"(
            name: "deep", model: "", dt_ms: 1, duration_ms: 1200, trials: 2,
            timeline: [
                rates(input: "x", values: [0.5], from_ms: 1, until_ms: 1200),
                teacher(population: "out", target: [1, 0, 0], strength: 0.5, from_ms: 20, until_ms: 1100),
            ],
            probes: [
                weights(projection: "xv", post: "0, 0, 0..2", pre: "0, all, 0..2", every_ms: 100),
                weights(projection: "xv", kernels: "2", every_ms: 100),
                weights(projection: "mo", post: "all", pre: "all, all, all", every_ms: 100),
                statistics(projections: ["vq_back", "om"], statistics: [norm, alignment], every_ms: 100),
            ],
        )"#,
    );
    run_into(directory.path(), &scenario, &model).unwrap();
    let mut results = Results::open(directory.path()).unwrap();
    let kernel = results.weights("xv").unwrap().unwrap();
    assert_eq!(kernel.dim(), (3, 12));
    assert_eq!(results.weights("vq").unwrap(), None);
    let sparse = results.weights("mo").unwrap().unwrap();
    assert_eq!(sparse.dim(), (18, 1));
    let pairs: Array2<u32> =
        ndarray_npy::read_npy(directory.path().join("weights/mo.pairs.npy")).unwrap();
    assert_eq!(pairs.dim(), (18, 2));
    // `out[1]` has six of eight senders.
    let neuron = inspect::neuron(&mut results, "out[1]", 0, 20).unwrap();
    let from: Vec<_> = (neuron.basal.strongest.iter())
        .filter(|synapse| synapse.projection == "mo")
        .map(|synapse| synapse.from.clone().unwrap())
        .collect();
    assert_eq!(from.len(), 6);
    assert!(from.iter().all(|from| from.starts_with("q2[")), "{from:?}");
    // In the corner of a padded image, a window of 2 x 3 has two columns; two channels.
    let neuron = inspect::neuron(&mut results, "v1[2, 0, 0]", 0, 20).unwrap();
    assert_eq!(neuron.basal.synapses, 8 + 1);
    let strongest = &neuron.basal.strongest;
    let of = |from: &str| strongest.iter().find(|s| s.from.as_deref() == Some(from));
    assert_eq!(of("x[1, 1, 0]").unwrap().weight, kernel[[2, 6 + 3 + 1]]);
    let weights = apical::record::weights(
        &directory.path().join("weights.parquet"),
        &std::sync::atomic::AtomicBool::new(false),
    )
    .unwrap();
    // Only pairs that exist are recorded: rows 0 and 1 of the image, of columns 0 and 1.
    let of = |name: &str| weights.keys().filter(|key| key.0 == name).count();
    // And the twelve weights of one kernel.
    assert_eq!((of("xv"), of("mo")), (8 + 12, 18));
    let whole = weights.keys().filter(|key| key.0 == "xv" && key.1 >= 96);
    assert_eq!(whole.count(), 12);
    let statistics =
        apical::record::statistics(&directory.path().join("projections.parquet")).unwrap();
    for name in ["vq_back", "om"] {
        for statistic in ["norm", "alignment"] {
            let key = (name.to_owned(), statistic.to_owned());
            assert!(statistics.contains_key(&key), "{key:?}");
        }
    }
}

/// The matrix of a structure, for the view of a reader.
#[test]
fn a_structure_as_a_matrix_has_its_weights_at_their_pairs() {
    let model = one_layer("wiring: convolution(kernel: 2),", "");
    let mut circuit = simulation(&model, Engine::Dense, 1.0, 1, 1.0);
    let kernel = Array2::from_shape_fn((3, 8), |(o, tap)| (1 + o * 8 + tap) as f32);
    circuit.set_weights("w", kernel.clone()).unwrap();
    let matrix = circuit.connectivity("w").unwrap().matrix(&kernel);
    let x = Array2::from_shape_fn((1, 40), |(_, j)| (j % 7) as f32 - 3.0);
    let by_matrix = by(&matrix, x.view());
    drive(&mut circuit, &x);
    circuit.advance_to(3);
    assert_eq!(circuit.read("out", Variable::RATE).unwrap(), by_matrix);
    assert_eq!(circuit.term("w").unwrap(), by_matrix);
}

fn by(matrix: &Array2<f32>, x: ArrayView2<'_, f32>) -> Array2<f32> {
    x.dot(&matrix.t())
}

/// Mean angle in degrees between the changes of each projection and the exact gradient.
fn angles(engine: Engine, rule: &str) -> std::collections::BTreeMap<String, f64> {
    let model: Model = parse(&format!(
        r#"(
            name: "small",
            neurons: {{"n": (transfer: tanh), "pool": (transfer: linear), "readout": (transfer: softmax)}},
            inputs: [(name: "pixels", shape: (1, 8, 8))],
            populations: [
                (name: "v1", shape: (6, 6, 6), neuron: "n", bias: (synapse: "plastic", per: channel)),
                (name: "q1", shape: (6, 3, 3), neuron: "pool"),
                (name: "v2", shape: (5, 2, 2), neuron: "n"),
                (name: "q2", shape: (5, 1, 1), neuron: "pool"),
                (name: "output", size: 10, neuron: "readout"),
            ],
            synapses: {{"plastic": (rule: "{rule}", eta: 0.002, update: (optimiser: adam()))}},
            projections: [
                (name: "xv", from: "pixels", to: "v1", compartment: basal, delay_ms: 1, wiring: convolution(kernel: 3), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "vq", from: "v1", to: "q1", compartment: basal, delay_ms: 1, wiring: max_pool(kernel: 2)),
                (name: "qv", from: "q1", to: "v2", compartment: basal, delay_ms: 1, wiring: local(kernel: 2), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "vm", from: "v2", to: "q2", compartment: basal, delay_ms: 1, wiring: mean_pool(kernel: 2)),
                (name: "mo", from: "q2", to: "output", compartment: basal, delay_ms: 1, wiring: random(in_degree: 4), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "om", from: "output", to: "q2", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "mv", from: "q2", to: "v2", compartment: apical, delay_ms: 1, wiring: reciprocal),
                (name: "vq_back", from: "v2", to: "q1", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "qv_back", from: "q1", to: "v1", compartment: apical, delay_ms: 1, wiring: reciprocal),
            ],
        )"#
    ));
    let mut scenario: Scenario = parse(
        r#"(
            name: "small", model: "", dt_ms: 1, trials: 16,
            task: (
                data: csv(path: "data/digits.csv.gz"), encoding: scale(offset: 0, factor: 0.0625),
                split: counts(train: 320, validation: 16), input: "pixels", output: "output", epochs: 1,
                presentation_ms: 20,
            ),
            probes: [statistics(statistics: [gradient_angle], every_ms: 20)],
        )"#,
    );
    scenario.engine = engine;
    let directory = tempfile::tempdir().unwrap();
    run_into(directory.path(), &scenario, &model).unwrap();
    let recorded = apical::record::statistics(&directory.path().join("projections.parquet"));
    let mean = |series: &apical::record::Series| {
        series.value.iter().sum::<f64>() / series.value.len() as f64
    };
    let recorded = recorded.unwrap().into_iter();
    recorded
        .map(|((name, _), series)| (name, mean(&series)))
        .collect()
}

fn transport_changes_along_the_exact_gradient_through_all_kinds_of_wiring(engine: Engine) {
    let exact = angles(engine, "transport");
    let names: Vec<&str> = exact.keys().map(String::as_str).collect();
    assert_eq!(names, ["mo", "qv", "v1_bias", "xv"]);
    assert!(exact.values().all(|angle| *angle < 1.0), "{exact:?}");
    let fixed = angles(engine, "feedback_alignment");
    assert!(fixed["xv"] > 45.0 && fixed["mo"] < 1.0, "{fixed:?}");
}

/// A convolution whose products and passes are divided among threads.
#[test]
fn structures_depend_on_their_seed_alone_for_any_number_of_threads() {
    let model: Model = parse(
        r#"(
            name: "wide", neurons: {"n": (transfer: tanh), "pool": (transfer: linear)},
            inputs: [(name: "x", shape: (3, 32, 32))],
            populations: [
                (name: "v", shape: (16, 32, 32), neuron: "n", bias: (synapse: "plastic", per: channel)),
                (name: "q", shape: (16, 16, 16), neuron: "pool"),
                (name: "w", shape: (12, 14, 14), neuron: "n"),
                (name: "out", size: 200, neuron: "n"),
            ],
            synapses: {"plastic": (rule: "change_gated_decay", eta: 0.01, update: (every_ms: 9, optimiser: adam()))},
            projections: [
                (name: "xv", from: "x", to: "v", compartment: basal, delay_ms: 1, wiring: convolution(kernel: 3, padding: 1), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "vq", from: "v", to: "q", compartment: basal, delay_ms: 1, wiring: max_pool(kernel: 2)),
                (name: "qv", from: "q", to: "v", compartment: apical, delay_ms: 1, wiring: reciprocal),
                (name: "qw", from: "q", to: "w", compartment: basal, delay_ms: 1, wiring: local(kernel: 3), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "wq", from: "w", to: "q", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "wo", from: "w", to: "out", compartment: basal, delay_ms: 1, wiring: random(probability: 0.3), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "ow", from: "out", to: "w", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#,
    );
    let learned = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let mut circuit = simulation(&model, Engine::Events, 1.0, 9, 10.0);
            let mut random = ChaCha8Rng::seed_from_u64(9);
            for step in [0, 20] {
                circuit.advance_to(step);
                let rates = Array2::from_shape_simple_fn((9, 3072), || random.random::<f32>());
                drive(&mut circuit, &rates);
                teach(&mut circuit, Array2::ones((9, 200)), 1.0);
            }
            circuit.advance_to(40);
            circuit.state()
        })
    };
    let one = learned(1);
    for threads in [2, 3, 4] {
        assert!(one == learned(threads), "{threads} threads");
    }
}

#[test]
fn alignment_is_defined_for_the_same_pairs_alone() {
    for (wiring, right) in [
        ("wiring: reciprocal,", None),
        ("", Some("expected `wiring: reciprocal` of `ba`")),
        (
            "wiring: random(in_degree: 2),",
            Some("expected `wiring: reciprocal` of `ba`"),
        ),
    ] {
        let model: Model = parse(&format!(
            r#"(
                name: "al", neurons: {{"n": ()}}, inputs: [(name: "x", size: 2)],
                populations: [(name: "a", size: 6, neuron: "n"), (name: "b", size: 4, neuron: "n")],
                synapses: {{"s": (rule: "dll", eta: 0.1)}},
                projections: [
                    (from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "s", weights: constant(1)),
                    (name: "ab", from: "a", to: "b", compartment: basal, delay_ms: 1, wiring: random(in_degree: 3), synapse: "s", weights: constant(1)),
                    (name: "ba", from: "b", to: "a", compartment: apical, delay_ms: 1, {wiring} synapse: "s", weights: constant(1)),
                ],
            )"#
        ));
        let scenario: Scenario = parse(
            r#"(
                name: "al", model: "", dt_ms: 1, duration_ms: 20,
                probes: [statistics(projections: ["ba"], statistics: [alignment], every_ms: 10)],
            )"#,
        );
        let issues =
            apical::description::scenario::check(&scenario, Some(&model), &Registry::default());
        let of_probe = issues.iter().find(|issue| issue.path.starts_with("probes"));
        match right {
            None => assert!(of_probe.is_none(), "{of_probe:?}"),
            Some(right) => assert!(of_probe.unwrap().message.contains(right), "{of_probe:?}"),
        }
    }
}
