//! No drift: errors after 1e4, 1e5 and 1e6 steps are of one size, in both engines, whether weights
//! change in every step or at a clock.

mod common;
mod reference;

use apical::circuit::Engine;
use apical::model::Model;
use apical::schedule::{Simulation, Variable};
use common::{both_engines, parse};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reference::{Case, Happening, PROMISED};

/// Steps after which errors are measured.
const MILESTONES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// At each of them, so many steps in a row.
const MEASURED: u64 = 24;
/// Errors this small are those of single precision, and are not compared with each other.
const ROUNDING: f64 = 1e-6;

const STIMULI: usize = 7;

/// A stimulus onto hidden neurons and these onto an output, with feedback and biases.
fn model(synapse: &str) -> Model {
    parse(&format!(
        r#"(
            name: "online",
            neurons: {{
                "hidden": (tau_b_ms: 2, transfer: tanh),
                "output": (transfer: softmax),
            }},
            inputs: [(name: "x", size: 8)],
            populations: [
                (name: "h", size: 6, neuron: "hidden", bias: (synapse: "plastic")),
                (name: "o", size: 3, neuron: "output", bias: (synapse: "plastic")),
            ],
            synapses: {{
                "plastic": ({synapse}),
                // Without bounds this rule has no end.
                "feedback": ({synapse}, bounds: (-0.6, 0.6)),
            }},
            projections: [
                (name: "xh", from: "x", to: "h", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "ho", from: "h", to: "o", compartment: basal, delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "oh", from: "o", to: "h", compartment: apical, delay_ms: 1, synapse: "feedback", weights: fan_in(gain: 1)),
            ],
        )"#
    ))
}

/// One of a few stimuli and its target, another after every 2 to 9 steps.
struct Stream {
    random: ChaCha8Rng,
    stimuli: Vec<Array2<f32>>,
    /// The first step of the next stimulus.
    next: u64,
}

impl Stream {
    fn new() -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let stimuli = (0..STIMULI)
            .map(|_| Array2::from_shape_simple_fn((1, 8), || random.random_range(-1.0..1.0f32)))
            .collect();
        Self {
            random,
            stimuli,
            next: 0,
        }
    }

    /// What begins before `step`, if anything does.
    fn happenings(&mut self, step: u64) -> Vec<Happening> {
        if step != self.next {
            return Vec::new();
        }
        self.next = step + self.random.random_range(2..10u64);
        let which = self.random.random_range(0..STIMULI);
        let mut stimulus = self.stimuli[which].clone();
        // No two presentations are quite alike, and one in ten has a large value in it.
        let large = if self.random.random_bool(0.1) {
            30.0
        } else {
            0.1
        };
        stimulus[[0, self.random.random_range(0..8)]] +=
            large * self.random.random_range(-1.0..1.0f32);
        let target = Array2::from_shape_fn((1, 3), |(_, i)| f32::from(which % 3 == i));
        vec![
            Happening::Rates("x", stimulus),
            Happening::Teacher("o", target, vec![0.5]),
        ]
    }
}

/// Largest difference of the currents of step `n` from the products of what was sent and the
/// weights before it, each as a part of the sum of the magnitudes of its terms.
struct Products {
    of: Vec<(&'static str, Variable, Vec<[f64; 2]>)>,
}

impl Products {
    /// What the next step is to make of the weights and rates of now.
    fn before(simulation: &mut Simulation) -> Self {
        let mut of = Vec::new();
        for (name, from, to, signal, current) in [
            ("xh", "x", "h", Variable::Rate, Variable::BasalCurrent),
            ("ho", "h", "o", Variable::Rate, Variable::BasalCurrent),
            ("oh", "o", "h", Variable::Delta, Variable::ApicalCurrent),
        ] {
            let weights = simulation.weights(name).unwrap().mapv(f64::from);
            let sent = simulation.read(from, signal).unwrap().mapv(f64::from);
            let bias = match current {
                Variable::BasalCurrent => simulation.weights(&format!("{to}_bias")),
                _ => None,
            };
            let sums = weights.rows().into_iter().enumerate().map(|(i, row)| {
                let terms = row.iter().zip(&sent).map(|(w, r)| w * r);
                let bias = bias.iter().map(|bias| f64::from(bias[[i, 0]]));
                terms.chain(bias).fold([0.0, 0.0], |[sum, size], term| {
                    [sum + term, size + term.abs()]
                })
            });
            of.push((to, current, sums.collect()));
        }
        Self { of }
    }

    /// How far the currents of now are from that.
    fn error(&self, simulation: &mut Simulation) -> f64 {
        let mut worst = 0.0f64;
        for (to, current, sums) in &self.of {
            let got = simulation.read(to, *current).unwrap();
            assert_eq!(got.len(), sums.len());
            for (got, [sum, size]) in got.iter().zip(sums) {
                assert!(got.is_finite() && *size > 0.0, "{got} of {size}");
                worst = worst.max((f64::from(*got) - sum).abs() / size);
            }
        }
        worst
    }
}

fn drift(engine: Engine, synapse: &str) {
    let case = Case {
        model: model(synapse),
        dt_ms: 1.0,
        trials: 1,
        seed: 3,
        timeline: Vec::new(),
        steps: 0,
        look_every: 1,
    };
    let (mut simulation, _) = case.begin(engine);
    let mut stream = Stream::new();
    let mut errors = Vec::new();
    for milestone in MILESTONES {
        let mut worst = 0.0f64;
        while simulation.steps() < milestone {
            let now = simulation.steps();
            let happenings = stream.happenings(now);
            for happening in &happenings {
                happening.enter(&mut simulation, now);
            }
            if now + MEASURED < milestone {
                simulation.advance_to(stream.next.min(milestone - MEASURED));
                continue;
            }
            // An input that changes now sends something else than what it was at.
            let products = (happenings.is_empty()).then(|| Products::before(&mut simulation));
            simulation.step();
            if let Some(products) = products {
                worst = worst.max(products.error(&mut simulation));
            }
        }
        errors.push(worst);
    }
    println!("{engine:?} {synapse}: {errors:?}");
    let names = ["xh", "ho", "oh"];
    let moved = names.iter().any(|name| {
        let weights = simulation.weights(name).unwrap();
        weights.iter().any(|w| w.abs() > 0.05)
    });
    assert!(moved, "nothing is left of the weights");
    assert!(
        errors.iter().all(|e| *e > 0.0 && *e < PROMISED),
        "{errors:?}"
    );
    assert!(errors[2] <= 3.0 * errors[0].max(ROUNDING), "{errors:?}");
}

/// Learning in every step, with a decay that keeps it within bounds.
fn currents_of_weights_that_always_change(engine: Engine) {
    drift(engine, r#"rule: "dll", eta: 2e-3, decay_per_ms: 1e-5"#);
}

fn currents_of_weights_that_change_at_a_clock(engine: Engine) {
    drift(
        engine,
        r#"rule: "dll", eta: 0.02, decay_per_ms: 1e-5, consolidation: (every_ms: 13, optimiser: plain)"#,
    );
}

/// A linear readout that learns from one stimulus after another: its weights come to where they
/// hold all of them, and stay within single precision of the recursion's for a million steps.
fn weights_stay_with_the_recursion(engine: Engine) {
    for clock in [
        "",
        ", consolidation: (every_ms: 7, optimiser: momentum(momentum: 0.9))",
    ] {
        let model = parse(&format!(
            r#"(
                name: "readout", neurons: {{ "n": (transfer: linear) }},
                inputs: [(name: "x", size: 3)],
                populations: [(name: "o", size: 2, neuron: "n", bias: (synapse: "plastic"))],
                synapses: {{ "plastic": (rule: "kolen_pollack", eta: 1e-4 {clock}) }},
                projections: [(
                    name: "xo", from: "x", to: "o", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: fan_in(gain: 1),
                )],
            )"#
        ));
        let case = Case {
            model,
            dt_ms: 1.0,
            trials: 1,
            seed: 4,
            timeline: Vec::new(),
            steps: 0,
            look_every: 1,
        };
        let (mut simulation, mut reference) = case.begin(engine);
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let mut errors = Vec::new();
        // With a clock the way is the same, and shorter.
        let milestones = &MILESTONES[..if clock.is_empty() { 3 } else { 2 }];
        for &milestone in milestones {
            while reference.step < milestone {
                let now = reference.step;
                let mut value = || random.random_range(-1.0..1.0f32);
                let x = Array2::from_shape_simple_fn((1, 3), &mut value);
                let target = Array2::from_shape_simple_fn((1, 2), &mut value);
                for happening in [
                    Happening::Rates("x", x),
                    Happening::Teacher("o", target, vec![1.0]),
                ] {
                    happening.enter(&mut simulation, now);
                    reference.happen(&happening);
                }
                let until = (now + random.random_range(1..40u64)).min(milestone);
                while reference.step < until {
                    reference.step();
                }
                simulation.advance_to(until);
            }
            let mut worst = 0.0f64;
            for projection in &reference.projections {
                let got = simulation.weights(&projection.name).unwrap();
                let wanted = reference.weights(projection);
                assert_eq!(got.len(), wanted.len());
                // Each beside its own size, or a hundredth of the largest if it passes by 0.
                let largest = wanted.iter().fold(0.0f64, |m, w| m.max(w.value.abs()));
                for (got, want) in got.iter().zip(wanted) {
                    let size = want.value.abs().max(0.01 * largest);
                    worst = worst.max((f64::from(*got) - want.value).abs() / size);
                }
            }
            errors.push(worst);
        }
        println!("{engine:?} {clock}: {errors:?}");
        assert!(errors.iter().all(|e| *e < PROMISED), "{clock} {errors:?}");
        let last = errors[errors.len() - 1];
        assert!(last <= 4.0 * errors[0].max(ROUNDING), "{clock} {errors:?}");
    }
}

both_engines!(
    currents_of_weights_that_always_change,
    currents_of_weights_that_change_at_a_clock,
    weights_stay_with_the_recursion,
);
