//! Silence costs nothing: no step, no allocation, no memory, however long it lasts.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::event::{Event, Teacher};
use apical::neuron::Variable;
use common::{error, f64s, parse, simulation};
use ndarray::{Array2, arr2};

/// Counts for each thread apart, since the harness has threads of its own.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

#[allow(unsafe_code)]
// SAFETY: everything is handed on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        BYTES.set(BYTES.get() + layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as i64);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const DT_MS: f64 = 0.1;

/// Leaky neurons that are silent at rest, all of whose synapses change as `synapse` says.
fn model(synapse: &str) -> Model {
    parse(&format!(
        r#"(
            name: "silent",
            neurons: {{
                "leaky": (tau_b_ms: 2, tau_a_ms: 3, tau_s_ms: 1, transfer: tanh),
                "readout": (tau_b_ms: 1, transfer: softmax),
            }},
            inputs: [(name: "x", size: 6), (name: "y", size: 3)],
            populations: [
                (name: "hidden", size: 8, neuron: "leaky"),
                (name: "out", size: 4, neuron: "readout"),
            ],
            synapses: {{"plastic": (rule: "dll", {synapse})}},
            projections: [
                (name: "x", from: "x", to: "hidden", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "y", from: "y", to: "hidden", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "up", from: "hidden", to: "out", compartment: basal, delay_ms: 3,
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (name: "down", from: "out", to: "hidden", compartment: apical, delay_ms: 2,
                    synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#
    ))
}

const PROJECTIONS: [&str; 4] = ["x", "y", "up", "down"];

/// A circuit that has seen a stimulus, with a teacher, and nothing any more for `settling_ms`.
fn settled(synapse: &str, engine: Engine, settling_ms: f64) -> Simulation {
    let mut simulation = simulation(&model(synapse), engine, DT_MS, 2, 20.0);
    let input = simulation.input("x").unwrap();
    let out = simulation.pyramidal("out").unwrap();
    let rates = Array2::from_shape_fn((2, 6), |(trial, n)| (trial + n) as f32 * 0.2 - 0.5);
    let teacher = Teacher {
        target: arr2(&[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]),
        strength: vec![1.0; 2],
    };
    for (ms, event) in [
        (0.0, Event::Rates(input, rates.clone())),
        (20.0, Event::Teacher(out, teacher)),
        (40.0, Event::Strength(out, 0.0)),
        (60.0, Event::Rates(input, rates * 0.0)),
    ] {
        let step = (ms / DT_MS).round() as u64;
        simulation.enter(step, event).unwrap();
    }
    simulation.advance_to(((60.0 + settling_ms) / DT_MS).round() as u64);
    simulation
}

/// Fields of synapses that change in every way, fading with `decay` a ms where they fade.
fn kinds(decay: f64) -> [String; 4] {
    [
        "eta: 0.01".into(),
        format!("eta: 0.01, decay_per_ms: {decay}"),
        format!(
            "eta: 0.01, decay_per_ms: {decay}, \
             update: (every_ms: 20, optimiser: momentum(momentum: 0.9))"
        ),
        "eta: 0.01, update: (every_ms: 20, optimiser: adam())".into(),
    ]
}

#[test]
fn a_thousand_seconds_of_silence_allocate_nothing_and_compute_next_to_no_steps() {
    for synapse in kinds(1e-6) {
        let mut simulation = settled(&synapse, Engine::Events, 200.0);
        let (start, computed) = (simulation.steps(), simulation.computed_steps());
        assert!(computed > 600, "the stimulus is computed");
        let allocations = ALLOCATIONS.get();
        for ms in 1..=1_000_000u64 {
            simulation.advance_to(start + ms * 10);
        }
        assert_eq!(ALLOCATIONS.get(), allocations, "{synapse}");
        assert_eq!(simulation.steps(), start + 10_000_000);
        // What an optimiser remembers fades below single precision in some 260 weight updates.
        let computed = simulation.computed_steps() - computed;
        let most = if synapse.contains("update") { 270 } else { 1 };
        assert!(computed <= most, "{synapse}: {computed} steps");
        // And it listens when the silence ends.
        simulation
            .set_input("x", Array2::ones((2, 6)).view())
            .unwrap();
        simulation.advance_to(start + 10_000_100);
        let rates = simulation.read("hidden", Variable::RATE).unwrap();
        assert!(rates.iter().all(|r| *r != 0.0), "{rates}");
    }
}

#[test]
fn silence_does_to_the_weights_what_it_does_step_by_step() {
    for synapse in kinds(1e-4) {
        let weights = |engine| {
            let simulation = settled(&synapse, engine, 3000.0);
            PROJECTIONS.map(|name| simulation.weights(name).unwrap())
        };
        let (got, want) = (weights(Engine::Events), weights(Engine::Dense));
        for ((got, want), name) in got.iter().zip(&want).zip(PROJECTIONS) {
            let off = error(got, &f64s(want));
            assert!(off < 1e-4, "{name}, {synapse}: {off}");
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_silence_of_a_sender_while_others_are_active() {
    for synapse in kinds(1e-4) {
        let mut simulation = settled(&synapse, Engine::Events, 50.0);
        // In turn each neuron of `y` says something else, while `x` says nothing.
        let mut rates = Array2::zeros((2, 3));
        let mut live = |simulation: &mut Simulation, steps: u64| {
            for step in 0..steps {
                rates[[step as usize % 2, step as usize % 3]] = (step as f32).sin();
                simulation.set_input("y", rates.view()).unwrap();
                simulation.step();
            }
            BYTES.get()
        };
        let short = live(&mut simulation, 300);
        let long = live(&mut simulation, 3000);
        assert_eq!(long, short, "{synapse}");
    }
}
