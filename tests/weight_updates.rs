//! Decay, bounds, optimisers with a clock of their own, frozen synapses, biases, parallel trials.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::engine::Simulation;
use apical::event::{Event, Injection, Teacher};
use apical::neuron::Site;
use common::{bits, both_engines, error, f64s, parse, simulation};
use ndarray::{Array2, Axis, arr1, arr2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Two inputs and two linear cells without time constants, with a bias; `synapse` are the fields
/// of the type of all their synapses.
fn model(synapse: &str) -> Model {
    parse(&format!(
        r#"(
            name: "pair", neurons: {{"cell": (transfer: linear)}},
            inputs: [(name: "in", size: 2)],
            populations: [(name: "cell", size: 2, neuron: "cell", bias: (synapse: "plastic"))],
            synapses: {{"plastic": ({synapse})}},
            projections: [(
                name: "W", from: "in", to: "cell", compartment: basal, delay_ms: 1,
                synapse: "plastic", weights: normal(std: 1),
            )],
        )"#
    ))
}

/// Somatic current, so that `delta` of both cells is this from the next state on.
fn drive(simulation: &mut Simulation, delta: [f32; 2]) {
    let injection = Injection {
        population: simulation.pyramidal("cell").unwrap(),
        site: Site::Soma,
        current: arr1(&delta),
    };
    let now = simulation.steps();
    simulation.enter(now, Event::Inject(0, injection)).unwrap();
}

fn show(simulation: &mut Simulation, rates: [f32; 2]) {
    simulation.set_input("in", arr2(&[rates]).view()).unwrap();
}

fn without_teaching_weights_decay_exponentially(engine: Engine) {
    for (dt_ms, update) in [
        (1.0, ""),
        (0.5, ""),
        (1.0, "update: (every_ms: 3, optimiser: plain)"),
    ] {
        let text = format!(r#"rule: "dll", eta: 0.1, decay_per_ms: 0.01, {update}"#);
        let mut simulation = simulation(&model(&text), engine, dt_ms, 1, 1.0);
        show(&mut simulation, [1.0, -2.0]);
        let before = f64s(&simulation.weights("W").unwrap());
        while simulation.time_ms() < 300.0 {
            simulation.step();
            let want = &before * (-0.01 * simulation.time_ms()).exp();
            let error = error(&simulation.weights("W").unwrap(), &want);
            assert!(error < 2e-5, "at {} ms: {error}", simulation.time_ms());
        }
    }
}

fn bounds_hold_at_every_step_and_are_reached(engine: Engine) {
    for update in ["", "update: (every_ms: 4, optimiser: plain)"] {
        let text = format!(r#"rule: "dll", eta: 0.1, bounds: (-0.25, 0.75), {update}"#);
        let mut simulation = simulation(&model(&text), engine, 1.0, 1, 1.0);
        drive(&mut simulation, [1.0, -1.0]);
        show(&mut simulation, [1.0, 0.5]);
        for _ in 0..60 {
            simulation.step();
            let weights = simulation.weights("W").unwrap();
            assert!(
                weights.iter().all(|w| (-0.25..=0.75).contains(w)),
                "{weights}"
            );
        }
        let want = arr2(&[[0.75, 0.75], [-0.25, -0.25]]);
        assert_eq!(simulation.weights("W").unwrap(), want);
        assert_eq!(
            simulation.weights("cell_bias").unwrap(),
            arr2(&[[0.75], [-0.25]])
        );
    }
}

/// The optimisers in f64, for a single weight.
#[derive(Default)]
struct Optimiser {
    first: f64,
    second: f64,
    count: i32,
}

impl Optimiser {
    fn change(&mut self, name: &str, g: f64) -> f64 {
        self.count += 1;
        match name {
            "plain" => g,
            "momentum(momentum: 0.9)" => {
                self.first = 0.9 * self.first + g;
                self.first
            }
            _ => {
                self.first = 0.9 * self.first + 0.1 * g;
                self.second = 0.999 * self.second + 0.001 * g * g;
                let mean = self.first / (1.0 - 0.9f64.powi(self.count));
                let square = self.second / (1.0 - 0.999f64.powi(self.count));
                mean / (square.sqrt() + 1e-8)
            }
        }
    }
}

fn optimisers_turn_the_mean_rate_of_change_into_weight_change_at_their_own_clock(engine: Engine) {
    // Stimuli and teaching change at every step; weight updates come every 7 ms and know nothing
    // of the presentations of 10 ms.
    const EVERY: u64 = 7;
    let names = ["plain", "momentum(momentum: 0.9)", "adam()"];
    // Some of the changes are larger than 1 / 40.
    for (name, gated_decay) in
        (names.into_iter()).flat_map(|name| [0.0, 2.0, 30.0].map(|t| (name, t)))
    {
        let text = format!(
            r#"rule: "change_gated_decay", parameters: {{"gated_decay": {gated_decay}}}, eta: 0.02,
               update: (every_ms: {EVERY}, optimiser: {name})"#
        );
        let mut simulation = simulation(&model(&text), engine, 1.0, 1, 10.0);
        let mut want = f64s(&simulation.weights("W").unwrap());
        let mut optimisers = [(); 4].map(|()| Optimiser::default());
        let mut integral = Array2::<f64>::zeros((2, 2));
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for step in 0..20 * EVERY {
            let mut random = || {
                [
                    rng.random_range(-1.0..1.0f32),
                    rng.random_range(-1.0..1.0f32),
                ]
            };
            let (rates, delta) = (random(), random());
            show(&mut simulation, rates);
            drive(&mut simulation, delta);
            let before = bits(&simulation.weights("W").unwrap());
            simulation.step();
            for ((post, pre), sum) in integral.indexed_iter_mut() {
                *sum += f64::from(delta[post]) * f64::from(rates[pre]);
            }
            let after = simulation.weights("W").unwrap();
            if (step + 1) % EVERY != 0 {
                assert_eq!(bits(&after), before, "{name}: between its clock");
                continue;
            }
            for (n, (w, sum)) in want.iter_mut().zip(&mut integral).enumerate() {
                let change = 0.02 * optimisers[n].change(name, *sum / EVERY as f64);
                // Two synapses for each neuron.
                let part = gated_decay * 2.0f64.sqrt() * change.abs();
                *w += change - part.min(1.0) * *w;
                *sum = 0.0;
            }
            let error = error(&after, &want);
            assert!(error < 1e-5, "{name}: {error}");
        }
    }
}

fn without_a_period_of_its_own_an_update_comes_once_a_presentation(engine: Engine) {
    let text = r#"rule: "dll", eta: 0.02, update: (optimiser: plain)"#;
    let mut simulation = simulation(&model(text), engine, 0.5, 1, 6.0);
    show(&mut simulation, [1.0, -1.0]);
    drive(&mut simulation, [0.5, 0.25]);
    let mut changed = Vec::new();
    for _ in 0..36 {
        let before = simulation.weights("W");
        simulation.step();
        if simulation.weights("W") != before {
            changed.push(simulation.time_ms());
        }
    }
    assert_eq!(changed, [6.0, 12.0, 18.0]);
}

fn a_clock_starts_at_its_offset(engine: Engine) {
    for (every_ms, offset_ms, want) in [
        (6.0, 0.0, vec![6.0, 12.0, 18.0]),
        (6.0, 2.5, vec![8.5, 14.5, 20.5]),
        (6.0, 9.0, vec![15.0, 21.0]),
    ] {
        let text = format!(
            r#"rule: "dll", eta: 0.02,
            update: (every_ms: {every_ms}, offset_ms: {offset_ms}, optimiser: plain)"#
        );
        let mut simulation = simulation(&model(&text), engine, 0.5, 1, 6.0);
        show(&mut simulation, [1.0, -1.0]);
        drive(&mut simulation, [0.5, 0.25]);
        let start = simulation.weights("W").unwrap();
        let mut last = start.clone();
        let mut changed = Vec::new();
        while simulation.time_ms() < 22.0 {
            simulation.step();
            let weights = simulation.weights("W").unwrap();
            if weights != last {
                changed.push(simulation.time_ms());
                last = weights;
            }
        }
        assert_eq!(changed, want, "offset {offset_ms} ms");
        // What is gathered before the clock starts is part of the first weight update, and the
        // mean is over the period. The rates arrive for the step that ends after their 1 ms.
        let gathered = (want.last().unwrap() - 0.5) / every_ms;
        let change = f64::from((last - start)[[0, 0]]);
        assert!((change - 0.02 * 0.5 * gathered).abs() < 1e-5, "{change}");
    }
}

fn eta_0_freezes_every_kind_of_synapse(engine: Engine) {
    for update in [
        "",
        "update: (every_ms: 3, optimiser: plain)",
        "update: (every_ms: 3, optimiser: momentum(momentum: 0.9))",
        "update: (every_ms: 3, optimiser: adam())",
    ] {
        for eta in [0.0, 0.1] {
            let text = format!(r#"rule: "dll", eta: {eta}, {update}"#);
            let mut simulation = simulation(&model(&text), engine, 1.0, 1, 1.0);
            show(&mut simulation, [1.0, -1.0]);
            drive(&mut simulation, [0.5, 0.25]);
            let weights =
                |s: &Simulation| ["W", "cell_bias"].map(|name| bits(&s.weights(name).unwrap()));
            let before = weights(&simulation);
            (0..12).for_each(|_| simulation.step());
            for (before, after) in before.iter().zip(weights(&simulation)) {
                assert_eq!(*before == after, eta == 0.0, "eta {eta} {update}");
            }
        }
    }
}

fn a_bias_integrates_the_teaching_signal(engine: Engine) {
    let mut simulation = simulation(&model(r#"rule: "dll", eta: 0.01"#), engine, 0.5, 1, 1.0);
    let mut want = [0.0f64; 2];
    for step in 0..40 {
        let delta = [0.5 * (step % 3) as f32, -0.25];
        drive(&mut simulation, delta);
        simulation.step();
        for (want, delta) in want.iter_mut().zip(delta) {
            *want += 0.01 * f64::from(delta) * 0.5;
        }
        let got = simulation.weights("cell_bias").unwrap();
        let want = arr2(&[[want[0]], [want[1]]]);
        assert!(error(&got, &want) < 1e-5, "{got} {want}");
    }
}

fn parallel_trials_change_the_synapses_by_the_mean_of_what_each_would_alone(engine: Engine) {
    const TRIALS: usize = 5;
    let model: Model = parse(
        r#"(
            name: "chain",
            neurons: {"leaky": (tau_b_ms: 2, tau_a_ms: 2, tau_s_ms: 1), "readout": (transfer: softmax)},
            inputs: [(name: "in", size: 6)],
            populations: [
                (name: "hidden", size: 7, neuron: "leaky", bias: (synapse: "plastic")),
                (name: "out", size: 3, neuron: "readout", bias: (synapse: "plastic")),
            ],
            synapses: {"plastic": (rule: "dll", eta: 0.1, update: (optimiser: plain))},
            projections: [
                (from: "in", to: "hidden", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden", to: "out", compartment: basal, delay_ms: 2,
                    synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "out", to: "hidden", compartment: apical, delay_ms: 1,
                    synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#,
    );
    let names = [
        "in_to_hidden",
        "hidden_to_out",
        "out_to_hidden",
        "hidden_bias",
        "out_bias",
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let stimuli = Array2::from_shape_simple_fn((TRIALS, 6), || rng.random_range(-1.0..1.0f32));
    let targets = Array2::from_shape_fn((TRIALS, 3), |(n, class)| f32::from(n % 3 == class));
    let changes = |trials: &[usize]| {
        let mut simulation = simulation(&model, engine, 1.0, trials.len(), 30.0);
        let weights = |s: &Simulation| names.map(|name| f64s(&s.weights(name).unwrap()));
        let before = weights(&simulation);
        let stimuli = stimuli.select(Axis(0), trials);
        simulation.set_input("in", stimuli.view()).unwrap();
        let teacher = Teacher {
            target: targets.select(Axis(0), trials),
            strength: vec![1.0; trials.len()],
        };
        simulation.teach("out", teacher).unwrap();
        (0..30).for_each(|_| simulation.step());
        let mut after = weights(&simulation);
        (after.iter_mut().zip(&before)).for_each(|(after, before)| *after -= before);
        after
    };
    let together = changes(&[0, 1, 2, 3, 4]);
    let alone: Vec<_> = (0..TRIALS).map(|trial| changes(&[trial])).collect();
    for (n, name) in names.iter().enumerate() {
        let sum = alone.iter().map(|changes| &changes[n]);
        let mean =
            sum.fold(Array2::zeros(together[n].dim()), |sum, more| sum + more) / TRIALS as f64;
        let error = error(&together[n].mapv(|x| x as f32), &mean);
        assert!(error < 1e-4, "{name}: {error}");
        let one = common::error(&together[n].mapv(|x| x as f32), &alone[0][n]);
        assert!(one > 0.1, "{name}: the trials are alike");
    }
}

both_engines! {
    without_teaching_weights_decay_exponentially,
    bounds_hold_at_every_step_and_are_reached,
    optimisers_turn_the_mean_rate_of_change_into_weight_change_at_their_own_clock,
    without_a_period_of_its_own_an_update_comes_once_a_presentation,
    a_clock_starts_at_its_offset,
    eta_0_freezes_every_kind_of_synapse,
    a_bias_integrates_the_teaching_signal,
    parallel_trials_change_the_synapses_by_the_mean_of_what_each_would_alone,
}
