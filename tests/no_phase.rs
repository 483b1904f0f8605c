//! No order of layers, no phases: the order in which a model declares things changes nothing.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::event::{Event, Teacher};
use apical::math::random::{shuffle, stream};
use apical::neuron::Variable;
use common::{bits, both_engines, parse, simulation};
use ndarray::Array2;

const NEURONS: [&str; 3] = [
    r#""fast": (transfer: tanh)"#,
    r#""leaky": (tau_b_ms: 2, tau_a_ms: 3, tau_s_ms: 1, lambda: 0.1, transfer: logistic)"#,
    r#""readout": (tau_b_ms: 1, transfer: softmax)"#,
];

const INPUTS: [&str; 2] = [r#"(name: "eye", size: 7)"#, r#"(name: "ear", size: 3)"#];

const POPULATIONS: [&str; 4] = [
    r#"(name: "zeta", size: 9, neuron: "fast", bias: (synapse: "plastic"))"#,
    r#"(name: "alpha", size: 6, neuron: "leaky", bias: (synapse: "slow", weights: uniform(limit: 0.1)))"#,
    r#"(name: "mid", size: 8, neuron: "fast")"#,
    r#"(name: "out", size: 4, neuron: "readout", bias: (synapse: "plastic"))"#,
];

const SYNAPSES: [&str; 5] = [
    r#""plastic": (rule: "dll", eta: 0.05, update: (optimiser: adam()))"#,
    r#""slow": (rule: "dll", parameters: {"s": -1}, eta: 0.002, decay_per_ms: 1e-4, bounds: (-2, 2))"#,
    r#""aligning": (rule: "kolen_pollack", eta: 0.01, update: (every_ms: 7, optimiser: momentum(momentum: 0.9)))"#,
    r#""mirror": (rule: "transport")"#,
    r#""fixed": ()"#,
];

/// Two ways in, a way around, a circle, and every kind of feedback: three sums of many terms.
const PROJECTIONS: [&str; 13] = [
    r#"from: "eye", to: "zeta", compartment: basal, delay_ms: 1, synapse: "plastic""#,
    r#"from: "ear", to: "zeta", compartment: basal, delay_ms: 3, synapse: "slow""#,
    r#"from: "eye", to: "alpha", compartment: basal, delay_ms: 2, synapse: "aligning""#,
    r#"from: "zeta", to: "alpha", compartment: basal, delay_ms: 1, synapse: "aligning""#,
    r#"from: "alpha", to: "mid", compartment: basal, delay_ms: 1, synapse: "plastic""#,
    r#"from: "zeta", to: "mid", compartment: basal, delay_ms: 1, synapse: "slow""#,
    r#"from: "mid", to: "out", compartment: basal, delay_ms: 1, synapse: "plastic""#,
    r#"from: "alpha", to: "out", compartment: basal, delay_ms: 2, synapse: "plastic""#,
    r#"name: "around", from: "mid", to: "mid", compartment: basal, delay_ms: 2, synapse: "fixed""#,
    r#"name: "out_down_mid", from: "out", to: "mid", compartment: apical, delay_ms: 1, synapse: "mirror""#,
    r#"name: "out_down_alpha", from: "out", to: "alpha", compartment: apical, delay_ms: 1, synapse: "plastic""#,
    r#"name: "mid_down_alpha", from: "mid", to: "alpha", compartment: apical, delay_ms: 1, synapse: "slow""#,
    r#"name: "alpha_down_zeta", from: "alpha", to: "zeta", compartment: apical, delay_ms: 1, synapse: "aligning""#,
];

/// The same circuit, declared in the order that `seed` draws; 0 is the order above.
fn declared(seed: u64) -> Model {
    let list = |what: &str, items: &[&str], wrap: fn(&str) -> String| {
        let mut items = items.to_vec();
        if seed > 0 {
            shuffle(&mut items, &mut stream(seed, what, 0));
        }
        let items: Vec<String> = items.into_iter().map(wrap).collect();
        items.join(",\n")
    };
    parse(&format!(
        r#"(name: "web", neurons: {{{}}}, inputs: [{}], populations: [{}], synapses: {{{}}}, projections: [{}])"#,
        list("neurons", &NEURONS, str::to_owned),
        list("inputs", &INPUTS, str::to_owned),
        list("populations", &POPULATIONS, str::to_owned),
        list("synapses", &SYNAPSES, str::to_owned),
        list("projections", &PROJECTIONS, |fields| format!(
            "({fields}, weights: fan_in(gain: 1))"
        )),
    ))
}

/// Every weight and every variable, as bits, by name.
type Everything = Vec<(String, Array2<u32>)>;

fn everything(simulation: &mut Simulation) -> Everything {
    let mut all = Vec::new();
    for projection in simulation.projections() {
        let weights = simulation.weights(&projection.name).unwrap();
        all.push((projection.name.to_string(), bits(&weights)));
    }
    for population in simulation.populations() {
        for variable in Variable::ALL {
            if let Some(values) = simulation.read(&population.name, variable) {
                all.push((format!("{variable} of {}", population.name), bits(&values)));
            }
        }
    }
    all
}

/// Several presentations, with everything as it is after each of them.
fn learn(model: &Model, engine: Engine) -> Vec<Everything> {
    const TRIALS: usize = 3;
    let mut simulation = simulation(model, engine, 1.0, TRIALS, 20.0);
    (0..6)
        .map(|presentation| {
            let mut draw = stream(5, "stimulus", presentation);
            let mut random = |size| {
                Array2::from_shape_simple_fn((TRIALS, size), || {
                    rand::RngExt::random_range(&mut draw, -1.0..1.0f32)
                })
            };
            let (eye, ear) = (random(7), random(3));
            simulation.set_input("eye", eye.view()).unwrap();
            simulation.set_input("ear", ear.view()).unwrap();
            let target = Array2::from_shape_fn((TRIALS, 4), |(trial, neuron)| {
                f32::from((trial + presentation as usize) % 4 == neuron)
            });
            let teacher = Teacher {
                target,
                strength: vec![1.0; TRIALS],
            };
            let (start, out) = (simulation.steps(), simulation.pyramidal("out").unwrap());
            let event = Event::Teacher(out, teacher);
            simulation.enter(start + 8, event).unwrap();
            let event = Event::Strength(out, 0.0);
            simulation.enter(start + 16, event).unwrap();
            (0..20).for_each(|_| simulation.step());
            everything(&mut simulation)
        })
        .collect()
}

fn the_order_of_declaration_changes_no_byte_of_any_weight_or_potential(engine: Engine) {
    let as_written = learn(&declared(0), engine);
    // Something was learned at every plastic synapse.
    let (first, last) = (&as_written[0], &as_written[5]);
    for ((name, before), (_, after)) in first.iter().zip(last).take(16) {
        assert_eq!(before == after, name == "around", "{name}");
    }
    for seed in 1..=12 {
        let model = declared(seed);
        assert_ne!(model.projections, declared(0).projections);
        for (written, shuffled) in as_written.iter().zip(learn(&model, engine)) {
            assert_eq!(written.len(), shuffled.len());
            for (one, other) in written.iter().zip(&shuffled) {
                assert_eq!(one, other, "declared in the order of seed {seed}");
            }
        }
    }
}

both_engines! {
    the_order_of_declaration_changes_no_byte_of_any_weight_or_potential,
}
