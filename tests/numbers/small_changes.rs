//! Changes below the last bit of what they are added to are not lost.

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::neuron::{Site, Variable};
use ndarray::{Array2, array};

use crate::common::{both_engines, cells, first, injection, parse, simulation};
use crate::reference::{Case, PROMISED, TimelineEntry};

/// An input onto linear neurons with these plastic synapses; `neuron` are fields of their type.
fn learner(synapse: &str, neuron: &str, size: usize, weight: f32) -> Model {
    parse(&format!(
        r#"(
            name: "learner", neurons: {{"n": (transfer: linear, {neuron})}},
            inputs: [(name: "world", size: {size})],
            populations: [(name: "cell", size: 1, neuron: "n")],
            synapses: {{"p": ({synapse})}},
            projections: [(
                from: "world", to: "cell", compartment: basal, delay_ms: 1, synapse: "p",
                weights: constant({weight}),
            )],
        )"#
    ))
}

const WEIGHTS: &str = "world_to_cell";

fn weight(simulation: &Simulation) -> f64 {
    f64::from(simulation.weights(WEIGHTS).unwrap()[[0, 0]])
}

/// `dW/dt = eta (0.8 - W)`: what is told, what is used, and the closed form are one number.
fn slow_delta_rule(engine: Engine) {
    for (eta, steps) in [(1e-4f32, 100_000u64), (1e-6, 100_000), (1e-8, 100_000)] {
        let synapse = format!(r#"rule: "kolen_pollack", eta: {eta:e}"#);
        let model = learner(&synapse, "", 1, 0.3);
        let mut simulation = simulation(&model, engine, 1.0, 1, 1.0);
        TimelineEntry::Rates("world", array![[1.0]]).enter(&mut simulation, 0);
        TimelineEntry::Teacher("cell", array![[0.8]], vec![1.0]).enter(&mut simulation, 0);
        simulation.advance_to(steps);
        let (target, start) = (f64::from(0.8f32), f64::from(0.3f32));
        let right = target - (target - start) * (-f64::from(eta) * steps as f64).exp();
        let (told, used) = (weight(&simulation), first(&mut simulation, Variable::RATE));
        // Two steps pass until rate and teacher meet; the rate is that of the weight before the
        // last step's change.
        let change = f64::from(eta) * (target - right);
        assert!(
            (told - right).abs() < 1e-6 + 2.0 * change,
            "told {told}, {right} is right: eta {eta}"
        );
        assert!(
            (used - told).abs() <= 1e-6 * told + change,
            "used {used}, told {told}: eta {eta}"
        );
    }
}

/// Updates at a clock, each below half a unit in the last place of the weight.
fn slow_updates(engine: Engine) {
    for optimiser in ["plain", "momentum(momentum: 0.5)"] {
        let synapse = format!(
            r#"rule: "kolen_pollack", eta: 1e-8, update: (every_ms: 2, optimiser: {optimiser})"#
        );
        let model = learner(&synapse, "", 1, 0.3);
        let mut simulation = simulation(&model, engine, 1.0, 1, 1.0);
        TimelineEntry::Rates("world", array![[1.0]]).enter(&mut simulation, 0);
        TimelineEntry::Inject(0, "cell", Site::Soma, vec![0.5]).enter(&mut simulation, 0);
        simulation.advance_to(100_000);
        // 50 000 updates by eta 0.5, with momentum twice as much; little less for the first.
        let updates = if optimiser == "plain" {
            50_000.0
        } else {
            100_000.0
        };
        let right = f64::from(0.3f32) + f64::from(1e-8f32) * 0.5 * updates;
        let (told, used) = (weight(&simulation), first(&mut simulation, Variable::RATE));
        assert!(
            (told - right).abs() < 1e-6,
            "{optimiser}: told {told}, {right} is right"
        );
        assert!(
            (used - told).abs() <= 1e-6 * told,
            "{optimiser}: used {used}, told {told}"
        );
    }
}

/// `dW/dt = -decay W`.
fn slow_decay(engine: Engine) {
    for (decay, steps) in [(1e-7, 400_000u64), (1e-8, 400_000)] {
        for clock in ["", ", update: (every_ms: 1000, optimiser: plain)"] {
            let synapse =
                format!(r#"rule: "kolen_pollack", eta: 0, decay_per_ms: {decay:e}{clock}"#);
            let model = learner(&synapse, "", 1, 1.0);
            let mut simulation = simulation(&model, engine, 1.0, 1, 1000.0);
            simulation.advance_to(steps);
            let right = (-decay * steps as f64).exp();
            let told = weight(&simulation);
            assert!(
                (told - right).abs() < 1e-6,
                "{told}, {right} is right: {decay} per ms"
            );
            // Used as it is told.
            TimelineEntry::Rates("world", array![[1.0]]).enter(&mut simulation, steps);
            simulation.advance_to(steps + 3);
            let used = first(&mut simulation, Variable::BASAL_CURRENT);
            assert!((used - told).abs() < 1e-6, "used {used}, told {told}");
        }
    }
}

/// Leaks of a million steps: every potential at 0.1, 10 and 30 % of its time constant, and on
/// the way back, by its closed form.
fn slow_leaks(engine: Engine) {
    const TAU: f64 = 1e6;
    for (site, variables) in [
        (Site::Basal, [Variable::BASAL_POTENTIAL, Variable::RATE]),
        (
            Site::Apical,
            [Variable::APICAL_POTENTIAL, Variable::MISMATCH],
        ),
        (Site::Soma, [Variable::MISMATCH, Variable::DELTA]),
    ] {
        let name = match site {
            Site::Basal => "tau_b_ms",
            Site::Apical => "tau_a_ms",
            Site::Soma => "tau_s_ms",
        };
        let neuron = format!("{name}: {TAU}, transfer: linear");
        let mut simulation = cells(engine, 1, &neuron, 1.0);
        let on = injection(&simulation, site, &[0.7]);
        simulation.enter(0, on).unwrap();
        simulation
            .enter(100_000, apical::event::Event::Withdraw(site as u64))
            .unwrap();
        let charged = |t: f64| f64::from(0.7f32) * -(-t / TAU).exp_m1();
        for step in [1000u64, 30_000, 100_000, 130_000, 200_000] {
            simulation.advance_to(step);
            let t = step as f64;
            let right = charged(t.min(1e5)) * (-(t - 1e5).max(0.0) / TAU).exp();
            for variable in variables {
                let got = first(&mut simulation, variable);
                assert!(
                    (got - right).abs() <= PROMISED * right,
                    "{variable} after {step} steps: {got}, {right} is right"
                );
            }
        }
    }
}

fn holds(case: &Case, engine: Engine) {
    let verdict = case.run(engine);
    assert!(verdict.holds(), "{engine:?}: {verdict:?}");
}

/// A neuron whose mismatch is given: a current into its soma, another after every `period` steps.
fn given(model: Model, gradients: impl Fn(u64) -> f32, period: u64, steps: u64) -> Case {
    let mut timeline = vec![(0, TimelineEntry::Rates("world", array![[1.0, -0.03]]))];
    for n in 0..steps / period {
        let current = TimelineEntry::Inject(0, "cell", Site::Soma, vec![gradients(n)]);
        timeline.push((n * period, current));
    }
    Case {
        model,
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        timeline,
        steps,
        look_every: steps / 10,
    }
}

/// Means over ten thousand and a hundred thousand updates, of gradients of 1e-6 and less.
fn optimisers_remember(engine: Engine) {
    let wave = |n: u64| 1e-6 * (1.0 + (n as f32 * 0.7).sin());
    for optimiser in [
        "momentum(momentum: 0.9999)",
        "adam(beta1: 0.9, beta2: 0.99999, epsilon: 1e-8)",
        "adam(beta1: 0.9999, beta2: 0.99999, epsilon: 1e-8)",
    ] {
        let synapse = format!(
            r#"rule: "kolen_pollack", eta: 1e-5, update: (every_ms: 2, optimiser: {optimiser})"#
        );
        let model = learner(&synapse, "", 2, 0.3);
        holds(&given(model, wave, 3, 60_000), engine);
    }
}

/// A mean loss over 1e6 ms, which moves by less than the last bit of the loss in a step.
fn mean_losses_move(engine: Engine) {
    let synapse = r#"rule: "node_perturbation", eta: 1e-6,
        parameters: {"baseline_ms": 1e6, "trace_ms": 30}"#;
    let model = learner(synapse, "noise: (std: 0.1, every_ms: 7)", 2, 0.3);
    let mut case = given(model, |_| 0.0, 60_000, 60_000);
    for (step, target) in [(0, 1.0), (20_000, 0.9), (40_000, 0.2)] {
        let teacher = TimelineEntry::Teacher("cell", array![[target]], vec![1e-3]);
        case.timeline.push((step, teacher));
    }
    case.timeline.sort_by_key(|(step, _)| *step);
    holds(&case, engine);
}

/// The length of a neuron's weights stays what it is to be over thousands of small updates, and
/// each weight is what the recursion says.
fn lengths_do_not_drift(engine: Engine) {
    let synapse = r#"rule: "kolen_pollack", eta: 1e-8, norm: 0.9,
        update: (every_ms: 2, optimiser: plain)"#;
    let model = learner(synapse, "", 2, 0.3);
    let case = given(model, |n| 1.0 + (n as f32 * 0.3).cos(), 5, 40_000);
    holds(&case, engine);
    let (mut simulation, _) = case.begin(engine);
    for (step, entry) in &case.timeline {
        entry.enter(&mut simulation, *step);
    }
    simulation.advance_to(case.steps);
    let weights = simulation.weights(WEIGHTS).unwrap();
    let length = weights
        .iter()
        .map(|w| f64::from(*w).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!((length - f64::from(0.9f32)).abs() < 1e-6, "{length}");
}

/// Three compartments with one time constant, learning: nothing is divided by a difference.
fn equal_time_constants(engine: Engine) {
    let synapse = r#"rule: "kolen_pollack", eta: 0.01"#;
    let model = learner(synapse, "tau_b_ms: 10, tau_a_ms: 10, tau_s_ms: 10", 2, 0.5);
    let mut case = given(model, |_| 0.0, 400, 400);
    case.timeline
        .push((0, TimelineEntry::Inject(1, "cell", Site::Apical, vec![1.0])));
    case.look_every = 3;
    holds(&case, engine);
}

/// Decay and change at once, neither of which reaches the last bit of the weight in a step: the
/// weight rests where both are equal, `eta f r / decay`, and comes there as `exp(-decay t)`.
fn slow_balance(engine: Engine) {
    let synapse = r#"rule: "kolen_pollack", eta: 1e-7, decay_per_ms: 1e-6"#;
    let model = learner(synapse, "", 1, 2.0);
    let mut simulation = simulation(&model, engine, 1.0, 2, 1.0);
    TimelineEntry::Rates("world", Array2::from_elem((2, 1), 1.0)).enter(&mut simulation, 0);
    TimelineEntry::Inject(0, "cell", Site::Soma, vec![0.4]).enter(&mut simulation, 0);
    simulation.advance_to(100_000);
    let rest = f64::from(1e-7f32) * f64::from(0.4f32) / 1e-6;
    let right = rest + (2.0 - rest) * (-0.1f64).exp();
    let (told, used) = (weight(&simulation), first(&mut simulation, Variable::RATE));
    assert!(
        (told - right).abs() < PROMISED * 0.2 * 2.0,
        "{told}, {right} is right"
    );
    assert!(
        (used - told).abs() <= 1e-6 * told,
        "used {used}, told {told}"
    );
}

both_engines!(
    slow_delta_rule,
    slow_updates,
    slow_decay,
    slow_leaks,
    optimisers_remember,
    mean_losses_move,
    lengths_do_not_drift,
    equal_time_constants,
    slow_balance,
);
