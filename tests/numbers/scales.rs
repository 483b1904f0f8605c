//! Magnitudes from 1e-6 to 1e6 side by side, in inputs and in weights, within one neuron too:
//! the error of every value is relative to its own magnitude, not to that of a neighbour.

use apical::description::model::Model;
use apical::neuron::Site;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::common::kept::{fresh, kept};
use crate::common::parse;
use crate::reference::{Case, TimelineEntry};

const STEPS: u64 = 400;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    seed: u64,
    trials: usize,
    /// Time constants of compartments in steps.
    taus: [f64; 3],
    sparse: bool,
    transfer: String,
    /// Plasticity of the synapses onto the learning neurons, and how it is updated.
    rule: String,
    update: String,
    decay_per_ms: f64,
    bounds: String,
}

fn plan() -> impl Strategy<Value = Plan> {
    let tau = prop_oneof![
        3 => Just(0.0),
        1 => Just(2.0),
        1 => Just(20.0),
        1 => Just(1e3),
        1 => Just(1e6),
    ];
    (
        any::<u64>(),
        prop_oneof![2 => Just(1usize), 1 => 2usize..9, 1 => Just(64)],
        prop::array::uniform3(tau),
        any::<bool>(),
        prop_oneof![Just("linear"), Just("tanh")],
        prop_oneof![
            Just("kolen_pollack"),
            Just("dll"),
            Just("change_gated_decay")
        ],
        prop_oneof![
            2 => Just(""),
            1 => Just("optimiser: plain"),
            1 => Just("optimiser: momentum(momentum: 0.9)"),
        ],
        prop_oneof![2 => Just(0.0), 1 => Just(1e-3)],
        prop_oneof![2 => Just(""), 1 => Just("bounds: (-200.0, 500.0),")],
    )
        .prop_map(
            |(seed, trials, taus, sparse, transfer, rule, update, decay_per_ms, bounds)| {
                Plan {
                    seed,
                    trials,
                    taus,
                    sparse,
                    transfer: transfer.to_owned(),
                    rule: rule.to_owned(),
                    // Change-gated decay happens at updates.
                    update: (if rule == "change_gated_decay" && update.is_empty() {
                        "optimiser: plain"
                    } else {
                        update
                    })
                    .to_owned(),
                    decay_per_ms,
                    bounds: bounds.to_owned(),
                }
            },
        )
}

/// Any sign, and a magnitude between `10^-decades` and `10^decades`.
fn wild(random: &mut ChaCha8Rng, decades: f64) -> f32 {
    let magnitude = 10f64.powf(random.random_range(-decades..decades)) as f32;
    if random.random_bool(0.5) {
        magnitude
    } else {
        -magnitude
    }
}

/// An input onto two populations and these onto a third, all with fixed weights, teaching from
/// there, and an input onto linear neurons that learn.
fn model(plan: &Plan) -> Model {
    let [tau_b, tau_a, tau_s] = plan.taus;
    let taus = format!("tau_b_ms: {tau_b}, tau_a_ms: {tau_a}, tau_s_ms: {tau_s}");
    let update = if plan.update.is_empty() {
        String::new()
    } else {
        format!("update: (every_ms: 7, {}),", plan.update)
    };
    let rule = match plan.rule.as_str() {
        "change_gated_decay" => {
            r#"rule: "change_gated_decay", parameters: {"gated_decay": 1e-3},"#.to_owned()
        }
        rule => format!(r#"rule: "{rule}","#),
    };
    parse(&format!(
        r#"(
            name: "scales",
            neurons: {{
                "first": ({taus}, transfer: linear),
                "second": ({taus}, transfer: {}),
                "learner": (transfer: linear),
            }},
            inputs: [(name: "x", size: 8), (name: "z", size: 6)],
            populations: [
                (name: "p1", size: 6, neuron: "first"),
                (name: "p2", size: 3, neuron: "second"),
                (name: "p3", size: 4, neuron: "second"),
                (name: "q", size: 3, neuron: "learner"),
            ],
            synapses: {{
                "fixed": (),
                "plastic": (
                    {rule} eta: 1e-8, decay_per_ms: {decay}, {bounds} {update}
                ),
                // Teaching signals are large here, and what they change drives them.
                "feedback": ({rule} eta: 1e-17, decay_per_ms: {decay}, {bounds} {update}),
            }},
            projections: [
                (name: "x1", from: "x", to: "p1", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(0)),
                (name: "x2", from: "x", to: "p2", compartment: basal, delay_ms: 3, synapse: "fixed", weights: constant(0)),
                (name: "w13", from: "p1", to: "p3", compartment: basal, delay_ms: 2, synapse: "fixed", weights: constant(0)),
                (name: "w23", from: "p2", to: "p3", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(0)),
                (name: "w31", from: "p3", to: "p1", compartment: apical, delay_ms: 1, synapse: "fixed", weights: constant(0)),
                (name: "zq", from: "z", to: "q", compartment: basal, delay_ms: 1, synapse: "plastic", weights: constant(0)),
                (name: "q1", from: "q", to: "p1", compartment: apical, delay_ms: 4, synapse: "feedback", weights: constant(0)),
            ],
        )"#,
        plan.transfer,
        decay = plan.decay_per_ms,
        bounds = plan.bounds,
    ))
}

fn timeline(plan: &Plan) -> Vec<(u64, TimelineEntry)> {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed ^ 1);
    let trials = plan.trials;
    let mut timeline = Vec::new();
    for (name, shape, decades) in [
        ("x1", (6, 8), 6.0),
        ("x2", (3, 8), 6.0),
        ("w13", (4, 6), 6.0),
        ("w23", (4, 3), 6.0),
        // What comes down from there has been multiplied often enough.
        ("w31", (6, 4), 2.0),
        ("zq", (3, 6), 3.0),
        ("q1", (6, 3), 2.0),
    ] {
        let weights = Array2::from_shape_simple_fn(shape, || wild(&mut random, decades));
        timeline.push((0, TimelineEntry::Weights(name, weights)));
    }
    let (mut x, mut z) = (Array2::zeros((trials, 8)), Array2::zeros((trials, 6)));
    let mut step = 0;
    while step < STEPS {
        for (values, decades) in [(&mut x, 6.0), (&mut z, 3.0)] {
            for value in values {
                if !plan.sparse || random.random_bool(0.15) {
                    *value = match random.random_range(0..4usize) {
                        0 => 0.0,
                        _ => wild(&mut random, decades),
                    };
                }
            }
        }
        timeline.push((step, TimelineEntry::Rates("x", x.clone())));
        timeline.push((step + 1, TimelineEntry::Rates("z", z.clone())));
        if random.random_bool(0.5) {
            for (name, size, decades) in [("p3", 4, 6.0), ("q", 3, 3.0)] {
                let target =
                    Array2::from_shape_simple_fn((trials, size), || wild(&mut random, decades));
                let strength = (0..trials).map(|_| random.random_range(0.0..1.0)).collect();
                timeline.push((step + 2, TimelineEntry::Teacher(name, target, strength)));
            }
        }
        step += random.random_range(1..40u64);
    }
    for (number, (name, size, site)) in [
        ("p1", 6, Site::Basal),
        ("p1", 6, Site::Soma),
        ("p3", 4, Site::Apical),
    ]
    .into_iter()
    .enumerate()
    {
        let start = random.random_range(0..STEPS - 60);
        let current = (0..size).map(|_| wild(&mut random, 6.0)).collect();
        let number = number as u64;
        timeline.push((start, TimelineEntry::Inject(number, name, site, current)));
        timeline.push((start + 55, TimelineEntry::Withdraw(number)));
    }
    timeline.sort_by_key(|(step, _)| *step);
    timeline
}

fn case(plan: &Plan) -> Case {
    Case {
        model: model(plan),
        dt_ms: 1.0,
        trials: plan.trials,
        seed: plan.seed,
        timeline: timeline(plan),
        steps: STEPS,
        look_every: 15,
    }
}

random_circuits!(
    each_value_is_right_by_its_own_scale,
    how_far_off_mixed_scales_are,
    64,
    2,
    "numbers/scales_cases.txt"
);
