//! The state of a simulation as bytes: put into a rebuilt circuit, it has the same future.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::{data, load};
use apical::description::{Registry, Setup, lower};
use apical::engine::{Simulation, State, StateError};
use apical::event::{Event, Injection, Teacher, Windows};
use apical::neuron::{NeuronParameter, Site, Transfer, Variable};
use apical::protocol::{ClassificationProtocol, Protocol, Report};
use common::{bits, parse};
use ndarray::{Array1, Array2};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A random circuit: leaks, delays, thresholds, noise, rules, optimisers, decay, bounds.
fn model(random: &mut ChaCha8Rng) -> Model {
    let mut one_of = |choices: &[&'static str]| *choices.choose(random).unwrap();
    let tau = one_of(&["0", "3", "40"]);
    let tau_s = one_of(&["0", "0", "6"]);
    let noise = one_of(&["", "noise: (std: 0.1, every_ms: 7),"]);
    let rule = one_of(&[
        r#"rule: "dll""#,
        r#"rule: "kolen_pollack""#,
        r#"rule: "node_perturbation""#,
        r#"rule: "hebbian", parameters: {"taught": 1}"#,
        r#"rule: "transport""#,
    ]);
    let update = one_of(&[
        "",
        "update: (every_ms: 9, optimiser: plain),",
        "update: (every_ms: 5, offset_ms: 2, optimiser: momentum(momentum: 0.9)),",
        "update: (every_ms: 11, optimiser: adam()),",
    ]);
    let decay = one_of(&["", "decay_per_ms: 0.001,"]);
    // At weight updates only: a length of the weights, and a decay gated by the change.
    let (limits, rule) = match update {
        "" => (one_of(&["", "bounds: (-0.4, 0.6),"]), rule),
        _ => (
            one_of(&["", "bounds: (-0.4, 0.6),", "norm: 0.8,"]),
            one_of(&[rule, r#"rule: "change_gated_decay""#]),
        ),
    };
    let threshold = one_of(&["0", "0", "0.01"]);
    let delay = one_of(&["1", "4", "9"]);
    parse(&format!(
        r#"(
            name: "random", threshold: {threshold},
            neurons: {{
                "leaky": (tau_b_ms: {tau}, tau_a_ms: {tau}, tau_s_ms: {tau_s}, lambda: 0.1, {noise}),
                "readout": (transfer: softmax),
            }},
            inputs: [(name: "x", size: 5)],
            populations: [
                (name: "hidden", size: 7, neuron: "leaky", bias: (synapse: "plastic")),
                (name: "out", size: 3, neuron: "readout", bias: (synapse: "plastic")),
            ],
            synapses: {{
                "plastic": ({rule}, eta: 0.01, {update} {decay} {limits}),
                "fixed": (),
            }},
            projections: [
                (from: "x", to: "hidden", compartment: basal, delay_ms: {delay}, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "hidden", to: "hidden", compartment: basal, delay_ms: 3, synapse: "fixed", weights: fan_in(gain: 0.4)),
                (from: "hidden", to: "out", compartment: basal, delay_ms: 2, synapse: "plastic", weights: fan_in(gain: 1)),
                (from: "out", to: "hidden", compartment: apical, delay_ms: {delay}, synapse: "plastic", weights: fan_in(gain: 1)),
            ],
        )"#
    ))
}

fn setup(engine: Engine, trials: usize) -> Setup<'static> {
    Setup {
        dt_ms: 1.0,
        trials,
        seed: 3,
        presentation_ms: 10.0,
        directory: Path::new("."),
        engine,
    }
}

fn built(model: &Model, engine: Engine, trials: usize) -> Simulation {
    let circuit = lower(model, &Registry::default(), setup(engine, trials));
    Simulation::new(circuit.unwrap())
}

/// Rates, teachers, currents in windows, parameters and learning rates that change.
fn enter_timeline(simulation: &mut Simulation, trials: usize, random: &mut ChaCha8Rng) {
    let (x, hidden) = (
        simulation.input("x").unwrap(),
        simulation.pyramidal("hidden").unwrap(),
    );
    for start in [0, 40, 90, 170] {
        let sparse: f32 = random.random();
        let rate = |random: &mut ChaCha8Rng| match random.random::<f32>() < sparse {
            true => random.random_range(-1.0..1.0),
            false => 0.0,
        };
        let rates = Array2::from_shape_simple_fn((trials, 5), || rate(random));
        simulation.enter(start, Event::Rates(x, rates)).unwrap();
    }
    let out = simulation.pyramidal("out").unwrap();
    let target = Array2::from_shape_fn((trials, 3), |(trial, n)| {
        f32::from(u8::from(n == trial % 3))
    });
    let strength = vec![0.7; trials];
    simulation
        .enter(20, Event::Teacher(out, Teacher { target, strength }))
        .unwrap();
    simulation.enter(150, Event::Strength(out, 0.0)).unwrap();
    let current = Injection {
        population: hidden,
        site: Site::Apical,
        current: Array1::from_elem(7, 0.2),
    };
    let windows = Windows::new((10.0, 16.0), (25.0, 9), 1e9, 1.0);
    simulation
        .enter_windows(windows, Event::Inject(1, current), Event::Withdraw(1))
        .unwrap();
    let lambda = Event::Neuron(hidden, NeuronParameter::Lambda, 0.3);
    simulation.enter_change(60, lambda).unwrap();
    let up = simulation.projection("hidden_to_out").unwrap();
    simulation.enter_change(70, Event::Eta(up, 0.02)).unwrap();
    simulation.enter_change(110, Event::EtaScale(0.5)).unwrap();
}

fn assert_same(a: &mut Simulation, b: &mut Simulation, what: &str) {
    assert_eq!(a.steps(), b.steps());
    for (population, variables) in [
        ("x", &[Variable::RATE][..]),
        ("hidden", &Variable::ALL),
        ("out", &Variable::ALL),
    ] {
        for variable in variables {
            let [a, b] = [&mut *a, &mut *b].map(|s| bits(&s.read(population, *variable).unwrap()));
            assert_eq!(a, b, "{what}: {variable} of {population}");
        }
    }
    for projection in a.projections() {
        let [a, b] = [&*a, &*b].map(|s| bits(&s.weights(&projection.name).unwrap()));
        assert_eq!(a, b, "{what}: weights of {}", projection.name);
    }
    assert!(a.state() == b.state(), "{what}: states differ");
}

/// What a simulation is in the middle of.
fn pending(simulation: &mut Simulation, step: u64) -> impl Iterator<Item = &'static str> + use<> {
    let senders = [("x_to_hidden", "x"), ("hidden_to_out", "hidden")];
    let arrived = simulation.arrived();
    let under_way = senders.iter().any(|(projection, population)| {
        arrived[*projection] != simulation.read(population, Variable::RATE).unwrap()
    });
    let eligibility = simulation.eligibility("x_to_hidden");
    let noise = simulation.noise();
    [
        ("values under way", under_way),
        (
            "an update clock half-way",
            eligibility.is_some_and(|e| e.iter().any(|e| *e != 0.0)),
        ),
        ("noise", noise.values().flatten().any(|noise| *noise != 0.0)),
        (
            "a window of a current",
            (10..10 + 9 * 25).contains(&step) && (step - 10) % 25 < 6,
        ),
        ("a teacher", (21..150).contains(&step)),
    ]
    .into_iter()
    .filter_map(|(what, is)| is.then_some(what))
}

#[test]
fn a_state_has_the_same_future_in_a_rebuilt_circuit() {
    let mut taken_during: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for seed in 0..60 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let model = model(&mut random);
        let trials = *[1, 3].choose(&mut random).unwrap();
        let engine = *[Engine::Events, Engine::Dense].choose(&mut random).unwrap();
        let mut original = built(&model, engine, trials);
        enter_timeline(&mut original, trials, &mut random);
        let taken_at = random.random_range(0..220);
        original.advance_to(taken_at);
        let state = State::from_bytes(original.state().bytes().to_vec());
        // Taking a state changes nothing.
        assert_eq!(original.state(), state);
        let name = match engine {
            Engine::Events => "events",
            Engine::Dense => "dense",
        };
        for what in pending(&mut original, taken_at) {
            *taken_during.entry((name, what)).or_default() += 1;
        }
        let mut rebuilt = built(&model, engine, trials);
        // Whatever it did before.
        rebuilt.advance_to(random.random_range(0..30));
        rebuilt.restore(&state).unwrap();
        let what = format!("seed {seed}, {engine:?}, step {taken_at}");
        assert_same(&mut original, &mut rebuilt, &what);
        for later in [1, 2, 9, 80, 300] {
            original.advance_to(taken_at + later);
            rebuilt.advance_to(taken_at + later);
            assert_same(&mut original, &mut rebuilt, &format!("{what} and {later}"));
        }
    }
    // Each of them occurred in several circuits on both engines.
    assert_eq!(taken_during.len(), 2 * 5, "{taken_during:?}");
    assert!(
        taken_during.values().all(|circuits| *circuits >= 3),
        "{taken_during:?}"
    );
}

/// A circuit that differs from another one in the quantity of that name.
fn differing(model: &Model) -> Vec<(Model, Setup<'static>, &'static str)> {
    let setup = setup(Engine::Events, 2);
    let model_with = |change: fn(&mut Model)| {
        let mut changed = model.clone();
        change(&mut changed);
        changed
    };
    vec![
        (
            model.clone(),
            Setup {
                dt_ms: 0.5,
                ..setup
            },
            "the step in ms",
        ),
        (
            model.clone(),
            Setup { trials: 3, ..setup },
            "the number of trials",
        ),
        (model.clone(), Setup { seed: 4, ..setup }, "the seed"),
        (
            model.clone(),
            Setup {
                engine: Engine::Dense,
                ..setup
            },
            "the engine",
        ),
        (
            model_with(|m| m.populations[0].size = 8),
            setup,
            "the size of the population `hidden`",
        ),
        (
            model_with(|m| m.neurons.get_mut("leaky").unwrap().g_a = 0.5),
            setup,
            "`g_a` of the population `hidden`",
        ),
        (
            model_with(|m| m.neurons.get_mut("leaky").unwrap().tau_a_ms = 77.0),
            setup,
            "the time constants in ms of the population `hidden`",
        ),
        (
            model_with(|m| m.neurons.get_mut("leaky").unwrap().lambda = 0.7),
            setup,
            "`lambda` of the population `hidden`",
        ),
        (
            model_with(|m| m.neurons.get_mut("leaky").unwrap().transfer = Transfer::Linear.into()),
            setup,
            "the transfer function of the population `hidden`",
        ),
        (
            model_with(|m| {
                let noise = r"(std: 0.37, every_ms: 3)";
                m.neurons.get_mut("leaky").unwrap().noise = Some(parse(noise));
            }),
            setup,
            "the noise of the population `hidden`",
        ),
        (
            model_with(|m| m.synapses.get_mut("plastic").unwrap().eta = 0.5),
            setup,
            "`eta` of the projection `hidden_bias`",
        ),
        (
            model_with(|m| m.synapses.get_mut("plastic").unwrap().bounds = Some((-0.3, 0.3))),
            setup,
            "`bounds` of the projection `hidden_bias`",
        ),
        (
            model_with(|m| m.synapses.get_mut("plastic").unwrap().norm = Some(2.0)),
            setup,
            "`norm` of the projection `hidden_bias`",
        ),
        (
            model_with(|m| m.threshold = 0.5),
            setup,
            "the threshold of the projection `hidden_to_hidden`",
        ),
        (
            model_with(|m| m.projections[1].delay_ms = 5.0),
            setup,
            "the delay in steps of the projection `hidden_to_hidden`",
        ),
        (
            model_with(|m| m.synapses.get_mut("plastic").unwrap().decay_per_ms = 0.5),
            setup,
            "`decay_per_ms` of the projection `hidden_bias`",
        ),
        (
            model_with(|m| m.synapses.get_mut("plastic").unwrap().update = None),
            setup,
            "the weight update of the projection `hidden_bias`",
        ),
        (
            model_with(|m| m.synapses.get_mut("plastic").unwrap().rule = Some("dll".to_owned())),
            setup,
            "the rule of the projection `hidden_bias`",
        ),
    ]
}

#[test]
fn what_is_no_state_of_the_circuit_is_refused_and_changes_nothing() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut model = model(&mut random);
    let plastic = parse(
        r#"(rule: "kolen_pollack", eta: 0.01, update: (every_ms: 9, optimiser: momentum(momentum: 0.9)))"#,
    );
    model.synapses.insert("plastic".to_owned(), plastic);
    let mut simulation = built(&model, Engine::Events, 2);
    enter_timeline(&mut simulation, 2, &mut random);
    simulation.advance_to(50);
    let state = simulation.state();
    simulation.advance_to(60);
    let later = simulation.state();
    let bytes = state.bytes();
    let mut damaged = vec![Vec::new(), bytes[..bytes.len() / 2].to_vec()];
    for place in [0, bytes.len() / 3, bytes.len() - 40, bytes.len() - 1] {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 4;
        damaged.push(bytes);
    }
    for bytes in damaged {
        let error = simulation.restore(&State::from_bytes(bytes)).unwrap_err();
        assert!(matches!(error, StateError::Damaged(_)), "{error}");
        assert!(simulation.state() == later);
    }
    for (other, setup, quantity) in differing(&model) {
        let mut other = Simulation::new(lower(&other, &Registry::default(), setup).unwrap());
        other.advance_to(10);
        let before = other.state();
        let error = other.restore(&state).unwrap_err().to_string();
        assert!(error.contains(quantity), "{quantity}: {error}");
        assert!(other.state() == before, "{quantity}");
    }
    simulation.restore(&state).unwrap();
    assert!(simulation.state() == state);
}

/// The digits: the simulation and the task, and what its reports say until the end.
fn digits() -> (Simulation, ClassificationProtocol) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/digits.ron");
    let set = [
        "task.split=counts(train: 96, validation: 40, test: 40)",
        "task.epochs=3",
        "trials=16",
    ];
    let registry = Registry::default();
    let loaded = load(&path, &set.map(str::to_owned), &registry).unwrap();
    let (data, _) = data(&loaded, None, &registry).unwrap().unwrap();
    let circuit = loaded.circuit;
    let task = ClassificationProtocol::new(&loaded.scenario, &circuit, Some(data));
    (Simulation::new(circuit), task.unwrap().unwrap())
}

/// Goes on through at most so many segments.
fn follow(
    (simulation, task): &mut (Simulation, ClassificationProtocol),
    segments: usize,
) -> Vec<Report> {
    let mut reports = Vec::new();
    for _ in 0..segments {
        let Some(segment) = task.begin(simulation).unwrap() else {
            break;
        };
        simulation.advance_to(segment.steps.end);
        reports.push(task.end(simulation).unwrap());
    }
    reports
}

#[test]
fn a_task_goes_on_from_a_stored_state_and_cursor() {
    let mut original = digits();
    original.1.prepare(&mut original.0).unwrap();
    // In the second epoch, between a question and the end of its presentation.
    let before = follow(&mut original, 12 + 5);
    assert!(before[11].epoch.is_some() && before.len() == 17);
    let state = original.0.state();
    let cursor = serde_json::to_string(&original.1.cursor()).unwrap();
    let mut resumed = digits();
    resumed.0.restore(&state).unwrap();
    resumed.1.resume(serde_json::from_str(&cursor).unwrap());
    let [rest, again] = [&mut original, &mut resumed].map(|run| follow(run, usize::MAX));
    assert_eq!(rest.len(), 36 - 17);
    assert_eq!(rest, again);
    assert!(original.0.state() == resumed.0.state());
    assert!(
        rest.iter()
            .filter_map(|report| report.epoch)
            .any(|epoch| epoch.validation > Some(0.2))
    );
}
