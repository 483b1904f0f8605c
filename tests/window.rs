//! Plasticity is always on, and with a proper teaching window the outcome is that of settled
//! updates: one a presentation, as a layer recursion in f64 computes them.
//!
//! In the quasi-static limit the transients cancel exactly. Teaching that lasts `L` steps reaches
//! a deeper population later and leaves it later by the same delay, so each synapse sees the
//! settled mismatch for `L` steps, and its eligibility over a presentation of `P` steps is
//! `L dt delta r`: the update is `eta L / P` times the settled one. The rates must be settled and
//! not have changed again in that time; this is what the window is for.

mod common;

use apical::circuit::{Circuit, Engine};
use apical::description::model::Model;
use apical::description::scenario::{PresentationSteps, Task};
use apical::engine::Simulation;
use apical::event::{Event, Teacher};
use common::{both_engines, error, f64s, parse, simulation};
use ndarray::{Array2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIZES: [usize; 4] = [10, 16, 12, 4];
const TRIALS: usize = 4;
const PRESENTATIONS: usize = 60;
const STEPS: u64 = 12;
const ETA: f64 = 0.3;

fn model(rule: &str, tau_ms: f64) -> Model {
    let [input, first, second, output] = SIZES;
    parse(&format!(
        r#"(
            name: "window",
            neurons: {{
                "hidden": (tau_b_ms: {tau_ms}, tau_a_ms: {tau_ms}, transfer: tanh),
                "readout": (tau_b_ms: {tau_ms}, tau_a_ms: {tau_ms}, transfer: softmax),
            }},
            inputs: [(name: "in", size: {input})],
            populations: [
                (name: "first", size: {first}, neuron: "hidden"),
                (name: "second", size: {second}, neuron: "hidden"),
                (name: "out", size: {output}, neuron: "readout"),
            ],
            synapses: {{"plastic": ({rule}, eta: {ETA}, update: (optimiser: plain))}},
            projections: [
                (name: "W1", from: "in", to: "first", compartment: basal,
                    delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "W2", from: "first", to: "second", compartment: basal,
                    delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "W3", from: "second", to: "out", compartment: basal,
                    delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "Theta3", from: "out", to: "second", compartment: apical,
                    delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "Theta2", from: "second", to: "first", compartment: apical,
                    delay_ms: 1, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#
    ))
}

/// The window of a task with `teacher`.
fn window(circuit: &Circuit, teacher: &str, presentation_ms: u64) -> PresentationSteps {
    let task: Task = parse(&format!(
        r#"(
            data: csv(path: "none"), split: counts(train: 1, validation: 0, test: 0),
            input: "in", output: "out", epochs: 1, presentation_ms: {presentation_ms},
            teacher: ({teacher}),
        )"#
    ));
    PresentationSteps::of(&task, circuit)
}

/// Stimuli and targets of one presentation, trials x size.
type Shown = (Array2<f32>, Array2<f32>);

/// Noisy samples of one prototype a class, a few of them at a time.
fn task(seed: u64) -> Vec<Shown> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut random = |shape| Array2::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0f32));
    let prototypes = random((SIZES[3], SIZES[0]));
    (0..PRESENTATIONS)
        .map(|n| {
            let classes: Vec<usize> = (0..TRIALS)
                .map(|trial| (n * 3 + trial) % SIZES[3])
                .collect();
            let noise = random((TRIALS, SIZES[0]));
            let stimuli = prototypes.select(Axis(0), &classes) + noise * 0.3;
            let targets = Array2::from_shape_fn((TRIALS, SIZES[3]), |(trial, neuron)| {
                f32::from(classes[trial] == neuron)
            });
            (stimuli, targets)
        })
        .collect()
}

fn learn(simulation: &mut Simulation, shown: &[Shown], window: PresentationSteps) {
    let (input, output) = (
        simulation.input("in").unwrap(),
        simulation.pyramidal("out").unwrap(),
    );
    for (stimuli, targets) in shown {
        let start = simulation.steps();
        let teacher = Teacher {
            target: targets.clone(),
            strength: vec![1.0; TRIALS],
        };
        for (step, event) in [
            (start, Event::Rates(input, stimuli.clone())),
            (start + window.on, Event::Teacher(output, teacher)),
            (start + window.off, Event::Strength(output, 0.0)),
        ] {
            simulation.enter(step, event).unwrap();
        }
        (0..window.length).for_each(|_| simulation.step());
    }
}

/// A phased layer recursion: settled up, settled down, update.
struct Layers {
    w: [Array2<f64>; 3],
    theta: [Array2<f64>; 2],
}

impl Layers {
    fn of(simulation: &Simulation) -> Self {
        let weights = |name: &str| f64s(&simulation.weights(name).unwrap());
        Self {
            w: ["W1", "W2", "W3"].map(weights),
            theta: ["Theta2", "Theta3"].map(weights),
        }
    }

    fn up(&self, stimuli: &Array2<f32>) -> [Array2<f64>; 4] {
        let input = f64s(stimuli);
        let first = input.dot(&self.w[0].t()).mapv(f64::tanh);
        let second = first.dot(&self.w[1].t()).mapv(f64::tanh);
        let e = second.dot(&self.w[2].t()).mapv(f64::exp);
        let out = &e / &e.sum_axis(Axis(1)).insert_axis(Axis(1));
        [input, first, second, out]
    }

    /// `theta_by(layer, xi, r, delta above)` is the change of the feedback.
    fn learn(&mut self, shown: &[Shown], eta: f64, rule: Rule) {
        for (stimuli, targets) in shown {
            let r = self.up(stimuli);
            let slope = |r: &Array2<f64>| r.mapv(|r| 1.0 - r * r);
            let delta3 = f64s(targets) - &r[3];
            let xi2 = delta3.dot(&self.theta[1].t());
            let delta2 = &xi2 * &slope(&r[2]);
            let xi1 = delta2.dot(&self.theta[0].t());
            let delta1 = &xi1 * &slope(&r[1]);
            let eta = eta / TRIALS as f64;
            let below = match rule {
                Rule::Dll(s) => [&xi1 * s, &xi2 * s],
                Rule::KolenPollack => [r[1].clone(), r[2].clone()],
            };
            self.theta[0].scaled_add(eta, &below[0].t().dot(&delta2));
            self.theta[1].scaled_add(eta, &below[1].t().dot(&delta3));
            for (n, delta) in [delta1, delta2, delta3].iter().enumerate() {
                self.w[n].scaled_add(eta, &delta.t().dot(&r[n]));
            }
        }
    }

    /// Mean cross-entropy.
    fn loss(&self, shown: &[Shown]) -> f64 {
        let losses = shown.iter().map(|(stimuli, targets)| {
            let [.., out] = self.up(stimuli);
            -(f64s(targets) * out.mapv(f64::ln)).sum() / TRIALS as f64
        });
        losses.sum::<f64>() / shown.len() as f64
    }
}

#[derive(Clone, Copy)]
enum Rule {
    Dll(f64),
    KolenPollack,
}

/// The largest relative error of any weight matrix.
fn distance(simulation: &Simulation, layers: &Layers) -> f64 {
    let names = ["W1", "W2", "W3", "Theta2", "Theta3"];
    (names.iter().zip(layers.w.iter().chain(&layers.theta)))
        .map(|(name, want)| error(&simulation.weights(name).unwrap(), want))
        .fold(0.0, f64::max)
}

/// What came of learning with always-on plasticity, and with settled updates for as long.
struct Outcome {
    distance: f64,
    loss: f64,
    settled_loss: f64,
}

fn outcome(
    engine: Engine,
    model: &Model,
    rule: Rule,
    teacher: &str,
    presentation_ms: u64,
    seed: u64,
) -> Outcome {
    let shown = task(seed);
    let mut circuit = simulation(model, engine, 1.0, TRIALS, presentation_ms as f64);
    let mut layers = Layers::of(&circuit);
    let window = window(&circuit.circuit(), teacher, presentation_ms);
    let taught = (window.off - window.on) as f64 / window.length as f64;
    layers.learn(&shown, ETA * taught, rule);
    learn(&mut circuit, &shown, window);
    Outcome {
        distance: distance(&circuit, &layers),
        loss: Layers::of(&circuit).loss(&shown),
        settled_loss: layers.loss(&shown),
    }
}

const DLL: &str = r#"rule: "dll""#;
const FIXED_FEEDBACK: &str = r#"rule: "dll", parameters: {"s": 0}"#;

fn with_a_proper_window_always_on_plasticity_is_learning_with_settled_updates(engine: Engine) {
    for (text, rule) in [
        (DLL, Rule::Dll(1.0)),
        (r#"rule: "dll", parameters: {"s": -1}"#, Rule::Dll(-1.0)),
        (FIXED_FEEDBACK, Rule::Dll(0.0)),
        (r#"rule: "kolen_pollack""#, Rule::KolenPollack),
    ] {
        let model = model(text, 0.0);
        // Three delays up, two down: the shortest latencies with which nothing meets.
        let simulation = simulation(&model, engine, 1.0, TRIALS, STEPS as f64);
        let window = window(&simulation.circuit(), "", STEPS);
        assert_eq!((window.on, window.off), (3, STEPS - 2));
        for seed in 1..=3 {
            let got = outcome(engine, &model, rule, "", STEPS, seed);
            assert!(got.distance < 1e-5, "{text}: distance {}", got.distance);
            // And it has learned: chance is ln 4 = 1.39.
            assert!(got.loss < 0.5, "{text}: loss {}", got.loss);
        }
    }
}

fn a_window_that_is_one_step_too_long_on_either_side_already_differs(engine: Engine) {
    let model = model(FIXED_FEEDBACK, 0.0);
    for teacher in ["latency_ms: 2", "off_before_end_ms: 1"] {
        let got = outcome(engine, &model, Rule::Dll(0.0), teacher, STEPS, 1);
        assert!(got.distance > 1e-3, "{teacher}: {}", got.distance);
    }
}

fn teaching_that_never_stops_learns_something_else_and_worse(engine: Engine) {
    for (text, rule) in [(DLL, Rule::Dll(1.0)), (FIXED_FEEDBACK, Rule::Dll(0.0))] {
        let model = model(text, 0.0);
        for seed in 1..=5 {
            let always = "latency_ms: 0, off_before_end_ms: 0";
            let got = outcome(engine, &model, rule, always, STEPS, seed);
            assert!(got.distance > 1e-2, "{text}: {}", got.distance);
            assert!(
                got.loss > 2.0 * got.settled_loss,
                "{text}: {} {}",
                got.loss,
                got.settled_loss
            );
        }
    }
}

fn with_leaky_dendrites_the_default_window_keeps_it_so(engine: Engine) {
    // Basal changes are linear in the mismatch, so its slow rise and fall cancel as delays do;
    // what is left is the 1 % by which activity may be unsettled when the teacher comes.
    let model = model(FIXED_FEEDBACK, 2.0);
    for seed in 1..=2 {
        let got = outcome(engine, &model, Rule::Dll(0.0), "", 80, seed);
        assert!(got.distance < 1e-3, "distance {}", got.distance);
        let always = "latency_ms: 0, off_before_end_ms: 0";
        let got = outcome(engine, &model, Rule::Dll(0.0), always, 80, seed);
        assert!(got.distance > 1e-2, "distance {}", got.distance);
    }
}

both_engines! {
    with_a_proper_window_always_on_plasticity_is_learning_with_settled_updates,
    a_window_that_is_one_step_too_long_on_either_side_already_differs,
    teaching_that_never_stops_learns_something_else_and_worse,
    with_leaky_dendrites_the_default_window_keeps_it_so,
}
