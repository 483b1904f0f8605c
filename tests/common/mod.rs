//! What several proofs share.
#![allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "each proof uses a part of it"
)]

pub mod kept;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use apical::circuit::Engine;
use apical::description::model::Model;
use apical::description::scenario::Scenario;
use apical::description::{Registry, Setup, lower};
use apical::engine::Simulation;
use apical::event::{Event, Injection, PopulationId};
use apical::neuron::{Site, Variable};
use apical::run::{Job, Reporting, RunDirectory, RunError, Summary, run};
use ndarray::{Array1, Array2};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

/// Reads RON in the dialect of model and scenario files.
pub fn parse<T: DeserializeOwned>(text: &str) -> T {
    let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    options
        .from_str(text)
        .unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// Makes a test for each engine of each of these proofs, functions of an [`Engine`].
macro_rules! both_engines {
    ($($proof:ident),+ $(,)?) => {
        mod dense {
            $(#[test] fn $proof() { super::$proof(apical::circuit::Engine::Dense) })+
        }
        mod events {
            $(#[test] fn $proof() { super::$proof(apical::circuit::Engine::Events) })+
        }
    };
}
pub(crate) use both_engines;

/// A circuit at rest with the seed 1.
pub fn simulation(
    model: &Model,
    engine: Engine,
    dt_ms: f64,
    trials: usize,
    presentation_ms: f64,
) -> Simulation {
    let setup = Setup {
        engine,
        dt_ms,
        trials,
        seed: 1,
        presentation_ms,
        directory: Path::new("."),
    };
    Simulation::new(lower(model, &Registry::default(), setup).unwrap())
}

/// A population `cell` of `size` neurons and nothing else; `neuron` are the fields of its type.
pub fn cells(engine: Engine, size: usize, neuron: &str, dt_ms: f64) -> Simulation {
    let model: Model = parse(&format!(
        r#"(
            name: "cell", neurons: {{"cell": ({neuron})}}, inputs: [],
            populations: [(name: "cell", size: {size}, neuron: "cell")],
        )"#
    ));
    simulation(&model, engine, dt_ms, 1, dt_ms)
}

/// A current of `amplitudes` into a compartment of `cell`.
pub fn injection(simulation: &Simulation, site: Site, amplitudes: &[f32]) -> Event {
    let injection = Injection {
        population: simulation.pyramidal("cell").unwrap(),
        site,
        current: Array1::from(amplitudes.to_vec()),
    };
    Event::Inject(site as u64, injection)
}

/// A variable of the first neuron of `cell`.
pub fn first(simulation: &mut Simulation, variable: Variable) -> f64 {
    f64::from(simulation.read("cell", variable).unwrap()[[0, 0]])
}

/// The number of the population `cell`.
pub fn cell(simulation: &Simulation) -> PopulationId {
    simulation.pyramidal("cell").unwrap()
}

/// `1 - exp(-t / tau)`; 1 without a time constant.
pub fn rise(t: f64, tau: f64) -> f64 {
    if tau == 0.0 {
        1.0
    } else {
        -(-t / tau).exp_m1()
    }
}

/// The bits of a matrix: equal only if every byte is.
pub fn bits(matrix: &Array2<f32>) -> Array2<u32> {
    matrix.mapv(f32::to_bits)
}

pub fn f64s(matrix: &Array2<f32>) -> Array2<f64> {
    matrix.mapv(f64::from)
}

/// The largest difference, relative to the largest value that is wanted.
pub fn error(got: &Array2<f32>, want: &Array2<f64>) -> f64 {
    assert_eq!(got.dim(), want.dim());
    let scale = want.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
    (got.iter().zip(want)).fold(0.0, |m, (g, w)| m.max((f64::from(*g) - w).abs() / scale))
}

/// Runs a scenario of this package into `directory`.
pub fn run_into(directory: &Path, scenario: &Scenario, model: &Model) -> Result<Summary, RunError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let setup = Setup {
        dt_ms: scenario.dt_ms,
        trials: scenario.trials,
        seed: scenario.seed,
        presentation_ms: (scenario.task.as_ref()).map_or(scenario.dt_ms, |t| t.presentation_ms),
        directory: &root.join("models"),
        engine: scenario.engine,
    };
    let job = Job {
        scenario,
        model,
        circuit: lower(model, &Registry::default(), setup).expect("the model is valid"),
        directory: &root.join("scenarios"),
        model_directory: &root.join("models"),
        data_directory: None,
        reporting: Reporting::Nothing,
        alone: true,
    };
    let directory = RunDirectory::create(directory)?;
    let task = job.scenario.task.as_ref();
    let data = task.map(|task| task.data.load(job.directory, job.data_directory));
    let data = data.transpose().expect("the data are there");
    run(&job, data, &directory, &AtomicBool::new(false))
}
