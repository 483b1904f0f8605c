//! Random circuits that mix all kinds of wiring, against the recursion over explicit pairs.

use apical::description::model::Model;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::random::{Plan, plan};
use crate::common::kept::{fresh, kept};
use crate::common::parse;
use crate::reference::{Case, TimelineEntry};

const STEPS: u64 = 150;

/// An image of two channels; a convolution or local fields `v1`, with a context on their apical
/// dendrites; a pool `q1`; local fields or a convolution `v2`, with recurrent sparse projections; an
/// output. Teaching comes back along the same pairs.
fn model(plan: &Plan) -> Model {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed ^ 0x317);
    let (height, width) = (
        random.random_range(4..7usize),
        random.random_range(4..7usize),
    );
    let [rows, columns] = [0; 2].map(|_| random.random_range(1..4usize));
    let [down, right] = [0; 2].map(|_| random.random_range(1..3usize));
    let [above, left] = [rows, columns].map(|kernel| random.random_range(0..kernel));
    let places = |length: usize, kernel: usize, stride: usize, padding: usize| {
        (length + 2 * padding - kernel) / stride + 1
    };
    let (high, wide) = (
        places(height, rows, down, above),
        places(width, columns, right, left),
    );
    let kinds = ["convolution", "local"];
    let first = kinds[random.random_range(0..2usize)];
    let second = kinds[random.random_range(0..2usize)];
    let pool = ["max_pool", "mean_pool"][random.random_range(0..2usize)];
    let (pool_rows, pool_columns) = (high.min(2), wide.min(2));
    let stride = random.random_range(1..3usize);
    let (pooled_high, pooled_wide) = (
        places(high, pool_rows, stride, 0),
        places(wide, pool_columns, stride, 0),
    );
    let (last_rows, last_columns) = (pooled_high.min(2), pooled_wide.min(2));
    let (of_v2_high, of_v2_wide) = (
        places(pooled_high, last_rows, 1, 0),
        places(pooled_wide, last_columns, 1, 0),
    );
    let v2 = 2 * of_v2_high * of_v2_wide;
    let readout = match random.random_range(0..3) {
        0 => "all_to_all".to_owned(),
        1 => format!("random(in_degree: {})", random.random_range(1..=v2)),
        _ => "random(probability: 0.6)".to_owned(),
    };
    let mut neurons = String::new();
    for (n, taus) in plan.taus.iter().enumerate() {
        let [tau_b, tau_a, tau_s] = taus.map(|tau| tau * plan.dt_ms);
        let transfer = [&plan.transfer, &plan.output][usize::from(n == 2)];
        let noise = match plan.rule.contains("node_perturbation") && n < 2 {
            true => format!("noise: (std: 0.2, every_ms: {}),", 6.0 * plan.dt_ms),
            false => String::new(),
        };
        neurons += &format!(
            r#""n{n}": (tau_b_ms: {tau_b}, tau_a_ms: {tau_a}, tau_s_ms: {tau_s},
                lambda: {}, transfer: {transfer}, {noise}),"#,
            plan.lambda,
        );
    }
    let (update, eta) = match &plan.update {
        Some((every, optimiser)) => {
            let [every_ms, offset_ms] = [*every, plan.offset].map(|n| f64::from(n) * plan.dt_ms);
            let update = format!(
                "update: (every_ms: {every_ms}, offset_ms: {offset_ms}, optimiser: {optimiser}),"
            );
            (update, 0.01)
        }
        None => (String::new(), 0.002 / plan.dt_ms),
    };
    let bounds = if plan.bounds {
        "bounds: (-0.35, 0.4),"
    } else {
        ""
    };
    let norm = if plan.norm { "norm: 0.9," } else { "" };
    let plastic = format!(
        "{}, eta: {eta}, decay_per_ms: {}, {bounds} {norm} {update}",
        plan.rule, plan.decay_per_ms
    );
    let per = ["neuron", "channel"][random.random_range(0..2usize)];
    let d: Vec<f64> = (0..10)
        .map(|_| plan.dt_ms * f64::from(random.random_range(1..4)))
        .collect();
    parse(&format!(
        r#"(
            name: "wired",
            neurons: {{ {neurons} "pool": (transfer: linear) }},
            inputs: [(name: "x", shape: (2, {height}, {width})), (name: "y", size: 4)],
            populations: [
                (name: "v1", shape: (3, {high}, {wide}), neuron: "n0", bias: (synapse: "plastic", per: {per})),
                (name: "q1", shape: (3, {pooled_high}, {pooled_wide}), neuron: "pool"),
                (name: "v2", shape: (2, {of_v2_high}, {of_v2_wide}), neuron: "n1", bias: (synapse: "plastic")),
                (name: "out", size: 4, neuron: "n2"),
            ],
            synapses: {{ "plastic": ({plastic}), "fixed": () }},
            projections: [
                (name: "xv", from: "x", to: "v1", compartment: basal, delay_ms: {},
                    wiring: {first}(kernel: ({rows}, {columns}), stride: ({down}, {right}), padding: ({above}, {left})),
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "yv", from: "y", to: "v1", compartment: apical, signal: rate, delay_ms: {},
                    wiring: random(probability: 0.4), synapse: "fixed", weights: uniform(low: -0.2, high: 0.3)),
                (name: "vq", from: "v1", to: "q1", compartment: basal, delay_ms: {},
                    wiring: {pool}(kernel: ({pool_rows}, {pool_columns}), stride: {stride})),
                (name: "qv", from: "q1", to: "v1", compartment: apical, delay_ms: {}, wiring: reciprocal),
                (name: "qw", from: "q1", to: "v2", compartment: basal, delay_ms: {},
                    wiring: {second}(kernel: ({last_rows}, {last_columns})), synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "wq", from: "v2", to: "q1", compartment: apical, delay_ms: {}, wiring: reciprocal,
                    synapse: "plastic", weights: fan_in(gain: 0.5)),
                (name: "ww", from: "v2", to: "v2", compartment: basal, delay_ms: {}, wiring: random(in_degree: 1),
                    synapse: "plastic", weights: lognormal(median: -0.1, sigma: 0.3)),
                (name: "wo", from: "v2", to: "out", compartment: basal, delay_ms: {}, wiring: {readout},
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "ow", from: "out", to: "v2", compartment: apical, delay_ms: {}, wiring: reciprocal,
                    synapse: "plastic", weights: fan_in(gain: 0.5)),
                (name: "oo", from: "out", to: "out", compartment: basal, delay_ms: {}, wiring: one_to_one,
                    synapse: "fixed", weights: normal(mean: 0.1, std: 0.05)),
            ],
        )"#,
        d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9],
    ))
}

/// Stimuli that come, change in few or in all places and go, a context, teachers, and new weights.
fn timeline(plan: &Plan, model: &Model) -> Vec<(u64, TimelineEntry)> {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed ^ 1);
    let trials = plan.trials;
    let mut timeline = Vec::new();
    let mut x = Array2::<f32>::zeros((trials, model.inputs[0].size));
    let mut step = 0;
    while step < STEPS {
        let silent = random.random_bool(0.15);
        for value in &mut x {
            if silent {
                *value = 0.0;
            } else if !plan.sparse || random.random_bool(0.1) {
                *value = random.random_range(-1.0..1.0);
            }
        }
        timeline.push((step, TimelineEntry::Rates("x", x.clone())));
        if random.random_bool(0.3) {
            let y = Array2::from_shape_simple_fn((trials, 4), || random.random::<f32>());
            timeline.push((step + 2, TimelineEntry::Rates("y", y)));
        }
        if random.random_bool(0.7) {
            let class = random.random_range(0..4usize);
            let target =
                Array2::from_shape_fn((trials, 4), |(t, i)| f32::from((class + t) % 4 == i));
            let strength = (0..trials).map(|_| random.random_range(0.0..0.8)).collect();
            timeline.push((step + 5, TimelineEntry::Teacher("out", target, strength)));
            timeline.push((step + 14, TimelineEntry::Strength("out", 0.0)));
        }
        step += random.random_range(1..20u64);
    }
    timeline.push((60, TimelineEntry::Eta("xv", 0.003)));
    timeline.push((80, TimelineEntry::EtaScale(0.5)));
    timeline.sort_by_key(|(step, _)| *step);
    timeline
}

fn case(plan: &Plan) -> Case {
    // Direct feedback and relaxation with potentials are the subject of the other random circuits.
    let mut plan = plan.clone();
    plan.trials = plan.trials.min(8);
    let model = model(&plan);
    Case {
        timeline: timeline(&plan, &model),
        model,
        dt_ms: plan.dt_ms,
        trials: plan.trials,
        seed: plan.seed,
        steps: STEPS,
        look_every: 15,
    }
    .before_running_away(1e9)
}

random_circuits!(
    every_wiring_is_what_its_pairs_say,
    how_far_off_wired_circuits_are,
    64,
    3,
    "numbers/wiring_cases.txt"
);
