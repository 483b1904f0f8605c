//! Circuits that learn without end, and how far off their numbers are after many steps.

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::neuron::Variable;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::parse;
use crate::reference::{Case, TimelineEntry};

/// Learning in every step, with a decay that keeps it within bounds.
pub const ALWAYS: &str = r#"rule: "dll", eta: 2e-3, decay_per_ms: 1e-5"#;
/// Learning every 13 ms.
pub const AT_A_CLOCK: &str =
    r#"rule: "dll", eta: 0.02, decay_per_ms: 1e-5, update: (every_ms: 13, optimiser: plain)"#;
/// Learning every 7 ms, with momentum.
pub const WITH_MOMENTUM: &str = "update: (every_ms: 7, optimiser: momentum(momentum: 0.9))";

/// Errors of currents are measured in so many steps before a milestone.
const MEASURED: u64 = 24;
/// Errors of weights after every stimulus of so many.
const LOOKED_AT: u64 = 1000;

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
    fn entries(&mut self, step: u64) -> Vec<TimelineEntry> {
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
            TimelineEntry::Rates("x", stimulus),
            TimelineEntry::Teacher("o", target, vec![0.5]),
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
            ("xh", "x", "h", Variable::RATE, Variable::BASAL_CURRENT),
            ("ho", "h", "o", Variable::RATE, Variable::BASAL_CURRENT),
            ("oh", "o", "h", Variable::DELTA, Variable::APICAL_CURRENT),
        ] {
            let weights = simulation.weights(name).unwrap().mapv(f64::from);
            let sent = simulation.read(from, signal).unwrap().mapv(f64::from);
            let bias = match current {
                Variable::BASAL_CURRENT => simulation.weights(&format!("{to}_bias")),
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

/// Largest errors of the currents of a circuit with feedback in the last steps before each of the
/// `milestones`, in steps, as parts of the sums of the magnitudes of their terms. `synapse` says
/// how it learns.
pub fn currents(engine: Engine, synapse: &str, milestones: &[u64]) -> Vec<f64> {
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
    for &milestone in milestones {
        let mut worst = 0.0f64;
        while simulation.steps() < milestone {
            let now = simulation.steps();
            let entries = stream.entries(now);
            for entry in &entries {
                entry.enter(&mut simulation, now);
            }
            if now + MEASURED < milestone {
                simulation.advance_to(stream.next.min(milestone - MEASURED));
                continue;
            }
            // An input that changes now sends something else than what it was at.
            let products = (entries.is_empty()).then(|| Products::before(&mut simulation));
            simulation.step();
            if let Some(products) = products {
                worst = worst.max(products.error(&mut simulation));
            }
        }
        errors.push(worst);
    }
    let names = ["xh", "ho", "oh"];
    let moved = names.iter().any(|name| {
        let weights = simulation.weights(name).unwrap();
        weights.iter().any(|w| w.abs() > 0.05)
    });
    assert!(moved, "nothing is left of the weights");
    errors
}

/// Largest errors of the weights of a linear readout in the last steps before each of the
/// `milestones`, in steps, as parts of the root mean square of the weights. (A weight that passes
/// by 0 is no measure of its own error.) The readout learns from one random stimulus after
/// another without end, and `clock` says when.
pub fn readout(engine: Engine, clock: &str, milestones: &[u64]) -> Vec<f64> {
    let model = parse(&format!(
        r#"(
            name: "readout", neurons: {{ "n": (transfer: linear) }},
            inputs: [(name: "x", size: 3)],
            populations: [(name: "o", size: 2, neuron: "n", bias: (synapse: "plastic"))],
            synapses: {{ "plastic": (rule: "kolen_pollack", eta: 1e-4, {clock}) }},
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
    for &milestone in milestones {
        let mut of = vec![Spread::default(); reference.projections.len()];
        while reference.step < milestone {
            let now = reference.step;
            let mut value = || random.random_range(-1.0..1.0f32);
            let x = Array2::from_shape_simple_fn((1, 3), &mut value);
            let target = Array2::from_shape_simple_fn((1, 2), &mut value);
            for entry in [
                TimelineEntry::Rates("x", x),
                TimelineEntry::Teacher("o", target, vec![1.0]),
            ] {
                entry.enter(&mut simulation, now);
                reference.happen(&entry);
            }
            let until = (now + random.random_range(1..40u64)).min(milestone);
            while reference.step < until {
                reference.step();
            }
            simulation.advance_to(until);
            if until + LOOKED_AT >= milestone {
                for (projection, of) in reference.projections.iter().zip(&mut of) {
                    let got = simulation.weights(&projection.name).unwrap();
                    let wanted = reference.weights(projection);
                    assert_eq!(got.len(), wanted.len());
                    for (got, want) in got.iter().zip(wanted) {
                        of.add(f64::from(*got), want.value);
                    }
                }
            }
        }
        errors.push(of.iter().map(Spread::error).fold(0.0, f64::max));
    }
    errors
}

/// Values beside those that are right.
#[derive(Clone, Default)]
struct Spread {
    worst: f64,
    squares: f64,
    count: f64,
}

impl Spread {
    fn add(&mut self, got: f64, want: f64) {
        // A maximum would pass over what is no number.
        assert!(got.is_finite());
        self.worst = self.worst.max((got - want).abs());
        self.squares += want * want;
        self.count += 1.0;
    }

    fn error(&self) -> f64 {
        self.worst / (self.squares / self.count).sqrt()
    }
}
