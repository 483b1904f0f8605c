//! Random circuits that learn, over a few hundred steps, against the recursion.

use apical::description::model::Model;
use apical::neuron::{NeuronParameter, Site};
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

/// A choice of what a random circuit may have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub seed: u64,
    pub dt_ms: f64,
    pub trials: usize,
    /// Time constants in steps of the compartments of three kinds of neurons.
    pub taus: [[f64; 3]; 3],
    pub rule: String,
    /// Period in steps and optimiser; without it weights change in every step.
    pub update: Option<(u32, String)>,
    /// How many steps later than at 0 its clock starts.
    pub offset: u32,
    pub decay_per_ms: f64,
    pub bounds: bool,
    pub norm: bool,
    pub lambda: f32,
    pub transfer: String,
    pub output: String,
    /// True if few senders change at a time.
    pub sparse: bool,
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let tau = prop_oneof![
        4 => Just(0.0),
        1 => Just(0.3),
        1 => Just(1.0),
        1 => Just(7.0),
        1 => Just(100.0),
        1 => Just(1e4),
        1 => Just(1e6),
    ];
    let rule = prop_oneof![
        2 => Just(r#"rule: "dll""#),
        1 => Just(r#"rule: "dll", parameters: {"s": -1}"#),
        1 => Just(r#"rule: "dll", parameters: {"s": 0}"#),
        2 => Just(r#"rule: "kolen_pollack""#),
        1 => Just(r#"rule: "feedback_alignment""#),
        2 => Just(r#"rule: "transport""#),
        1 => Just(r#"rule: "transport", parameters: {"gated_decay": 2}"#),
        1 => Just(r#"rule: "predictive_coding""#),
        1 => Just(r#"rule: "local_losses", parameters: {"gated_decay": 2}"#),
        1 => Just(r#"rule: "direct_feedback_alignment""#),
        1 => Just(r#"rule: "hebbian", parameters: {"taught": 1}"#),
        2 => Just(r#"rule: "change_gated_decay""#),
        1 => Just(r#"rule: "hebbian", parameters: {"s": -1}"#),
        1 => Just(r#"rule: "node_perturbation", parameters: {"baseline_ms": 50}"#),
    ];
    let update = prop_oneof![
        3 => Just(None),
        1 => (1u32..20).prop_map(|every| Some((every, "plain"))),
        1 => (1u32..20).prop_map(|every| Some((every, "momentum(momentum: 0.9)"))),
        1 => (1u32..20).prop_map(|every| Some((every, "adam(epsilon: 1e-3)"))),
    ];
    let circuit = (
        any::<u64>(),
        prop_oneof![Just(0.1), Just(0.5), Just(1.0)],
        prop_oneof![3 => Just(1usize), 2 => 2usize..9, 1 => Just(64)],
        prop::array::uniform3(prop::array::uniform3(tau)),
    );
    let plasticity = (
        rule,
        update,
        prop_oneof![2 => Just(0u32), 1 => 0u32..30],
        prop_oneof![2 => Just(0.0), 1 => Just(1e-2), 1 => Just(1e-6)],
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
    );
    let neurons = (
        prop_oneof![2 => Just(0.0f32), 1 => Just(0.1)],
        prop_oneof![Just("tanh"), Just("logistic"), Just("linear")],
        prop_oneof![Just("tanh"), Just("softmax"), Just("linear")],
        any::<bool>(),
    );
    (circuit, plasticity, neurons).prop_map(|(circuit, plasticity, neurons)| {
        let (seed, dt_ms, trials, taus) = circuit;
        let (rule, update, offset, decay_per_ms, bounds, norm) = plasticity;
        let (lambda, transfer, output, sparse) = neurons;
        // Change-gated decay happens at updates.
        let update = if rule.contains("gated_decay") {
            update.or(Some((5, "plain")))
        } else {
            update
        };
        Plan {
            seed,
            dt_ms,
            trials,
            taus,
            norm: norm && update.is_some() && !bounds,
            rule: rule.to_owned(),
            update: update.map(|(every, optimiser)| (every, optimiser.to_owned())),
            offset,
            decay_per_ms,
            bounds,
            lambda,
            transfer: transfer.to_owned(),
            output: output.to_owned(),
            sparse,
        }
    })
}

/// Two inputs, three populations in a chain with feedback, a recurrent projection and a shortcut.
fn model(plan: &Plan) -> Model {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
    let noise = if plan.rule.contains("node_perturbation") {
        let every_ms = 6.0 * plan.dt_ms;
        format!("noise: (std: 0.2, every_ms: {every_ms}),")
    } else {
        String::new()
    };
    let mismatch = if plan.rule.contains("predictive_coding") && plan.seed.is_multiple_of(2) {
        "mismatch: potential,"
    } else {
        ""
    };
    let mut neurons = String::new();
    for (n, taus) in plan.taus.iter().enumerate() {
        let [tau_b, tau_a, tau_s] = taus.map(|tau| tau * plan.dt_ms);
        let (transfer, besides) = if n == 2 {
            (&plan.output, String::new())
        } else {
            (&plan.transfer, format!("{noise} {mismatch}"))
        };
        neurons += &format!(
            r#""n{n}": (tau_b_ms: {tau_b}, tau_a_ms: {tau_a}, tau_s_ms: {tau_s},
                lambda: {}, g_a: {}, transfer: {transfer}, {besides}),"#,
            plan.lambda,
            [1.0, 0.7][random.random_range(0..2usize)],
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
    let mut delay = || plan.dt_ms * f64::from(random.random_range(1..6));
    let d: Vec<f64> = (0..8).map(|_| delay()).collect();
    parse(&format!(
        r#"(
            name: "random",
            neurons: {{ {neurons} }},
            inputs: [(name: "x", size: 9), (name: "y", size: 4)],
            populations: [
                (name: "p1", size: 8, neuron: "n0", bias: (synapse: "plastic")),
                (name: "p2", size: 5, neuron: "n1"),
                (name: "p3", size: 4, neuron: "n2", bias: (synapse: "plastic")),
            ],
            synapses: {{ "plastic": ({plastic}), "fixed": () }},
            projections: [
                (name: "x1", from: "x", to: "p1", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "y2", from: "y", to: "p2", compartment: basal, delay_ms: {}, synapse: "fixed", weights: fan_in(gain: 0.5)),
                (name: "w13", from: "p1", to: "p3", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 0.5)),
                (name: "w12", from: "p1", to: "p2", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w22", from: "p2", to: "p2", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 0.3)),
                (name: "w23", from: "p2", to: "p3", compartment: basal, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w32", from: "p3", to: "p2", compartment: apical, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "w21", from: "p2", to: "p1", compartment: apical, delay_ms: {}, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#,
        d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7],
    ))
}

/// Stimuli that come, change in few or in all places and go, teachers, currents, and parameters
/// that change.
fn timeline(plan: &Plan) -> Vec<(u64, TimelineEntry)> {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed ^ 1);
    let trials = plan.trials;
    let mut timeline = Vec::new();
    let mut x = Array2::<f32>::zeros((trials, 9));
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
        if random.random_bool(0.5) {
            let class = random.random_range(0..4usize);
            let target =
                Array2::from_shape_fn((trials, 4), |(t, i)| f32::from((class + t) % 4 == i));
            let strength = (0..trials).map(|_| random.random_range(0.0..0.8)).collect();
            timeline.push((step + 5, TimelineEntry::Teacher("p3", target, strength)));
            timeline.push((step + 12, TimelineEntry::Strength("p3", 0.0)));
        }
        step += random.random_range(1..30u64);
    }
    for (number, site) in [Site::Basal, Site::Apical, Site::Soma]
        .into_iter()
        .enumerate()
    {
        let start = random.random_range(0..STEPS - 60);
        let current = (0..8).map(|_| random.random_range(-0.2..0.2)).collect();
        let number = number as u64;
        timeline.push((start, TimelineEntry::Inject(number, "p1", site, current)));
        timeline.push((start + 55, TimelineEntry::Withdraw(number)));
    }
    timeline.push((70, TimelineEntry::Eta("x1", 0.003)));
    timeline.push((100, TimelineEntry::EtaScale(0.5)));
    let tau_ms = 20.0 * plan.dt_ms;
    timeline.push((
        150,
        TimelineEntry::Neuron("p2", NeuronParameter::TauBMs, tau_ms),
    ));
    timeline.push((200, TimelineEntry::Neuron("p1", NeuronParameter::GA, 0.3)));
    let weights = Array2::from_shape_simple_fn((5, 8), || random.random_range(-0.3..0.3));
    timeline.push((210, TimelineEntry::Weights("w12", weights)));
    // Those of one step in the order in which they were pushed.
    timeline.sort_by_key(|(step, _)| *step);
    timeline
}

fn case(plan: &Plan) -> Case {
    Case {
        model: model(plan),
        dt_ms: plan.dt_ms,
        trials: plan.trials,
        seed: plan.seed,
        timeline: timeline(plan),
        steps: STEPS,
        look_every: 15,
    }
    .before_running_away(1e9)
}

random_circuits!(
    everything_is_what_the_equations_say,
    how_far_off_random_circuits_are,
    96,
    1,
    "numbers/random_cases.txt"
);
