//! Neurons in the quasi-static limit store few variables; the others follow from them.

mod common;

use std::path::Path;

use apical::circuit::{Engine, NeuronParameters, Population};
use apical::description::Registry;
use apical::description::model::Model;
use apical::description::scenario::load;
use apical::engine::Simulation;
use apical::event::{Event, Injection, Injections, Teacher};
use apical::neuron::{NeuronParameter, Site, Variable, apical as apical_dendrite, soma};
use bevy_ecs::prelude::*;
use common::{bits, parse, simulation};
use ndarray::{Array1, Array2};

const TRIALS: usize = 3;
const PROJECTIONS: [&str; 4] = ["W1", "W2", "Theta", "context"];

/// Two populations in the quasi-static limit, with plastic synapses and context.
fn model() -> Model {
    parse(
        r#"(
            name: "two", neurons: {"n": (transfer: tanh, g_a: 0.7), "out": (transfer: softmax)},
            inputs: [(name: "x", size: 5)],
            populations: [
                (name: "h", size: 6, neuron: "n", bias: (synapse: "s")),
                (name: "y", size: 3, neuron: "out", bias: (synapse: "s")),
            ],
            synapses: {"s": (rule: "kolen_pollack", eta: 0.05, update: (every_ms: 4, optimiser: adam())), "fixed": ()},
            projections: [
                (name: "W1", from: "x", to: "h", compartment: basal, delay_ms: 1, synapse: "s", weights: fan_in(gain: 1)),
                (name: "W2", from: "h", to: "y", compartment: basal, delay_ms: 2, synapse: "s", weights: fan_in(gain: 1)),
                (name: "Theta", from: "y", to: "h", compartment: apical, delay_ms: 1, synapse: "s", weights: fan_in(gain: 1)),
                (name: "context", from: "x", to: "h", compartment: apical, signal: rate, delay_ms: 3, synapse: "fixed", weights: fan_in(gain: 0.3)),
            ],
        )"#,
    )
}

/// A simulation with stimuli, teachers and an injected apical current on its timeline.
fn driven(engine: Engine) -> Simulation {
    let mut simulation = simulation(&model(), engine, 1.0, TRIALS, 4.0);
    let (x, h, y) = (
        simulation.input("x").unwrap(),
        simulation.pyramidal("h").unwrap(),
        simulation.pyramidal("y").unwrap(),
    );
    for n in 0..12u64 {
        let rates = Array2::from_shape_fn((TRIALS, 5), |(t, i)| {
            ((n as usize * 7 + t * 3 + i * 5) % 11) as f32 / 5.0 - 1.0
        });
        let target = Array2::from_shape_fn((TRIALS, 3), |(t, i)| {
            f32::from((t + i + n as usize).is_multiple_of(3))
        });
        let strength = vec![(n % 3) as f32 / 2.0; TRIALS];
        simulation.enter(n * 6, Event::Rates(x, rates)).unwrap();
        let teacher = Event::Teacher(y, Teacher { target, strength });
        simulation.enter(n * 6 + 3, teacher).unwrap();
    }
    let current = Array1::from_iter((0..6).map(|n| n as f32 * 0.1));
    let injection = |site, current| Injection {
        population: h,
        site,
        current,
    };
    let event = Event::Inject(0, injection(Site::Apical, current));
    simulation.enter(20, event).unwrap();
    simulation.enter(33, Event::Withdraw(0)).unwrap();
    simulation
}

/// Number of neurons that store a component.
fn storing<T: Component>(simulation: &Simulation) -> usize {
    let world = simulation.world();
    let Some(id) = world.component_id::<T>() else {
        return 0;
    };
    (world.archetypes().iter())
        .filter(|archetype| archetype.contains(id))
        .map(|archetype| archetype.len() as usize)
        .sum()
}

/// All variables and weights, as bits.
fn all(simulation: &mut Simulation) -> Vec<Array2<u32>> {
    let mut all = Vec::new();
    for population in ["h", "y"] {
        for variable in Variable::ALL {
            all.push(bits(&simulation.read(population, variable).unwrap()));
        }
    }
    let weights = PROJECTIONS.map(|name| bits(&simulation.weights(name).unwrap()));
    all.into_iter().chain(weights).collect()
}

/// A change of a parameter to the value that it has.
fn of_no_effect(simulation: &mut Simulation, population: &str) {
    let id = simulation.pyramidal(population).unwrap();
    let event = Event::Neuron(id, NeuronParameter::TauBMs, 0.0);
    simulation.enter(1000, event).unwrap();
}

#[test]
fn few_stored_variables_or_all_the_bits_are_the_same() {
    let (mut few, mut many) = (driven(Engine::Events), driven(Engine::Events));
    of_no_effect(&mut many, "h");
    assert_eq!(
        (
            storing::<soma::Potential>(&few),
            storing::<soma::Potential>(&many)
        ),
        (0, TRIALS * 6)
    );
    let mut changed = 0;
    let mut before = all(&mut few);
    for step in 0..80 {
        // In the middle of the run, too.
        if step == 41 {
            of_no_effect(&mut many, "y");
            assert_eq!(storing::<soma::Potential>(&many), TRIALS * 9);
        }
        few.step();
        many.step();
        let now = all(&mut few);
        assert!(now == all(&mut many), "step {step}");
        changed += usize::from(now != before);
        before = now;
    }
    assert!(changed > 40, "{changed}");
    assert_eq!(storing::<soma::Potential>(&few), 0);
}

#[test]
fn a_leak_an_injection_into_somata_or_a_coupling_that_begins_later_is_computed() {
    for parameter in [
        Some((NeuronParameter::TauBMs, 5.0)),
        Some((NeuronParameter::TauAMs, 3.0)),
        Some((NeuronParameter::TauSMs, 4.0)),
        Some((NeuronParameter::Lambda, 0.5)),
        Some((NeuronParameter::GA, 0.2)),
        None,
    ] {
        let [mut events, mut dense] = [Engine::Events, Engine::Dense].map(|engine| {
            let mut simulation = driven(engine);
            simulation.advance_to(25);
            let h = simulation.pyramidal("h").unwrap();
            let event = match parameter {
                Some((parameter, value)) => Event::Neuron(h, parameter, value),
                None => Event::Inject(
                    7,
                    Injection {
                        population: h,
                        site: Site::Soma,
                        current: Array1::from_elem(6, 0.3),
                    },
                ),
            };
            simulation.enter(31, event).unwrap();
            simulation
        });
        let mut unlike = driven(Engine::Events);
        for step in [28, 31, 32, 40, 60, 80] {
            for simulation in [&mut events, &mut dense, &mut unlike] {
                simulation.advance_to(step);
            }
            for population in ["h", "y"] {
                for variable in Variable::ALL {
                    let [got, want] =
                        [&mut events, &mut dense].map(|s| s.read(population, variable).unwrap());
                    let most = want.iter().fold(1.0f32, |most, x| most.max(x.abs()));
                    let off = (&got - &want)
                        .iter()
                        .fold(0.0f32, |most, x| most.max(x.abs()));
                    assert!(
                        off < 2e-5 * most,
                        "{parameter:?} {population} {variable} {step}: {off}"
                    );
                }
            }
            let differs = all(&mut events) != all(&mut unlike);
            // Until the next stimulus at the latest.
            if step != 32 {
                assert_eq!(differs, step > 32, "{parameter:?} {step}");
            }
        }
    }
}

#[test]
fn states_and_resets_pass_between_both_ways_of_storing() {
    let (mut few, mut many) = (driven(Engine::Events), driven(Engine::Events));
    of_no_effect(&mut many, "h");
    for simulation in [&mut few, &mut many] {
        simulation.advance_to(30);
    }
    let [of_few, of_many] = [&mut few, &mut many].map(|simulation| simulation.state());
    few.restore(&of_many).unwrap();
    many.restore(&of_few).unwrap();
    assert_eq!(
        (
            storing::<soma::Potential>(&few),
            storing::<soma::Potential>(&many)
        ),
        (TRIALS * 6, 0)
    );
    assert!(many.state() == of_few);
    let mut straight = driven(Engine::Events);
    for simulation in [&mut few, &mut many, &mut straight] {
        simulation.advance_to(70);
    }
    assert!(all(&mut few) == all(&mut straight));
    assert!(all(&mut many) == all(&mut straight));
    for simulation in [&mut few, &mut many] {
        simulation.reset();
        for variable in Variable::ALL {
            let values = simulation.read("h", variable).unwrap();
            assert!(values.iter().all(|value| *value == 0.0), "{variable}");
        }
    }
}

#[test]
fn a_dendrite_that_runs_away_is_named_though_its_current_is_not_stored() {
    let mut simulation = driven(Engine::Events);
    let mut weights = simulation.weights("context").unwrap();
    weights[[2, 3]] = f32::MAX;
    weights[[2, 1]] = f32::MAX;
    simulation.set_weights("context", weights).unwrap();
    let x = simulation.input("x").unwrap();
    let rates = Event::Rates(x, Array2::from_elem((TRIALS, 5), 100.0));
    simulation.enter(0, rates).unwrap();
    simulation.advance_to(5);
    let runaway = simulation.runaway().expect("a value that is not finite");
    assert_eq!(runaway.neuron, 2);
    assert_eq!(runaway.variable, Variable::APICAL_CURRENT);
    assert_eq!(storing::<apical_dendrite::Current>(&simulation), 0);
}

#[test]
fn parameters_and_injections_that_an_edit_changes_are_computed() {
    let change = |world: &mut World, which: usize| {
        let mut h = world.query::<(Entity, &Population)>();
        let of_h = |(entity, population): (Entity, &Population)| {
            (&*population.name == "h").then_some((entity, population.id))
        };
        let (entity, id) = h.iter(world).find_map(of_h).unwrap();
        match which {
            0 => {
                let mut parameters = world.get_mut::<NeuronParameters>(entity).unwrap();
                parameters.set(NeuronParameter::TauBMs, 5.0, 1.0);
            }
            1 => {
                let mut parameters = world.get_mut::<NeuronParameters>(entity).unwrap();
                parameters.noise = Some((0.1, 2));
            }
            _ => {
                let current = Array1::from_elem(6, 0.3);
                let injection = Injection {
                    population: id,
                    site: Site::Soma,
                    current,
                };
                world.resource_mut::<Injections>().0.insert(9, injection);
            }
        }
    };
    for which in 0..3 {
        let [mut events, mut dense] = [Engine::Events, Engine::Dense].map(|engine| {
            let mut simulation = driven(engine);
            simulation.advance_to(25);
            simulation.edit(|world| change(world, which)).unwrap();
            simulation.advance_to(60);
            simulation
        });
        let mut unlike = driven(Engine::Events);
        unlike.advance_to(60);
        assert!(all(&mut events) != all(&mut unlike), "{which}");
        for variable in Variable::ALL {
            let [got, want] = [&mut events, &mut dense].map(|s| s.read("h", variable).unwrap());
            let off = (&got - &want)
                .iter()
                .fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(off < 1e-4, "{which} {variable}: {off}");
        }
    }
}

#[test]
fn a_timeline_that_needs_all_variables_has_them_stored_from_the_start() {
    let stored = |entry: &str| {
        let settings = [format!("timeline=[{entry}]")];
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/moons.ron");
        let loaded = load(&scenario, &settings, &Registry::default()).unwrap();
        let circuit = &loaded.circuit;
        let hidden1 = circuit.of(circuit.population("hidden1").unwrap());
        let hidden2 = circuit.of(circuit.population("hidden2").unwrap());
        assert!(circuit.is_settled(hidden2));
        !circuit.is_settled(hidden1)
    };
    let neuron = |parameter: &str| {
        format!(r#"neuron(population: "hidden1", parameter: {parameter}, at_ms: 50.0, value: 0.5)"#)
    };
    let current = |site: &str| {
        format!(
            r#"current(neurons: "hidden1[0]", compartment: {site}, amplitude: 0.1, from_ms: 5.0)"#
        )
    };
    assert!(stored(&neuron("tau_b_ms")) && stored(&neuron("lambda")));
    assert!(stored(&current("soma")));
    assert!(!stored(&neuron("g_a")) && !stored(&current("apical")) && !stored(""));
}
