//! Small circuits over many steps: slow leaks, slow learning, slow decay, update clocks.

use apical::circuit::Engine;
use apical::description::model::Model;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{both_engines, parse};
use crate::reference::{Case, PROMISED, TimelineEntry};

/// An input, hidden neurons with slow leaks and an output with feedback.
fn model(synapse: &str, taus_ms: [f64; 3], output: &str) -> Model {
    let [tau_b, tau_a, tau_s] = taus_ms;
    parse(&format!(
        r#"(
            name: "long",
            neurons: {{
                "hidden": (tau_b_ms: {tau_b}, tau_a_ms: {tau_a}, tau_s_ms: {tau_s}, transfer: tanh),
                "output": (tau_b_ms: 3, transfer: {output}),
            }},
            inputs: [(name: "x", size: 3)],
            populations: [
                (name: "h", size: 3, neuron: "hidden"),
                (name: "o", size: 2, neuron: "output", bias: (synapse: "plastic")),
            ],
            synapses: {{ "plastic": ({synapse}) }},
            projections: [
                (name: "xh", from: "x", to: "h", compartment: basal, delay_ms: 0.5, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "ho", from: "h", to: "o", compartment: basal, delay_ms: 1.5, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "oh", from: "o", to: "h", compartment: apical, delay_ms: 0.5, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#
    ))
}

/// Stimuli that change every `period` steps or so, one in four of them with a teacher.
fn case(model: Model, trials: usize, steps: u64, period: u64) -> Case {
    let mut random = ChaCha8Rng::seed_from_u64(steps ^ period);
    let mut timeline = Vec::new();
    let mut step = 0;
    while step < steps {
        let x = Array2::from_shape_simple_fn((trials, 3), || random.random_range(-1.0..1.0f32));
        timeline.push((step, TimelineEntry::Rates("x", x)));
        if random.random_bool(0.25) {
            let target = Array2::from_shape_fn((trials, 2), |(t, i)| {
                f32::from((step as usize + t) % 2 == i)
            });
            timeline.push((step, TimelineEntry::Teacher("o", target, vec![0.5; trials])));
        } else if step > 0 {
            timeline.push((step, TimelineEntry::Strength("o", 0.0)));
        } else {
            let silent = TimelineEntry::Teacher("o", Array2::zeros((trials, 2)), vec![0.0; trials]);
            timeline.push((step, silent));
        }
        step += random.random_range(period / 2 + 1..=period + 1);
    }
    Case {
        model,
        dt_ms: 0.5,
        trials,
        seed: 7,
        timeline,
        steps,
        look_every: steps / 20,
    }
}

fn holds(case: &Case, engine: Engine) {
    if case.steps <= 100_000 {
        let single = case.run_in_single_precision(true);
        assert!(
            single.worst < PROMISED,
            "senders in single precision: {single:?}"
        );
    }
    let verdict = case.run(engine);
    assert!(verdict.holds(), "{engine:?}: {verdict:?}");
}

fn learning_in_every_step(engine: Engine) {
    let synapse = r#"rule: "dll", eta: 1e-4"#;
    let model = model(synapse, [40.0, 10.0, 5.0], "softmax");
    holds(&case(model, 1, 100_000, 6), engine);
}

fn slow_learning_and_slow_decay(engine: Engine) {
    let synapse = r#"rule: "kolen_pollack", eta: 1e-7, decay_per_ms: 1e-7"#;
    let model = model(synapse, [5e5, 100.0, 1e4], "linear");
    holds(&case(model, 1, 1_000_000, 1000), engine);
}

fn slow_leaks_and_bounds(engine: Engine) {
    let synapse = r#"rule: "kolen_pollack", eta: 1e-5, bounds: (-0.5, 0.6)"#;
    let model = model(synapse, [1e3, 5e5, 1e5], "tanh");
    holds(&case(model, 1, 100_000, 300), engine);
}

fn plain_updates(engine: Engine) {
    let synapse = r#"rule: "transport", eta: 1e-3, decay_per_ms: 1e-6,
        update: (every_ms: 10, offset_ms: 2, optimiser: plain)"#;
    let model = model(synapse, [10.0, 0.0, 0.0], "softmax");
    holds(&case(model, 4, 60_000, 20), engine);
}

fn momentum_updates(engine: Engine) {
    let synapse = r#"rule: "change_gated_decay", parameters: {"gated_decay": 0.5}, eta: 1e-4,
        update: (every_ms: 10, optimiser: momentum(momentum: 0.99))"#;
    let model = model(synapse, [10.0, 10.0, 10.0], "tanh");
    holds(&case(model, 1, 60_000, 20), engine);
}

fn adam_updates(engine: Engine) {
    let synapse = r#"rule: "feedback_alignment", eta: 1e-5,
        update: (every_ms: 10, optimiser: adam(beta2: 0.9999, epsilon: 1e-4))"#;
    let model = model(synapse, [0.0, 0.0, 0.0], "softmax");
    holds(&case(model, 3, 60_000, 20), engine);
}

both_engines!(
    learning_in_every_step,
    slow_learning_and_slow_decay,
    slow_leaks_and_bounds,
    plain_updates,
    momentum_updates,
    adam_updates,
);
