//! Growth of time with neurons, synapses, trials, steps and depth, on both engines.

use std::path::{Path, PathBuf};

use super::circuits::{Presenter, chain};
use super::clock::spend;
use super::{Images, median};
use crate::circuit::Engine;
use crate::description::model::{Model, Neuron, Population};
use crate::description::{Registry, Setup, lower};
use crate::engine::{CircuitError, Simulation};
use crate::event::{Event, Injection};
use crate::neuron::Site;
use crate::plot::{Axes, Growth, Line, PlotError};

/// Count on the horizontal axis, and time in ms.
type Point = (f64, f64);

/// A figure: the count, the quantity of time, and the measurement.
struct Axis {
    name: &'static str,
    count: &'static str,
    title: &'static str,
    quantity: &'static str,
    values: &'static [usize],
    measure: fn(&Images, usize, Engine) -> Result<Point, CircuitError>,
}

const AXES: [Axis; 5] = [
    Axis {
        name: "neurons",
        count: "neurons",
        title: "1000 steps, 100 of the neurons driven",
        quantity: "time",
        values: &[1_000, 5_000, 10_000, 20_000, 50_000, 100_000],
        measure: neurons,
    },
    Axis {
        name: "synapses",
        count: "million synapses",
        title: "20 steps, 784-n-n-10, 64 trials",
        quantity: "time of a presentation",
        values: &[64, 128, 256, 512, 1024, 1536],
        measure: |images, hidden, engine| {
            let (model, synapses) = chain(&[784, hidden, hidden, 10]);
            Ok((
                synapses as f64 * 1e-6,
                presentation(images, &model, engine, 64, 20, 3)?,
            ))
        },
    },
    Axis {
        name: "trials",
        count: "trials",
        title: "20 steps, 784-256-128-10",
        quantity: "time of a presentation",
        values: &[1, 8, 16, 32, 64, 128, 256],
        measure: |images, trials, engine| {
            let model = chain(&[784, 256, 128, 10]).0;
            Ok((
                trials as f64,
                presentation(images, &model, engine, trials, 20, 3)?,
            ))
        },
    },
    Axis {
        name: "steps",
        count: "steps a presentation",
        title: "784-256-128-10, 64 trials",
        quantity: "time of a presentation",
        values: &[20, 50, 100, 200, 500],
        measure: |images, steps, engine| {
            let model = chain(&[784, 256, 128, 10]).0;
            Ok((
                steps as f64,
                presentation(images, &model, engine, 64, steps as u64, 3)?,
            ))
        },
    },
    Axis {
        name: "depth",
        count: "hidden populations",
        title: "40 steps, hidden populations of 256",
        quantity: "time of a presentation",
        values: &[1, 2, 3, 4, 6, 8],
        measure: |images, depth, engine| {
            let mut sizes = vec![256; depth + 2];
            (sizes[0], sizes[depth + 1]) = (784, 10);
            let model = chain(&sizes).0;
            let time = presentation(images, &model, engine, 64, 40, depth as u64 + 1)?;
            Ok((depth as f64, time))
        },
    },
];

/// Draws one figure per count into `directory`: `growth_neurons` and so on.
///
/// # Errors
/// [`PlotError`] if a figure cannot be drawn or written.
///
/// # Panics
/// If a circuit of the benchmarks does not fit its images, which the tests exclude.
pub fn growth(images: &Images, directory: &Path) -> Result<Vec<PathBuf>, PlotError> {
    let mut paths = Vec::new();
    for axis in AXES {
        let measured = [Engine::Events, Engine::Dense].map(|engine| {
            let points = axis
                .values
                .iter()
                .map(|value| (axis.measure)(images, *value, engine));
            let points: Result<Vec<Point>, CircuitError> = points.collect();
            points.expect("images and circuits are of one size")
        });
        let [events, dense] =
            measured.map(|points| points.into_iter().unzip::<_, _, Vec<_>, Vec<_>>());
        fn line<'a>(name: &str, (x, y): &'a (Vec<f64>, Vec<f64>)) -> Line<'a> {
            let name = name.to_owned();
            Line { name, x, y }
        }
        let lines = vec![line("events", &events), line("dense", &dense)];
        let figure = Growth {
            title: axis.title.to_owned(),
            count: axis.count,
            quantity: (axis.quantity.to_owned(), "ms".to_owned()),
            axes: Axes::Linear,
            panels: vec![(String::new(), lines)],
        };
        paths.extend(
            figure
                .draw()?
                .save(directory, &format!("growth_{}", axis.name))?,
        );
    }
    Ok(paths)
}

/// Median time of a presentation, in ms; `up` is the number of steps to the output.
fn presentation(
    images: &Images,
    model: &Model,
    engine: Engine,
    trials: usize,
    steps: u64,
    up: u64,
) -> Result<f64, CircuitError> {
    const ROUNDS: usize = 7;
    let mut circuit = Presenter::new(model, engine, trials, (up, steps - up, steps));
    let mut times = Vec::new();
    for n in 0..ROUNDS {
        let mut outcome = Ok(());
        times.push(spend(|| outcome = circuit.present(images, n)).wall * 1e3);
        outcome?;
    }
    Ok(median(times))
}

fn neurons(_: &Images, size: usize, engine: Engine) -> Result<Point, CircuitError> {
    let neuron = Neuron {
        tau_b_ms: 5.0,
        tau_a_ms: 5.0,
        ..Neuron::default()
    };
    let population = |name: &str, size| Population {
        name: name.into(),
        size,
        shape: None,
        neuron: "cell".into(),
        bias: None,
    };
    let model = Model {
        name: "neurons".into(),
        about: String::new(),
        neurons: [("cell".to_owned(), neuron)].into(),
        inputs: Vec::new(),
        populations: vec![population("driven", 100), population("rest", size - 100)],
        synapses: [].into(),
        projections: Vec::new(),
        threshold: 0.0,
    };
    let setup = Setup {
        dt_ms: 1.0,
        trials: 1,
        seed: 1,
        presentation_ms: 1.0,
        directory: "".as_ref(),
        engine,
    };
    let simulation = lower(&model, &Registry::default(), setup).map(Simulation::new);
    let mut simulation = simulation.expect("the model of a benchmark is a model");
    let population = simulation.pyramidal("driven")?;
    for burst in 0..5 {
        let current = ndarray::Array1::from_elem(100, 0.5);
        let injection = Injection {
            population,
            site: Site::Basal,
            current,
        };
        simulation.enter(burst * 200, Event::Inject(0, injection))?;
        simulation.enter(burst * 200 + 100, Event::Withdraw(0))?;
    }
    Ok((
        size as f64,
        spend(|| simulation.advance_to(1000)).wall * 1e3,
    ))
}
