//! Every kind of event acts at its time, and not before.

mod common;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::engine::Simulation;
use apical::event::{Event, Injection, PopulationId, ProjectionId, Teacher};
use apical::neuron::{NeuronParameter, Site, Variable};
use apical::record;
use common::{bits, both_engines, cell, cells, first, injection, parse, run_into, simulation};
use ndarray::{Array2, arr2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The potential of a leak whose current and time constant are given piece by piece: each piece is
/// (its end, current, time constant); `t` is in ms.
fn piecewise(t: f64, pieces: &[(f64, f64, f64)]) -> f64 {
    let (mut x, mut from) = (0.0, 0.0f64);
    for &(until, current, tau) in pieces {
        let passed = t.min(until) - from;
        if passed > 0.0 {
            x = current + (x - current) * (-passed / tau).exp();
        }
        from = until;
    }
    x
}

/// An input `in` and a linear `cell`, joined by one plastic synapse; `synapse` are its fields.
fn pair(neuron: &str, synapse: &str) -> Model {
    parse(&format!(
        r#"(
            name: "pair", neurons: {{"cell": ({neuron}, transfer: linear)}},
            inputs: [(name: "in", size: 1)],
            populations: [(name: "cell", size: 1, neuron: "cell")],
            synapses: {{"plastic": (rule: "dll", {synapse})}},
            projections: [(
                name: "W", from: "in", to: "cell", compartment: basal, delay_ms: 1,
                synapse: "plastic", weights: constant(0.5),
            )],
        )"#
    ))
}

fn rates_act_at_their_time_in_whatever_order_they_are_entered(engine: Engine) {
    let mut simulation = simulation(&pair("tau_b_ms: 0", ""), engine, 1.0, 1, 1.0);
    let input = simulation.input("in").unwrap();
    for (step, rate) in [(12, 0.0), (5, 2.0), (9, -1.0), (9, 3.0)] {
        let event = Event::Rates(input, arr2(&[[rate]]));
        simulation.enter(step, event).unwrap();
    }
    for _ in 0..20 {
        simulation.step();
        let rate = match simulation.steps() {
            0..=5 => 0.0,
            6..=9 => 2.0,
            // Of two events of one time the later one stays.
            10..=12 => 3.0,
            _ => 0.0,
        };
        assert_eq!(
            first(&mut simulation, Variable::BASAL_POTENTIAL),
            0.5 * rate
        );
    }
    // What should have happened before happens now.
    let event = Event::Rates(input, arr2(&[[4.0]]));
    simulation.enter(3, event).unwrap();
    simulation.step();
    assert_eq!(first(&mut simulation, Variable::BASAL_POTENTIAL), 2.0);
}

fn a_current_flows_between_its_times_into_its_compartment_and_its_neurons_alone(engine: Engine) {
    let (dt_ms, on, off) = (0.5, 8, 30);
    for (site, own, others) in [
        (
            Site::Basal,
            Variable::BASAL_POTENTIAL,
            [Variable::APICAL_POTENTIAL, Variable::MISMATCH],
        ),
        (
            Site::Apical,
            Variable::APICAL_POTENTIAL,
            [Variable::BASAL_CURRENT, Variable::BASAL_POTENTIAL],
        ),
        (
            Site::Soma,
            Variable::MISMATCH,
            [Variable::BASAL_POTENTIAL, Variable::APICAL_POTENTIAL],
        ),
    ] {
        let tau = 4.0;
        let neuron = match site {
            Site::Soma => "tau_s_ms: 4",
            _ => "tau_b_ms: 4, tau_a_ms: 4",
        };
        let mut simulation = cells(engine, 2, neuron, dt_ms);
        let event = injection(&simulation, site, &[1.5, 0.0]);
        let Event::Inject(number, _) = event else {
            unreachable!("an injection is one");
        };
        simulation.enter(on, event).unwrap();
        simulation.enter(off, Event::Withdraw(number)).unwrap();
        let (on, off) = (on as f64 * dt_ms, off as f64 * dt_ms);
        for _ in 0..80 {
            simulation.step();
            let t = simulation.time_ms();
            let pieces = [(on, 0.0, tau), (off, 1.5, tau), (f64::INFINITY, 0.0, tau)];
            let got = simulation.read("cell", own).unwrap();
            let error = (f64::from(got[[0, 0]]) - piecewise(t, &pieces)).abs();
            assert!(error < 2e-6, "{site} at {t} ms: {got}");
            assert_eq!(got[[0, 1]], 0.0);
            assert!(t > on || got[[0, 0]] == 0.0);
            for other in others {
                let got = simulation.read("cell", other).unwrap();
                assert_eq!(got, arr2(&[[0.0, 0.0]]), "{site} changes {other}");
            }
        }
    }
}

fn a_teacher_comes_changes_its_strength_and_goes_at_its_times(engine: Engine) {
    let mut simulation = cells(engine, 2, "transfer: linear", 1.0);
    let basal = injection(&simulation, Site::Basal, &[0.25, -0.5]);
    simulation.enter(0, basal).unwrap();
    let teacher = Teacher {
        target: arr2(&[[1.0, 0.5]]),
        strength: vec![0.5],
    };
    let cell = cell(&simulation);
    simulation.enter(10, Event::Teacher(cell, teacher)).unwrap();
    simulation.enter(15, Event::Strength(cell, 2.0)).unwrap();
    simulation.enter(20, Event::Strength(cell, 0.0)).unwrap();
    for _ in 0..30 {
        simulation.step();
        let strength = match simulation.steps() {
            0..=10 => 0.0,
            11..=15 => 0.5,
            16..=20 => 2.0,
            _ => 0.0,
        };
        // target - r is 0.75 and 1.
        let want = arr2(&[[strength * 0.75, strength]]);
        for variable in [
            Variable::APICAL_CURRENT,
            Variable::MISMATCH,
            Variable::DELTA,
        ] {
            assert_eq!(
                simulation.read("cell", variable).unwrap(),
                want,
                "{variable}"
            );
        }
    }
}

fn time_constants_that_change_on_the_way_give_the_closed_form_piece_by_piece(engine: Engine) {
    use NeuronParameter::{TauAMs, TauBMs, TauSMs};
    let (dt_ms, change) = (0.5, 20);
    for (parameter, site, variable, neuron) in [
        (
            TauBMs,
            Site::Basal,
            Variable::BASAL_POTENTIAL,
            "tau_b_ms: 10",
        ),
        (
            TauAMs,
            Site::Apical,
            Variable::APICAL_POTENTIAL,
            "tau_a_ms: 10",
        ),
        (TauSMs, Site::Soma, Variable::MISMATCH, "tau_s_ms: 10"),
    ] {
        let mut simulation = cells(engine, 1, neuron, dt_ms);
        let event = injection(&simulation, site, &[1.5]);
        simulation.enter(0, event).unwrap();
        let event = Event::Neuron(cell(&simulation), parameter, 3.0);
        simulation.enter(change, event).unwrap();
        for _ in 0..60 {
            simulation.step();
            let pieces = [
                (change as f64 * dt_ms, 1.5, 10.0),
                (f64::INFINITY, 1.5, 3.0),
            ];
            let want = piecewise(simulation.time_ms(), &pieces);
            let got = first(&mut simulation, variable);
            assert!((got - want).abs() < 2e-6, "{parameter:?}: {got} {want}");
        }
    }
}

fn couplings_that_change_on_the_way_act_from_their_time_on(engine: Engine) {
    let mut simulation = cells(engine, 1, "g_a: 1, lambda: 0, transfer: linear", 1.0);
    for (site, amplitude) in [(Site::Basal, 0.5), (Site::Apical, 0.25)] {
        let event = injection(&simulation, site, &[amplitude]);
        simulation.enter(0, event).unwrap();
    }
    let cell = cell(&simulation);
    let event = Event::Neuron(cell, NeuronParameter::GA, 4.0);
    simulation.enter(5, event).unwrap();
    let event = Event::Neuron(cell, NeuronParameter::Lambda, 0.5);
    simulation.enter(9, event).unwrap();
    for _ in 0..15 {
        simulation.step();
        let (xi, r) = match simulation.steps() {
            0..=5 => (0.25, 0.5),
            6..=9 => (1.0, 0.5),
            _ => (1.0, 1.0),
        };
        assert_eq!(first(&mut simulation, Variable::MISMATCH), xi);
        assert_eq!(first(&mut simulation, Variable::RATE), r);
    }
}

fn learning_rates_act_from_their_time_on_and_the_scale_multiplies_them(engine: Engine) {
    // delta = 0.5 and r = 2 throughout, so W grows by eta a ms.
    let mut simulation = simulation(&pair("tau_b_ms: 0", "eta: 0.001"), engine, 1.0, 1, 1.0);
    let weight = |simulation: &Simulation| f64::from(simulation.weights("W").unwrap()[[0, 0]]);
    simulation.set_input("in", arr2(&[[2.0]]).view()).unwrap();
    let event = injection(&simulation, Site::Soma, &[0.5]);
    simulation.enter(0, event).unwrap();
    let synapses = simulation.projection("W").unwrap();
    simulation.enter(10, Event::Eta(synapses, 0.004)).unwrap();
    simulation.enter(20, Event::EtaScale(0.25)).unwrap();
    simulation.enter(30, Event::EtaScale(2.0)).unwrap();
    simulation.enter(40, Event::Eta(synapses, 0.0)).unwrap();
    let mut want = weight(&simulation);
    assert_eq!(want, 0.5);
    for step in 0..50 {
        simulation.step();
        want += match step {
            0..10 => 0.001,
            10..20 => 0.004,
            20..30 => 0.001,
            // In place of the factor before, not on top of it.
            30..40 => 0.008,
            _ => 0.0,
        };
        let got = weight(&simulation);
        assert!((got - want).abs() < 1e-6, "step {step}: {got} {want}");
    }
}

fn while_nobody_teaches_no_byte_of_a_weight_changes_whatever_is_shown(engine: Engine) {
    let model: Model = parse(
        r#"(
            name: "chain",
            neurons: {"leaky": (tau_b_ms: 3, tau_a_ms: 3, tau_s_ms: 2, lambda: 0.1)},
            inputs: [(name: "in", size: 5)],
            populations: [
                (name: "hidden", size: 6, neuron: "leaky", bias: (synapse: "plastic")),
                (name: "cell", size: 3, neuron: "leaky"),
            ],
            synapses: {
                "plastic": (rule: "dll", eta: 0.1),
                "applied": (rule: "kolen_pollack", eta: 0.1,
                    update: (every_ms: 7, optimiser: adam())),
            },
            projections: [
                (name: "W1", from: "in", to: "hidden", compartment: basal, delay_ms: 1,
                    synapse: "plastic", weights: normal(std: 0.5)),
                (name: "W2", from: "hidden", to: "cell", compartment: basal, delay_ms: 1,
                    synapse: "applied", weights: normal(std: 0.5)),
                (name: "Theta2", from: "cell", to: "hidden", compartment: apical, delay_ms: 1,
                    synapse: "applied", weights: normal(std: 0.5)),
            ],
        )"#,
    );
    let mut simulation = simulation(&model, engine, 1.0, 2, 1.0);
    let names = ["W1", "W2", "Theta2", "hidden_bias"];
    let weights =
        |simulation: &Simulation| names.map(|name| bits(&simulation.weights(name).unwrap()));
    let teacher = |strength: f32| Teacher {
        target: Array2::from_elem((2, 3), 1.0),
        strength: vec![strength; 2],
    };
    simulation.teach("cell", teacher(0.0)).unwrap();
    let before = weights(&simulation);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut show = |simulation: &mut Simulation| {
        let rates = Array2::from_shape_simple_fn((2, 5), || rng.random_range(-1.0..1.0));
        simulation.set_input("in", rates.view()).unwrap();
        simulation.step();
    };
    for _ in 0..100 {
        show(&mut simulation);
        assert_eq!(weights(&simulation), before);
    }
    // All of them are plastic: with a teacher each of them changes.
    simulation.teach("cell", teacher(1.0)).unwrap();
    (0..14).for_each(|_| show(&mut simulation));
    let after = weights(&simulation);
    for (n, name) in names.iter().enumerate() {
        assert_ne!(after[n], before[n], "{name} should learn");
    }
}

fn a_scenario_says_when_and_its_recordings_show_it(engine: Engine) {
    let model = pair("tau_b_ms: 4", "eta: 0.001");
    let mut scenario: Scenario = parse(
        r#"(
            name: "pulses", model: "", dt_ms: 0.5, duration_ms: 60,
            timeline: [
                rates(input: "in", values: [2], from_ms: 5, until_ms: 10, repeat: (every_ms: 20, times: 2)),
                current(neurons: "cell[0]", compartment: soma, amplitude: 0.5, from_ms: 40, until_ms: 42),
                neuron(population: "cell", parameter: tau_b_ms, at_ms: 20, value: 8),
                rates(input: "in", values: [1], from_ms: 39, until_ms: 50),
                eta(projection: "W", at_ms: 41, value: 0),
            ],
            probes: [
                traces(neurons: ["cell"], variables: [b, xi]),
                weights(projection: "W"),
            ],
        )"#,
    );
    scenario.engine = engine;
    let directory = tempfile::tempdir().unwrap();
    run_into(directory.path(), &scenario, &model).unwrap();
    let path = directory.path().join("traces.parquet");
    let traces = record::traces(&path, |_, _, _, variable| variable != "r").unwrap();
    let series = |symbol: &str| {
        let found = traces.iter().find(|(key, _)| key.variable == symbol);
        found.map(|(_, series)| series.clone()).unwrap()
    };
    let b = series("b");
    assert!(b.time_ms.len() > 100);
    // The first state that a rate changes is the one after its delay of 1 ms: it charges the
    // dendrite from a step before that on. The weight is 0.5 until the soma is driven.
    let pieces = [
        (5.5, 0.0, 4.0),
        (10.5, 1.0, 4.0),
        (20.0, 0.0, 4.0),
        (25.5, 0.0, 8.0),
        (30.5, 1.0, 8.0),
        (39.5, 0.0, 8.0),
        (40.0, 0.5, 8.0),
    ];
    for (t, b) in b.time_ms.iter().zip(&b.value).filter(|(t, _)| **t <= 40.0) {
        let want = piecewise(*t, &pieces);
        assert!((b - want).abs() < 2e-6, "{t} ms: {b} {want}");
    }
    let xi = series("xi");
    for (t, xi) in xi.time_ms.iter().zip(&xi.value) {
        let driven = *t > 40.0 && *t <= 42.0;
        assert_eq!(*xi, if driven { 0.5 } else { 0.0 }, "{t} ms");
    }
    let weights = record::weights(
        &directory.path().join("weights.parquet"),
        &std::sync::atomic::AtomicBool::new(false),
    )
    .unwrap();
    let weight = &weights[&("W".to_owned(), 0, 0)];
    for (t, w) in weight.time_ms.iter().zip(&weight.value) {
        // eta delta r is 0.0005 a ms for the one ms before eta is 0.
        let want = 0.5 + 0.0005 * (t - 40.0).clamp(0.0, 1.0);
        assert!((w - want).abs() < 1e-6, "{t} ms: {w} {want}");
    }
}

both_engines! {
    rates_act_at_their_time_in_whatever_order_they_are_entered,
    a_current_flows_between_its_times_into_its_compartment_and_its_neurons_alone,
    a_teacher_comes_changes_its_strength_and_goes_at_its_times,
    time_constants_that_change_on_the_way_give_the_closed_form_piece_by_piece,
    couplings_that_change_on_the_way_act_from_their_time_on,
    learning_rates_act_from_their_time_on_and_the_scale_multiplies_them,
    while_nobody_teaches_no_byte_of_a_weight_changes_whatever_is_shown,
    a_scenario_says_when_and_its_recordings_show_it,
}

/// Every kind of event with every kind of mistake; none of them is entered.
#[test]
fn an_event_of_what_the_circuit_does_not_have_is_an_error() {
    let model: Model = parse(
        r#"(
            name: "two", neurons: {"n": ()}, inputs: [(name: "x", size: 2)],
            populations: [(name: "a", size: 3, neuron: "n")],
            synapses: {"fixed": ()},
            projections: [(from: "x", to: "a", compartment: basal, delay_ms: 1, synapse: "fixed", weights: constant(1))],
        )"#,
    );
    let mut simulation = simulation(&model, Engine::Events, 1.0, 2, 1.0);
    let (x, a) = (
        simulation.input("x").unwrap(),
        simulation.pyramidal("a").unwrap(),
    );
    let (none, nowhere) = (PopulationId(7), ProjectionId(7));
    let rates = |columns| Array2::from_elem((2, columns), 0.5f32);
    let teacher = |rows, strengths| Teacher {
        target: Array2::from_elem((rows, 3), 0.5),
        strength: vec![1.0; strengths],
    };
    let current = |population, current: &[f32]| {
        let injection = Injection {
            population,
            site: Site::Basal,
            current: current.to_vec().into(),
        };
        Event::Inject(1, injection)
    };
    let tau = NeuronParameter::TauBMs;
    for (wrong, message) in [
        (
            Event::Rates(a, rates(3)),
            "there is no input population `a`",
        ),
        (
            Event::Rates(x, rates(3)),
            "x is (2, 2), the values are (2, 3)",
        ),
        (
            Event::Rates(none, rates(2)),
            "there is no population `number 7`",
        ),
        (
            Event::Teacher(a, teacher(1, 2)),
            "a is (2, 3), the values are (1, 3)",
        ),
        (
            Event::Teacher(a, teacher(2, 1)),
            "a is (2, 3), the values are (1, 3)",
        ),
        (
            Event::Teacher(x, teacher(2, 2)),
            "there is no population `x`",
        ),
        (Event::Strength(x, 1.0), "there is no population `x`"),
        (
            Event::Strength(a, f32::NAN),
            "a is given a value that is infinite",
        ),
        (current(a, &[0.0; 2]), "a is (2, 3), the values are (2, 2)"),
        (current(x, &[0.0; 2]), "there is no population `x`"),
        (
            current(a, &[0.0, f32::INFINITY, 0.0]),
            "a is given a value that is infinite",
        ),
        (Event::Neuron(x, tau, 5.0), "there is no population `x`"),
        (
            Event::Neuron(none, tau, 5.0),
            "there is no population `number 7`",
        ),
        (
            Event::Neuron(a, tau, f64::NAN),
            "a is given a value that is infinite",
        ),
        (
            Event::Eta(nowhere, 0.1),
            "there is no projection `number 7`",
        ),
        (
            Event::EtaScale(f32::NAN),
            "is given a value that is infinite",
        ),
        (
            Event::Presentation(f32::NAN),
            "is given a value that is infinite",
        ),
    ] {
        let description = format!("{wrong:?}");
        let error = simulation.enter(3, wrong).unwrap_err().to_string();
        assert!(error.contains(message), "{description}: {error}");
    }
    simulation.advance_to(5);
    assert!(
        simulation
            .read("a", Variable::RATE)
            .unwrap()
            .iter()
            .all(|r| *r == 0.0)
    );
}
