//! Parts of the user's own: a neuron model, a probe of its variable, a source of data, a transfer
//! function, a system between two stages, a rule. They are those of `program.rs`, which a reader
//! can run; `docs/extending.md` explains them.

mod adapting;
mod blobs;
#[path = "../common/mod.rs"]
mod common;
mod correlation;
mod shunt;
mod softplus;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use apical::circuit::{Clock, Engine, LayoutError, NeuronId, OwnModel};
use apical::description::model::Model;
use apical::description::scenario::load;
use apical::description::{LowerError, NeuronKind, Registry, Setup, lower};
use apical::engine::{Neurons, Simulation, Stage};
use apical::event::{Event, Teacher};
use apical::inspect;
use apical::neuron::pyramidal::apical::Potential;
use apical::neuron::{NeuronModel, NeuronView, Own, OwnVariable, Site, TransferFunction, Variable};
use apical::record::traces;
use bevy_ecs::prelude::*;
use common::{both_engines, first, injection, parse};
use serde::{Deserialize, Serialize};

fn registry() -> Registry {
    Registry::default()
        .with_neuron(adapting::ADAPTING)
        .with_transfer(&softplus::Softplus)
        .with_source(blobs::BLOBS)
        .with_rule(correlation::CORRELATION)
}

fn built(model: &Model, registry: &Registry, engine: Engine) -> Result<Simulation, LowerError> {
    let setup = Setup {
        dt_ms: 1.0,
        trials: 2,
        seed: 1,
        presentation_ms: 1.0,
        directory: Path::new("."),
        engine,
    };
    lower(model, registry, setup).map(Simulation::new)
}

fn adapting_cell(engine: Engine) -> Simulation {
    let model: Model = parse(
        r#"(
            name: "cell", inputs: [],
            neurons: {"adapting": (transfer: linear, model: "adapting",
                                   parameters: {"tau_w_ms": 50, "beta": 0.25})},
            populations: [(name: "cell", size: 3, neuron: "adapting")],
        )"#,
    );
    built(&model, &registry(), engine).unwrap()
}

/// With `b = I - w` and `r = b` the adaptation current goes to `beta I / (1 + beta)`.
fn a_model_with_a_variable_of_its_own_follows_its_equation(engine: Engine) {
    let mut simulation = adapting_cell(engine);
    let current = injection(&simulation, Site::Basal, &[1.0, -2.0, 0.0]);
    simulation.enter(10, current).unwrap();
    let w = Variable::named("w");
    let (mut right, mut r) = (0.0f64, 0.0f64);
    for step in 0..400u64 {
        simulation.advance_to(step + 1);
        right += -(-1.0f64 / 50.0).exp_m1() * (0.25 * r - right);
        r = f64::from(u8::from(step >= 10)) - right;
        let got = first(&mut simulation, w);
        assert!(
            (got - right).abs() < 1e-6,
            "step {step}: {got}, right is {right}"
        );
        assert!((first(&mut simulation, Variable::RATE) - r).abs() < 1e-6);
    }
    simulation.advance_to(4000);
    let all = simulation.read("cell", w).unwrap();
    for (got, right) in all.row(1).iter().zip([0.2, -0.4, 0.0]) {
        assert!((got - right).abs() < 1e-6, "{all}");
    }
    // With all at rest the event engine computes nothing, and goes on when something happens.
    let computed = simulation.computed_steps();
    simulation.advance_to(8000);
    let more = simulation.computed_steps() - computed;
    assert_eq!(more, if engine == Engine::Dense { 4000 } else { 0 });
    simulation
        .enter(8000, injection(&simulation, Site::Basal, &[0.0; 3]))
        .unwrap();
    simulation.advance_to(8050);
    // The rate is minus what is left of the adaptation, so that it decays with tau / (1 + beta).
    let left = 0.2 * (-50.0f64 * 1.25 / 50.0).exp();
    assert!((first(&mut simulation, w) - left).abs() < 2e-3);
}

fn after_a_reset_own_variables_are_at_rest(engine: Engine) {
    let mut simulation = adapting_cell(engine);
    let states = |simulation: &mut Simulation| {
        let current = injection(simulation, Site::Basal, &[1.0, 2.0, 3.0]);
        simulation.enter(3, current).unwrap();
        let mut read = |step| {
            simulation.advance_to(step);
            simulation.read("cell", Variable::named("w")).unwrap()
        };
        [2, 4, 40].map(&mut read)
    };
    let fresh = states(&mut simulation);
    simulation.reset();
    assert_eq!(states(&mut simulation), fresh);
}

/// The last basal and apical potential, `wb` and `wa`; they affect nothing.
#[derive(Component, Clone, Copy, Default, Serialize, Deserialize)]
struct Last([f64; 2]);

struct Follower;

impl NeuronModel for Follower {
    type State = Last;
    const VARIABLES: &'static [OwnVariable<Last>] = &[
        OwnVariable {
            symbol: "wb",
            read: |last| last.0[0],
        },
        OwnVariable {
            symbol: "wa",
            read: |last| last.0[1],
        },
    ];

    fn advance(&self, last: &mut Last, neuron: NeuronView) -> Own {
        last.0 = [neuron.basal_potential, neuron.apical_potential].map(f64::from);
        Own {
            at_rest: true,
            ..Own::default()
        }
    }
}

const FOLLOWER: NeuronKind = NeuronKind {
    name: "follower",
    about: "remembers its potentials of the last step",
    parameters: &[],
    build: |_, _| OwnModel::new(Follower),
};

/// A rectified neuron below its threshold sends nothing, neither do its potentials leak: nothing
/// but the equation of its model shows that they have moved.
fn a_model_reads_potentials_that_moved_without_a_change_of_what_is_sent(engine: Engine) {
    let model = parse(
        r#"(
            name: "cell", inputs: [],
            neurons: {"follower": (transfer: relu, model: "follower", g_a: 0)},
            populations: [(name: "cell", size: 3, neuron: "follower")],
        )"#,
    );
    let registry = registry().with_neuron(FOLLOWER);
    let mut simulation = built(&model, &registry, engine).unwrap();
    let read = |simulation: &mut Simulation| {
        ["wb", "wa"].map(|symbol| first(simulation, Variable::named(symbol)))
    };
    for (step, site, current) in [
        (3, Site::Basal, -1.0),
        (20, Site::Apical, 0.5),
        (40, Site::Basal, -3.0),
    ] {
        let current = injection(&simulation, site, &[current, 0.0, 0.0]);
        simulation.enter(step, current).unwrap();
    }
    for (step, right) in [
        (4, [0.0, 0.0]),
        (5, [-1.0, 0.0]),
        (19, [-1.0, 0.0]),
        (22, [-1.0, 0.5]),
        (39, [-1.0, 0.5]),
        (42, [-3.0, 0.5]),
        (100, [-3.0, 0.5]),
    ] {
        simulation.advance_to(step);
        assert_eq!(read(&mut simulation), right, "after {step} steps");
    }
    if engine == Engine::Events {
        assert!(simulation.computed_steps() < 12);
    }
    // A variable that is changed from outside goes on by its equation.
    let changed = simulation.edit(|world| {
        let mut variables = world.query::<&mut Last>();
        variables
            .iter_mut(world)
            .for_each(|mut last| last.0 = [7.0; 2]);
    });
    changed.unwrap();
    assert_eq!(read(&mut simulation), [7.0, 7.0]);
    simulation.advance_to(101);
    assert_eq!(read(&mut simulation), [-3.0, 0.5]);
}

/// A circuit in which everything that can be added is in use.
const EVERYTHING: &str = include_str!("everything.ron");

fn everything() -> Model {
    parse(EVERYTHING)
}

#[test]
fn both_engines_run_everything_that_is_added() {
    let registry = registry().with_systems(shunt::add);
    let (computed, shunted) = compare_engines(&everything(), &registry, 300);
    // No step is jumped over where a system may act.
    assert_eq!(computed, 299);
    assert!(shunted >= 4, "{shunted}");
}

/// As above with constant weights and without the system, so that all comes to rest.
#[test]
fn both_engines_run_what_is_added_when_steps_are_jumped_over() {
    let mut model = everything();
    for synapse in model.synapses.values_mut() {
        *synapse = parse("()");
    }
    let (computed, _) = compare_engines(&model, &registry(), 3000);
    assert!((200..2000).contains(&computed), "{computed}");
}

/// The number of steps that the event engine computes, and of those after which the apical
/// potential has left its course.
fn compare_engines(model: &Model, registry: &Registry, steps: u64) -> (u64, u32) {
    let [mut dense, mut events] =
        [Engine::Dense, Engine::Events].map(|engine| built(model, registry, engine).unwrap());
    for (step, rates) in [(0, [1.0, 0.2]), (60, [-0.4, 0.9]), (140, [0.0, 0.0])] {
        for simulation in [&mut dense, &mut events] {
            let input = simulation.input("x").unwrap();
            let rates = ndarray::arr2(&[rates, rates.map(|rate| 0.5 * rate)]);
            simulation.enter(step, Event::Rates(input, rates)).unwrap();
        }
    }
    let teacher = Teacher {
        target: ndarray::arr2(&[[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]),
        strength: vec![1.0; 2],
    };
    for simulation in [&mut dense, &mut events] {
        simulation.teach("out", teacher.clone()).unwrap();
    }
    let mut shunted = 0;
    for step in 1..steps {
        dense.advance_to(step);
        events.advance_to(step);
        for symbol in ["w", "b", "a", "r", "delta"] {
            let variable = Variable::named(symbol);
            let [d, e] = [&mut dense, &mut events].map(|s| s.read("hidden", variable).unwrap());
            let size = d.iter().fold(1e-3f32, |most, value| most.max(value.abs()));
            let error = (&d - &e)
                .iter()
                .fold(0.0f32, |most, off| most.max(off.abs()));
            assert!(
                error <= 2e-5 * size,
                "{symbol} at step {step}: {error} of {size}"
            );
        }
        let a = events.read("hidden", Variable::APICAL_POTENTIAL).unwrap();
        let i_a = events.read("hidden", Variable::APICAL_CURRENT).unwrap();
        shunted +=
            u32::from(step % 50 == 1 && step > 1 && (&i_a - &a).iter().any(|d| d.abs() > 1e-3));
    }
    (events.computed_steps(), shunted)
}

#[test]
fn two_systems_that_touch_the_same_without_an_order_are_an_error() {
    fn silence(mut potentials: Query<&mut Potential>) {
        potentials
            .iter_mut()
            .for_each(|mut potential| potential.0 = 0.0);
    }
    let registry = registry().with_systems(|schedule| {
        schedule.add_systems(silence);
    });
    for engine in [Engine::Dense, Engine::Events] {
        let error = built(&everything(), &registry, engine)
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.starts_with("systems: ") && error.contains("silence"),
            "{error}"
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/single_neuron.ron");
    let error = load(&path, &[], &registry).unwrap_err().to_string();
    assert!(
        error.contains("the systems of this program: ") && error.contains("silence"),
        "{error}"
    );
}

#[test]
fn a_system_gets_an_error_for_neurons_without_the_components_it_reads() {
    fn look(mut neurons: Neurons<&'static Potential>) {
        assert!(neurons.of("hidden").is_ok());
        for (population, message) in [
            ("x", "no neuron of `x` has the components"),
            ("y", "there is no population `y`"),
        ] {
            let error = neurons.of(population).err().unwrap().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
    let registry = registry().with_systems(|schedule| {
        schedule.add_systems(look.after(Stage::Compartments).before(Stage::Loss));
    });
    for engine in [Engine::Dense, Engine::Events] {
        let mut simulation = built(&everything(), &registry, engine).unwrap();
        simulation.advance_to(2);
    }
}

/// Steps after which `mark_by_command` marks neurons: all of `hidden`, or one of `out`.
const MARKED_AT: [u64; 2] = [5, 9];

fn mark_by_command(clock: Res<Clock>, neurons: Query<(Entity, &NeuronId)>, mut commands: Commands) {
    for (entity, neuron) in &neurons {
        let all_of_hidden = clock.step == MARKED_AT[0] && neuron.population.0 == 0;
        let one_of_out = clock.step == MARKED_AT[1]
            && (neuron.population.0, neuron.trial, neuron.index) == (1, 0, 2);
        if all_of_hidden || one_of_out {
            commands.entity(entity).insert(Watched);
        }
    }
}

/// Commands are applied at the end of a step: all neurons of a population may move to another
/// table, and for one alone no later step can be computed.
fn commands_of_systems_move_whole_populations_or_are_reported(engine: Engine) {
    let model = everything();
    let plain = registry().with_systems(|schedule| {
        schedule.add_systems(|| {});
    });
    let marking = registry().with_systems(|schedule| {
        schedule.add_systems(
            mark_by_command
                .after(Stage::Arrive)
                .before(Stage::Compartments),
        );
    });
    let rates = ndarray::arr2(&[[1.0f32, 0.2], [-0.3, 0.7]]);
    let [mut plain, mut marked] = [plain, marking].map(|registry| {
        let mut simulation = built(&model, &registry, engine).unwrap();
        simulation.set_input("x", rates.view()).unwrap();
        simulation
    });
    for step in 1..=MARKED_AT[1] {
        plain.advance_to(step);
        marked.advance_to(step);
        for (population, variable) in [("hidden", Variable::RATE), ("out", Variable::DELTA)] {
            let [a, b] = [&mut plain, &mut marked].map(|s| s.read(population, variable).unwrap());
            assert_eq!(a, b, "{population} after {step} steps");
        }
        assert!(marked.misplaced().is_none());
    }
    let mut watched = marked.world().try_query::<&Watched>().unwrap();
    assert_eq!(watched.iter(marked.world()).count(), 2 * 24);
    marked.advance_to(MARKED_AT[1] + 1);
    let error = marked.misplaced().unwrap().to_string();
    assert!(
        error.contains("`out`") && error.contains("neuron 2 of trial 0"),
        "{error}"
    );
}

#[test]
fn a_variable_with_the_symbol_of_another_is_an_error() {
    struct Shadowing;
    impl NeuronModel for Shadowing {
        type State = Last;
        const VARIABLES: &'static [OwnVariable<Last>] = &[OwnVariable {
            symbol: "b",
            read: |last| last.0[0],
        }];
        fn advance(&self, _: &mut Last, _: NeuronView) -> Own {
            Own::default()
        }
    }
    let kind = NeuronKind {
        name: "adapting",
        about: "",
        parameters: adapting::ADAPTING.parameters,
        build: |_, _| OwnModel::new(Shadowing),
    };
    let registry = registry().with_neuron(kind);
    let error = built(&everything(), &registry, Engine::Events).err();
    let error = error.unwrap().to_string();
    assert!(error.contains("has a variable `b`"), "{error}");
}

#[test]
#[should_panic(expected = "the transfer function `tanh` is one of the crate")]
fn a_transfer_function_of_the_crate_cannot_be_replaced() {
    struct Tanh;
    impl TransferFunction for Tanh {
        fn name(&self) -> &'static str {
            "tanh"
        }
        fn rate(&self, u: f32) -> f32 {
            u
        }
        fn slope_at_rate(&self, _: f32) -> f32 {
            1.0
        }
    }
    let _ = Registry::default().with_transfer(&Tanh);
}

/// Marks neurons that a user looks at.
#[derive(Component, Clone, Copy)]
struct Watched;

fn mark(simulation: &mut Simulation, which: fn(&NeuronId) -> bool) -> Result<(), LayoutError> {
    simulation.edit(|world| {
        let mut neurons = world.query::<(Entity, &NeuronId)>();
        let found: Vec<Entity> = (neurons.iter(world))
            .filter(|(_, neuron)| which(neuron))
            .map(|(entity, _)| entity)
            .collect();
        for entity in found {
            world.entity_mut(entity).insert(Watched);
        }
    })
}

fn a_component_is_on_all_neurons_of_a_population_or_is_refused(engine: Engine) {
    let model = everything();
    let mut plain = built(&model, &registry(), engine).unwrap();
    let mut marked = built(&model, &registry(), engine).unwrap();
    let rates = ndarray::arr2(&[[1.0f32, 0.2], [-0.3, 0.7]]);
    for simulation in [&mut plain, &mut marked] {
        simulation.set_input("x", rates.view()).unwrap();
        simulation.advance_to(20);
    }
    // Number 0 is `hidden`: its rows go to another table, and those of others are put in order.
    mark(&mut marked, |neuron| neuron.population.0 == 0).unwrap();
    for simulation in [&mut plain, &mut marked] {
        simulation.advance_to(60);
    }
    for (population, variable) in [("hidden", Variable::RATE), ("out", Variable::DELTA)] {
        let [a, b] = [&mut plain, &mut marked].map(|s| s.read(population, variable).unwrap());
        assert_eq!(a, b, "{population}");
    }
    let error = mark(&mut marked, |neuron| {
        neuron.population.0 == 1 && neuron.index == 2
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`out`") && error.contains("neuron 2 of trial 0"),
        "{error}"
    );
}

both_engines!(
    a_model_with_a_variable_of_its_own_follows_its_equation,
    after_a_reset_own_variables_are_at_rest,
    a_model_reads_potentials_that_moved_without_a_change_of_what_is_sent,
    a_component_is_on_all_neurons_of_a_population_or_is_refused,
    commands_of_systems_move_whole_populations_or_are_reported,
    the_state_has_the_variables_of_a_neuron_model,
);

#[test]
fn what_is_misspelt_is_told_with_what_there_is() {
    for (old, new, told) in [
        (
            "transfer: softplus",
            "transfer: softplu",
            "no transfer function `softplu`; did you mean `softplus`",
        ),
        (
            r#"model: "adapting""#,
            r#"model: "adaptin""#,
            "no neuron model `adaptin`; did you mean `adapting`",
        ),
        (
            r#""tau_w_ms": 30.0"#,
            r#""tau_w": 30.0"#,
            "no parameter of the neuron model `adapting` called `tau_w`; expected one of `tau_w_ms`",
        ),
    ] {
        assert!(EVERYTHING.contains(old));
        let model = parse(&EVERYTHING.replace(old, new));
        let error = built(&model, &registry(), Engine::Events)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(told), "{error}");
    }
}

/// The program of the example, as it was built with the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    target
        .join("examples")
        .join(format!("extending{}", std::env::consts::EXE_SUFFIX))
}

#[test]
fn the_program_learns_its_data_and_records_and_draws_its_variable() {
    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| home.path().join(name);
    fs::write(place("everything.ron"), EVERYTHING).unwrap();
    fs::write(place("blobs.ron"), include_str!("blobs.ron")).unwrap();
    for engine in ["events", "dense"] {
        let out = place(engine);
        assert!(
            program().is_file(),
            "`cargo build --example extending` makes the program"
        );
        let run = Command::new(program())
            .args([
                "run",
                "--quiet",
                "--set",
                &format!("engine={engine}"),
                "--out",
            ])
            .arg(&out)
            .arg(place("blobs.ron"))
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let summary = fs::read_to_string(out.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert!(
            summary["test_accuracy"].as_f64().unwrap() > 0.9,
            "{summary}"
        );
        let recorded = traces(&out.join("traces.parquet"), |_, _, _, name| name == "w").unwrap();
        let (key, series) = recorded.first_key_value().unwrap();
        assert_eq!((key.population.as_str(), key.neuron), ("hidden", 0));
        assert!(series.value.iter().any(|w| *w > 0.01), "{:?}", series.value);
        assert!(out.join("figures/membrane_hidden_0.png").is_file());
        let inspect = Command::new(program())
            .arg("inspect")
            .arg(&out)
            .arg("hidden[0]")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&inspect.stdout);
        assert!(
            said.contains("softplus, model adapting, tau_b 2 ms"),
            "{said}"
        );
        assert!(
            said.contains("  model adapting -") && said.contains("\n  w  "),
            "{said}"
        );
    }
}

/// Leaky neurons with adaptation, two delays, a transfer function and a rule of the program.
fn the_state_has_the_variables_of_a_neuron_model(engine: Engine) {
    let with_rates = |model: &Model| {
        let mut simulation = built(model, &registry(), engine).unwrap();
        for (step, rate) in [(0, 1.0), (29, -0.5), (60, 0.3)] {
            let input = simulation.input("x").unwrap();
            let rates = ndarray::arr2(&[[rate, 0.2], [-0.3, rate]]);
            simulation.enter(step, Event::Rates(input, rates)).unwrap();
        }
        simulation
    };
    let mut original = with_rates(&everything());
    original.advance_to(30);
    let mut rebuilt = built(&everything(), &registry(), engine).unwrap();
    rebuilt.advance_to(7);
    rebuilt.restore(&original.state()).unwrap();
    for step in [30, 31, 90, 200] {
        for simulation in [&mut original, &mut rebuilt] {
            simulation.advance_to(step);
        }
        assert!(original.state() == rebuilt.state(), "at step {step}");
        let w = rebuilt.read("hidden", Variable::named("w")).unwrap();
        assert!(w.iter().all(|w| *w > 0.01), "{w}");
    }
    let other = EVERYTHING.replace(r#""beta": 0.3"#, r#""beta": 0.9"#);
    let mut other = with_rates(&parse(&other));
    let before = other.state();
    let error = other.restore(&original.state()).unwrap_err().to_string();
    assert!(
        error.contains("the neuron model of the population `hidden`") && error.contains("0.9"),
        "{error}"
    );
    assert!(other.state() == before);
}

#[test]
fn a_neuron_model_of_a_simulation_in_memory_can_be_inspected() {
    let mut simulation = adapting_cell(Engine::Events);
    let current = injection(&simulation, Site::Basal, &[1.0, 2.0, 3.0]);
    simulation.enter(0, current).unwrap();
    simulation.advance_to(30);
    let cell = inspect::neuron(&mut simulation, "cell[1]", 0, 5).unwrap();
    assert_eq!(cell.parameters.model.as_deref(), Some("adapting"));
    let given = BTreeMap::from([("beta".to_owned(), 0.25), ("tau_w_ms".to_owned(), 50.0)]);
    assert_eq!(cell.parameters.parameters, given);
    assert_eq!(cell.basal.injected, 2.0);
    let (name, own) = &cell.basal.terms[0];
    assert_eq!(name, "model adapting");
    assert!(*own < -0.05 && (cell.i_b - 2.0 - own).abs() < 1e-6);
}
