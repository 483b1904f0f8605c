//! Growth of time with neurons, synapses, trials, steps, depth, sizes of images, channels and
//! in-degree, on both engines.

use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::circuits::{Presenter, chain, read};
use super::clock::spend;
use super::convolutional::batches;
use super::{Images, median};
use crate::circuit::Engine;
use crate::description::model::{Model, Neuron, Population};
use crate::description::{Registry, Setup, lower};
use crate::engine::{CircuitError, Simulation};
use crate::event::{Event, Injection, Teacher};
use crate::neuron::Site;
use crate::plot::{Axes, Growth, Line, PlotError};

/// Count on the horizontal axis, and time in ms.
type Point = (f64, f64);

/// Axes for times that differ by powers of ten between the engines.
const POWERS: Axes = Axes::Logarithmic { promised: None };

/// A figure: the count, the quantity of time, and the measurement.
struct Axis {
    name: &'static str,
    count: &'static str,
    title: &'static str,
    quantity: &'static str,
    axes: Axes,
    values: &'static [usize],
    measure: fn(&Images, usize, Engine) -> Result<Point, CircuitError>,
}

const AXES: [Axis; 8] = [
    Axis {
        name: "neurons",
        count: "neurons",
        title: "1000 steps, 100 of the neurons driven",
        quantity: "time",
        axes: Axes::Linear,
        values: &[1_000, 5_000, 10_000, 20_000, 50_000, 100_000],
        measure: neurons,
    },
    Axis {
        name: "synapses",
        count: "million synapses",
        title: "20 steps, 784-n-n-10, 64 trials",
        quantity: "time of a presentation",
        axes: Axes::Linear,
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
        axes: Axes::Linear,
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
        axes: Axes::Linear,
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
        axes: Axes::Linear,
        values: &[1, 2, 3, 4, 6, 8],
        measure: |images, depth, engine| {
            let mut sizes = vec![256; depth + 2];
            (sizes[0], sizes[depth + 1]) = (784, 10);
            let model = chain(&sizes).0;
            let time = presentation(images, &model, engine, 64, 40, depth as u64 + 1)?;
            Ok((depth as f64, time))
        },
    },
    Axis {
        name: "image_size",
        count: "pixels",
        title: "20 steps, convolutions of 16 channels",
        quantity: "time of a presentation",
        axes: POWERS,
        values: &[14, 22, 30, 46, 62],
        measure: |_, side, engine| Ok(((side * side) as f64, convolution(side, 16, engine)?)),
    },
    Axis {
        name: "channels",
        count: "channels of each convolution",
        title: "20 steps, convolutions of 22x22 pixels",
        quantity: "time of a presentation",
        axes: POWERS,
        values: &[4, 8, 16, 32, 64],
        measure: |_, channels, engine| Ok((channels as f64, convolution(22, channels, engine)?)),
    },
    Axis {
        name: "in_degree",
        count: "synapses of a neuron",
        title: "20 steps, 2000 neurons, 1 % of senders in a step",
        quantity: "time",
        axes: POWERS,
        values: &[10, 50, 100, 200, 400],
        measure: in_degree,
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
            axes: axis.axes,
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
    let mut circuit = Presenter::new(model, engine, trials, (up, steps - up, steps));
    median_time(|n| circuit.present(images, n))
}

/// Median time of some rounds in ms.
fn median_time(
    mut round: impl FnMut(usize) -> Result<(), CircuitError>,
) -> Result<f64, CircuitError> {
    const ROUNDS: usize = 7;
    let mut times = Vec::new();
    for n in 0..ROUNDS {
        let mut outcome = Ok(());
        times.push(spend(|| outcome = round(n)).wall * 1e3);
        outcome?;
    }
    Ok(median(times))
}

/// Median time of a presentation of noise to two convolutions of this number of channels, in ms.
fn convolution(side: usize, channels: usize, engine: Engine) -> Result<f64, CircuitError> {
    const TRIALS: usize = 16;
    // A convolution without padding, a pool of halves, and another convolution.
    let [first, pooled, second] = [side - 2, (side - 2) / 2, (side - 2) / 2 - 2];
    let text = format!(
        r#"(
            name: "images", neurons: {{"cell": (transfer: tanh), "pool": (), "readout": (transfer: softmax)}},
            inputs: [(name: "pixels", shape: (1, {side}, {side}))],
            populations: [
                (name: "v1", shape: ({channels}, {first}, {first}), neuron: "cell", bias: (synapse: "s", per: channel)),
                (name: "pool1", shape: ({channels}, {pooled}, {pooled}), neuron: "pool"),
                (name: "v2", shape: ({channels}, {second}, {second}), neuron: "cell", bias: (synapse: "s", per: channel)),
                (name: "output", size: 10, neuron: "readout", bias: (synapse: "s")),
            ],
            synapses: {{"s": (rule: "dll", eta: 1e-3, update: (optimiser: adam()))}},
            projections: [
                (from: "pixels", to: "v1", compartment: basal, delay_ms: 1, wiring: convolution(kernel: 3), synapse: "s", weights: fan_in(gain: 1)),
                (from: "v1", to: "pool1", compartment: basal, delay_ms: 1, wiring: max_pool(kernel: 2)),
                (from: "pool1", to: "v2", compartment: basal, delay_ms: 1, wiring: convolution(kernel: 3), synapse: "s", weights: fan_in(gain: 1)),
                (from: "v2", to: "output", compartment: basal, delay_ms: 1, synapse: "s", weights: fan_in(gain: 1)),
                (from: "output", to: "v2", compartment: apical, delay_ms: 1, synapse: "s", weights: fan_in(gain: 1)),
                (from: "v2", to: "pool1", compartment: apical, delay_ms: 1, wiring: reciprocal, synapse: "s", weights: fan_in(gain: 1)),
                (from: "pool1", to: "v1", compartment: apical, delay_ms: 1, wiring: reciprocal),
            ],
        )"#
    );
    let model = read(&text);
    let mut circuit = Presenter::new(&model, engine, TRIALS, (4, 17, 20));
    let batches = batches(&circuit.simulation.circuit());
    median_time(|n| {
        let (stimuli, targets) = batches[n % batches.len()].clone();
        circuit.present_these(stimuli, targets)
    })
}

/// Time of 20 steps of a sparse projection with continuous change.
fn in_degree(_: &Images, in_degree: usize, engine: Engine) -> Result<Point, CircuitError> {
    const SIZE: usize = 2000;
    let mut circuit = super::sparse::circuit(SIZE, in_degree, engine);
    let target = Array2::from_elem((1, SIZE), 0.1);
    let strength = vec![1.0];
    circuit.teach("cells", Teacher { target, strength })?;
    let mut rates = Array2::<f32>::zeros((1, SIZE));
    let time = median_time(|round| {
        (0..20).try_for_each(|step| {
            for n in 0..SIZE / 100 {
                rates[[0, (round * 401 + step * 20 + n * 37) % SIZE]] = (n + step) as f32 / 20.0;
            }
            circuit.set_input("x", rates.view())?;
            circuit.step();
            Ok(())
        })
    })?;
    Ok((in_degree as f64, time))
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
