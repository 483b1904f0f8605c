//! Every rule against a truth from outside: closed forms, recursions in f64, finite differences
//! and the exact gradient, on both engines. Dendritic Localized Learning and weight transport
//! have theirs in `fixed_point.rs`.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::event::Teacher;
use apical::neuron::Variable;
use common::{both_engines, error, f64s, parse, simulation};
use ndarray::{Array1, Array2, Axis, array};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TRIALS: usize = 3;

/// Inputs, two hidden populations and an output; `down` are apical projections, `neuron` the
/// fields of hidden neurons, `synapse` those of all plastic synapses.
fn circuit(neuron: &str, synapse: &str, down: &str) -> Model {
    parse(&format!(
        r#"(
            name: "rule",
            neurons: {{"hidden": ({neuron}), "readout": (transfer: softmax)}},
            inputs: [(name: "x", size: 5)],
            populations: [
                (name: "h1", size: 7, neuron: "hidden"),
                (name: "h2", size: 6, neuron: "hidden"),
                (name: "y", size: 4, neuron: "readout"),
            ],
            synapses: {{"plastic": ({synapse})}},
            projections: [
                (name: "W1", from: "x", to: "h1", compartment: basal, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
                (name: "W2", from: "h1", to: "h2", compartment: basal, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
                (name: "W3", from: "h2", to: "y", compartment: basal, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
                {down}
            ],
        )"#
    ))
}

const STEP_BY_STEP: &str = r#"
    (name: "Theta3", from: "y", to: "h2", compartment: apical, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
    (name: "Theta2", from: "h2", to: "h1", compartment: apical, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
"#;

const STRAIGHT: &str = r#"
    (name: "Theta3", from: "y", to: "h2", compartment: apical, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
    (name: "Theta2", from: "y", to: "h1", compartment: apical, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
"#;

fn random(shape: (usize, usize), seed: u64) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0))
}

fn targets(trials: usize) -> Array2<f32> {
    Array2::from_shape_fn((trials, 4), |(trial, class)| f32::from(class == trial % 4))
}

/// A circuit that is shown something and taught, from the first step on.
fn taught(model: &Model, engine: Engine, trials: usize) -> Simulation {
    let mut circuit = simulation(model, engine, 1.0, trials, 1.0);
    circuit
        .set_input("x", random((trials, 5), 4).view())
        .unwrap();
    let teacher = Teacher {
        target: targets(trials),
        strength: vec![1.0; trials],
    };
    circuit.teach("y", teacher).unwrap();
    circuit
}

/// Synapses that gather changes and update weights long after the test.
const GATHER: &str = "eta: 1, update: (every_ms: 1000000, optimiser: plain)";

/// What some projections gather in the next step, post x pre, in a.u.; the mean over trials.
fn gathered<const N: usize>(circuit: &mut Simulation, names: [&str; N]) -> [Array2<f32>; N] {
    let before = names.map(|name| circuit.eligibility(name).unwrap());
    circuit.step();
    std::array::from_fn(|n| circuit.eligibility(names[n]).unwrap() - &before[n])
}

fn softmax(b: &Array2<f64>) -> Array2<f64> {
    let e = b.mapv(f64::exp);
    &e / &e.sum_axis(Axis(1)).insert_axis(Axis(1))
}

fn weights(circuit: &Simulation, name: &str) -> Array2<f64> {
    f64s(&circuit.weights(name).unwrap())
}

fn read(circuit: &mut Simulation, population: &str, variable: Variable) -> Array2<f64> {
    f64s(&circuit.read(population, variable).unwrap())
}

/// Rates of all populations at these weights, the inputs first.
fn forward(circuit: &Simulation, x: &Array2<f64>) -> [Array2<f64>; 4] {
    let [w1, w2, w3] = ["W1", "W2", "W3"].map(|name| weights(circuit, name));
    let h1 = x.dot(&w1.t()).mapv(f64::tanh);
    let h2 = h1.dot(&w2.t()).mapv(f64::tanh);
    let y = softmax(&h2.dot(&w3.t()));
    [x.clone(), h1, h2, y]
}

fn slope(rates: &Array2<f64>) -> Array2<f64> {
    rates.mapv(|r| 1.0 - r * r)
}

fn fixed_feedback_is_the_recursion_of_its_paper_and_stays(engine: Engine) {
    for (rule, down) in [
        ("feedback_alignment", STEP_BY_STEP),
        ("direct_feedback_alignment", STRAIGHT),
    ] {
        let eta = 1e-3;
        let synapse = format!(r#"rule: "{rule}", eta: {eta}"#);
        let mut circuit = taught(&circuit("transfer: tanh", &synapse, down), engine, TRIALS);
        let theta = ["Theta2", "Theta3"].map(|name| weights(&circuit, name));
        circuit.advance_to(200);
        for (name, theta) in ["Theta2", "Theta3"].into_iter().zip(&theta) {
            assert_eq!(weights(&circuit, name), theta, "{name} changed");
        }
        // One step, from the equations: everything has settled but for the learning itself.
        let before = ["W1", "W2", "W3"].map(|name| weights(&circuit, name));
        let x = f64s(&random((TRIALS, 5), 4));
        let [x, h1, h2, y] = forward(&circuit, &x);
        let e = f64s(&targets(TRIALS)) - &y;
        let d2 = e.dot(&theta[1].t()) * slope(&h2);
        let from = if down == STRAIGHT { &e } else { &d2 };
        let d1 = from.dot(&theta[0].t()) * slope(&h1);
        circuit.step();
        for (n, (delta, sent)) in [(&d1, &x), (&d2, &h1), (&e, &h2)].into_iter().enumerate() {
            let change = weights(&circuit, &format!("W{}", n + 1)) - &before[n];
            let want = delta.t().dot(sent) * (eta / TRIALS as f64);
            // The weights move on by a part in a thousand while signals travel.
            let off = error(&change.mapv(|w| w as f32), &want);
            assert!(off < 2e-2, "{rule}: W{} {off}", n + 1);
        }
    }
}

fn kolen_pollack_differences_decay_as_the_closed_form(engine: Engine) {
    let decay = 2e-3;
    let synapse = format!(r#"rule: "kolen_pollack", eta: 0.02, decay_per_ms: {decay}"#);
    let model = circuit("transfer: tanh", &synapse, STEP_BY_STEP);
    let mut circuit = taught(&model, engine, TRIALS);
    let apart = |circuit: &Simulation, n: usize| {
        let [w, theta] = ["W", "Theta"].map(|name| weights(circuit, &format!("{name}{n}")));
        w - theta.t()
    };
    let first = [2, 3].map(|n| apart(&circuit, n));
    let w3 = weights(&circuit, "W3");
    circuit.advance_to(400);
    let kept = (-decay * 400.0f64).exp();
    for (n, first) in [2, 3].into_iter().zip(&first) {
        // Both change alike but for the steps in which what one of them knows is on its way.
        let off = error(&apart(&circuit, n).mapv(|w| w as f32), &(first * kept));
        assert!(off < 3e-2, "W{n}: {off}");
    }
    let moved = (weights(&circuit, "W3") - w3 * kept).mapv(f64::abs).sum();
    assert!(moved > 1.0, "nothing was learned: {moved}");
}

/// What change-gated decay adds: each change `D` shrinks the difference by
/// `1 - gated_decay sqrt(n) |D|`, whatever the optimiser, synapse by synapse.
fn with_gated_decay_feedback_aligns_as_much_as_is_learned(engine: Engine) {
    let aligned = |gated_decay: f32| {
        let synapse = format!(
            r#"rule: "change_gated_decay", eta: 0.01, parameters: {{"gated_decay": {gated_decay}}},
               update: (every_ms: 1, optimiser: adam())"#
        );
        let model = circuit("transfer: tanh", &synapse, STEP_BY_STEP);
        let mut circuit = taught(&model, engine, TRIALS);
        circuit.advance_to(1500);
        let [w, theta] = ["W3", "Theta3"].map(|name| weights(&circuit, name));
        let dot = (&w * &theta.t()).sum();
        dot / ((&w * &w).sum() * (&theta * &theta).sum()).sqrt()
    };
    let [without, with] = [0.0, 1.2].map(aligned);
    assert!(with > 0.98 && with > without + 0.05, "{without} {with}");
}

/// Equilibrium of the energy, by plain gradient descent in f64.
fn predictive_coding_settles_where_its_energy_is_least(engine: Engine) {
    let neuron = "transfer: tanh, tau_s_ms: 5, lambda: 1, mismatch: potential";
    let synapse = format!(r#"rule: "predictive_coding", {GATHER}"#);
    let mut circuit = taught(&circuit(neuron, &synapse, STEP_BY_STEP), engine, TRIALS);
    circuit.advance_to(600);
    let gathered = gathered(&mut circuit, ["W1", "W2", "W3"]);
    let [w1, w2, w3] = ["W1", "W2", "W3"].map(|name| weights(&circuit, name));
    assert_eq!(weights(&circuit, "Theta2"), w2.t());
    let b1 = f64s(&random((TRIALS, 5), 4)).dot(&w1.t());
    let (mut s1, mut s2) = (b1.clone(), Array2::zeros((TRIALS, 6)));
    let target = f64s(&targets(TRIALS));
    for _ in 0..20_000 {
        let [r1, r2] = [&s1, &s2].map(|s| s.mapv(f64::tanh));
        let e1 = &s1 - &b1;
        let e2 = &s2 - &r1.dot(&w2.t());
        let e3 = &target - &softmax(&r2.dot(&w3.t()));
        s1 = &s1 - &((&e1 - &(slope(&r1) * e2.dot(&w2))) * 0.02);
        s2 = &s2 - &((&e2 - &(slope(&r2) * e3.dot(&w3))) * 0.02);
    }
    for (population, s) in [("h1", &s1), ("h2", &s2)] {
        let got = circuit
            .read(population, Variable::SOMATIC_POTENTIAL)
            .unwrap();
        assert!(error(&got, s) < 1e-4, "{population}");
        let xi = read(&mut circuit, population, Variable::MISMATCH);
        let delta = read(&mut circuit, population, Variable::DELTA);
        assert_eq!(xi, delta);
    }
    // What is left over is learned.
    let [r1, r2] = [&s1, &s2].map(|s| s.mapv(f64::tanh));
    let x = f64s(&random((TRIALS, 5), 4));
    let e3 = &target - &softmax(&r2.dot(&w3.t()));
    for (got, (xi, r)) in
        gathered
            .iter()
            .zip([(&s1 - &b1, &x), (&s2 - &r1.dot(&w2.t()), &r1), (e3, &r2)])
    {
        let want = xi.t().dot(r) / TRIALS as f64;
        assert!(error(got, &want) < 1e-3);
    }
    // The teacher does change what the hidden neurons fire at.
    let e2 = read(&mut circuit, "h2", Variable::MISMATCH);
    assert!(e2.mapv(f64::abs).sum() > 0.5);
}

/// With the feedback of a readout equal to its weights, the change of a hidden population is the
/// slope of that readout's own loss, and nothing of the other's; feedback changes as the readout.
fn local_losses_descend_on_the_loss_of_the_readout_nearby(engine: Engine) {
    let down = r#"
        (name: "V", from: "h1", to: "z", compartment: basal, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
        (name: "Theta3", from: "y", to: "h2", compartment: apical, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
        (name: "ThetaV", from: "z", to: "h1", compartment: apical, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5)),
    "#;
    let synapse = format!(r#"rule: "local_losses", {GATHER}"#);
    let mut model = circuit("transfer: tanh", &synapse, down);
    let mut readout = model.populations[2].clone();
    readout.name = "z".into();
    model.populations.push(readout);
    let mut circuit = taught(&model, engine, TRIALS);
    let teacher = Teacher {
        target: targets(TRIALS),
        strength: vec![1.0; TRIALS],
    };
    circuit.teach("z", teacher).unwrap();
    let transposed = circuit.weights("V").unwrap().reversed_axes();
    circuit.set_weights("ThetaV", transposed).unwrap();
    circuit.advance_to(20);
    let x = f64s(&random((TRIALS, 5), 4));
    let v = weights(&circuit, "V");
    let loss = |w1: &Array2<f64>| {
        let z = softmax(&x.dot(&w1.t()).mapv(f64::tanh).dot(&v.t()));
        -(f64s(&targets(TRIALS)) * z.mapv(f64::ln)).sum()
    };
    let [change, v, theta] = gathered(&mut circuit, ["W1", "V", "ThetaV"]);
    assert!(v.iter().any(|v| v.abs() > 0.01));
    assert!(error(&theta, &f64s(&v).t().to_owned()) < 1e-5);
    let w1 = weights(&circuit, "W1");
    for ((i, j), got) in f64s(&(change * TRIALS as f32)).indexed_iter() {
        let mut ends = [w1.clone(), w1.clone()];
        ends[0][[i, j]] -= 1e-4;
        ends[1][[i, j]] += 1e-4;
        let slope = (loss(&ends[1]) - loss(&ends[0])) / 2e-4;
        assert!((got + slope).abs() < 1e-4, "W1[{i}, {j}]: {got} {slope}");
    }
}

/// Over many draws of noise the change points down the exact gradient.
fn node_perturbation_follows_the_gradient_on_average(engine: Engine) {
    let trials = 200;
    let synapse = r#"rule: "node_perturbation", parameters: {"baseline_ms": 60},
        update: (every_ms: 100000, optimiser: plain)"#;
    let noise = "noise: (std: 0.05, every_ms: 20)";
    let mut model = circuit(&format!("transfer: tanh, {noise}"), synapse, "");
    let readout = model.neurons.get_mut("readout").unwrap();
    readout.noise = model_noise();
    let mut circuit = taught(&model, engine, trials);
    circuit.advance_to(20 * 400);
    let x = f64s(&random((trials, 5), 4));
    let [w2, w3] = ["W2", "W3"].map(|name| weights(&circuit, name));
    let [x, h1, h2, y] = forward(&circuit, &x);
    let e = f64s(&targets(trials)) - &y;
    let d2 = e.dot(&w3) * slope(&h2);
    let d1 = d2.dot(&w2) * slope(&h1);
    for (name, want) in [
        ("W1", d1.t().dot(&x)),
        ("W2", d2.t().dot(&h1)),
        ("W3", e.t().dot(&h2)),
    ] {
        let got = f64s(&circuit.eligibility(name).unwrap());
        let cosine = (&got * &want).sum() / ((&got * &got).sum() * (&want * &want).sum()).sqrt();
        assert!(cosine > 0.9, "{name}: {cosine}");
    }
}

fn model_noise() -> Option<apical::description::model::Noise> {
    Some(apical::description::model::Noise {
        std: 0.05,
        every_ms: 20.0,
    })
}

/// With a linear neuron and weights of a given length, the rule finds the first principal
/// component of its inputs (Oja 1982).
fn hebbian_finds_the_first_principal_component(engine: Engine) {
    let trials = 64;
    let model: Model = parse(
        r#"(
            name: "oja",
            neurons: {"linear": (transfer: linear)},
            inputs: [(name: "x", size: 3)],
            populations: [(name: "h", size: 2, neuron: "linear")],
            synapses: {"plastic": (
                rule: "hebbian", eta: 0.2, norm: 2.0,
                update: (every_ms: 1, optimiser: plain),
            )},
            projections: [(name: "W", from: "x", to: "h", compartment: basal, delay_ms: 1, synapse: "plastic", weights: normal(std: 0.5))],
        )"#,
    );
    let mut circuit = simulation(&model, engine, 1.0, trials, 1.0);
    let mixed = array![[1.0, 0.6, 0.0], [0.6, 0.9, 0.2], [0.0, 0.2, 0.4]];
    let x = f64s(&random((trials, 3), 9)).dot(&mixed);
    circuit.set_input("x", x.mapv(|x| x as f32).view()).unwrap();
    circuit.advance_to(300);
    // Power iteration in f64.
    let covariance = x.t().dot(&x);
    let mut first = Array1::from_elem(3, 1.0);
    for _ in 0..500 {
        first = covariance.dot(&first);
        first /= first.dot(&first).sqrt();
    }
    for row in weights(&circuit, "W").rows() {
        assert!((row.dot(&row).sqrt() - 2.0).abs() < 1e-5);
        let along = row.dot(&first).abs() / 2.0;
        assert!(along > 0.9999, "{along}");
    }
}

/// A taught output changes by the delta rule: the slope of the cross-entropy.
fn a_taught_hebbian_output_follows_the_delta_rule(engine: Engine) {
    let taught_by = format!(r#"rule: "hebbian", parameters: {{"taught": 1}}, {GATHER}"#);
    let mut model = circuit("transfer: tanh", r#"rule: "hebbian""#, "");
    let synapse: Model = circuit("transfer: tanh", &taught_by, "");
    let synapse = synapse.synapses["plastic"].clone();
    model.synapses.insert("taught".into(), synapse);
    model.projections[2].synapse = Some("taught".into());
    let mut circuit = taught(&model, engine, TRIALS);
    circuit.advance_to(20);
    let [_, _, h2, y] = forward(&circuit, &f64s(&random((TRIALS, 5), 4)));
    let [got] = gathered(&mut circuit, ["W3"]);
    let e = f64s(&targets(TRIALS)) - &y;
    assert!(error(&got, &(e.t().dot(&h2) / TRIALS as f64)) < 1e-4);
}

/// With `s` -1 at a bias, rates `r = I + b` lose the part `eta` of their mean over trials at each
/// weight update, whatever their inputs.
fn an_anti_hebbian_bias_takes_the_mean_rate_away(engine: Engine) {
    let eta = 0.1;
    let model: Model = parse(&format!(
        r#"(
            name: "fatigue",
            neurons: {{"linear": (transfer: linear)}},
            inputs: [(name: "x", size: 3)],
            populations: [(name: "h", size: 2, neuron: "linear", bias: (synapse: "fatigue"))],
            synapses: {{
                "fixed": (),
                "fatigue": (
                    rule: "hebbian", parameters: {{"s": -1}}, eta: {eta},
                    update: (every_ms: 1, optimiser: plain),
                ),
            }},
            projections: [(name: "W", from: "x", to: "h", compartment: basal, delay_ms: 1, synapse: "fixed", weights: normal(std: 0.5))],
        )"#
    ));
    let mut circuit = simulation(&model, engine, 1.0, TRIALS, 1.0);
    circuit
        .set_input("x", random((TRIALS, 3), 9).view())
        .unwrap();
    circuit.advance_to(5);
    let before = read(&mut circuit, "h", Variable::RATE);
    circuit.advance_to(25);
    let after = read(&mut circuit, "h", Variable::RATE);
    let mean = before.mean_axis(Axis(0)).unwrap();
    assert!(mean.iter().all(|mean| mean.abs() > 0.01), "{mean}");
    let kept = (1.0_f64 - eta).powi(20) - 1.0;
    let off = error(&after.mapv(|r| r as f32), &(&before + &(mean * kept)));
    assert!(off < 1e-5, "{off}");
}

both_engines! {
    a_taught_hebbian_output_follows_the_delta_rule,
    an_anti_hebbian_bias_takes_the_mean_rate_away,
    fixed_feedback_is_the_recursion_of_its_paper_and_stays,
    kolen_pollack_differences_decay_as_the_closed_form,
    with_gated_decay_feedback_aligns_as_much_as_is_learned,
    predictive_coding_settles_where_its_energy_is_least,
    local_losses_descend_on_the_loss_of_the_readout_nearby,
    node_perturbation_follows_the_gradient_on_average,
    hebbian_finds_the_first_principal_component,
}
